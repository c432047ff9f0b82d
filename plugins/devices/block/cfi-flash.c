/* SPDX-License-Identifier: MIT */
/*
 * cfi-flash.c: NOR flash as firmware expects it: two 16-bit chips side by side on a 32-bit bus,
 * Intel command set (Intel StrataFlash 28F128J3 data sheet, sections 9-12; JEDEC JESD68.01, Common
 * Flash Interface).
 *
 * The chips work in lockstep: a command on any part of the bus reaches both. Software probes with
 * narrow accesses and believes what it finds: U-Boot takes the pair for one 16-bit chip and writes
 * it so. Reads are direct while the array shows. Programming and erasing take no time.
 * Contents go back to the drive in whole blocks, one request at a time straight from the array:
 * what changes meanwhile is collected and written by the next.
 */
#include <backplane/block.h>
#include <backplane/board.h>
#include <backplane/device.h>
#include <backplane/memory.h>

#include <errno.h>
#include <string.h>

enum {
    CHIPS = 2,
    BUS = 4,                      /* bytes, half of them a chip's */
    CHIP_BLOCK = 128 * 1024,      /* erase block of one chip, bytes */
    BLOCK = CHIPS * CHIP_BLOCK,
    MAX_BLOCKS = 1024,
    BUFFER_WRITES_LOG2 = 8,
    BUFFER_WRITES = 1 << BUFFER_WRITES_LOG2,
    WINDOW = 0,

    STATUS_READY = 0x80, STATUS_ERASE_ERROR = 0x20, STATUS_PROGRAM_ERROR = 0x10,
    STATUS_SEQUENCE_ERROR = STATUS_ERASE_ERROR | STATUS_PROGRAM_ERROR, STATUS_LOCKED = 0x02,
    ID_MAKER = 0x89, ID_DEVICE = 0x18,
};

/* What reads show. */
enum mode { MODE_ARRAY, MODE_STATUS, MODE_ID, MODE_QUERY };

/* What the next write is. */
enum step { STEP_COMMAND, STEP_PROGRAM, STEP_ERASE, STEP_LOCK, STEP_REFUSED, STEP_COUNT, STEP_DATA,
            STEP_CONFIRM };

struct flash {
    uint8_t mode, step, status;
    uint16_t left;  /* writes to come into the buffer */
    uint64_t start; /* offset of the buffer's first byte */
    uint8_t buffer[BUFFER_WRITES * BUS];
    uint32_t locked[MAX_BLOCKS / 32];
    uint64_t size;
    uint8_t *array;
    uint64_t dirty_from, dirty_to; /* bytes that the drive lacks */
    bool writing, drive_failed, read_only;
    uint32_t drive_block;
    struct bp_block *drive;
    uint8_t out[BLOCK]; /* on its way to the drive, while the guest goes on programming */
};

/* ---- the drive ------------------------------------------------------------------------------ */

static void write_back(struct flash *s);

static void written(void *request, int result)
{
    struct flash *s = request;
    s->writing = false;
    if (result < 0 && !s->drive_failed) {
        s->drive_failed = true;
        bp_fail(s, -result, "cannot write to the drive: %s; its file is now out of date",
                strerror(-result));
    }
    write_back(s);
}

static void write_back(struct flash *s)
{
    if (s->writing || s->dirty_from >= s->dirty_to)
        return;
    uint64_t mask = s->drive_block - 1;
    uint64_t from = s->dirty_from & ~mask, to = (s->dirty_to + mask) & ~mask;
    if (to - from > sizeof s->out)
        to = from + sizeof s->out;
    struct bp_iovec iov = { s->out, to - from };
    memcpy(s->out, s->array + from, to - from);
    s->dirty_from = to;
    s->writing = true;
    bp_block_submit(s->drive, BP_BLOCK_WRITE, from, to - from, &iov, 1, written, s);
}

/* The array changed there. */
static void changed(struct flash *s, uint64_t offset, uint64_t n)
{
    bp_window_changed(s, WINDOW, offset, n);
    if (!s->drive)
        return;
    bool none = s->dirty_from >= s->dirty_to;
    s->dirty_from = none || offset < s->dirty_from ? offset : s->dirty_from;
    s->dirty_to = none || offset + n > s->dirty_to ? offset + n : s->dirty_to;
    write_back(s);
}

static void loaded(void *request, int result) { *(int *)request = result; }

static int flash_realize(void *dev)
{
    struct flash *s = dev;
    struct bp_block_info info;
    if (s->size & (s->size - 1))
        return bp_fail(s, EINVAL, "size %llu is not a power of two", (unsigned long long)s->size);
    if (!s->drive)
        return 0;
    bp_block_get_info(s->drive, &info);
    if (info.size != s->size)
        return bp_fail(s, EINVAL, "the drive has %llu bytes, the flash %llu: pad the file with "
                       "truncate -s %llu", (unsigned long long)info.size,
                       (unsigned long long)s->size, (unsigned long long)s->size);
    s->read_only = info.read_only;
    s->drive_block = info.logical_block;
    struct bp_iovec iov = { s->array, s->size };
    int result = -EIO;
    bp_block_submit(s->drive, BP_BLOCK_READ, 0, s->size, &iov, 1, loaded, &result);
    bp_block_drain(s->drive);
    if (result < 0)
        return bp_fail(s, -result, "cannot read the drive: %s", strerror(-result));
    return 0;
}

static void flash_unrealize(void *dev)
{
    struct flash *s = dev;
    while (s->writing)
        bp_block_drain(s->drive);
}

/* ---- commands ------------------------------------------------------------------------------- */

static bool is_locked(const struct flash *s, uint64_t offset)
{
    uint64_t block = offset / BLOCK;
    return s->locked[block / 32] >> block % 32 & 1;
}

static bool is_writable(struct flash *s, uint64_t offset, uint8_t error)
{
    if (!s->read_only && !is_locked(s, offset))
        return true;
    s->status |= error | STATUS_LOCKED;
    return false;
}

/* Programming clears bits. */
static void program(struct flash *s, uint64_t offset, const uint8_t *data, uint64_t n)
{
    if (!is_writable(s, offset, STATUS_PROGRAM_ERROR) ||
        !is_writable(s, offset + n - 1, STATUS_PROGRAM_ERROR))
        return;
    for (uint64_t i = 0; i < n; i++)
        s->array[offset + i] &= data[i];
    changed(s, offset, n);
}

static void program_value(struct flash *s, uint64_t offset, uint64_t value, unsigned size)
{
    uint8_t data[BUS];
    for (unsigned i = 0; i < size; i++)
        data[i] = (uint8_t)(value >> 8 * i);
    program(s, offset, data, size);
}

static void erase(struct flash *s, uint64_t offset)
{
    uint64_t first = offset - offset % BLOCK;
    if (!is_writable(s, offset, STATUS_ERASE_ERROR))
        return;
    memset(s->array + first, 0xFF, BLOCK);
    changed(s, first, BLOCK);
}

static void lock(struct flash *s, uint64_t offset, unsigned command)
{
    uint64_t block = offset / BLOCK;
    uint32_t bit = UINT32_C(1) << block % 32;
    if (command == 0xD0)
        s->locked[block / 32] &= ~bit;
    else if (command == 0x01 || command == 0x2F)
        s->locked[block / 32] |= bit;
    else
        s->status |= STATUS_SEQUENCE_ERROR;
}

static void buffer_begin(struct flash *s, unsigned writes)
{
    if (writes > BUFFER_WRITES) {
        s->status |= STATUS_SEQUENCE_ERROR;
        return;
    }
    s->left = (uint16_t)writes;
    s->start = UINT64_MAX;
    s->step = STEP_DATA;
    memset(s->buffer, 0xFF, sizeof s->buffer);
}

static void buffer_add(struct flash *s, uint64_t offset, uint64_t value, unsigned size)
{
    if (s->start == UINT64_MAX)
        s->start = offset;
    for (unsigned i = 0; i < size; i++) {
        if (offset + i - s->start < sizeof s->buffer)
            s->buffer[offset + i - s->start] = (uint8_t)(value >> 8 * i);
        else
            s->status |= STATUS_SEQUENCE_ERROR;
    }
    s->step = --s->left ? STEP_DATA : STEP_CONFIRM;
}

static void buffer_confirm(struct flash *s, unsigned command)
{
    uint64_t room = s->size - s->start;
    if (command != 0xD0)
        s->status |= STATUS_SEQUENCE_ERROR;
    else if ((s->status & STATUS_SEQUENCE_ERROR) != STATUS_SEQUENCE_ERROR)
        program(s, s->start, s->buffer, room < sizeof s->buffer ? room : sizeof s->buffer);
}

static void command_begin(struct flash *s, unsigned command)
{
    static const struct {
        uint8_t command, mode, step;
    } commands[] = {
        { 0xFF, MODE_ARRAY, STEP_COMMAND },  { 0xF0, MODE_ARRAY, STEP_COMMAND },
        { 0x90, MODE_ID, STEP_COMMAND },     { 0x98, MODE_QUERY, STEP_COMMAND },
        { 0x70, MODE_STATUS, STEP_COMMAND }, { 0xB0, MODE_STATUS, STEP_COMMAND },
        { 0xD0, MODE_STATUS, STEP_COMMAND }, { 0x40, MODE_STATUS, STEP_PROGRAM },
        { 0x10, MODE_STATUS, STEP_PROGRAM }, { 0x20, MODE_STATUS, STEP_ERASE },
        { 0x60, MODE_STATUS, STEP_LOCK },    { 0xC0, MODE_STATUS, STEP_REFUSED },
        { 0xE8, MODE_STATUS, STEP_COUNT },
    };
    if (command == 0x50) { /* clear status: what reads show stays */
        s->status = STATUS_READY;
        return;
    }
    for (unsigned i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (commands[i].command == command) {
            s->mode = commands[i].mode;
            s->step = commands[i].step;
            return;
        }
    }
    s->mode = MODE_ARRAY;
}

/* ---- the bus -------------------------------------------------------------------------------- */

/* The Common Flash Interface table, from word 0x10 on. */
static uint16_t query_word(const struct flash *s, uint64_t word)
{
    uint32_t blocks = (uint32_t)(s->size / BLOCK);
    const uint8_t table[] = {
        /* 10: Intel extended set, its table at 31; 17: no alternative */
        'Q', 'R', 'Y', 0x01, 0x00, 0x31, 0x00, 0x00, 0x00, 0x00, 0x00,
        /* 1B: 2.7 to 3.6 V, no programming voltage; 1F: typical times; 23: the longest */
        0x27, 0x36, 0x00, 0x00, 0x01, 0x01, 0x01, 0x00, 0x04, 0x04, 0x04, 0x00,
        /* 27: size; 28: x8/x16; 2A: buffer in bytes; 2C: one kind of block */
        (uint8_t)__builtin_ctzll(s->size / CHIPS), 0x02, 0x00, BUFFER_WRITES_LOG2 + 1, 0x00, 0x01,
        /* 2D: blocks less one; 2F: size of one in 256 bytes */
        (uint8_t)(blocks - 1), (uint8_t)((blocks - 1) >> 8),
        (uint8_t)(CHIP_BLOCK / 256), (uint8_t)(CHIP_BLOCK / 256 >> 8),
        /* 31: none of the optional features; 3F: one protection register */
        'P', 'R', 'I', '1', '1', 0x00, 0x00, 0x00, 0x00,
        0x00, 0x01, 0x00, 0x33, 0x00, 0x01, 0x80, 0x00, 0x03, 0x03,
    };
    return word >= 0x10 && word - 0x10 < sizeof table ? table[word - 0x10] : 0;
}

static uint16_t id_word(const struct flash *s, uint64_t offset)
{
    switch (offset % BLOCK / BUS) {
    case 0:
        return ID_MAKER;
    case 1:
        return ID_DEVICE;
    case 2:
        return is_locked(s, offset);
    }
    return 0;
}

/* Both chips answer alike, except with their contents. */
static uint64_t flash_read(void *dev, uint64_t offset, unsigned size)
{
    const struct flash *s = dev;
    uint64_t value = 0;
    switch (s->mode) {
    case MODE_STATUS:
        value = s->status;
        break;
    case MODE_ID:
        value = id_word(s, offset);
        break;
    case MODE_QUERY:
        value = query_word(s, offset / BUS);
        break;
    default:
        for (unsigned i = 0; i < size; i++)
            value |= (uint64_t)s->array[offset + i] << 8 * i;
        return value;
    }
    return (value | value << 16) >> 8 * (offset % BUS);
}

static void flash_write(void *dev, uint64_t offset, uint64_t value, unsigned size)
{
    struct flash *s = dev;
    unsigned step = s->step, command = value & 0xFF;
    s->step = STEP_COMMAND;
    switch (step) {
    case STEP_COMMAND:
        command_begin(s, command);
        break;
    case STEP_PROGRAM:
        program_value(s, offset, value, size);
        break;
    case STEP_ERASE:
        if (command == 0xD0)
            erase(s, offset);
        else
            s->status |= STATUS_SEQUENCE_ERROR;
        break;
    case STEP_LOCK:
        lock(s, offset, command);
        break;
    case STEP_REFUSED: /* there is no one-time area */
        s->status |= STATUS_PROGRAM_ERROR | STATUS_LOCKED;
        break;
    case STEP_COUNT:
        buffer_begin(s, (unsigned)(value & 0xFFFF) + 1);
        break;
    case STEP_DATA:
        buffer_add(s, offset, value, size);
        break;
    case STEP_CONFIRM:
        buffer_confirm(s, command);
        break;
    }
    bp_window_set_direct(s, WINDOW, s->mode == MODE_ARRAY);
}

static void flash_reset(void *dev)
{
    struct flash *s = dev;
    s->mode = MODE_ARRAY;
    s->step = STEP_COMMAND;
    s->status = STATUS_READY;
    s->left = 0;
    s->start = 0;
    memset(s->buffer, 0xFF, sizeof s->buffer);
    memset(s->locked, 0, sizeof s->locked);
    bp_window_set_direct(s, WINDOW, true);
}

static int flash_post_load(void *dev)
{
    struct flash *s = dev;
    bool filling = s->step == STEP_DATA;
    if (filling && (!s->left || s->left > BUFFER_WRITES))
        return bp_fail(s, EINVAL, "saved buffer expects %u writes, it takes %u", s->left,
                       BUFFER_WRITES);
    if ((s->step == STEP_CONFIRM || (filling && s->start != UINT64_MAX)) && s->start >= s->size)
        return bp_fail(s, EINVAL, "saved buffer lies behind the end");
    bp_window_set_direct(s, WINDOW, s->mode == MODE_ARRAY);
    changed(s, 0, s->size);
    return 0;
}

static void flash_fdt(void *dev, struct bp_fdt_node *node) { bp_fdt_u32(node, "bank-width", BUS); }

static const struct bp_window windows[] = {
    { "array", .size_prop = "size", .flags = BP_WINDOW_ROM, .access_min = 1, .access_max = BUS,
      .storage = offsetof(struct flash, array), .read = flash_read, .write = flash_write },
};
static const struct bp_prop props[] = {
    BP_SIZE(struct flash, size, 32 * BP_MIB, BLOCK, (uint64_t)MAX_BLOCKS * BLOCK,
            "bytes, a power of two"),
};
static const struct bp_port ports[] = { BP_BLOCK(struct flash, drive) };
static const struct bp_saved saved[] = {
    BP_SAVED(struct flash, mode, 1), BP_SAVED(struct flash, step, 1),
    BP_SAVED(struct flash, status, 1), BP_SAVED(struct flash, left, 1),
    BP_SAVED(struct flash, start, 1), BP_SAVED_ARRAY(struct flash, buffer, 1),
    BP_SAVED_ARRAY(struct flash, locked, 1),
    BP_TRANSIENT(struct flash, dirty_from), BP_TRANSIENT(struct flash, dirty_to),
    BP_TRANSIENT(struct flash, writing), BP_TRANSIENT(struct flash, drive_failed),
    BP_TRANSIENT(struct flash, read_only), BP_TRANSIENT(struct flash, drive_block),
    BP_TRANSIENT(struct flash, out),
};

BP_DEVICE_IN(flash, "cfi-flash", "storage", "NOR flash, Intel command set, 2 x 16 bits",
          .state_size = sizeof(struct flash), .windows = BP_ROWS(windows), .props = BP_ROWS(props),
          .ports = BP_ROWS(ports), .saved = BP_ROWS(saved), .realize = flash_realize,
          .reset = flash_reset, .post_load = flash_post_load, .unrealize = flash_unrealize,
          .fdt_name = "flash", .fdt_compatible = "cfi-flash", .fdt = flash_fdt);
BP_PLUGIN("cfi-flash", "1.0", "MIT");
