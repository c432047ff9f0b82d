/* SPDX-License-Identifier: MIT */
/* softfloat.h: the table that the TCG runtime offers as "backplane.softfloat/1". */
#ifndef TCG_FP_SOFTFLOAT_H
#define TCG_FP_SOFTFLOAT_H

#include <backplane/softfloat.h>

extern const struct bp_softfloat_api tcg_softfloat_api;

#endif
