# SPDX-License-Identifier: MIT
# Check's own limit for a test is 4 s, which a busy machine or a sanitizer can need.
AM_TESTS_ENVIRONMENT = CK_DEFAULT_TIMEOUT=$${CK_DEFAULT_TIMEOUT:-120}; export CK_DEFAULT_TIMEOUT;
include tests/unit/softfloat.mk
include tests/decode/local.mk
include tests/device/device.mk
include tests/device/gic.mk
include tests/device/virtio.mk
include tests/unit/core.mk
include tests/unit/images.mk
include tests/fuzz/core.mk
include tests/fuzz/a64.mk
include tests/fuzz/gic.mk
include tests/fuzz/virtio.mk
include tests/abi/local.mk
include tests/guest/riscv/local.mk
include tests/guest/aarch64/local.mk
include tests/board/board.mk
include tests/fuzz/local.mk
include tests/ir/local.mk
include tests/board/graph.mk
include tests/diff/diff.mk
include tests/codegen/local.mk
include tests/gdb/local.mk
include tests/hostile/hostile.mk
include tests/user/user.mk
include tests/unit/user.mk
include tests/user/calls/calls.mk
