/* SPDX-License-Identifier: MIT */
/*
 * riscv-aclint.c: the devices of the RISC-V Advanced Core Local Interruptor specification: machine
 * timer (chapter 2), machine and supervisor software interrupts (chapters 3 and 4).
 */
#include "mtimer.h"

/* ---- MTIMER --------------------------------------------------------------------------------- */

enum { WINDOW_MTIME = 0, WINDOW_MTIMECMP = 1 };

static uint64_t mtime_read(void *dev, uint64_t offset, unsigned size)
{
    if (offset < 8)
        return mtimer_read_mtime(dev, offset, size);
    bp_log(dev, BP_LOG_GUEST_ERROR, "read of %u bytes at 0x%x: no register", size,
           (unsigned)offset);
    return 0;
}

static void mtime_write(void *dev, uint64_t offset, uint64_t value, unsigned size)
{
    if (offset < 8)
        mtimer_write_mtime(dev, offset, value, size);
    else
        bp_log(dev, BP_LOG_GUEST_ERROR, "write of %u bytes at 0x%x: no register", size,
               (unsigned)offset);
}

static const struct bp_reg mtimer_regs[] = {
    { "MTIMECMP", 0, 64, BP_FIELDS(struct mtimer, mtimecmp), .window = WINDOW_MTIMECMP,
      .reset = UINT64_MAX, .writable = UINT64_MAX, .write = mtimer_cmp_written },
};
static const struct bp_window mtimer_windows[] = {
    { "mtime", 0x4008, .access_min = 1, .access_max = 8, .storage = BP_NO_STORAGE,
      .read = mtime_read, .write = mtime_write },
    { "mtimecmp", 0x7FF8, .storage = BP_NO_STORAGE },
};
static const struct bp_pin_row mtimer_pins[] = { MTIMER_PIN };
static const struct bp_prop mtimer_props[] = { MTIMER_PROPS };
static const struct bp_timer_row mtimer_timers[] = { MTIMER_TIMER };
static const struct bp_offer mtimer_offers[] = { MTIMER_OFFER };
static const struct bp_saved mtimer_saved[] = { MTIMER_SAVED };

BP_DEVICE_IN(mtimer, "riscv-aclint-mtimer", "timer", "RISC-V ACLINT machine timer",
          .state_size = sizeof(struct mtimer), .regs = BP_ROWS(mtimer_regs),
          .windows = BP_ROWS(mtimer_windows), .pins = BP_ROWS(mtimer_pins),
          .props = BP_ROWS(mtimer_props), .offers = BP_ROWS(mtimer_offers),
          .timers = BP_ROWS(mtimer_timers), .saved = BP_ROWS(mtimer_saved), .reset = mtimer_reset,
          .post_load = mtimer_post_load, .fdt_name = "mtimer",
          .fdt_compatible = "riscv,aclint-mtimer");

/* ---- MSWI, SSWI ----------------------------------------------------------------------------- */

struct swi {
    uint32_t msip[MTIMER_HARTS]; /* MSWI only: SETSSIP reads zero */
    uint32_t harts;
    struct bp_pin **ip;
};

static void msip_written(void *dev, unsigned i, uint64_t value)
{
    struct swi *s = dev;
    if (i < s->harts)
        bp_pin_set(s->ip[i], s->msip[i]);
}

static uint64_t setssip_read(void *dev, unsigned i) { return 0; }

/* An edge: the hart keeps it pending and software there clears it. */
static void setssip_write(void *dev, unsigned i, uint64_t value)
{
    struct swi *s = dev;
    if (i < s->harts && value & 1)
        bp_pin_pulse(s->ip[i]);
}

static const struct bp_reg mswi_regs[] = {
    { "MSIP", 0, 32, BP_FIELDS(struct swi, msip), .writable = 1, .write = msip_written },
};
static const struct bp_reg sswi_regs[] = {
    { "SETSSIP", 0, 32, .count = MTIMER_HARTS, .read = setssip_read, .write = setssip_write },
};
static const struct bp_pin_row mswi_pins[] = {
    { .name = "msip", .direction = BP_PIN_OUT, .count_prop = "harts",
      .field = offsetof(struct swi, ip) },
};
static const struct bp_pin_row sswi_pins[] = {
    { .name = "ssip", .direction = BP_PIN_OUT, .count_prop = "harts",
      .field = offsetof(struct swi, ip) },
};
static const struct bp_prop swi_props[] = {
    BP_UINT(struct swi, harts, 1, 1, MTIMER_HARTS, "number of harts served"),
};
static const struct bp_saved sswi_saved[] = { BP_TRANSIENT(struct swi, msip) };

BP_DEVICE_IN(mswi, "riscv-aclint-mswi", "intc", "RISC-V ACLINT machine software interrupts",
          .state_size = sizeof(struct swi), .window = 0x4000,
          .regs = BP_ROWS(mswi_regs), .pins = BP_ROWS(mswi_pins), .props = BP_ROWS(swi_props),
          .fdt_name = "mswi", .fdt_compatible = "riscv,aclint-mswi");
BP_DEVICE_IN(sswi, "riscv-aclint-sswi", "intc", "RISC-V ACLINT supervisor software interrupts",
          .state_size = sizeof(struct swi), .window = 0x4000,
          .regs = BP_ROWS(sswi_regs), .pins = BP_ROWS(sswi_pins), .props = BP_ROWS(swi_props),
          .saved = BP_ROWS(sswi_saved), .fdt_name = "sswi", .fdt_compatible = "riscv,aclint-sswi");
BP_PLUGIN("riscv-aclint", "1.0", "MIT");
