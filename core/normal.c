/* SPDX-License-Identifier: MIT */
/* normal.c: one list says which descriptors have which tables; copying follows from it. */
#include "core/normal.h"

#include <backplane/backend.h>
#include <backplane/block.h>
#include <backplane/board.h>
#include <backplane/chardev.h>
#include <backplane/debug.h>
#include <backplane/device.h>
#include <backplane/instrument.h>
#include <backplane/net.h>
#include <backplane/target.h>

#include <glib.h>
#include <string.h>

#include "core/face.h"

struct table {
    uint32_t kind;
    uint32_t offset;   /* of the struct bp_rows in the descriptor */
    uint32_t row_size;
};

#define ROW(kind_, type, member, row_type)                                                         \
    { kind_, offsetof(struct type, member), sizeof(struct row_type) }

static const struct table tables[] = {
    ROW(BP_KIND_DEVICE, bp_device, regs, bp_reg),
    ROW(BP_KIND_DEVICE, bp_device, windows, bp_window),
    ROW(BP_KIND_DEVICE, bp_device, pins, bp_pin_row),
    ROW(BP_KIND_DEVICE, bp_device, props, bp_prop),
    ROW(BP_KIND_DEVICE, bp_device, ports, bp_port),
    ROW(BP_KIND_DEVICE, bp_device, offers, bp_offer),
    ROW(BP_KIND_DEVICE, bp_device, needs, bp_need),
    ROW(BP_KIND_DEVICE, bp_device, timers, bp_timer_row),
    ROW(BP_KIND_DEVICE, bp_device, saved, bp_saved),
    ROW(BP_KIND_TARGET, bp_target, regs, bp_guest_reg),
    ROW(BP_KIND_TARGET, bp_target, models, bp_cpu_model),
    ROW(BP_KIND_BOARD, bp_board, props, bp_prop),
    ROW(BP_KIND_BOARD, bp_board, parts, bp_part),
    ROW(BP_KIND_BOARD, bp_board, wires, bp_wire),
    ROW(BP_KIND_BOARD, bp_board, options, bp_board_option),
    ROW(BP_KIND_INSTRUMENT, bp_instrument, props, bp_prop),
    ROW(BP_KIND_CHARDEV, bp_chardev_driver, props, bp_prop),
    ROW(BP_KIND_BLOCK, bp_block_driver, props, bp_prop),
    ROW(BP_KIND_NET, bp_net_driver, props, bp_prop),
    ROW(BP_KIND_CONTROL, bp_control, props, bp_prop),
    ROW(BP_KIND_CONTROL, bp_control, ports, bp_port),
};

static uint32_t own_size(uint32_t kind)
{
    switch (kind) {
    case BP_KIND_DEVICE: return sizeof(struct bp_device);
    case BP_KIND_BOARD: return sizeof(struct bp_board);
    case BP_KIND_INSTRUMENT: return sizeof(struct bp_instrument);
    case BP_KIND_TARGET: return sizeof(struct bp_target);
    case BP_KIND_BACKEND: return sizeof(struct bp_backend);
    case BP_KIND_CHARDEV: return sizeof(struct bp_chardev_driver);
    case BP_KIND_BLOCK: return sizeof(struct bp_block_driver);
    case BP_KIND_NET: return sizeof(struct bp_net_driver);
    case BP_KIND_SERVICE: return sizeof(struct bp_service);
    case BP_KIND_ACCEL: return sizeof(struct bp_accel);
    case BP_KIND_CONTROL: return sizeof(struct bp_control);
    default: return 0;
    }
}

struct bp_rows normal_rows(const struct bp_rows *rows, uint32_t row_size)
{
    if (!rows->count || !rows->row || !rows->row_size)
        return (struct bp_rows){ NULL, 0, row_size };
    if (rows->row_size == row_size)
        return *rows;
    uint8_t *copy = g_malloc0_n(rows->count, row_size);
    uint32_t n = MIN(rows->row_size, row_size);
    for (uint32_t i = 0; i < rows->count; i++)
        memcpy(copy + (size_t)i * row_size, (const uint8_t *)rows->row + (size_t)i * rows->row_size,
               n);
    return (struct bp_rows){ copy, rows->count, row_size };
}

/* The part descriptor that a target points to. */
static const struct bp_device *normal_vcpu(const struct bp_head *target)
{
    if (target->size < offsetof(struct bp_target, cpu) + sizeof(void *))
        return NULL;
    const struct bp_device *cpu = ((const struct bp_target *)target)->cpu;
    return cpu && cpu->head.kind == BP_KIND_DEVICE && cpu->head.size >= sizeof cpu->head
               ? (const void *)normal_descriptor(&cpu->head)
               : NULL;
}

const struct bp_head *normal_descriptor(const struct bp_head *head)
{
    const struct bp_device *cpu = NULL;
    uint32_t size = own_size(head->kind);
    bool fits = head->size == size;
    for (size_t i = 0; i < G_N_ELEMENTS(tables) && fits; i++) {
        if (tables[i].kind != head->kind)
            continue;
        const struct bp_rows *rows = (const void *)((const uint8_t *)head + tables[i].offset);
        fits = rows->row_size == tables[i].row_size || (!rows->count && !rows->row_size);
    }
    if (head->kind == BP_KIND_TARGET) {
        cpu = normal_vcpu(head);
        fits = fits && cpu == ((const struct bp_target *)head)->cpu;
    }
    if (fits)
        return head;
    uint8_t *copy = g_malloc0(size);
    memcpy(copy, head, MIN(head->size, size));
    struct bp_head *result = (void *)copy;
    result->size = size;
    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
        if (tables[i].kind != head->kind)
            continue;
        struct bp_rows *rows = (void *)(copy + tables[i].offset);
        *rows = normal_rows(rows, tables[i].row_size);
    }
    if (head->kind == BP_KIND_TARGET)
        ((struct bp_target *)(void *)copy)->cpu = cpu;
    return result;
}
