# SPDX-License-Identifier: MIT
# Hostile guests and surroundings. The *.hex are guests; assemble.sh makes them. HOSTILE=long HOSTILE_SEED=7 make check: longer, other numbers.
hostile_tests = tests/hostile/test_guests tests/hostile/test_outside
check_PROGRAMS += $(hostile_tests)
TESTS += $(hostile_tests)
hostile_run = tests/hostile/run.c tests/hostile/run.h
tests_hostile_test_guests_SOURCES = tests/hostile/test_guests.c $(hostile_run)
tests_hostile_test_outside_SOURCES = tests/hostile/test_outside.c $(hostile_run)
tests_hostile_test_guests_LDADD = $(ZLIB_LIBS)
tests_hostile_test_outside_LDADD = $(ZLIB_LIBS) -lutil
EXTRA_DIST += \
	tests/hostile/assemble.sh tests/hostile/guest.S tests/hostile/guest.c tests/hostile/guest.h \
	tests/hostile/guest.ld tests/hostile/chaos.c tests/hostile/chaos32.hex \
	tests/hostile/chaos64.hex tests/hostile/mmio.c tests/hostile/mmio32.hex \
	tests/hostile/mmio64.hex tests/hostile/work.c tests/hostile/work32.hex tests/hostile/work64.hex
