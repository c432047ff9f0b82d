/* SPDX-License-Identifier: MIT */
/*
 * debug.c: what controls (debug.h) do with a machine: stop and resume it, look at threads, registers and
 * memory, set points.
 *
 * A stop begins anywhere: a vCPU comes to a point (vcpu_debug_stop()), a control asks. All vCPUs are
 * told to leave; the rest is done on the main loop, which waits until they stand still and then tells the
 * control. Of what happens meanwhile to other vCPUs nothing is lost: points are checked before the
 * instruction, so it happens again.
 */
#include <core/debug.h>
#include <core/debuggee.h>

#include <core/block.h>
#include <core/chardev.h>
#include <core/loop.h>
#include <core/memory.h>

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REGS_MAX 8192
#define POINTS_MAX 4096

static struct debug *debug_of(void *ctl)
{
    return part_of(ctl)->machine->debug;
}

static struct machine *machine_of(void *ctl)
{
    return part_of(ctl)->machine;
}

/* ---- groups and threads ---------------------------------------------------------------------- */

/* The group of a vCPU: the number of different clusters before its own. */
static uint32_t group_of(const struct machine *m, const struct vcpu *v)
{
    uint32_t group = 0, last = UINT32_MAX;
    for (uint32_t i = 0; i < m->vcpus->len; i++) {
        const struct vcpu *w = machine_vcpu(m, i);
        if (w->cluster == v->cluster)
            return group;
        group += w->cluster != last;
        last = w->cluster;
    }
    return group;
}

static struct vcpu *first_of_group(const struct machine *m, uint32_t group)
{
    for (uint32_t i = 0; i < m->vcpus->len; i++) {
        struct vcpu *v = machine_vcpu(m, i);
        if (group_of(m, v) == group)
            return v;
    }
    return NULL;
}

static uint32_t api_groups(void *ctl)
{
    const struct machine *m = machine_of(ctl);
    uint32_t n = m->vcpus->len;
    return n ? group_of(m, machine_vcpu(m, n - 1)) + 1 : 0;
}

static struct vcpu *vcpu_by_id(const struct machine *m, uint64_t id)
{
    if (m->debug->program) {
        const struct debug_task *t = debuggee_task(m->debug->program, id);
        return t ? t->v : NULL;
    }
    return id && id <= m->vcpus->len ? machine_vcpu(m, (uint32_t)id - 1) : NULL;
}

static bool task_at(const struct debuggee *p, uint32_t i, struct bp_debug_thread *ret)
{
    const struct debug_task *t = debuggee_task_at(p, i);
    if (!t)
        return false;
    ret->group = 0;
    ret->id = t->id;
    snprintf(ret->name, sizeof ret->name, "task %" PRIu64, t->id);
    g_strlcpy(ret->state, t->state == TASK_OUTSIDE ? "in a system call" : "", sizeof ret->state);
    return true;
}

static bool api_thread(void *ctl, uint32_t i, struct bp_debug_thread *ret)
{
    const struct machine *m = machine_of(ctl);
    if (m->debug->program)
        return task_at(m->debug->program, i, ret);
    const struct vcpu *v = machine_vcpu(m, i);
    if (!v)
        return false;
    ret->group = group_of(m, v);
    ret->id = v->index + 1;
    g_strlcpy(ret->name, part_of(v->env)->name, sizeof ret->name);
    g_strlcpy(ret->state, atomic_load(&v->halted) ? "halted" : "running", sizeof ret->state);
    return true;
}

static const struct bp_target *api_target(void *ctl, uint32_t group)
{
    const struct vcpu *v = first_of_group(machine_of(ctl), group);
    return v ? v->target : NULL;
}

static const char *api_types(void *ctl, uint32_t group, const char *feature)
{
    const struct vcpu *v = first_of_group(machine_of(ctl), group);
    const struct bp_debug_target *t = v ? v->target->debug : NULL;
    return t && t->types ? t->types(v->env, feature) : NULL;
}

/* ---- stopping and going on ------------------------------------------------------------------- */

/* On the main loop: everything stands still, the control hears why. */
static void settle(void *arg)
{
    struct machine *m = arg;
    struct debug *d = m->debug;
    pthread_mutex_lock(&m->run_lock);
    bool pending = d->pending;
    pthread_mutex_unlock(&m->run_lock);
    if (!pending)
        return;
    machine_stop(m); /* from here on nobody adds to what is pending */
    pthread_mutex_lock(&m->run_lock);
    struct bp_debug_event event = d->event;
    d->pending = false;
    pthread_mutex_unlock(&m->run_lock);
    if (!d->owner) { /* gone meanwhile */
        machine_unpause(m);
        machine_start(m);
        return;
    }
    d->stopped = true;
    d->ops->event(d->owner->state, &event);
}

static void request_stop(struct machine *m, const struct bp_debug_event *event)
{
    struct debug *d = m->debug;
    if (d->program) {
        debuggee_request(d->program, event);
        return;
    }
    pthread_mutex_lock(&m->run_lock);
    bool first = !d->pending;
    if (first) {
        d->pending = true;
        d->event = *event;
    }
    pthread_mutex_unlock(&m->run_lock);
    machine_pause(m);
    if (first)
        loop_defer(m->loop, NULL, settle, m);
}

void vcpu_debug_stop(struct vcpu *v, unsigned kind, uint64_t address, unsigned access)
{
    const struct bp_debug_event event = {
        .size = sizeof event, .kind = kind, .thread = v->index + 1, .address = address,
        .access = access,
    };
    request_stop(v->machine, &event);
}

static void api_stop(void *ctl)
{
    const struct bp_debug_event event = { .size = sizeof event, .kind = BP_DEBUG_INTERRUPT };
    request_stop(machine_of(ctl), &event);
}

static bool api_running(void *ctl)
{
    return !debug_of(ctl)->stopped;
}

static int api_attach(void *ctl, const struct bp_debug_ops *ops)
{
    struct debug *d = debug_of(ctl);
    if (d->owner && d->owner != part_of(ctl))
        return -EBUSY;
    d->owner = part_of(ctl);
    d->ops = ops;
    d->stopped = false;
    d->step_flags = BP_STEP_NO_IRQ;
    api_stop(ctl);
    return 0;
}

/* Hands the points to the accelerator; vCPUs stand still. */
static void show_points(struct machine *m, bool only_steps)
{
    const struct debug *d = m->debug;
    const struct bp_accel *a = m->accel_entity;
    GArray *of_clusters = g_array_new(false, false, sizeof(struct bp_debug_point));
    for (guint i = 0; i < d->points->len; i++) {
        struct bp_debug_point p = g_array_index(d->points, struct bp_debug_point, i);
        p.group = first_of_group(m, p.group)->cluster;
        g_array_append_val(of_clusters, p);
    }
    if (a && a->debug_points)
        a->debug_points(m->accel, (const void *)of_clusters->data, of_clusters->len, only_steps);
    g_array_unref(of_clusters);
}

void debug_forget_points(struct machine *m)
{
    g_array_set_size(m->debug->points, 0);
    show_points(m, false);
}

static void let_all_run(struct machine *m)
{
    for (struct debug_task *t = m->debug->program ? m->debug->program->tasks : NULL; t; t = t->next)
        t->held = t->step = false;
    for (uint32_t i = 0; i < m->vcpus->len; i++) {
        struct vcpu *v = machine_vcpu(m, i);
        vcpu_hold(v, false);
        atomic_store(&v->step, 0);
    }
}

static void go(struct machine *m)
{
    m->debug->stopped = false;
    if (m->debug->program) {
        m->debug->program->pending = false;
        debuggee_go(m->debug->program);
        return;
    }
    machine_unpause(m);
    machine_start(m);
}

static void api_detach(void *ctl, bool resume)
{
    struct machine *m = machine_of(ctl);
    struct debug *d = m->debug;
    if (d->owner != part_of(ctl))
        return;
    bool was_running = !d->stopped;
    if (d->program)
        debuggee_stop(d->program);
    else
        machine_stop(m);
    debug_forget_points(m);
    let_all_run(m);
    d->owner = NULL;
    d->ops = NULL;
    d->stopped = false;
    pthread_mutex_lock(&m->run_lock);
    d->pending = false;
    pthread_mutex_unlock(&m->run_lock);
    if (resume || was_running)
        go(m);
}

static const struct bp_debug_action *action_for(const struct bp_debug_action *actions, uint32_t n,
                                                uint64_t id)
{
    for (uint32_t i = 0; i < n; i++)
        if (actions[i].thread == id || !actions[i].thread)
            return &actions[i];
    return NULL;
}

/* True where nothing but steps will be made. */
static bool resume_vcpus(struct machine *m, const struct bp_debug_action *actions, uint32_t n)
{
    bool only_steps = true;
    for (uint32_t i = 0; i < m->vcpus->len; i++) {
        struct vcpu *v = machine_vcpu(m, i);
        const struct bp_debug_action *a = action_for(actions, n, i + 1);
        bool step = a && a->what == BP_DEBUG_DO_STEP;
        bool hold = !a || a->what == BP_DEBUG_HOLD;
        vcpu_hold(v, hold);
        atomic_store(&v->step, step ? VCPU_STEP | m->debug->step_flags << 1 : 0);
        only_steps &= step || hold;
    }
    return only_steps;
}

static bool resume_tasks(struct debuggee *p, const struct bp_debug_action *actions, uint32_t n)
{
    bool only_steps = true;
    for (struct debug_task *t = p->tasks; t; t = t->next) {
        const struct bp_debug_action *a = action_for(actions, n, t->id);
        t->step = a && a->what == BP_DEBUG_DO_STEP;
        t->held = !a || a->what == BP_DEBUG_HOLD;
        t->signal = a ? a->signal : 0;
        only_steps &= t->step || t->held;
    }
    return only_steps;
}

static int api_resume(void *ctl, const struct bp_debug_action *actions, uint32_t n)
{
    struct machine *m = machine_of(ctl);
    struct debug *d = m->debug;
    bool only_steps;
    for (uint32_t i = 0; i < n; i++)
        if (actions[i].thread && !vcpu_by_id(m, actions[i].thread))
            return -ESRCH;
    if (d->program)
        only_steps = resume_tasks(d->program, actions, n);
    else
        only_steps = resume_vcpus(m, actions, n);
    show_points(m, only_steps);
    go(m);
    return 0;
}

static void api_set_step(void *ctl, unsigned flags)
{
    debug_of(ctl)->step_flags = flags & BP_STEP_NO_IRQ;
}

static void api_reset(void *ctl)
{
    struct machine *m = machine_of(ctl);
    if (!debug_of(ctl)->stopped || m->runs_program)
        return;
    block_drain_all(m);
    machine_reset(m);
}

/* Once what the control has to say is out. */
static void kill_program(void *arg)
{
    chardev_flush_all(arg);
    kill(getpid(), SIGKILL);
}

static void api_kill(void *ctl)
{
    struct machine *m = machine_of(ctl);
    if (m->debug->program)
        loop_defer(m->loop, NULL, kill_program, m);
    else
        machine_request_shutdown(m, 0);
}

static bool api_is_program(void *ctl)
{
    return machine_of(ctl)->runs_program;
}

void debug_finished(struct machine *m, uint32_t kind, int code)
{
    struct debug *d = m->debug;
    const struct bp_debug_event event = { .size = sizeof event, .kind = kind, .code = code };
    struct part *owner = d->owner;
    d->owner = NULL;
    d->stopped = true;
    if (owner)
        d->ops->event(owner->state, &event);
}

/* ---- points ---------------------------------------------------------------------------------- */

static int api_point(void *ctl, const struct bp_debug_point *p, bool insert)
{
    struct machine *m = machine_of(ctl);
    struct debug *d = m->debug;
    if (p->kind == BP_DEBUG_WATCH &&
        (!p->n || p->va + p->n - 1 < p->va || !(p->access & (BP_ACCESS_READ | BP_ACCESS_WRITE))))
        return -EINVAL;
    if ((p->kind != BP_DEBUG_BREAK && p->kind != BP_DEBUG_WATCH) || !first_of_group(m, p->group))
        return -EINVAL;
    if (!m->accel_entity || !m->accel_entity->debug_points)
        return -ENOTSUP;
    for (guint i = 0; i < d->points->len; i++) {
        const struct bp_debug_point *q = &g_array_index(d->points, struct bp_debug_point, i);
        if (q->kind != p->kind || q->va != p->va || q->group != p->group ||
            (p->kind == BP_DEBUG_WATCH && (q->n != p->n || q->access != p->access)))
            continue;
        if (!insert)
            g_array_remove_index_fast(d->points, i);
        return 0;
    }
    if (!insert)
        return -ENOENT;
    if (d->points->len >= POINTS_MAX)
        return -ENOSPC;
    g_array_append_val(d->points, *p);
    return 0;
}

/* ---- registers ------------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
    uint32_t x = ((const struct bp_debug_reg *)a)->number;
    uint32_t y = ((const struct bp_debug_reg *)b)->number;
    return x < y ? -1 : x > y;
}

static const struct bp_guest_reg *row_of(const struct bp_target *t, uint32_t row)
{
    return (const void *)((const uint8_t *)t->regs.row + (size_t)row * t->regs.row_size);
}

/* Whether it can be used; names it after its row where it has none. */
static bool complete_reg(const struct bp_target *t, struct bp_debug_reg *reg)
{
    bool stored = reg->row != BP_DEBUG_NO_ROW;
    if (!reg->bits || reg->bits & 7 || reg->bits > 512 || !reg->feature || !reg->type)
        return false;
    if (stored ? reg->row >= t->regs.count || reg->bits > 64 : !t->debug->read || !t->debug->write)
        return false;
    reg->name[sizeof reg->name - 1] = '\0';
    if (stored && !reg->name[0]) {
        const struct bp_guest_reg *row = row_of(t, reg->row);
        g_strlcpy(reg->name, row->alias ? row->alias : row->name, sizeof reg->name);
    }
    return reg->name[0] != '\0';
}

/* What the target says, checked; empty where it says nothing. */
static GArray *regs_of(struct machine *m, uint32_t group)
{
    struct debug *d = m->debug;
    const struct vcpu *v = first_of_group(m, group);
    if (!v || group >= G_N_ELEMENTS(d->regs))
        return NULL;
    if (d->regs[group])
        return d->regs[group];
    const struct bp_debug_target *t = v->target->debug;
    GArray *list = g_array_new(false, true, sizeof(struct bp_debug_reg));
    struct bp_debug_reg reg = { .size = sizeof reg };
    for (uint32_t i = 0; t && i < REGS_MAX && t->reg(v->env, i, &reg); i++) {
        if (complete_reg(v->target, &reg))
            g_array_append_val(list, reg);
        memset(&reg, 0, sizeof reg);
        reg.size = sizeof reg;
    }
    g_array_sort(list, by_number);
    d->regs[group] = list;
    return list;
}

static bool api_reg(void *ctl, uint32_t group, uint32_t i, struct bp_debug_reg *ret)
{
    GArray *list = regs_of(machine_of(ctl), group);
    if (!list || i >= list->len)
        return false;
    *ret = g_array_index(list, struct bp_debug_reg, i);
    return true;
}

static bool api_reg_by_number(void *ctl, uint32_t group, uint32_t number, struct bp_debug_reg *ret)
{
    GArray *list = regs_of(machine_of(ctl), group);
    const struct bp_debug_reg key = { .number = number };
    const struct bp_debug_reg *found =
        list && list->len ? bsearch(&key, list->data, list->len, sizeof key, by_number) : NULL;
    if (found)
        *ret = *found;
    return found != NULL;
}

/* Where a row's value lies, and how many bytes it has. */
static uint8_t *row_storage(const struct vcpu *v, uint32_t row, unsigned *ret_bytes)
{
    static const uint8_t bytes[] = { 0, 1, 2, 4, 8, 4, 8, 16 };
    const struct bp_guest_reg *reg = row_of(v->target, row);
    *ret_bytes = reg->type < sizeof bytes ? bytes[reg->type] : 0;
    return (uint8_t *)v->env + reg->offset;
}

static uint64_t load_value(const uint8_t *p, unsigned bytes)
{
    uint64_t v64;
    uint32_t v32;
    uint16_t v16;
    switch (bytes) {
    case 1: return *p;
    case 2: memcpy(&v16, p, 2); return v16;
    case 4: memcpy(&v32, p, 4); return v32;
    default: memcpy(&v64, p, 8); return v64;
    }
}

static void store_value(uint8_t *p, unsigned bytes, uint64_t v)
{
    uint8_t v8 = (uint8_t)v;
    uint16_t v16 = (uint16_t)v;
    uint32_t v32 = (uint32_t)v;
    memcpy(p, bytes == 1 ? (void *)&v8 : bytes == 2 ? (void *)&v16 : bytes == 4 ? (void *)&v32
                                                                                : (void *)&v,
           bytes > 8 ? 8 : bytes);
}

static int api_reg_read(void *ctl, uint64_t thread, const struct bp_debug_reg *reg, uint8_t *buf)
{
    const struct vcpu *v = vcpu_by_id(machine_of(ctl), thread);
    if (!v || !v->target->debug)
        return -ESRCH;
    if (reg->row == BP_DEBUG_NO_ROW) {
        v->target->debug->read(v->env, reg, buf);
        return 0;
    }
    unsigned have, n = reg->bits / 8;
    const uint8_t *p = row_storage(v, reg->row, &have);
    uint64_t value = load_value(p, have);
    bool big = v->target->flags & BP_TARGET_BIG_ENDIAN;
    for (unsigned i = 0; i < n; i++)
        buf[big ? n - 1 - i : i] = (uint8_t)(value >> 8 * i);
    return 0;
}

static int api_reg_write(void *ctl, uint64_t thread, const struct bp_debug_reg *reg,
                         const uint8_t *buf)
{
    const struct vcpu *v = vcpu_by_id(machine_of(ctl), thread);
    if (!v || !v->target->debug)
        return -ESRCH;
    if (reg->flags & BP_DEBUG_REG_READ_ONLY)
        return 0;
    if (reg->row == BP_DEBUG_NO_ROW)
        return v->target->debug->write(v->env, reg, buf) ? 0 : -EINVAL;
    unsigned have, n = reg->bits / 8;
    uint8_t *p = row_storage(v, reg->row, &have);
    uint64_t value = n < 8 ? load_value(p, have) >> 8 * n << 8 * n : 0;
    bool big = v->target->flags & BP_TARGET_BIG_ENDIAN;
    for (unsigned i = 0; i < n; i++)
        value |= (uint64_t)buf[big ? n - 1 - i : i] << 8 * i;
    store_value(p, have, value);
    return 0;
}

/* ---- memory ---------------------------------------------------------------------------------- */

#define PAGE ((uint64_t)4096)

/* A device's registers, in the largest naturally aligned pieces. */
static bool io_access(struct memory_piece *piece, uint64_t gpa, uint8_t *buf, size_t n, bool write)
{
    while (n) {
        unsigned bytes = 8;
        uint64_t v = 0;
        while (bytes > n || gpa & (bytes - 1))
            bytes /= 2;
        if (write)
            memcpy(&v, buf, bytes);
        int r = write ? memory_io_write(piece, gpa, bytes, GUINT64_FROM_LE(v))
                      : memory_io_read(piece, gpa, bytes, &v);
        if (r < 0)
            return false;
        v = GUINT64_TO_LE(v);
        if (!write)
            memcpy(buf, &v, bytes);
        gpa += bytes;
        buf += bytes;
        n -= bytes;
    }
    return true;
}

/* Within one page. */
static bool physical(struct machine *m, struct address_space *space, uint64_t gpa, uint8_t *buf,
                     size_t n, bool write)
{
    while (n) {
        struct memory_piece piece;
        if (!memory_find(space, gpa, &piece))
            return false;
        uint64_t room = piece.gpa + (piece.size - 1) - gpa;
        size_t now = room < n - 1 ? (size_t)room + 1 : n;
        uint64_t offset = piece.ram_offset + (gpa - piece.gpa);
        if (!piece.ram || !piece.read_direct) {
            if (!io_access(&piece, gpa, buf, now, write))
                return false;
        } else if (!write) {
            memcpy(buf, piece.ram->host + offset, now);
        } else {
            memcpy(piece.ram->host + offset, buf, now);
            ram_changed(m, piece.ram, offset, now);
        }
        gpa += now;
        buf += now;
        n -= now;
    }
    return true;
}

static bool translate(const struct vcpu *v, uint64_t va, uint64_t *ret)
{
    struct bp_tlb_entry entry = { .size = sizeof entry };
    struct bp_context context = { .size = sizeof context };
    const struct bp_debug_target *t = v->target->debug;
    v->target->context(v->env, &context);
    uint32_t mmu = t && t->mmu ? t->mmu(v->env) : context.fetch_mmu;
    if (!v->target->tlb_fill(v->env, va, BP_ACCESS_READ, mmu, true, &entry))
        return false;
    *ret = entry.gpa;
    return true;
}

static size_t api_memory(void *ctl, uint64_t thread, uint64_t address, void *buf, size_t n,
                         unsigned flags)
{
    struct machine *m = machine_of(ctl);
    const struct vcpu *v = vcpu_by_id(m, thread);
    const struct debuggee *p = m->debug->program;
    size_t done = 0;
    if (p)
        return v ? p->ops.memory(p->board, v->env, address, buf, n, flags & BP_DEBUG_WRITE) : 0;
    while (v && done < n) {
        uint64_t va = address + done, gpa = va;
        if (v->target->bits == 32)
            va = gpa = (uint32_t)va;
        size_t now = MIN(n - done, (size_t)(PAGE - (va & (PAGE - 1))));
        if (!(flags & BP_DEBUG_PHYSICAL) && !translate(v, va, &gpa))
            break;
        if (!physical(m, v->space, gpa, (uint8_t *)buf + done, now, flags & BP_DEBUG_WRITE))
            break;
        done += now;
    }
    return done;
}

/* ---- programs -------------------------------------------------------------------------------- */

static int api_object(void *ctl, uint64_t thread, const char *name, const char *annex,
                      void (*add)(void *arg, const void *bytes, size_t n), void *arg)
{
    const struct debuggee *p = debug_of(ctl)->program;
    const struct vcpu *v = vcpu_by_id(machine_of(ctl), thread);
    if (!p)
        return -ENOENT;
    return p->ops.object(p->board, v ? v->env : NULL, name, annex, add, arg);
}

static void api_catch_calls(void *ctl, bool on, const uint32_t *numbers, uint32_t n)
{
    struct debuggee *p = debug_of(ctl)->program;
    if (!p)
        return;
    p->catching = on;
    p->catch_all = !n;
    g_array_set_size(p->calls, 0);
    if (n)
        g_array_append_vals(p->calls, numbers, n);
}

/* ---- life ------------------------------------------------------------------------------------ */

void debug_init(struct machine *m)
{
    m->debug = g_new0(struct debug, 1);
    m->debug->points = g_array_new(false, false, sizeof(struct bp_debug_point));
    m->controls = g_ptr_array_new();
}

void debug_free(struct machine *m)
{
    struct debug *d = m->debug;
    for (unsigned i = 0; i < G_N_ELEMENTS(d->regs); i++)
        if (d->regs[i])
            g_array_unref(d->regs[i]);
    g_array_unref(d->points);
    g_free(d);
    g_ptr_array_unref(m->controls);
    m->debug = NULL;
}

int control_new(struct machine *m, const struct bp_control *control, const char *name,
                const struct bp_set *settings, uint32_t count)
{
    struct part *part = part_create_control(m, control, name);
    int r = part ? 0 : -EINVAL;
    for (uint32_t i = 0; i < count && !r; i++)
        r = part_set(part, settings[i].name, settings[i].value);
    if (!r)
        r = part_realize(part);
    if (r < 0)
        part_free(part);
    else
        g_ptr_array_add(m->controls, part);
    return r;
}

void control_free_all(struct machine *m)
{
    while (m->controls && m->controls->len) {
        struct part *part = g_ptr_array_index(m->controls, m->controls->len - 1);
        g_ptr_array_set_size(m->controls, (gint)m->controls->len - 1);
        loop_settle(m->loop, part);
        if (m->debug->owner == part)
            m->debug->owner = NULL;
        part_free(part);
    }
}

bool control_exists(const struct machine *m)
{
    return m->controls->len != 0;
}

const struct bp_debug_api debug_api = {
    .size = sizeof debug_api,
    .attach = api_attach,
    .detach = api_detach,
    .stop = api_stop,
    .running = api_running,
    .resume = api_resume,
    .groups = api_groups,
    .thread = api_thread,
    .target = api_target,
    .types = api_types,
    .reg = api_reg,
    .reg_by_number = api_reg_by_number,
    .reg_read = api_reg_read,
    .reg_write = api_reg_write,
    .memory = api_memory,
    .point = api_point,
    .set_step = api_set_step,
    .reset = api_reset,
    .kill = api_kill,
    .is_program = api_is_program,
    .object = api_object,
    .catch_calls = api_catch_calls,
};
