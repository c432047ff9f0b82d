/* SPDX-License-Identifier: MIT */
/*
 * sifive-plic.c: the interrupt controller of the RISC-V Platform-Level Interrupt Controller
 * specification 1.0: level-triggered gateways, two contexts a hart (machine and supervisor mode).
 */
#include <backplane/board.h>
#include <backplane/device.h>

enum {
    MAX_SOURCES = 128, /* source 0 does not exist */
    WORDS = MAX_SOURCES / 32,
    MAX_HARTS = 64,
    MAX_CONTEXTS = 2 * MAX_HARTS,
    PRIORITY_MASK = 7,
};

struct plic {
    uint32_t priority[MAX_SOURCES];
    uint32_t pending[WORDS];
    uint32_t enable[WORDS][MAX_CONTEXTS]; /* by word, as a register row strides over the contexts */
    uint32_t threshold[MAX_CONTEXTS];
    uint32_t level[WORDS];   /* of the inputs */
    uint32_t claimed[WORDS]; /* gateways that wait for completion */
    uint32_t sources, harts;
    struct bp_pin **mext, **sext;
};

/* The source to serve next: highest priority above the threshold, lowest number among equals;
 * 0: none. */
static unsigned best_source(const struct plic *s, unsigned context)
{
    unsigned best = 0;
    uint32_t best_priority = s->threshold[context];
    for (unsigned w = 0; w < WORDS; w++) {
        for (uint32_t left = s->pending[w] & s->enable[w][context]; left; left &= left - 1) {
            unsigned source = w * 32 + (unsigned)__builtin_ctz(left);
            if (s->priority[source] > best_priority) {
                best = source;
                best_priority = s->priority[source];
            }
        }
    }
    return best;
}

static void update_context(struct plic *s, unsigned context)
{
    struct bp_pin **pins = context & 1 ? s->sext : s->mext;
    bp_pin_set(pins[context / 2], best_source(s, context) != 0);
}

static void update_all(struct plic *s)
{
    for (unsigned c = 0; c < 2 * s->harts; c++)
        update_context(s, c);
}

static void input_set(void *dev, unsigned source, bool level)
{
    struct plic *s = dev;
    unsigned w = source / 32;
    uint32_t bit = UINT32_C(1) << source % 32;
    if (!source || source > s->sources) {
        if (level)
            bp_log(s, BP_LOG_GUEST_ERROR, "in[%u] rises; its sources are 1 to %u", source,
                   s->sources);
        return;
    }
    s->level[w] = level ? s->level[w] | bit : s->level[w] & ~bit;
    /* The gateway forwards one request, which stays until it is claimed (chapter 5). */
    if (!level || (s->pending[w] | s->claimed[w]) & bit)
        return;
    s->pending[w] |= bit;
    update_all(s);
}

static uint64_t claim_read(void *dev, unsigned context)
{
    struct plic *s = dev;
    if (context >= 2 * s->harts)
        return 0;
    unsigned source = best_source(s, context);
    if (source) {
        s->pending[source / 32] &= ~(UINT32_C(1) << source % 32);
        s->claimed[source / 32] |= UINT32_C(1) << source % 32;
        update_all(s);
    }
    return source;
}

static void complete_write(void *dev, unsigned context, uint64_t value)
{
    struct plic *s = dev;
    if (context >= 2 * s->harts || !value || value > s->sources)
        return;
    unsigned w = (unsigned)value / 32;
    uint32_t bit = UINT32_C(1) << value % 32;
    if (!(s->enable[w][context] & s->claimed[w] & bit))
        return; /* silently ignored (chapter 9) */
    s->claimed[w] &= ~bit;
    s->pending[w] |= s->level[w] & bit;
    update_all(s);
}

/* The row starts at source 1. */
static void priority_written(void *dev, unsigned i, uint64_t value)
{
    struct plic *s = dev;
    if (i + 1 > s->sources)
        s->priority[i + 1] = 0;
    update_all(s);
}

static void threshold_written(void *dev, unsigned context, uint64_t value)
{
    struct plic *s = dev;
    if (context < 2 * s->harts)
        update_context(s, context);
}

/* Reset forgets requests but not the levels of the inputs: one that stayed high asks again here. */
static void enable_written(void *dev, unsigned context, uint64_t value)
{
    struct plic *s = dev;
    for (unsigned w = 0; w < WORDS; w++)
        s->pending[w] |= s->level[w] & ~s->claimed[w];
    threshold_written(s, context, value);
}

static void plic_reset(void *dev)
{
    struct plic *s = dev;
    for (unsigned w = 0; w < WORDS; w++)
        s->claimed[w] = 0;
}

static int plic_post_load(void *dev)
{
    update_all(dev);
    return 0;
}

static void plic_fdt(void *dev, struct bp_fdt_node *node)
{
    struct plic *s = dev;
    bp_fdt_u32(node, "riscv,ndev", s->sources);
}

#define ENABLE_WORD(n)                                                                             \
    { "ENABLE" #n, 0x2000 + 4 * n, 32, .field = offsetof(struct plic, enable[n]), .field_size = 4, \
      .count = MAX_CONTEXTS, .stride = 0x80, .writable = n ? UINT32_MAX : UINT32_MAX - 1,          \
      .write = enable_written }

static const struct bp_reg regs[] = {
    { "PRIORITY0", 0, 32, .flags = BP_REG_UNIMPL, .doc = "source 0 does not exist" },
    { "PRIORITY", 4, 32, .field = offsetof(struct plic, priority[1]), .field_size = 4,
      .count = MAX_SOURCES - 1, .writable = PRIORITY_MASK, .write = priority_written },
    { "PENDING", 0x1000, 32, BP_FIELDS(struct plic, pending) },
    ENABLE_WORD(0), ENABLE_WORD(1), ENABLE_WORD(2), ENABLE_WORD(3),
    { "THRESHOLD", 0x200000, 32, BP_FIELDS(struct plic, threshold), .stride = 0x1000,
      .writable = PRIORITY_MASK, .write = threshold_written },
    { "CLAIM", 0x200004, 32, .count = MAX_CONTEXTS, .stride = 0x1000, .read = claim_read,
      .write = complete_write },
};
static const struct bp_pin_row pins[] = {
    BP_INS("in", MAX_SOURCES, input_set),
    BP_OUT_N(struct plic, mext, "harts"),
    BP_OUT_N(struct plic, sext, "harts"),
};
static const struct bp_prop props[] = {
    BP_UINT(struct plic, sources, 95, 1, MAX_SOURCES - 1, "number of interrupt sources"),
    BP_UINT(struct plic, harts, 1, 1, MAX_HARTS, "number of harts served"),
};
static const struct bp_saved saved[] = {
    BP_SAVED_ARRAY(struct plic, level, 1), BP_SAVED_ARRAY(struct plic, claimed, 1),
    BP_TRANSIENT(struct plic, priority[0]), /* there is no source 0 */
};

BP_DEVICE_IN(plic, "sifive-plic", "intc", "RISC-V platform-level interrupt controller",
          .state_size = sizeof(struct plic), .interrupt_cells = 1, .window = 0x600000,
          .regs = BP_ROWS(regs), .pins = BP_ROWS(pins), .props = BP_ROWS(props),
          .saved = BP_ROWS(saved), .reset = plic_reset, .post_load = plic_post_load,
          .fdt_name = "interrupt-controller", .fdt_compatible = "sifive,plic-1.0.0 riscv,plic0",
          .fdt = plic_fdt);
BP_PLUGIN("sifive-plic", "1.0", "MIT");
