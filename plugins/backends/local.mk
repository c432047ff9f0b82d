# SPDX-License-Identifier: MIT
include plugins/backends/blocknet.mk
include plugins/backends/chars.mk
include plugins/backends/gdb.mk
include plugins/backends/interp.mk
if HOST_X86_64
include plugins/backends/x86_64.mk
endif
