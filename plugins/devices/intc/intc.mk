# SPDX-License-Identifier: MIT
# Interrupt controllers.
bpplugin_LTLIBRARIES += plugins/sifive-plic.la
plugins_sifive_plic_la_SOURCES = plugins/devices/intc/sifive-plic.c
plugins_sifive_plic_la_LDFLAGS = $(plugin_ldflags)
bpplugin_LTLIBRARIES += plugins/arm-gic.la plugins/arm-gicv2m.la
plugins_arm_gic_la_SOURCES = plugins/devices/intc/gicv2.c plugins/devices/intc/gicv2-cpu.c \
	plugins/devices/intc/gicv2-dist.c plugins/devices/intc/gicv2-virt.c \
	plugins/devices/intc/gicv2.h plugins/devices/intc/gic-virt.c plugins/devices/intc/gic-virt.h
plugins_arm_gic_la_LDFLAGS = $(plugin_ldflags)
plugins_arm_gicv2m_la_SOURCES = plugins/devices/intc/gicv2m.c
plugins_arm_gicv2m_la_LDFLAGS = $(plugin_ldflags)
bpplugin_LTLIBRARIES += plugins/arm-gicv3.la
plugins_arm_gicv3_la_SOURCES = plugins/devices/intc/gicv3.c plugins/devices/intc/gicv3-cpu.c \
	plugins/devices/intc/gicv3-dist.c plugins/devices/intc/gicv3-dist-regs.c \
	plugins/devices/intc/gicv3-redist.c plugins/devices/intc/gicv3-sgi.c \
	plugins/devices/intc/gicv3-virt.c plugins/devices/intc/gicv3.h \
	plugins/devices/intc/gicv3-its.c plugins/devices/intc/gicv3-its-cmd.c \
	plugins/devices/intc/gicv3-its-tables.c plugins/devices/intc/gicv3-its.h \
	plugins/devices/intc/gicv3-lpi.h plugins/devices/intc/gic-virt.c \
	plugins/devices/intc/gic-virt.h
plugins_arm_gicv3_la_LDFLAGS = $(plugin_ldflags)
