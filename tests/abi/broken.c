/* SPDX-License-Identifier: MIT */
/* broken.c: a timer device that keeps the rules, and, with BREAK set, breaks one of them; see
 * test-check.sh. */
#include <backplane/device.h>
#include <backplane/time.h>

#include <errno.h>
#include <stdlib.h>

enum {
    CHANCE = 1, STATIC, OVERLAP, TWO_NAMES, SAVED_PIN, SAVED_REG, SAVED_TWICE, NO_SIZE, NO_WINDOW,
    UNSAVED, CRASH_WRITE, CRASH_TIMER, CRASH_PIN, NO_HOOKS, PIN_NAME, ID, DOC, RESET, OUTSIDE,
    STALE, PROP_STORAGE, NO_PROP, REALIZE,
};
#ifndef BREAK
#define BREAK 0
#endif
#define IF(what, yes, no) ((BREAK) == (what) ? (yes) : (no))
#if BREAK == 2
static int shared;
#endif

struct dev {
    uint32_t control, count, hidden, kept, id, speed;
    struct bp_timer timer;
    struct bp_pin *irq;
};

static void crash(void) { *(volatile int *)8 = 1; }
static void fired(void *dev)
{
    struct dev *s = dev;
    s->count++;
    s->hidden = s->count * 2 + 1;
    if (BREAK == CRASH_TIMER)
        crash();
    bp_pin_set(s->irq, s->count & 1);
    bp_timer_arm(s, &s->timer, bp_now(s, BP_CLOCK_VIRTUAL) + 1000);
}
static void control_written(void *dev, unsigned i, uint64_t value)
{
    struct dev *s = dev;
    if (BREAK == CRASH_WRITE && s->control & 0x4)
        crash();
#if BREAK == 1
    s->id = (uint32_t)rand();
#elif BREAK == 2
    s->count += (uint32_t)shared++;
#endif
    s->kept = BREAK == STALE ? s->control + 1 : 0;
    bp_timer_arm(s, &s->timer, s->control & 1 ? bp_now(s, BP_CLOCK_VIRTUAL) + 1000 : BP_NEVER);
}
static void gate_set(void *dev, unsigned i, bool level)
{
    if (BREAK == CRASH_PIN && level)
        crash();
}
static void dev_reset(void *dev)
{
    struct dev *s = dev;
    s->hidden = 0;
    if (BREAK == RESET)
        s->kept++;
}

static int dev_realize(void *dev)
{
    return BREAK == REALIZE ? bp_fail(dev, EINVAL, "it needs a moon at %s", "full") : 0;
}

static const struct bp_reg regs[] = {
    { "CONTROL", 0, 32, BP_FIELD(struct dev, control), .writable = 0x7, .write = control_written },
    { IF(TWO_NAMES, "CONTROL", "COUNT"), IF(OVERLAP, 2, 4), 32, BP_FIELD(struct dev, count) },
    { "ID", 8, 32, .field = offsetof(struct dev, id), .field_size = IF(NO_HOOKS, 0, 4),
      .reset = IF(NO_HOOKS, 0, 0x17), .reset_prop = IF(NO_PROP, "nothing", NULL), .doc = "always the same" },
};
static const struct bp_prop props[] = {
    BP_UINT(struct dev, speed, 3, 1, 9, "Hz"),
#if BREAK == 21
    BP_UINT(struct dev, id, 0x17, 0, 0, "what ID reads"),
#endif
};
static const struct bp_pin_row pins[] = {
    BP_OUT(struct dev, irq),
    BP_IN(IF(PIN_NAME, "irq", "gate"), gate_set),
};
static const struct bp_timer_row timers[] = {
    BP_TIMER(struct dev, timer, BP_CLOCK_VIRTUAL, fired),
};
static const struct bp_saved saved[] = {
    BP_SAVED(struct dev, kept, 1),
#if BREAK != 10
    BP_SAVED(struct dev, hidden, 1),
#endif
#if BREAK == 5
    BP_SAVED(struct dev, irq, 1),
#elif BREAK == 6
    BP_SAVED(struct dev, count, 1),
#elif BREAK == 7
    BP_SAVED(struct dev, hidden, 1),
#elif BREAK == 14
    BP_SAVED(struct dev, id, 1),
#elif BREAK == 19
    { "kept", sizeof(struct dev), 4, 4, 1 },
#endif
};

#if BREAK == 16
#define NAME "my device"
#else
#define NAME "my-device"
#endif
#if BREAK == 17
#define TEXT ""
#else
#define TEXT "A device for tests"
#endif
BP_DEVICE(dev, NAME, TEXT, .state_size = IF(NO_SIZE, 0, sizeof(struct dev)),
          .window = IF(NO_WINDOW, 0, 0x10), .regs = BP_ROWS(regs), .pins = BP_ROWS(pins),
          .timers = BP_ROWS(timers), .saved = BP_ROWS(saved), .props = BP_ROWS(props),
          .realize = dev_realize, .reset = dev_reset);
BP_PLUGIN("broken", "1.0", "MIT");
