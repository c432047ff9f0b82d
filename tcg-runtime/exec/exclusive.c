/* SPDX-License-Identifier: MIT */
/*
 * exclusive.c: keeping every vCPU out of translated code, for a flush of the code cache.
 *
 * Entering and leaving take no lock: a vCPU says that it is inside and then looks whether somebody
 * wants to be alone; who wants that says so and then looks who is inside.
 */
#include "tcg-runtime/exec/tcg.h"

static void wait_turn(struct tcg *tcg)
{
    pthread_mutex_lock(&tcg->exclusive_lock);
    pthread_cond_broadcast(&tcg->exclusive_cond);
    while (atomic_load(&tcg->exclusive_pending))
        pthread_cond_wait(&tcg->exclusive_cond, &tcg->exclusive_lock);
    pthread_mutex_unlock(&tcg->exclusive_lock);
}

void exclusive_enter(struct tcg_vcpu *c)
{
    atomic_store(&c->entered, true);
    while (atomic_load(&c->tcg->exclusive_pending)) {
        atomic_store(&c->entered, false);
        wait_turn(c->tcg);
        atomic_store(&c->entered, true);
    }
}

void exclusive_leave(struct tcg_vcpu *c)
{
    struct tcg *tcg = c->tcg;
    atomic_store(&c->entered, false);
    if (!atomic_load(&tcg->exclusive_pending) && !atomic_load(&tcg->sync_waiters))
        return;
    pthread_mutex_lock(&tcg->exclusive_lock);
    pthread_cond_broadcast(&tcg->exclusive_cond);
    pthread_mutex_unlock(&tcg->exclusive_lock);
}

static bool anybody_inside(const struct tcg *tcg)
{
    for (uint32_t i = 0; i < tcg->vcpu_count; i++) {
        if (atomic_load(&tcg->vcpus[i]->entered))
            return true;
    }
    return false;
}

void exclusive_begin(struct tcg *tcg)
{
    pthread_mutex_lock(&tcg->exclusive_lock);
    while (atomic_load(&tcg->exclusive_pending))
        pthread_cond_wait(&tcg->exclusive_cond, &tcg->exclusive_lock);
    atomic_store(&tcg->exclusive_pending, 1);
    for (uint32_t i = 0; i < tcg->vcpu_count; i++)
        tcg_kick(tcg->vcpus[i]);
    while (anybody_inside(tcg))
        pthread_cond_wait(&tcg->exclusive_cond, &tcg->exclusive_lock);
    pthread_mutex_unlock(&tcg->exclusive_lock);
}

void exclusive_end(struct tcg *tcg)
{
    pthread_mutex_lock(&tcg->exclusive_lock);
    atomic_store(&tcg->exclusive_pending, 0);
    pthread_cond_broadcast(&tcg->exclusive_cond);
    pthread_mutex_unlock(&tcg->exclusive_lock);
}
