/* SPDX-License-Identifier: MIT */
/*
 * tlb_mail.c: flushes that other vCPUs must do, and waiting until they have.
 *
 * A vCPU between its TLB probe and the access goes on with what it found, so taking entries out of its tables
 * from outside would not do: it must have come out of translated code. So flushes are posted to it, it is
 * kicked, and serves them where it serves other requests. One that is outside (exclusive.c) looks at its mail
 * before it runs again: nobody waits for it.
 *
 * Who waits serves its own mail meanwhile: two may wait for each other.
 */
#include "tcg-runtime/exec/tcg.h"

#include <string.h>

#define SPINS 2000u /* looks before sleeping: a vCPU that runs needs a microsecond or so */

static bool concerns(const struct tcg_vcpu *c, const struct tcg_vcpu *other)
{
    return other != c && other->target == c->target;
}

void tlb_post(struct tcg_vcpu *c, const struct bp_tlb_flush *what)
{
    for (uint32_t i = 0; i < c->tcg->vcpu_count; i++) {
        struct tcg_vcpu *o = c->tcg->vcpus[i];
        if (!concerns(c, o))
            continue;
        pthread_mutex_lock(&o->mail.lock);
        if (o->mail.count < TLB_MAIL_MAX)
            o->mail.wanted[o->mail.count++] = *what;
        else
            o->mail.all = true;
        atomic_fetch_add(&o->mail.posted, 1);
        pthread_mutex_unlock(&o->mail.lock);
        tcg_kick(o);
        c->unsynced = true;
    }
    if (c->unsynced && atomic_load(&c->tcg->sync_waiters))
        tlb_sync_wake(c->tcg);
}

void tlb_mail_serve(struct tcg_vcpu *c)
{
    struct bp_tlb_flush wanted[TLB_MAIL_MAX];
    uint64_t posted = atomic_load(&c->mail.posted);
    if (posted == atomic_load_explicit(&c->mail.served, memory_order_relaxed))
        return;
    pthread_mutex_lock(&c->mail.lock);
    unsigned n = c->mail.count;
    bool all = c->mail.all;
    memcpy(wanted, c->mail.wanted, n * sizeof *wanted);
    c->mail.count = 0;
    c->mail.all = false;
    posted = atomic_load(&c->mail.posted);
    pthread_mutex_unlock(&c->mail.lock);
    if (all)
        tlb_flush_all(c);
    for (unsigned i = 0; i < n && !all; i++)
        tlb_forget(c, &wanted[i]);
    atomic_store(&c->mail.served, posted);
    if (atomic_load(&c->tcg->sync_waiters))
        tlb_sync_wake(c->tcg);
}

void tlb_sync_wake(struct tcg *tcg)
{
    pthread_mutex_lock(&tcg->exclusive_lock);
    pthread_cond_broadcast(&tcg->exclusive_cond);
    pthread_mutex_unlock(&tcg->exclusive_lock);
}

static bool in_step(const struct tcg_vcpu *o, uint64_t posted)
{
    return !atomic_load(&o->entered) || atomic_load(&o->mail.served) >= posted;
}

static bool has_mail(const struct tcg_vcpu *c)
{
    return atomic_load(&c->mail.posted) != atomic_load(&c->mail.served);
}

static void wait_for(struct tcg_vcpu *c, const struct tcg_vcpu *o, uint64_t posted)
{
    struct tcg *tcg = c->tcg;
    for (unsigned i = 0; i < SPINS; i++) {
        if (in_step(o, posted))
            return;
        tlb_mail_serve(c);
    }
    while (!in_step(o, posted)) {
        pthread_mutex_lock(&tcg->exclusive_lock);
        atomic_fetch_add(&tcg->sync_waiters, 1);
        while (!in_step(o, posted) && !has_mail(c))
            pthread_cond_wait(&tcg->exclusive_cond, &tcg->exclusive_lock);
        atomic_fetch_sub(&tcg->sync_waiters, 1);
        pthread_mutex_unlock(&tcg->exclusive_lock);
        tlb_mail_serve(c);
    }
}

void tlb_sync(struct tcg_vcpu *c)
{
    if (!c->unsynced)
        return;
    c->unsynced = false;
    for (uint32_t i = 0; i < c->tcg->vcpu_count; i++) {
        struct tcg_vcpu *o = c->tcg->vcpus[i];
        if (concerns(c, o))
            wait_for(c, o, atomic_load(&o->mail.posted));
    }
}
