# SPDX-License-Identifier: MIT
# General-purpose lines, and what people connect to them.
bpplugin_LTLIBRARIES += plugins/pl061.la
plugins_pl061_la_SOURCES = plugins/devices/gpio/pl061.c
plugins_pl061_la_LDFLAGS = $(plugin_ldflags)

bpplugin_LTLIBRARIES += plugins/gpio-keys.la
plugins_gpio_keys_la_SOURCES = plugins/devices/gpio/gpio-keys.c
plugins_gpio_keys_la_LDFLAGS = $(plugin_ldflags)

bpplugin_LTLIBRARIES += plugins/gpio-power.la
plugins_gpio_power_la_SOURCES = plugins/devices/gpio/gpio-power.c
plugins_gpio_power_la_LDFLAGS = $(plugin_ldflags)
