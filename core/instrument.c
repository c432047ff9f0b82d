/* SPDX-License-Identifier: MIT */
/* instrument.c: instruments as parts of a machine; running them is the accelerator's. */
#include "core/instrument.h"

#include "core/log.h"
#include "core/machine.h"

#include <errno.h>

int instrument_add(struct machine *m, const struct bp_instrument *d, const struct bp_set *sets,
                   uint32_t count)
{
    struct part *part = part_create_plain(m, PART_INSTRUMENT, d->head.id, d->head.id, d->state_size,
                                          &d->props, d);
    if (!part)
        return -EINVAL;
    struct bp_rows rows = { sets, count, sizeof *sets };
    int r = part_set_rows(part, &rows);
    if (!r)
        machine_add_instrument(m, d, part);
    return r;
}

uint32_t machine_instrument_count(const struct machine *m)
{
    return m->instruments->len;
}

const struct bp_instrument *machine_instrument(const struct machine *m, uint32_t i,
                                               void **ret_state)
{
    const struct machine_instrument *in =
        &g_array_index(m->instruments, struct machine_instrument, i);
    *ret_state = in->part->state;
    return in->instrument;
}

void instrument_report(const char *format, va_list ap)
{
    log_vtext(format, ap);
}
