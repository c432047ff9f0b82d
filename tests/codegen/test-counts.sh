#!/bin/sh
# SPDX-License-Identifier: MIT
# Compares the counts of host instructions with the golden file; with an argument passes it on (--bless, --time).
d=${srcdir:-.}/tests/codegen
exec tests/codegen/test_counts "$d/counts.ir" "$d/counts.x86_64" "$@"
