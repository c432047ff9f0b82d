/* SPDX-License-Identifier: MIT */
/*
 * fuzz_gdb.c: what a debugger sends: bytes to the whole stub, which is built into this program with a made-up
 * machine of two groups behind it, in place of the core.
 */
#define BP_HOST_SIDE /* no imports: the pointers are set here */
#include "fuzz.h"

#include "plugins/backends/gdb/packet.c"
#include "plugins/backends/gdb/signals.c"
#include "plugins/backends/gdb/threads.c"
#include "plugins/backends/gdb/registers.c"
#include "plugins/backends/gdb/memory.c"
#include "plugins/backends/gdb/run.c"
#define add_bytes add_bytes_of_query
#include "plugins/backends/gdb/query.c"
#undef add_bytes
#include "plugins/backends/gdb/monitor.c"
#include "plugins/backends/gdb/file.c"
#define event event_of_control
#include "plugins/backends/gdb/gdb.c"
#undef event

#include <stdarg.h>

/* ---- the machine ----------------------------------------------------------------------------- */

enum { THREADS = 5, REGS = 40, MEMORY = 256 };
static struct world {
    const struct bp_debug_ops *ops;
    bool is_program, running, asked;
    void (*deferred[4])(void *);
    uint8_t regs[THREADS][REGS][64], memory[MEMORY];
    uint64_t sent;
} world;

static int fake_attach(void *ctl, const struct bp_debug_ops *ops_)
{
    world.ops = ops_;
    world.asked = true;
    return 0;
}
static void fake_detach(void *ctl, bool resume) { world.running = false; }
static void fake_stop(void *ctl) { world.asked = true; }
static bool fake_running(void *ctl) { return world.running; }
static int fake_resume(void *ctl, const struct bp_debug_action *actions, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (actions[i].thread > THREADS)
            abort(); /* the stub names threads that it was told of */
    world.running = true;
    return n % 7 == 6 ? -3 : 0;
}
static uint32_t fake_groups(void *ctl) { return world.is_program ? 1 : 2; }
static bool fake_thread(void *ctl, uint32_t i, struct bp_debug_thread *ret)
{
    if (i >= THREADS)
        return false;
    ret->group = world.is_program ? 0 : i / 3;
    ret->id = i + 1;
    snprintf(ret->name, sizeof ret->name, "<%u>", i);
    snprintf(ret->state, sizeof ret->state, "%s", i & 1 ? "halted" : "");
    return true;
}
static const struct bp_debug_target fake_debug = { .size = sizeof fake_debug,
                                                   .architecture = "any" };
static const struct bp_target targets[] = { { .debug = &fake_debug },
                                            { .debug = &fake_debug,
                                              .flags = BP_TARGET_BIG_ENDIAN } };
static const struct bp_target *fake_target(void *ctl, uint32_t group)
{
    if (group > 1)
        abort();
    return &targets[group];
}
static const char *fake_types(void *ctl, uint32_t group, const char *feature) { return NULL; }
static bool fake_reg(void *ctl, uint32_t group, uint32_t i, struct bp_debug_reg *ret)
{
    static const char *const groups[] = { NULL, "float", "system" };
    if (i >= REGS)
        return false;
    ret->number = 2 * i;
    ret->bits = 8u << (i % 7);
    ret->index = i;
    ret->flags = i == 3 ? BP_DEBUG_REG_PC : 0;
    snprintf(ret->name, sizeof ret->name, "r%u", i);
    ret->feature = i < 20 ? "a" : "b";
    ret->type = "int";
    ret->group = groups[i / 14];
    return true;
}
static bool fake_reg_by_number(void *ctl, uint32_t group, uint32_t number, struct bp_debug_reg *ret)
{
    return !(number & 1) && fake_reg(ctl, group, number / 2, ret);
}
static uint8_t *reg_bytes(uint64_t thread, const struct bp_debug_reg *reg)
{
    return thread && thread <= THREADS ? world.regs[thread - 1][reg->index] : NULL;
}
static int fake_reg_read(void *ctl, uint64_t thread, const struct bp_debug_reg *reg, uint8_t *buf)
{
    const uint8_t *p = reg_bytes(thread, reg);
    if (p)
        memcpy(buf, p, reg->bits / 8);
    return p ? 0 : -ESRCH;
}
static int fake_reg_write(void *ctl, uint64_t thread, const struct bp_debug_reg *reg,
                          const uint8_t *buf)
{
    uint8_t *p = reg_bytes(thread, reg);
    if (p)
        memcpy(p, buf, reg->bits / 8);
    return p ? 0 : -ESRCH;
}
static size_t fake_memory(void *ctl, uint64_t thread, uint64_t address, void *buf, size_t n,
                          unsigned flags)
{
    size_t room = address < MEMORY ? MEMORY - (size_t)address : 0, now = n < room ? n : room;
    if (now && flags & BP_DEBUG_WRITE)
        memcpy(world.memory + address, buf, now);
    else if (now)
        memcpy(buf, world.memory + address, now);
    return now;
}
static int fake_point(void *ctl, const struct bp_debug_point *p, bool insert)
{
    return p->va % 5 == 4 ? -ENOTSUP : 0;
}
static void fake_set_step(void *ctl, unsigned flags) { }
static void fake_reset(void *ctl) { }
static void fake_kill(void *ctl)
{
    const struct bp_debug_event e = { .size = sizeof e, .kind = BP_DEBUG_EXITED, .code = 3 };
    world.running = false;
    world.ops->event(ctl, &e);
}
static bool fake_is_program(void *ctl) { return world.is_program; }
static int fake_object(void *ctl, uint64_t thread, const char *name, const char *annex,
                       void (*add)(void *arg, const void *bytes, size_t n), void *arg)
{
    if (!world.is_program || (!strcmp(name, "file") && strlen(annex) % 3))
        return -ENOENT;
    if (!strcmp(name, "pid"))
        add(arg, "1234", 4);
    else
        for (unsigned i = 0; i < 50; i++)
            add(arg, world.memory, MEMORY);
    return 0;
}
static void fake_catch_calls(void *ctl, bool on, const uint32_t *numbers, uint32_t n) { }

static const struct bp_debug_api fake_debug_api = {
    sizeof fake_debug_api, 0, fake_attach, fake_detach, fake_stop, fake_running, fake_resume,
    fake_groups, fake_thread, fake_target, fake_types, fake_reg, fake_reg_by_number,
    fake_reg_read, fake_reg_write, fake_memory, fake_point, fake_set_step, fake_reset, fake_kill,
    fake_is_program, fake_object, fake_catch_calls,
};

/* ---- the rest of the core ---------------------------------------------------------------------- */

static void fake_defer(void *drv, void (*run)(void *drv_))
{
    for (size_t i = 0; i < 4; i++) {
        if (!world.deferred[i]) {
            world.deferred[i] = run;
            return;
        }
    }
    abort();
}
static size_t fake_write(struct bp_chardev *chr, const void *buf, size_t n)
{
    world.sent += n;
    return n;
}
static void fake_room_changed(struct bp_chardev *chr) { }
static int fake_fail(void *dev, int err, const char *format, ...) { return -err; }

static const struct bp_host_api fake_host = { .size = sizeof fake_host, .defer = fake_defer };
static const struct bp_chardev_api fake_chardev = { .size = sizeof fake_chardev,
                                                    .write = fake_write,
                                                    .room_changed = fake_room_changed };
static const struct bp_part_api fake_part = { .size = sizeof fake_part, .fail = fake_fail };

/* Lets everything happen that is due. */
static void settle(struct gdb *g, unsigned kind)
{
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < 4; i++) {
            void (*run)(void *) = world.deferred[i];
            world.deferred[i] = NULL;
            again |= run != NULL;
            if (run)
                run(g);
        }
        if (world.asked && g->state != GDB_OVER) {
            const struct bp_debug_event e = { .size = sizeof e, .kind = BP_DEBUG_INTERRUPT };
            world.asked = world.running = false;
            world.ops->event(g, &e);
            again = true;
        }
    }
    if (world.running) {
        const struct bp_debug_event e = { .size = sizeof e, .kind = 1 + kind % 12, .thread = kind % 7,
                                          .address = kind, .access = 1 + kind % 2, .code = 11 };
        world.running = false;
        world.ops->event(g, &e);
    }
}

/* Bytes as they are, in pieces. */
static void raw(struct gdb *g, const uint8_t *data, size_t n, size_t piece)
{
    for (size_t at_ = 0; at_ < n; at_ += piece) {
        size_t now = n - at_ < piece ? n - at_ : piece;
        receive(g, data + at_, now < room(g) ? now : room(g));
        settle(g, data[at_]);
    }
}

/* Lines as packets with the right checksum. */
static void framed(struct gdb *g, const uint8_t *data, size_t n)
{
    struct packet_out body = { 0 }, frame = { 0 };
    for (size_t end, at_ = 0; at_ < n; at_ = end + 1) {
        out_clear(&body);
        for (end = at_; end < n && data[end] != '\n'; end++)
            out_char(&body, (char)data[end]);
        out_frame(&body, &frame);
        raw(g, (const uint8_t *)frame.buf, frame.n, frame.n);
    }
    out_free(&body);
    out_free(&frame);
}

/* The first byte says which world, and what the others are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    bp_debug_ = &fake_debug_api;
    bp_host_ = &fake_host;
    bp_chardev_ = &fake_chardev;
    bp_part_ = &fake_part;
    if (!n)
        return 0;
    memset(&world, 0, sizeof world);
    world.is_program = data[0] & 1;
    struct gdb *g = calloc(1, sizeof *g);
    g->chardev = (struct bp_chardev *)&world; /* only passed on */
    if (open_gdb(g) < 0)
        abort();
    peer_event(g, BP_CHARDEV_OPENED);
    if (data[0] & 2)
        raw(g, data + 1, n - 1, 1 + (data[0] >> 2) * 8u);
    else
        framed(g, data + 1, n - 1);
    peer_event(g, BP_CHARDEV_CLOSED);
    settle(g, 0);
    close_gdb(g);
    free(g);
    return 0;
}

/* ---- seeds --------------------------------------------------------------------------------------- */

static void seed(void (*add)(const void *data, size_t n), unsigned kind, const char *const *packets)
{
    struct packet_out all = { 0 }, body = { 0 }, frame = { 0 };
    out_char(&all, (char)kind);
    for (; *packets; packets++) {
        out_clear(&body);
        out_text(&body, *packets);
        out_frame(&body, &frame);
        if (kind & 2)
            append(&all, frame.buf, frame.n);
        else
            out_format(&all, "%s\n", *packets);
    }
    add(all.buf, all.n);
    out_free(&all);
    out_free(&body);
    out_free(&frame);
}

void fuzz_seeds(void (*add)(const void *data, size_t n))
{
#define SEED(kind, ...) seed(add, kind, (const char *const[]){ __VA_ARGS__, NULL })
    SEED(0, "qSupported:multiprocess+;swbreak+", "QStartNoAckMode", "!", "Hgp0.0", "?",
         "qXfer:features:read:target.xml:0,ffb", "qfThreadInfo", "qsThreadInfo", "g", "p2", "m0,40");
    SEED(4, "vCont?", "Z0,10,4", "Z2,20,8", "vCont;s:p1.1;c:p1.-1", "z0,10,4", "vCont;c", "c20",
         "C05", "S0b;30", "Hc-1", "s", "T1", "vCont;t:1;c");
    SEED(1, "QPassSignals:e;10;14;17", "QCatchSyscalls:1;5;6", "vCont;c", "qXfer:auxv:read::0,1000",
         "qXfer:siginfo:read::0,80", "vFile:setfs:0", "vFile:open:2f2f2f,0,0", "vFile:fstat:3",
         "vFile:pread:3,1000,10", "vFile:close:3", "qXfer:exec-file:read:1:0,100");
    SEED(0xc, "P2=0102", "G00112233445566", "M10,4:01020304", "X10,3:}\003ab", "qRcmd,68656c70",
         "qRcmd,696e666f20726567697374657273", "D;1", "vAttach;2", "Hgp2.4", "g", "D", "k");
    SEED(0x12, "qqemu.sstepbits", "Qqemu.sstep=5", "qqemu.sstep", "Qqemu.PhyMemMode:1", "R00",
         "qThreadExtraInfo,p1.2", "qXfer:threads:read::0,200", "vKill;1");
}
