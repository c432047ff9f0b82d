#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the text tests of the IR: every .ir file beside this script.
exec tests/ir/run_ir "${srcdir:-.}"/tests/ir/*.ir
