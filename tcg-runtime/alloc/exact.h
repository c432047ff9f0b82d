/* SPDX-License-Identifier: MIT */
/* exact.h: what the exact functions of scalars and vectors share. */
#ifndef TCG_ALLOC_EXACT_H
#define TCG_ALLOC_EXACT_H

#include <backplane/softfloat.h>

/* BP_NAN_KEEP. */
void exact_keep_nans(struct bp_fp *fp);
/* What minmax() of backplane/softfloat.h takes, from enum bp_fmin. */
uint32_t exact_minmax(bool max, unsigned rule);
/* Whether enum bp_fcond holds, from enum bp_fp_relation. */
bool exact_holds(unsigned cond, int32_t relation);

/* crypto.c: the ops from vaesround on; ret may be one of the operands. */
void exact_crypto(unsigned op, unsigned number, uint8_t *ret, const uint8_t *a, const uint8_t *b,
                  const uint8_t *c);

#endif
