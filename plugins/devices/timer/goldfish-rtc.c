/* SPDX-License-Identifier: MIT */
/*
 * goldfish-rtc.c: the Goldfish real-time clock: nanoseconds since 1970 with one alarm (registers as
 * in Linux include/clocksource/timer-goldfish.h).
 */
#include <backplane/device.h>
#include <backplane/time.h>

struct rtc {
    uint32_t time_high, alarm_low, alarm_high, irq_enabled;
    uint64_t offset_ns; /* the guest's time minus the host's, modulo 2^64 */
    bool pending;
    struct bp_timer alarm;
    struct bp_pin *irq;
};

static uint64_t guest_time(struct rtc *s)
{
    return (uint64_t)bp_now(s, BP_CLOCK_HOST) + s->offset_ns;
}

static void update_irq(struct rtc *s) { bp_pin_set(s->irq, s->pending && s->irq_enabled); }

static void alarm_fire(void *dev)
{
    struct rtc *s = dev;
    s->pending = true;
    update_irq(s);
}

static uint64_t time_low_read(void *dev, unsigned i)
{
    struct rtc *s = dev;
    uint64_t now = guest_time(s);
    s->time_high = (uint32_t)(now >> 32); /* so that the halves belong together */
    return (uint32_t)now;
}

static void time_low_write(void *dev, unsigned i, uint64_t value)
{
    struct rtc *s = dev;
    uint64_t wanted = (uint64_t)s->time_high << 32 | (uint32_t)value;
    s->offset_ns = wanted - (uint64_t)bp_now(s, BP_CLOCK_HOST);
}

static void alarm_low_written(void *dev, unsigned i, uint64_t value)
{
    struct rtc *s = dev;
    uint64_t when = (uint64_t)s->alarm_high << 32 | s->alarm_low;
    uint64_t now = guest_time(s);
    if (when <= now) {
        bp_timer_cancel(s, &s->alarm);
        alarm_fire(s);
        return;
    }
    uint64_t wait = when - now, left = (uint64_t)(BP_NEVER - bp_now(s, BP_CLOCK_HOST));
    bp_timer_arm(s, &s->alarm,
                 wait < left ? bp_now(s, BP_CLOCK_HOST) + (int64_t)wait : BP_NEVER - 1);
}

static void irq_enabled_written(void *dev, unsigned i, uint64_t value) { update_irq(dev); }

static void clear_alarm_write(void *dev, unsigned i, uint64_t value)
{
    struct rtc *s = dev;
    bp_timer_cancel(s, &s->alarm);
}

static uint64_t alarm_status_read(void *dev, unsigned i)
{
    struct rtc *s = dev;
    return bp_timer_deadline(&s->alarm) != BP_NEVER;
}

static void clear_interrupt_write(void *dev, unsigned i, uint64_t value)
{
    struct rtc *s = dev;
    s->pending = false;
    update_irq(s);
}

static void rtc_reset(void *dev)
{
    struct rtc *s = dev;
    s->pending = false; /* the time itself goes on through a reset */
}

static const struct bp_reg regs[] = {
    { "TIME_LOW", 0x00, 32, .read = time_low_read, .write = time_low_write },
    { "TIME_HIGH", 0x04, 32, BP_FIELD(struct rtc, time_high), .writable = UINT32_MAX },
    { "ALARM_LOW", 0x08, 32, BP_FIELD(struct rtc, alarm_low), .writable = UINT32_MAX,
      .write = alarm_low_written },
    { "ALARM_HIGH", 0x0C, 32, BP_FIELD(struct rtc, alarm_high), .writable = UINT32_MAX },
    { "IRQ_ENABLED", 0x10, 32, BP_FIELD(struct rtc, irq_enabled), .writable = 1,
      .write = irq_enabled_written },
    { "CLEAR_ALARM", 0x14, 32, .write = clear_alarm_write },
    { "ALARM_STATUS", 0x18, 32, .read = alarm_status_read },
    { "CLEAR_INTERRUPT", 0x1C, 32, .write = clear_interrupt_write },
};
static const struct bp_pin_row pins[] = { BP_OUT(struct rtc, irq) };
static const struct bp_timer_row timers[] = {
    BP_TIMER(struct rtc, alarm, BP_CLOCK_HOST, alarm_fire),
};
static const struct bp_saved saved[] = {
    BP_KEPT(struct rtc, offset_ns, 1), BP_SAVED(struct rtc, pending, 1),
};

BP_DEVICE_IN(rtc, "goldfish-rtc", "timer", "Goldfish real-time clock",
          .state_size = sizeof(struct rtc), .window = 0x1000, .regs = BP_ROWS(regs),
          .pins = BP_ROWS(pins), .timers = BP_ROWS(timers), .saved = BP_ROWS(saved),
          .reset = rtc_reset, .fdt_name = "rtc", .fdt_compatible = "google,goldfish-rtc");
BP_PLUGIN("goldfish-rtc", "1.0", "MIT");
