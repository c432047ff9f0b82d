/* SPDX-License-Identifier: MIT */
/*
 * call_aio.c: Linux's asynchronous I/O. io_setup(2), io_submit(2), io_getevents(2); linux/aio_abi.h.
 *
 * The kernel identifies a context by the address of a ring that programs read events from as a short
 * cut. What that ring holds are addresses of the host. So the guest's context is the address of an empty
 * page, which is no ring and makes it call; requests are copies with the host's addresses, found again by
 * what the kernel says of them.
 */
#include "calls.h"

#include "calls-state.h"

#include <limits.h>
#include <linux/aio_abi.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { AT_ONCE = 65536 }; /* requests or events of a call; the kernel may do fewer than asked, too */

struct aio_context {
    struct aio_context *next;
    uint64_t id;              /* gva */
    aio_context_t host;
};

struct aio_request {
    struct iocb iocb;         /* first: its address is what events tell */
    struct aio_request *next, **link;
    uint64_t gva;             /* the guest's */
    uint64_t context;
    struct iovec iov[];
};

/* ---- what there is --------------------------------------------------------------------------- */

static struct calls *lock(struct task *t)
{
    pthread_mutex_lock(&t->process->lock); /* nobody forks meanwhile */
    return t->process->calls;
}

static void unlock(struct task *t)
{
    pthread_mutex_unlock(&t->process->lock);
}

/* 0: no context, for the kernel, too. */
static aio_context_t host_context(struct task *t, uint64_t id)
{
    struct calls *c = lock(t);
    aio_context_t host = 0;
    for (struct aio_context *i = c->aio_contexts; i && !host; i = i->next)
        if (i->id == id)
            host = i->host;
    unlock(t);
    return host;
}

static void insert(struct task *t, struct aio_request *r)
{
    struct calls *c = lock(t);
    r->next = c->aio_requests;
    r->link = &c->aio_requests;
    if (r->next)
        r->next->link = &r->next;
    c->aio_requests = r;
    unlock(t);
}

static void take_out(struct aio_request *r)
{
    *r->link = r->next;
    if (r->next)
        r->next->link = r->link;
    free(r);
}

static void drop(struct task *t, struct aio_request *r)
{
    lock(t);
    take_out(r);
    unlock(t);
}

/* ---- contexts -------------------------------------------------------------------------------- */

int64_t call_io_setup(struct task *t, const uint64_t a[6])
{
    struct process *p = t->process;
    struct aio_context *context;
    aio_context_t host = 0;
    uint64_t id;
    if (guest_read(t, a[1], &id, sizeof id))
        return -EFAULT;
    if (id)
        return -EINVAL;
    int64_t r = quick_call(SYS_io_setup, (uint32_t)a[0], ptr_arg(&host), 0, 0, 0, 0);
    if (r < 0)
        return r;
    context = malloc(sizeof *context);
    r = -ENOMEM;
    if (context)
        r = space_map(p, 0, p->page_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    id = (uint64_t)r;
    if (r >= 0 && guest_write(t, a[1], &id, sizeof id)) {
        space_unmap(p, id, p->page_size);
        r = -EFAULT;
    }
    if (r < 0) {
        quick_call(SYS_io_destroy, host, 0, 0, 0, 0, 0);
        free(context);
        return r;
    }
    struct calls *c = lock(t);
    *context = (struct aio_context){ c->aio_contexts, id, host };
    c->aio_contexts = context;
    unlock(t);
    return 0;
}

/* The kernel waits for what is under way, or cancels it. */
int64_t call_io_destroy(struct task *t, const uint64_t a[6])
{
    int64_t r = quick_call(SYS_io_destroy, host_context(t, a[0]), 0, 0, 0, 0, 0);
    if (r < 0)
        return r;
    struct calls *c = lock(t);
    for (struct aio_context **at = &c->aio_contexts, *i; (i = *at);) {
        if (i->id != a[0]) {
            at = &i->next;
            continue;
        }
        *at = i->next;
        free(i);
    }
    for (struct aio_request *i = c->aio_requests, *next; i; i = next) {
        next = i->next;
        if (i->context == a[0])
            take_out(i);
    }
    unlock(t);
    space_unmap(t->process, a[0], t->process->page_size);
    return 0;
}

/* ---- requests -------------------------------------------------------------------------------- */

/* Buffers of PREADV and PWRITEV; the kernel reads the vector when the request is submitted. */
static uint64_t vector(struct task *t, struct aio_request *r, bool out)
{
    int error = iov_get(t, r->iocb.aio_buf, r->iocb.aio_nbytes, out, r->iov);
    return ptr_arg(error ? BAD_POINTER : r->iov);
}

/* What the guest's addresses and descriptors are on the host. */
static void translate(struct task *t, struct aio_request *r)
{
    struct iocb *i = &r->iocb;
    switch (i->aio_lio_opcode) {
    case IOCB_CMD_PREAD: i->aio_buf = ptr_arg(arg_out(t, i->aio_buf, i->aio_nbytes)); break;
    case IOCB_CMD_PWRITE: i->aio_buf = ptr_arg(arg_in(t, i->aio_buf, i->aio_nbytes)); break;
    case IOCB_CMD_PREADV: i->aio_buf = vector(t, r, true); break;
    case IOCB_CMD_PWRITEV: i->aio_buf = vector(t, r, false); break;
    default: break; /* no buffer */
    }
    if (fd_is_own(t->process, (int)i->aio_fildes))
        i->aio_fildes = UINT32_MAX;
    if (i->aio_flags & IOCB_FLAG_RESFD && fd_is_own(t->process, (int)i->aio_resfd))
        i->aio_resfd = UINT32_MAX;
}

/* 0 or -errno. */
static int make_request(struct task *t, uint64_t context, uint64_t gva, struct aio_request **ret)
{
    struct aio_request *r;
    struct iocb iocb;
    uint32_t key = 0; /* what the kernel marks a submitted one with */
    if (guest_read(t, gva, &iocb, sizeof iocb) ||
        guest_write(t, gva + offsetof(struct iocb, aio_key), &key, sizeof key))
        return -EFAULT;
    bool vectored =
        iocb.aio_lio_opcode == IOCB_CMD_PREADV || iocb.aio_lio_opcode == IOCB_CMD_PWRITEV;
    if (vectored && iocb.aio_nbytes > IOV_MAX)
        return -EINVAL;
    r = malloc(sizeof *r + (vectored ? iocb.aio_nbytes * sizeof *r->iov : 0));
    if (!r)
        return -ENOMEM;
    *r = (struct aio_request){ .iocb = iocb, .gva = gva, .context = context };
    translate(t, r);
    insert(t, r);
    *ret = r;
    return 0;
}

/* The first request that is no good ends the call: an error only where none was good before. */
int64_t call_io_submit(struct task *t, const uint64_t a[6])
{
    aio_context_t host = host_context(t, a[0]);
    int64_t count = (int64_t)a[1], n = 0, done;
    uint64_t gva;
    int error = 0;
    if (!host || count < 0)
        return -EINVAL;
    if (count > AT_ONCE)
        count = AT_ONCE;
    struct aio_request **list = malloc((size_t)(count + 1) * sizeof *list);
    if (!list)
        return -ENOMEM;
    for (; n < count && !error; n += !error) {
        if (guest_read(t, a[2] + 8 * (uint64_t)n, &gva, sizeof gva))
            error = -EFAULT;
        else
            error = make_request(t, a[0], gva, &list[n]);
    }
    done = error;
    if (n || !error)
        done = host_call(t, SYS_io_submit, host, (uint64_t)n, ptr_arg(list), 0, 0, 0);
    for (int64_t i = done < 0 ? 0 : done; i < n; i++)
        drop(t, list[i]);
    free(list);
    return done;
}

/* A cancelled one has its event like any other. */
int64_t call_io_cancel(struct task *t, const uint64_t a[6])
{
    struct io_event unused;
    struct aio_request *r;
    uint32_t key;
    if (guest_read(t, a[1] + offsetof(struct iocb, aio_key), &key, sizeof key))
        return -EFAULT;
    struct calls *c = lock(t);
    for (r = c->aio_requests; r && (r->gva != a[1] || r->context != a[0]); r = r->next)
        continue;
    unlock(t);
    if (!r || key)
        return -EINVAL;
    return quick_call(SYS_io_cancel, host_context(t, a[0]), ptr_arg(&r->iocb), ptr_arg(&unused), 0,
                      0, 0);
}

/* ---- events ---------------------------------------------------------------------------------- */

static int64_t give(struct task *t, struct io_event *events, int64_t n, uint64_t gva)
{
    for (int64_t i = 0; i < n; i++) {
        struct aio_request *r = (struct aio_request *)(uintptr_t)events[i].obj;
        events[i].obj = r->gva;
        drop(t, r);
    }
    return n > 0 && guest_write(t, gva, events, (size_t)n * sizeof *events) ? -EFAULT : n;
}

/* The mask's gva, or 0: none. */
static int64_t wait_events(struct task *t, long number, const uint64_t a[6], uint64_t mask_gva)
{
    uint64_t mask, host, args[6];
    const uint64_t sigset[2] = { ptr_arg(&host), sizeof mask };
    memcpy(args, a, sizeof args);
    if (!mask_gva)
        return host_call(t, number, a[0], a[1], a[2], a[3], a[4], 0);
    if (guest_read(t, mask_gva, &mask, sizeof mask))
        return -EFAULT;
    host = signals_host_mask(mask);
    args[5] = ptr_arg(sigset);
    return host_call_masked(t, mask, number, args);
}

static int64_t get_events(struct task *t, const uint64_t a[6], long number, uint64_t mask_gva)
{
    aio_context_t host = host_context(t, a[0]);
    int64_t least = (int64_t)a[1], n = (int64_t)a[2];
    if (!host || least < 0 || least > n)
        return -EINVAL;
    if (n > AT_ONCE)
        n = AT_ONCE;
    if (least > n)
        least = n;
    uint64_t bytes = (uint64_t)n * sizeof(struct io_event);
    /* Events once taken must find their place. */
    if (n && (!gva_ok(t->process, a[3], bytes) ||
              bp_user_will_write(t->process->space, a[3], sizeof(struct io_event))))
        return -EFAULT;
    struct io_event *events = malloc(bytes + 1);
    if (!events)
        return -ENOMEM;
    const uint64_t args[6] = { host, (uint64_t)least, (uint64_t)n, ptr_arg(events),
                               ptr_arg(arg_in(t, a[4], 16)), 0 };
    int64_t r = wait_events(t, number, args, mask_gva);
    if (r > 0)
        r = give(t, events, r, a[3]);
    free(events);
    return r;
}

int64_t call_io_getevents(struct task *t, const uint64_t a[6])
{
    return get_events(t, a, SYS_io_getevents, 0);
}

/* The last argument points to the mask's address and size. */
int64_t call_io_pgetevents(struct task *t, const uint64_t a[6])
{
    uint64_t mask[2] = { 0 };
    if (a[5] && guest_read(t, a[5], mask, sizeof mask))
        return -EFAULT;
    if (mask[0] && mask[1] != 8)
        return -EINVAL;
    return get_events(t, a, SYS_io_pgetevents, mask[0]);
}
