# SPDX-License-Identifier: MIT
bpplugin_LTLIBRARIES += plugins/riscv-virt.la
plugins_riscv_virt_la_SOURCES = plugins/boards/riscv-virt.c plugins/boards/fw-cfg.c \
	plugins/boards/fw-cfg.h
plugins_riscv_virt_la_LDFLAGS = $(plugin_ldflags)
