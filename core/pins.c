/* SPDX-License-Identifier: MIT */
/* pins.c: lines between parts. An input is high while any output wired to it is. */
#include <core/machine.h>
#include <core/pins.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* A pin that its own change keeps changing is stopped after so many rounds. */
#define SETTLE_LIMIT 1000
#define PIN_MAX 65536

static void input_drive(struct pin_input *in, bool level)
{
    in->high += level ? 1 : -1;
    bool now = in->high != 0;
    if (now == in->delivered)
        return;
    in->delivered = now;
    if (!in->set)
        return;
    part_enter(in->part);
    in->set(in->part->state, in->i, now);
    part_leave(in->part);
}

/* Tells the inputs the pin's level; a change made meanwhile is told by the outer call. */
static void pin_show(struct bp_pin *pin)
{
    if (pin->setting)
        return;
    pin->setting = true;
    unsigned rounds = 0;
    bool level;
    while ((level = atomic_load_explicit(&pin->level, memory_order_relaxed)) != pin->shown) {
        if (rounds++ == SETTLE_LIMIT) {
            part_log(pin->part, BP_LOG_GUEST_ERROR, "pin %s does not settle",
                     pin->part->pins[pin->row].row->name);
            break;
        }
        pin->shown = level;
        for (uint32_t i = 0; i < pin->input_count; i++)
            input_drive(pin->inputs[i], level);
    }
    pin->setting = false;
}

static void irq_set(struct bp_pin *pin, bool level)
{
    if (!pin || atomic_load_explicit(&pin->level, memory_order_relaxed) == level)
        return;
    struct machine *m = pin->part->machine;
    machine_lock(m);
    atomic_store_explicit(&pin->level, level, memory_order_relaxed);
    if (!m->hold_pins)
        pin_show(pin);
    machine_unlock(m);
}

static bool irq_level(const struct bp_pin *pin)
{
    return pin && atomic_load_explicit(&pin->level, memory_order_relaxed);
}

const struct bp_irq_api irq_api = { sizeof irq_api, 0, irq_set, irq_level };

/* ---- making ---------------------------------------------------------------------------------- */

/* Puts the outputs' addresses where the row says. */
static void store_outputs(struct part *part, struct part_pins *pins)
{
    uint8_t *field = (uint8_t *)part->state + pins->row->field;
    pins->output_ptrs = g_new0(struct bp_pin *, pins->count + 1);
    for (uint32_t i = 0; i < pins->count; i++)
        pins->output_ptrs[i] = &pins->outputs[i];
    if (pins->row->count_prop)
        memcpy(field, &pins->output_ptrs, sizeof pins->output_ptrs);
    else
        memcpy(field, pins->output_ptrs, pins->count * sizeof *pins->output_ptrs);
}

int pins_prepare(struct part *part)
{
    part->pins = g_new0(struct part_pins, part->device.pins.count + 1);
    for (uint32_t n = 0; n < part->device.pins.count; n++) {
        struct part_pins *p = &part->pins[n];
        p->row = PART_ROW(bp_pin_row, part->device.pins, n);
        p->array = p->row->count || p->row->count_prop;
        uint64_t count = p->row->count ? p->row->count : 1;
        if (p->row->count_prop && !part_prop_number(part, p->row->count_prop, &count))
            return core_error(EINVAL, "%s: pin %s is counted by '%s', which is no number property",
                              part->name, p->row->name, p->row->count_prop);
        if (count > PIN_MAX)
            return core_error(EINVAL, "%s: %s asks for %" PRIu64 " %s pins; at most %d", part->name,
                              p->row->count_prop ? p->row->count_prop : "the device", count,
                              p->row->name, PIN_MAX);
        p->count = (uint32_t)count;
        if (p->row->direction == BP_PIN_OUT) {
            p->outputs = g_new0(struct bp_pin, count + 1);
            for (uint32_t i = 0; i < count; i++) {
                p->outputs[i].part = part;
                p->outputs[i].row = n;
                p->outputs[i].i = i;
            }
            store_outputs(part, p);
        } else {
            p->inputs = g_new0(struct pin_input, count + 1);
            for (uint32_t i = 0; i < count; i++)
                p->inputs[i] = (struct pin_input){ .part = part, .set = p->row->set, .i = i };
        }
    }
    return 0;
}

void pins_free(struct part *part)
{
    for (uint32_t n = 0; part->pins && n < part->device.pins.count; n++) {
        struct part_pins *p = &part->pins[n];
        for (uint32_t i = 0; p->outputs && i < p->count; i++)
            g_free(p->outputs[i].inputs);
        g_free(p->outputs);
        g_free(p->output_ptrs);
        g_free(p->inputs);
    }
    g_clear_pointer(&part->pins, g_free);
}

const struct part_pins *part_find_pins(const struct part *part, const char *name,
                                       enum bp_pin_direction direction)
{
    for (uint32_t n = 0; part->pins && n < part->device.pins.count; n++)
        if (part->pins[n].row->direction == direction && !strcmp(part->pins[n].row->name, name))
            return &part->pins[n];
    return NULL;
}

static int bad_end(const struct part *part, const char *pin, uint32_t i, const char *direction,
                   const struct part_pins *pins)
{
    if (!pins)
        return core_error(ENOENT, "%s has no %s pin '%s'", part->name, direction, pin);
    return core_error(ERANGE, "%s.%s[%u]: it has %u of them", part->name, pin, i, pins->count);
}

int part_connect(struct part *from, const char *from_pin, uint32_t i, struct part *to,
                 const char *to_pin, uint32_t j)
{
    const struct part_pins *out = part_find_pins(from, from_pin, BP_PIN_OUT);
    const struct part_pins *in = part_find_pins(to, to_pin, BP_PIN_IN);
    if (!out || i >= out->count)
        return bad_end(from, from_pin, i, "output", out);
    if (!in || j >= in->count)
        return bad_end(to, to_pin, j, "input", in);
    struct bp_pin *pin = &out->outputs[i];
    struct pin_input *input = &in->inputs[j];
    for (uint32_t n = 0; n < pin->input_count; n++)
        if (pin->inputs[n] == input)
            return core_error(EEXIST, "%s.%s[%u] is wired to %s.%s[%u] twice", from->name, from_pin,
                              i, to->name, to_pin, j);
    struct machine *m = from->machine;
    machine_lock(m);
    pin->inputs = g_renew(struct pin_input *, pin->inputs, pin->input_count + 1);
    pin->inputs[pin->input_count++] = input;
    if (pin->shown)
        input_drive(input, true);
    machine_unlock(m);
    return 0;
}

/* ---- reset ----------------------------------------------------------------------------------- */

static void each_output(struct part *part, void (*fn)(struct bp_pin *pin))
{
    for (uint32_t n = 0; part->pins && n < part->device.pins.count; n++)
        for (uint32_t i = 0; part->pins[n].outputs && i < part->pins[n].count; i++)
            fn(&part->pins[n].outputs[i]);
}

static void lower(struct bp_pin *pin)
{
    irq_set(pin, false);
}

void part_lower_outputs(struct part *part)
{
    each_output(part, lower);
}

void part_show_outputs(struct part *part)
{
    each_output(part, pin_show);
}
