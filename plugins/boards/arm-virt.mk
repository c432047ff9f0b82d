# SPDX-License-Identifier: MIT
bpplugin_LTLIBRARIES += plugins/arm-virt.la
plugins_arm_virt_la_SOURCES = plugins/boards/arm-virt.c plugins/boards/arm-virt-fdt.c \
	plugins/boards/arm-virt.h plugins/boards/fw-cfg.c plugins/boards/fw-cfg.h
plugins_arm_virt_la_LDFLAGS = $(plugin_ldflags)
