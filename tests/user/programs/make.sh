#!/bin/bash
# SPDX-License-Identifier: MIT
export TMPDIR=$PWD
for i in $(seq 1 12); do echo "int f$i(int x) { return x + $i; }" >f$i.c; done
{ for i in $(seq 1 12); do echo "int f$i(int);"; done; echo '#include <stdio.h>'; echo 'int main(void) { int s = 0;'; for i in $(seq 1 12); do echo "s = f$i(s);"; done; echo 'printf("%d\n", s); }'; } >main.c
cat >Makefile <<'END'
objects := $(patsubst %.c,%.o,$(wildcard *.c))
prog: $(objects)
	@gcc -o $@ $^
%.o: %.c
	@gcc -O1 -c -o $@ $<
sub:
	@$(MAKE) -s -C d all
fail:
	@exit 3
.PHONY: sub fail
END
mkdir d; printf 'all: a b c\na b c:\n\t@sleep 0.1; echo $@ >$@\n' >d/Makefile
make -j4 && ./prog; make -j4 | tail -n 1; touch f3.c; make -n -j4 | grep -c gcc; make -j4 && ./prog
make -s -j4 sub; cat d/[abc] | tr -d '\n'; echo; make -s fail 2>&1; echo "make $?"; make -j4 -k fail prog 2>&1 | sort | tail -n 1; make -s -j4 -O sub && echo again
