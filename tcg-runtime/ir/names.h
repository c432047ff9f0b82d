/* SPDX-License-Identifier: MIT */
/* names.h: the words of the text form, shared by the printer and the parser, by enumerator. */
#ifndef TCG_IR_NAMES_H
#define TCG_IR_NAMES_H

static const char *const ir_type_names[] = { "void", "i8", "i16", "i32", "i64", "f32", "f64",
                                             "v128" };
static const char *const ir_cond_names[] = { "eq", "ne",  "lt",  "ge",  "le",
                                             "gt", "ltu", "geu", "leu", "gtu" };
static const char *const ir_fcond_names[] = { "eq", "lt", "le", "ltq", "leq", "uno" };
static const char *const ir_rounding_names[] = { "dyn", "near", "zero", "down", "up", "away" };
static const char *const ir_fmin_names[] = { "2019", "2008", "nan", "2008c", "nanc" };
static const char *const ir_rmw_names[] = { "xchg", "add", "and", "or", "xor", "min", "max", "minu",
                                            "maxu" };
static const char *const ir_fence_names[] = { "rr", "rw", "wr", "ww" }; /* by bit */
static const char *const ir_hint_names[] = { "none", "call", "return" };
static const char *const ir_leave_names[] = { "state", "halt", "yield", "syscall", "debug" };

#define IR_NAME(names, i) ((size_t)(i) < sizeof(names) / sizeof *(names) ? (names)[i] : "?")

#endif
