/* SPDX-License-Identifier: MIT */
/* fixture-none.c: a shared object that is no plugin. */
int fixture_none(void);
int fixture_none(void) { return 0; }
