/* SPDX-License-Identifier: MIT */
/*
 * sifive-clint.c: the core-local interruptor of SiFive's chips (SiFive FU540-C000 manual,
 * chapter 9): software interrupts and the machine timer in one window.
 */
#include "mtimer.h"

enum { MTIMECMP = 0x4000, MTIME = 0xBFF8 };

struct clint {
    struct mtimer timer;
    uint32_t msip[MTIMER_HARTS];
    struct bp_pin **msi;
};

static void msip_written(void *dev, unsigned i, uint64_t value)
{
    struct clint *s = dev;
    if (i < s->timer.harts)
        bp_pin_set(s->msi[i], s->msip[i]);
}

static uint64_t other_read(void *dev, uint64_t offset, unsigned size)
{
    struct clint *s = dev;
    if (offset >= MTIME && offset < MTIME + 8)
        return mtimer_read_mtime(&s->timer, offset - MTIME, size);
    bp_log(s, BP_LOG_GUEST_ERROR, "read of %u bytes at 0x%x: no register", size, (unsigned)offset);
    return 0;
}

static void other_write(void *dev, uint64_t offset, uint64_t value, unsigned size)
{
    struct clint *s = dev;
    if (offset >= MTIME && offset < MTIME + 8)
        mtimer_write_mtime(&s->timer, offset - MTIME, value, size);
    else
        bp_log(s, BP_LOG_GUEST_ERROR, "write of %u bytes at 0x%x: no register", size,
               (unsigned)offset);
}

static const struct bp_reg regs[] = {
    { "MSIP", 0, 32, BP_FIELDS(struct clint, msip), .writable = 1, .write = msip_written },
    MTIMER_REG(MTIMECMP),
};
static const struct bp_window windows[] = {
    { "mmio", 0x10000, .access_min = 1, .access_max = 8, .storage = BP_NO_STORAGE,
      .read = other_read, .write = other_write },
};
static const struct bp_pin_row pins[] = {
    { .name = "msip", .direction = BP_PIN_OUT, .count_prop = "harts",
      .field = offsetof(struct clint, msi) },
    MTIMER_PIN,
};
static const struct bp_prop props[] = { MTIMER_PROPS };
static const struct bp_timer_row timers[] = { MTIMER_TIMER };
static const struct bp_offer offers[] = { MTIMER_OFFER };
static const struct bp_saved saved[] = { MTIMER_SAVED };

BP_DEVICE_IN(clint, "sifive-clint", "timer", "SiFive core-local interruptor",
          .state_size = sizeof(struct clint), .regs = BP_ROWS(regs), .windows = BP_ROWS(windows),
          .pins = BP_ROWS(pins), .props = BP_ROWS(props), .offers = BP_ROWS(offers),
          .timers = BP_ROWS(timers), .saved = BP_ROWS(saved), .reset = mtimer_reset,
          .post_load = mtimer_post_load, .fdt_name = "clint",
          .fdt_compatible = "sifive,clint0 riscv,clint0");
BP_PLUGIN("sifive-clint", "1.0", "MIT");
