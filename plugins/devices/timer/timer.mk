# SPDX-License-Identifier: MIT
# Timers and clocks.
bpplugin_LTLIBRARIES += plugins/sifive-clint.la
plugins_sifive_clint_la_SOURCES = plugins/devices/timer/sifive-clint.c plugins/devices/timer/mtimer.h
plugins_sifive_clint_la_LDFLAGS = $(plugin_ldflags)

bpplugin_LTLIBRARIES += plugins/riscv-aclint.la
plugins_riscv_aclint_la_SOURCES = plugins/devices/timer/riscv-aclint.c plugins/devices/timer/mtimer.h
plugins_riscv_aclint_la_LDFLAGS = $(plugin_ldflags)

bpplugin_LTLIBRARIES += plugins/goldfish-rtc.la
plugins_goldfish_rtc_la_SOURCES = plugins/devices/timer/goldfish-rtc.c
plugins_goldfish_rtc_la_LDFLAGS = $(plugin_ldflags)

bpplugin_LTLIBRARIES += plugins/pl031.la
plugins_pl031_la_SOURCES = plugins/devices/timer/pl031.c
plugins_pl031_la_LDFLAGS = $(plugin_ldflags)
