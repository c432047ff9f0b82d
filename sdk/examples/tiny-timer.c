/* SPDX-License-Identifier: MIT */
/* tiny-timer.c: counts down from RELOAD to 0, interrupts and starts again. Nothing runs at a tick: VALUE
 * follows from when the period ends. -device tiny-timer,addr=0xD000000,irq=plic.in[50] (riscv-virt) */
#include <backplane/device.h>
#include <backplane/time.h>

struct timer {
    uint32_t control, reload, status, overruns, frequency;
    int64_t end_ns; /* of the running period; BP_NEVER: stopped */
    struct bp_timer alarm; struct bp_pin *irq;
};
enum { ENABLE = 1, INTERRUPT = 2 };
static int64_t period_ns(const struct timer *s)
{
    return (int64_t)bp_muldiv(s->reload + UINT64_C(1), BP_NS_PER_S, s->frequency);
}
static void update(struct timer *s) /* what follows from the state */
{
    bp_timer_arm(s, &s->alarm, s->end_ns);
    bp_pin_set(s->irq, s->status && s->control & INTERRUPT);
}
static void fire(void *dev)
{
    struct timer *s = dev;
    uint64_t ended = bp_periods(&s->end_ns, period_ns(s), bp_now(s, BP_CLOCK_VIRTUAL));
    s->overruns += (uint32_t)(ended + s->status) - 1; /* while the interrupt was pending */
    s->status = 1;
    update(s);
}
static void start(void *dev, unsigned i, uint64_t value) /* CONTROL or RELOAD has been written */
{
    struct timer *s = dev;
    s->end_ns = s->control & ENABLE ? bp_now(s, BP_CLOCK_VIRTUAL) + period_ns(s) : BP_NEVER;
    update(s);
}
static uint64_t value_read(void *dev, unsigned i)
{
    struct timer *s = dev;
    int64_t now = bp_now(s, BP_CLOCK_VIRTUAL), left = s->end_ns == BP_NEVER ? 0 : s->end_ns - now;
    return left < 0 ? 0 : bp_muldiv((uint64_t)left, s->frequency, BP_NS_PER_S);
}
static void status_written(void *dev, unsigned i, uint64_t value) { update(dev); }
static void reset(void *dev) { ((struct timer *)dev)->end_ns = BP_NEVER; }

static const struct bp_reg regs[] = {
    { "CONTROL", 0x00, 32, BP_FIELD(struct timer, control), .writable = 3, .write = start },
    { "RELOAD", 0x04, 32, BP_FIELD(struct timer, reload), .writable = UINT32_MAX, .write = start },
    { "VALUE", 0x08, 32, .read = value_read },
    { "STATUS", 0x0C, 32, BP_FIELD(struct timer, status), .w1c = 1, .write = status_written },
    { "OVERRUNS", 0x10, 32, BP_FIELD(struct timer, overruns), .doc = "interrupts that came too late" },
    { "ID", 0x14, 32, .reset = 0x54494D45 }, { "CLOCK", 0x18, 32, .reset_prop = "frequency" },
};
static const struct bp_timer_row timers[] = { BP_TIMER(struct timer, alarm, BP_CLOCK_VIRTUAL, fire) };
static const struct bp_pin_row pins[] = { BP_OUT(struct timer, irq) };
static const struct bp_prop props[] = { BP_UINT(struct timer, frequency, 1000, 1, 1000000, "Hz") };
static const struct bp_saved saved[] = { BP_SAVED(struct timer, end_ns, 1) };
BP_DEVICE_IN(timer, "tiny-timer", "timer", "Periodic down-counter", .state_size = sizeof(struct timer),
             .window = 0x1000, .regs = BP_ROWS(regs), .pins = BP_ROWS(pins), .props = BP_ROWS(props),
             .timers = BP_ROWS(timers), .saved = BP_ROWS(saved), .reset = reset);
BP_PLUGIN("tiny-timer", "1.0", "MIT");
