# SPDX-License-Identifier: MIT
include plugins/boards/arm-virt.mk
include plugins/boards/riscv-virt.mk
include plugins/boards/linux-user/calls.mk
include plugins/boards/linux-user/tasks.mk
include plugins/boards/linux-user.mk
