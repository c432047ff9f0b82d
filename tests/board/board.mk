# SPDX-License-Identifier: MIT
# Boards from outside.
dist_check_SCRIPTS += tests/board/test-arm-virt.sh tests/board/test-riscv-virt.sh
EXTRA_DIST += tests/board/counts.sh
TESTS += tests/board/test-arm-virt.sh tests/board/test-riscv-virt.sh
