/* SPDX-License-Identifier: MIT */
/*
 * alloc.h: register allocation and emission for backends that are code generators.
 *
 * A struct tcg_alloc is the working memory of one translating thread and the backend's rules,
 * parsed. Use:
 *
 *    a = tcg_alloc_new(backend, features, &err);
 *    job.features = ...; job.code_rw = ...;
 *    r = tcg_alloc_emit(a, &job);      as often as wanted; allocates nothing once warm
 *    tcg_alloc_free(a);
 */
#ifndef TCG_ALLOC_ALLOC_H
#define TCG_ALLOC_ALLOC_H

#include <backplane/backend.h>

struct tcg_alloc;

/* NULL and a message in err where a rule does not parse or memory is short. The backend is
 * borrowed. */
struct tcg_alloc *tcg_alloc_new(const struct bp_backend *backend, uint64_t features, char *err,
                                size_t err_size);
void tcg_alloc_free(struct tcg_alloc *a);

/* Picks registers at random from now on, spills needlessly: tests. 0: off. */
void tcg_alloc_randomise(struct tcg_alloc *a, uint32_t seed);

/* Compiles. 0; -ENOSPC: code_room, site_room or state_reg_room too small; -E2BIG: more values
 * alive than the frame holds: translate fewer instructions at once; -ENOTSUP: a type or shape
 * that tier 0 does not do (i8, i16, several blocks); -ENOMEM. Nothing of the job but
 * results is changed. */
int tcg_alloc_emit(struct tcg_alloc *a, struct bp_code_job *job);

/* The exact results behind ops without a rule (exact.c); also what `exact` in codegen.h is. */
uint64_t tcg_exact(void *env, uint64_t a, uint64_t b, uint64_t c, uint32_t how,
                   const struct bp_slots *slots);

/* The same for vector ops (vector.c); `how` is bp_exact_how() with the type of the scalar operand,
 * where there is one. a and b point to operands, scalars in 64 bits; *ret holds the third operand
 * before, the result after: 16 bytes. */
void tcg_vector(void *env, void *ret, const void *a, const void *b, uint32_t how,
                const struct bp_slots *slots);

#endif
