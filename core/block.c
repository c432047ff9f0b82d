/* SPDX-License-Identifier: MIT */
/*
 * block.c: what stands between block drivers and devices.
 *
 * A request is checked, goes to a worker thread, and is completed under the machine lock by that
 * worker, or by whoever drains the drive: bp_block_drain() holds the machine lock while it waits,
 * so it runs the completions itself.
 */
#include <core/block.h>

#include <core/drivers.h>
#include <core/loop.h>
#include <core/overlay.h>

#include <errno.h>
#include <string.h>

#define LOGICAL_BLOCK 512u
#define IOV_BATCH 512u
#define ZEROS_BYTES ((uint64_t)256 << 10)

struct bp_block {
    struct machine *machine;
    const struct bp_block_driver *driver;
    struct part *part;          /* the driver's */
    char *id;
    struct part *device;
    struct bp_block_info info;
    /* what the driver has; info.size is that, rounded up to whole blocks */
    uint64_t length;
    struct overlay *overlay;    /* snapshot=on */
    uint8_t *zeros;             /* ZEROS_BYTES of them */
    bool open;

    pthread_mutex_t lock;
    pthread_cond_t cond;        /* something was completed */
    GQueue completed;           /* struct request * */
    uint32_t inflight;          /* submitted, done() not called */
};

struct request {
    struct bp_block *blk;
    uint32_t op;
    int result;
    uint64_t offset, bytes;
    void (*done)(void *request, int result);
    void *request;
    unsigned iov_count;
    struct bp_iovec iov[];
};

/* ---- doing it, on a worker ------------------------------------------------------------------- */

/* Below the overlay. The last block may reach past the driver's end: zeros are there. */
static int base_read(void *arg, uint64_t offset, const struct bp_iovec *iov, unsigned count)
{
    struct bp_block *blk = arg;
    void *drv = blk->part->state;
    uint64_t bytes = iov_bytes(iov, count);
    if (offset + bytes <= blk->length)
        return blk->driver->read(drv, offset, iov, count);
    uint64_t there = offset < blk->length ? blk->length - offset : 0;
    g_autofree struct bp_iovec *part = g_new(struct bp_iovec, count + 1);
    unsigned n = iov_slice(part, iov, count, there, bytes - there);
    iov_zero(part, n);
    n = iov_slice(part, iov, count, 0, there);
    return n ? blk->driver->read(drv, offset, part, n) : 0;
}

static int read_piece(struct bp_block *blk, uint64_t offset, const struct bp_iovec *iov, unsigned n)
{
    return blk->overlay ? overlay_read(blk->overlay, offset, iov, n)
                        : base_read(blk, offset, iov, n);
}

static int write_piece(struct bp_block *blk, uint64_t offset, const struct bp_iovec *iov,
                       unsigned n)
{
    return blk->overlay ? overlay_write(blk->overlay, offset, iov, n)
                        : blk->driver->write(blk->part->state, offset, iov, n);
}

/* Drivers see lists of bounded length. */
static int transfer(struct request *rq)
{
    uint64_t at = rq->offset;
    for (unsigned i = 0; i < rq->iov_count; i += IOV_BATCH) {
        unsigned n = MIN(IOV_BATCH, rq->iov_count - i);
        int r = rq->op == BP_BLOCK_READ ? read_piece(rq->blk, at, rq->iov + i, n)
                                        : write_piece(rq->blk, at, rq->iov + i, n);
        if (r < 0)
            return r;
        at += iov_bytes(rq->iov + i, n);
    }
    return 0;
}

static int write_zeroes(struct request *rq)
{
    struct bp_block *blk = rq->blk;
    if (!blk->overlay && blk->driver->write_zeroes) {
        int r = blk->driver->write_zeroes(blk->part->state, rq->offset, rq->bytes);
        if (r != -EOPNOTSUPP)
            return r;
    }
    for (uint64_t done = 0; done < rq->bytes;) {
        struct bp_iovec one = { blk->zeros, MIN(ZEROS_BYTES, rq->bytes - done) };
        int r = write_piece(blk, rq->offset + done, &one, 1);
        if (r < 0)
            return r;
        done += one.length;
    }
    return 0;
}

static int perform(struct request *rq)
{
    struct bp_block *blk = rq->blk;
    void *drv = blk->part->state;
    switch (rq->op) {
    case BP_BLOCK_READ:
    case BP_BLOCK_WRITE:
        return transfer(rq);
    case BP_BLOCK_FLUSH:
        if (blk->overlay || blk->info.read_only || !blk->driver->flush)
            return 0;
        return blk->driver->flush(drv);
    case BP_BLOCK_DISCARD: /* a hint: contents are undefined afterwards */
        if (!blk->info.can_discard)
            return 0;
        int r = blk->driver->discard(drv, rq->offset, rq->bytes);
        return r == -EOPNOTSUPP ? 0 : r;
    default:
        return write_zeroes(rq);
    }
}

/* ---- completing it --------------------------------------------------------------------------- */

/* Under the machine lock. */
static void deliver(struct bp_block *blk)
{
    for (;;) {
        pthread_mutex_lock(&blk->lock);
        struct request *rq = g_queue_pop_head(&blk->completed);
        blk->inflight -= rq != NULL;
        pthread_mutex_unlock(&blk->lock);
        if (!rq)
            return;
        if (blk->device)
            part_enter(blk->device);
        rq->done(rq->request, rq->result);
        if (blk->device)
            part_leave(blk->device);
        g_free(rq);
    }
}

static void deliver_soon(void *arg)
{
    struct bp_block *blk = arg;
    machine_lock(blk->machine);
    deliver(blk);
    machine_unlock(blk->machine);
}

static void complete(struct request *rq, int result)
{
    struct bp_block *blk = rq->blk;
    rq->result = result;
    pthread_mutex_lock(&blk->lock);
    g_queue_push_tail(&blk->completed, rq);
    pthread_cond_broadcast(&blk->cond);
    pthread_mutex_unlock(&blk->lock);
}

static void work(void *arg)
{
    struct request *rq = arg;
    struct bp_block *blk = rq->blk; /* a drainer may free the request at once */
    struct machine *m = blk->machine;
    complete(rq, perform(rq));
    /* Never waits: a drainer holds the lock, and needs the workers for what is not done yet. */
    if (!machine_trylock(m)) {
        loop_defer(m->loop, blk->part, deliver_soon, blk);
        return;
    }
    deliver(blk);
    machine_unlock(m);
}

static int check(const struct request *rq)
{
    const struct bp_block_info *info = &rq->blk->info;
    if (rq->op < BP_BLOCK_READ || rq->op > BP_BLOCK_WRITE_ZEROES)
        return -EINVAL;
    if (rq->op == BP_BLOCK_FLUSH)
        return 0;
    if (rq->op != BP_BLOCK_READ && info->read_only)
        return -EROFS;
    if (rq->offset % info->logical_block || rq->bytes % info->logical_block ||
        rq->offset > info->size || rq->bytes > info->size - rq->offset)
        return -EINVAL;
    if (rq->op == BP_BLOCK_READ || rq->op == BP_BLOCK_WRITE) {
        uint64_t rest = rq->bytes;
        for (unsigned i = 0; i < rq->iov_count; i++) {
            if (rq->iov[i].length > rest)
                return -EINVAL;
            rest -= rq->iov[i].length;
        }
        return rest ? -EINVAL : 0;
    }
    return 0;
}

static void submit(struct bp_block *blk, unsigned op, uint64_t offset, uint64_t bytes,
                   const struct bp_iovec *iov, unsigned iov_count,
                   void (*done)(void *request, int result), void *request)
{
    struct request *rq = g_malloc(sizeof *rq + (size_t)iov_count * sizeof *iov);
    *rq = (struct request){ .blk = blk, .op = op, .offset = offset, .bytes = bytes, .done = done,
                            .request = request, .iov_count = iov_count };
    if (iov_count)
        memcpy(rq->iov, iov, (size_t)iov_count * sizeof *iov);
    pthread_mutex_lock(&blk->lock);
    blk->inflight++;
    pthread_mutex_unlock(&blk->lock);
    int r = check(rq);
    if (r < 0) {
        complete(rq, r);
        loop_defer(blk->machine->loop, blk->part, deliver_soon, blk);
    } else {
        loop_work(blk->machine->loop, work, rq);
    }
}

static void drain(struct bp_block *blk)
{
    machine_lock(blk->machine);
    for (bool some = true; some;) {
        deliver(blk);
        pthread_mutex_lock(&blk->lock);
        while (blk->inflight && !blk->completed.length)
            pthread_cond_wait(&blk->cond, &blk->lock);
        some = blk->inflight != 0;
        pthread_mutex_unlock(&blk->lock);
    }
    machine_unlock(blk->machine);
}

static void get_info(struct bp_block *blk, struct bp_block_info *ret)
{
    *ret = blk->info;
}

const struct bp_block_api block_api = { sizeof block_api, 0, get_info, submit, drain };

/* ---- making ---------------------------------------------------------------------------------- */

static int open_driver(struct bp_block *blk, const struct block_options *o)
{
    void *drv = blk->part->state;
    int r = blk->driver->open(drv, o->read_only || o->snapshot);
    if (r < 0)
        return r;
    blk->open = true;
    int64_t length = blk->driver->length(drv);
    if (length < 0)
        return core_error((int)-length, "%s: its size cannot be told: %s", blk->part->name,
                          strerror((int)-length));
    blk->length = (uint64_t)length;
    blk->info.size = (blk->length + LOGICAL_BLOCK - 1) / LOGICAL_BLOCK * LOGICAL_BLOCK;
    blk->info.logical_block = LOGICAL_BLOCK;
    blk->info.read_only = o->read_only;
    blk->info.can_discard = blk->driver->discard && !o->read_only && !o->snapshot;
    if (!o->read_only && !o->snapshot && !blk->driver->write)
        return core_error(EROFS, "%s: driver %s cannot write; give readonly=on or snapshot=on",
                          blk->part->name, blk->part->type);
    if (o->snapshot && !o->read_only) {
        blk->overlay = overlay_new(blk->info.size, base_read, blk);
        if (!blk->overlay)
            return core_error(errno, "%s: snapshot=on: no temporary file in %s: %s",
                              blk->part->name, g_get_tmp_dir(), strerror(errno));
    }
    return 0;
}

int block_new(struct machine *m, const struct bp_block_driver *driver, const char *id,
              const struct block_options *options, const struct bp_set *settings, uint32_t count,
              struct bp_block **ret)
{
    size_t serial = options->serial ? strlen(options->serial) : 0;
    if (block_find(m, id))
        return core_error(EEXIST, "two drives have the id '%s'", id);
    if (serial >= sizeof ((struct bp_block_info *)0)->serial)
        return core_error(EINVAL, "drive %s: serial '%s' has more than 20 characters", id,
                          options->serial);
    struct bp_block *blk = g_new0(struct bp_block, 1);
    blk->machine = m;
    blk->driver = driver;
    blk->id = g_strdup(id);
    blk->zeros = g_malloc0(ZEROS_BYTES);
    memcpy(blk->info.serial, serial ? options->serial : "", serial);
    g_queue_init(&blk->completed);
    pthread_mutex_init(&blk->lock, NULL);
    pthread_cond_init(&blk->cond, NULL);
    g_ptr_array_add(m->drives, blk);
    blk->part = driver_part(m, "drive", driver->head.id, id, driver->state_size, &driver->props,
                            settings, count, driver, blk);
    int r = blk->part ? open_driver(blk, options) : -EINVAL;
    if (r < 0)
        block_free(blk);
    else if (ret)
        *ret = blk;
    return r;
}

struct bp_block *block_find(const struct machine *m, const char *id)
{
    for (guint i = 0; i < m->drives->len; i++) {
        struct bp_block *blk = g_ptr_array_index(m->drives, i);
        if (!strcmp(blk->id, id))
            return blk;
    }
    return NULL;
}

bool block_connected(const struct bp_block *blk)
{
    return blk->device != NULL;
}

int block_connect(struct bp_block *blk, struct part *part, const struct bp_port *port)
{
    if (blk->device)
        return core_error(EBUSY, "drive %s is used by %s already, so not by %s", blk->id,
                          blk->device->name, part->name);
    blk->device = part;
    return 0;
}

void block_drain_all(struct machine *m)
{
    for (guint i = 0; i < m->drives->len; i++)
        drain(g_ptr_array_index(m->drives, i));
}

void block_free(struct bp_block *blk)
{
    if (blk->part) {
        drain(blk);
        loop_drain_workers(blk->machine->loop);
        loop_settle(blk->machine->loop, blk->part);
    }
    g_ptr_array_remove(blk->machine->drives, blk);
    if (blk->open && !blk->info.read_only && !blk->overlay && blk->driver->flush)
        blk->driver->flush(blk->part->state);
    if (blk->open && blk->driver->close)
        blk->driver->close(blk->part->state);
    part_free(blk->part);
    overlay_free(blk->overlay);
    pthread_mutex_destroy(&blk->lock);
    pthread_cond_destroy(&blk->cond);
    g_free(blk->zeros);
    g_free(blk->id);
    g_free(blk);
}
