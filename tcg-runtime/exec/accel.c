/* SPDX-License-Identifier: MIT */
/* accel.c: the TCG accelerator as the core sees it: options, life, vCPUs. */
#include "tcg-runtime/exec/user.h"

#include "tcg-runtime/alloc/alloc.h"
#include "tcg-runtime/exec/debug.h"
#include "tcg-runtime/exec/instruments.h"
#include "tcg-runtime/fp/softfloat.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>

#define HASH_BYTES (sizeof(struct tb *) << TB_HASH_LOG2)
#define CACHE_DEFAULT_MIB 128
#define CACHE_MIN_MIB 1
#define CACHE_MAX_MIB 1024
#define MAX_INSNS_DEFAULT 64

/* ---- options ------------------------------------------------------------------------------------------- */

struct tcg_options {
    uint64_t cache_mib;
    const char *backend;
    bool one_insn;
};

static int parse_bool(const char *name, const char *value, bool *ret)
{
    if (!strcmp(value, "on") || !strcmp(value, "off")) {
        *ret = value[1] == 'n';
        return 0;
    }
    return core_error(EINVAL, "-accel tcg: %s=%s: expected on or off", name, value);
}

static int parse_options(const struct bp_set *sets, uint32_t count, struct tcg_options *o)
{
    for (uint32_t i = 0; i < count; i++) {
        const char *name = sets[i].name, *value = sets[i].value ? sets[i].value : "";
        int err = 0;
        if (!strcmp(name, "tb-size")) {
            char *end;
            o->cache_mib = strtoull(value, &end, 10);
            if (!*value || *end || o->cache_mib < CACHE_MIN_MIB || o->cache_mib > CACHE_MAX_MIB)
                err = core_error(EINVAL, "-accel tcg: tb-size=%s: expected %d to %d (MiB)", value,
                                 CACHE_MIN_MIB, CACHE_MAX_MIB);
        } else if (!strcmp(name, "backend")) {
            o->backend = value;
        } else if (!strcmp(name, "one-insn-per-tb")) {
            err = parse_bool(name, value, &o->one_insn);
        } else if (!strcmp(name, "thread")) {
            if (strcmp(value, "multi"))
                err = core_error(EINVAL, "-accel tcg: thread=%s: only multi, a thread a vCPU",
                                 value);
        } else {
            err = core_error(EINVAL, "-accel tcg: unknown option '%s'; there are backend, "
                             "one-insn-per-tb, tb-size, thread", name);
        }
        if (err < 0)
            return err;
    }
    return 0;
}

/* ---- the backend ----------------------------------------------------------------------------------------- */

static bool backend_fits(const struct bp_backend *b)
{
    return b->backend_revision == BP_BACKEND_REVISION && b->ir_revision == BP_IR_REVISION &&
           (b->codegen || b->compile);
}

/* By its usual name: so that no other has to be loaded to see what it is. */
static const struct bp_backend *usual_backend(char *const *ids)
{
    struct utsname host;
    if (uname(&host) < 0)
        return NULL;
    g_autofree char *id = g_strdup_printf("tcg-%s", host.machine);
    if (!g_strv_contains((const char *const *)ids, id))
        return NULL;
    const struct bp_backend *b = (const void *)entity_get(BP_KIND_BACKEND, id);
    return b && backend_fits(b) && b->codegen ? b : NULL;
}

/* The one asked for; else a code generator; else the interpreter. */
static const struct bp_backend *choose_backend(const char *wanted)
{
    char **ids = entity_ids(BP_KIND_BACKEND);
    const struct bp_backend *usual = wanted ? NULL : usual_backend(ids), *best = usual;
    for (char **id = ids; *id && !usual; id++) {
        if (wanted && strcmp(*id, wanted))
            continue;
        const struct bp_backend *b = (const void *)entity_get(BP_KIND_BACKEND, *id);
        if (!b)
            continue;
        if (!backend_fits(b)) {
            core_error(ENOTSUP, "backend %s is for IR revision %u, backend revision %u; this core "
                       "has %u and %u", *id, b->ir_revision, b->backend_revision, BP_IR_REVISION,
                       BP_BACKEND_REVISION);
            continue;
        }
        if (!best || (b->codegen && !best->codegen))
            best = b;
    }
    if (!best && wanted) {
        g_autofree char *known = g_strjoinv(", ", ids);
        core_error(ENOENT, "-accel tcg: no backend '%s'; there are: %s", wanted, known);
    } else if (!best) {
        core_error(ENOENT, "no TCG backend is installed (tcg-interp.so runs on any host)");
    }
    g_strfreev(ids);
    return best;
}

/* ---- life --------------------------------------------------------------------------------------------------- */

static void tcg_destroy(void *accel)
{
    struct tcg *tcg = accel;
    if (!tcg)
        return;
    for (uint32_t i = 0; i < tcg->target_count; i++)
        translator_free(tcg->targets[i].translator);
    for (uint32_t i = 0; i < tcg->vcpu_count; i++) {
        struct tcg_vcpu *c = tcg->vcpus[i];
        tlb_free(c);
        jump_cache_free(c);
        g_free(c);
    }
    user_space_free(tcg->user);
    for (uint32_t r = 0; r < RAM_BLOCKS_MAX; r++) {
        struct ram_pages *pages = &tcg->ram[r];
        for (uint64_t i = 0; pages->page && i < (pages->ram->size + PAGE_SIZE_ - 1) / PAGE_SIZE_; i++)
            g_free(pages->page[i]);
        g_free((void *)pages->page);
    }
    if (tcg->alloc)
        tcg_alloc_free(tcg->alloc);
    instruments_free(tcg);
    debug_end(tcg);
    code_cache_free(&tcg->cache);
    arena_free(&tcg->arena);
    g_free(tcg->tbs);
    if (tcg->hash != MAP_FAILED)
        munmap((void *)tcg->hash, HASH_BYTES);
    g_free(tcg->vcpus);
    pthread_mutex_destroy(&tcg->lock);
    pthread_mutex_destroy(&tcg->exclusive_lock);
    pthread_cond_destroy(&tcg->exclusive_cond);
    g_free(tcg);
}

static int tcg_create(struct machine *m, const struct bp_set *sets, uint32_t count,
                      void **ret_accel)
{
    struct tcg_options o = { .cache_mib = CACHE_DEFAULT_MIB };
    int err = parse_options(sets, count, &o);
    if (err < 0)
        return err;
    const struct bp_backend *backend = choose_backend(o.backend);
    if (!backend)
        return -ENOENT;
    struct tcg *tcg = g_new0(struct tcg, 1);
    tcg->machine = m;
    tcg->backend = backend;
    tcg->features = backend->features ? backend->features() : 0;
    tcg->chain = !log_on(LOG_EXEC | LOG_NOCHAIN);
    tcg->one_insn = o.one_insn;
    tcg->max_insns = MAX_INSNS_DEFAULT;
    pthread_mutex_init(&tcg->lock, NULL);
    pthread_mutex_init(&tcg->exclusive_lock, NULL);
    pthread_cond_init(&tcg->exclusive_cond, NULL);
    /* Even a short program touches all of its pages: together they cost less than one by one. */
    tcg->hash = mmap(NULL, HASH_BYTES, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (tcg->hash == MAP_FAILED)
        err = core_error(ENOMEM, "no memory for the table of translations");
    if (err == 0)
        err = code_cache_init(&tcg->cache, o.cache_mib << 20);
    if (err == 0)
        err = arena_init(&tcg->arena, (size_t)o.cache_mib << 21);
    char why[256] = "";
    if (err == 0 && backend->codegen) {
        tcg->alloc = tcg_alloc_new(backend, tcg->features, why, sizeof why);
        if (!tcg->alloc)
            err = core_error(EINVAL, "backend %s: %s", backend->head.id, why);
    }
    if (err < 0) {
        tcg_destroy(tcg);
        return err;
    }
    *ret_accel = tcg;
    return 0;
}

static size_t tcg_headroom(void *accel, const struct bp_target *target)
{
    struct tcg *tcg = accel;
    if (!tcg->instruments_placed) {
        tcg->instrument_bytes = instruments_init(tcg);
        tcg->instruments_placed = true;
    }
    return (sizeof(struct tcg_area) + tcg->instrument_bytes + 63) & ~(size_t)63;
}

/* ---- vCPUs --------------------------------------------------------------------------------------------------- */

static struct bp_slots make_slots(const struct bp_target *target)
{
    const int32_t base = -(int32_t)sizeof(struct tcg_area);
#define SLOT(member) (base + (int32_t)offsetof(struct tcg_area, member))
    return (struct bp_slots){
        .size = sizeof(struct bp_slots),
        .pc = (int32_t)target->pc_offset,
        .interrupt = SLOT(interrupt),
        .site = SLOT(site),
        .jump_cache = SLOT(jump_cache),
        .jump_tag = SLOT(jump_tag),
        .tlb = SLOT(tlb),
        .fp_control = SLOT(fp_control),
        .fp_flags = SLOT(fp_flags),
        .fp_rounding = SLOT(fp_rounding),
        .int_save = SLOT(int_save),
        .fp_save = SLOT(fp_save),
        .jump_shift = (uint32_t)__builtin_ctz(target->insn_align ? target->insn_align : 1),
    };
#undef SLOT
}

/* What the target's translations share, made for its first vCPU. */
static struct tcg_target *target_get(struct tcg *tcg, const struct bp_target *target)
{
    for (uint32_t i = 0; i < tcg->target_count; i++) {
        if (tcg->targets[i].target == target)
            return &tcg->targets[i];
    }
    if (tcg->target_count == TCG_TARGETS_MAX || target->mmu_count > MMU_MAX) {
        core_error(ENOTSUP, "target %s: more than %d targets or %d mmu indexes", target->head.id,
                   TCG_TARGETS_MAX, MMU_MAX);
        return NULL;
    }
    struct tcg_target *tt = &tcg->targets[tcg->target_count];
    struct code_cache *cache = &tcg->cache;
    tt->target = target;
    tt->slots = make_slots(target);
    tt->translator = translator_new(tcg, target);
    if (!tt->translator)
        return NULL;
    uint32_t at = (cache->prologue + 63) & ~63u;
    tt->prologue = cache->rx + at;
    uint32_t bytes = tcg->backend->prologue
                         ? tcg->backend->prologue(cache->rw + at, cache->rx + at, cache->size - at,
                                                  &tt->slots, &tcg_runtime_calls, tcg->features)
                         : 0;
    cache->prologue = cache->used = at + bytes;
    tcg->target_count++;
    return tt;
}

static int tcg_vcpu_init(void *accel, struct vcpu *v)
{
    struct tcg *tcg = accel;
    if (v->target->ir_revision != BP_IR_REVISION)
        return core_error(ENOTSUP, "target %s is for IR revision %u; this core has %u",
                          v->target->head.id, v->target->ir_revision, BP_IR_REVISION);
    struct tcg_target *tt = target_get(tcg, v->target);
    if (!tt)
        return -ENOTSUP;
    struct tcg_vcpu *c = g_new0(struct tcg_vcpu, 1);
    c->v = v;
    c->tcg = tcg;
    c->target = v->target;
    c->env = v->env;
    c->area = (struct tcg_area *)((uint8_t *)v->env - sizeof(struct tcg_area));
    c->tt = tt;
    c->slots = tt->slots;
    if (jump_cache_init(c) < 0) {
        g_free(c);
        return -ENOMEM;
    }
    tlb_init(c);
    v->priv = c;
    pthread_mutex_lock(&tcg->lock);
    pthread_mutex_lock(&tcg->exclusive_lock);
    tcg->vcpus = g_renew(struct tcg_vcpu *, tcg->vcpus, tcg->vcpu_count + 1);
    tcg->vcpus[tcg->vcpu_count++] = c;
    pthread_mutex_unlock(&tcg->exclusive_lock);
    pthread_mutex_unlock(&tcg->lock);
    tcg_vcpu_reset(c);
    return 0;
}

static void accel_vcpu_reset(struct vcpu *v)
{
    struct tcg_vcpu *c = v->priv;
    if (!c->tcg->instruments_started) {
        c->tcg->instruments_started = true;
        instruments_start(c->tcg);
    }
    tcg_vcpu_reset(c);
}

static void accel_kick(struct vcpu *v)
{
    if (v->priv)
        tcg_kick(v->priv);
}

static void accel_memory_changed(void *accel)
{
    struct tcg *tcg = accel;
    for (uint32_t i = 0; i < tcg->vcpu_count; i++) {
        struct tcg_vcpu *c = tcg->vcpus[i];
        if (atomic_load(&c->entered) && pthread_equal(c->thread, pthread_self())) {
            tlb_flush_all(c);
            continue;
        }
        atomic_store(&c->flush_request, 1);
        tcg_kick(c);
    }
}

static void accel_ram_written(void *accel, struct ram_block *ram, uint64_t offset, uint64_t n)
{
    tb_invalidate_range(accel, ram, offset, n);
}

static void accel_finish(void *accel) { instruments_finish(accel); }

BP_ENTITY(tcg_accel, "tcg", BP_KIND_ACCEL, "accel", "doc=dynamic translation\n", bp_accel,
          .doc = "dynamic translation",
          .create = tcg_create,
          .destroy = tcg_destroy,
          .headroom = tcg_headroom,
          .vcpu_init = tcg_vcpu_init,
          .vcpu_reset = accel_vcpu_reset,
          .run = tcg_run,
          .kick = accel_kick,
          .memory_changed = accel_memory_changed,
          .ram_written = accel_ram_written,
          .finish = accel_finish,
          .debug_points = debug_points);
/* As entities, so that plugins that are looked at before an accelerator is chosen load. */
BP_SERVICE(tcg_vcpu, "backplane.vcpu/1", "what targets use of the runtime", tcg_vcpu_api);
BP_SERVICE(tcg_instrument, "backplane.instrument/1", "instruments", tcg_instrument_api);
BP_SERVICE(tcg_user, "backplane.user/1", "programs instead of machines", tcg_user_api);
BP_SERVICE(tcg_softfloat, "backplane.softfloat/1", "exact floating point", tcg_softfloat_api);
BP_PLUGIN("accel-tcg", "0.1.0", "MIT");
