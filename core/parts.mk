# SPDX-License-Identifier: MIT
core_b_sources = \
	core/block.c core/block.h core/chardev.c core/chardev.h core/clock.c core/clock.h core/debug.c core/debug.h core/debuggee.c core/debuggee.h core/dma.c core/drivers.c \
	core/drivers.h \
	core/loop.c core/loop.h core/machine.c core/machine.h core/memory.c core/memory.h \
	core/memory_priv.h core/net.c core/net.h core/overlay.c core/overlay.h core/part.c core/part.h \
	core/pins.c core/pins.h core/props.c core/props.h core/ram.c core/regs.c core/regs.h \
	core/state.c core/state.h
