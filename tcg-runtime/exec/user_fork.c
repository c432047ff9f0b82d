/* SPDX-License-Identifier: MIT */
/*
 * user_fork.c: fork() of a process that runs translated code.
 *
 * The code cache is shared memory, mapped twice; a child that kept it would run what its parent
 * writes there. So the child gets memory of its own at the same addresses, with a copy of what was
 * in use. The copy is made before the fork: the parent goes on writing as soon as it has returned.
 * Everything else is private memory, and consistent because PREPARE takes the locks.
 */
#include "tcg-runtime/exec/user.h"

#include <stdlib.h>

static void locks_take(struct tcg *tcg)
{
    machine_lock(tcg->machine);
    pthread_mutex_lock(&tcg->lock);
    pthread_mutex_lock(&tcg->exclusive_lock);
}

static void locks_give(struct tcg *tcg)
{
    pthread_mutex_unlock(&tcg->exclusive_lock);
    pthread_mutex_unlock(&tcg->lock);
    machine_unlock(tcg->machine);
}

static void child(struct tcg *tcg)
{
    if (code_cache_replace(&tcg->cache) < 0)
        _Exit(127); /* said already; parent and child must not share code */
    for (uint32_t i = 0; i < tcg->vcpu_count; i++)
        atomic_store(&tcg->vcpus[i]->entered, false);
    atomic_store(&tcg->exclusive_pending, 0);
    pthread_cond_init(&tcg->exclusive_cond, NULL); /* nobody waits here */
}

void user_fork(struct bp_user_space *s, enum bp_user_fork when)
{
    if (when == BP_FORK_PREPARE) {
        locks_take(s->tcg);
        code_cache_copy(&s->tcg->cache);
        return;
    }
    if (when == BP_FORK_CHILD)
        child(s->tcg);
    else
        code_cache_drop_copy(&s->tcg->cache);
    locks_give(s->tcg);
}
