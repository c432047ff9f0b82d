/* SPDX-License-Identifier: MIT */
/*
 * loader.c: what the user wants in memory at every reset, and where a vCPU starts: a file, or some
 * bytes of data. It is no hardware; the guest does not see it.
 */
#include <backplane/board.h>
#include <backplane/device.h>

#include <errno.h>
#include <inttypes.h>

#define NOT_GIVEN UINT64_MAX

struct loader {
    const char *file;
    uint64_t addr, data, cpu_num;
    uint32_t data_len;
    bool data_be, force_raw;
};

static int load_data(struct loader *s)
{
    uint8_t bytes[8];
    if (s->addr == NOT_GIVEN)
        return bp_fail(s, EINVAL, "data= needs addr=ADDRESS");
    if (s->data_len < 8 && s->data >> 8 * s->data_len)
        return bp_fail(s, EINVAL, "data=0x%" PRIx64 " has more than data-len=%u bytes", s->data,
                       s->data_len);
    for (unsigned i = 0; i < s->data_len; i++)
        bytes[s->data_be ? s->data_len - 1 - i : i] = (uint8_t)(s->data >> 8 * i);
    return bp_board_write(s, s->addr, bytes, s->data_len);
}

static int load_file(struct loader *s, uint64_t *ret_entry)
{
    struct bp_image image;
    uint64_t at = s->addr == NOT_GIVEN ? 0 : s->addr, n;
    if (s->force_raw) {
        *ret_entry = at;
        return s->addr == NOT_GIVEN
               ? bp_fail(s, EINVAL, "force-raw=on needs addr=ADDRESS")
               : bp_load_file(s, s->file, at, UINT64_MAX - at, &n);
    }
    int r = bp_load_image(s, s->file, at, 0, &image);
    if (r >= 0 && image.kind != BP_IMAGE_ELF && s->addr == NOT_GIVEN)
        r = bp_fail(s, EINVAL, "%s does not say where it goes: give addr=ADDRESS", s->file);
    if (r >= 0)
        *ret_entry = image.entry;
    return r;
}

static int load(void *dev)
{
    struct loader *s = dev;
    uint64_t entry = s->addr;
    int r = 0;
    if (!s->file == !s->data_len && (s->file || s->cpu_num == NOT_GIVEN || entry == NOT_GIVEN))
        return bp_fail(s, EINVAL, "write file=FILE[,addr=A], or addr=A,data=VALUE,data-len=BYTES, "
                       "or addr=A,cpu-num=N");
    if (s->data_len)
        r = load_data(s);
    else if (s->file)
        r = load_file(s, &entry);
    if (r < 0 || s->cpu_num == NOT_GIVEN || s->data_len)
        return r;
    if (s->cpu_num > UINT32_MAX - 1)
        return bp_fail(s, EINVAL, "there is no vCPU %" PRIu64, s->cpu_num);
    return bp_board_start(s, (uint32_t)s->cpu_num, entry);
}

static const struct bp_prop props[] = {
    BP_STRING(struct loader, file, NULL, "ELF where it says, others at addr; may be gzip-compressed"),
    BP_UINT(struct loader, addr, NOT_GIVEN, 0, 0, "guest physical address"),
    BP_UINT(struct loader, data, 0, 0, 0, "a number to store"),
    BP_UINT(struct loader, data_len, 0, 0, 8, "bytes of data"),
    BP_BOOL(struct loader, data_be, false, "data is stored big-endian"),
    BP_UINT(struct loader, cpu_num, NOT_GIVEN, 0, 0, "vCPU that starts at the file, or at addr"),
    BP_BOOL(struct loader, force_raw, false, "take the file as bytes, whatever it is"),
};

BP_DEVICE_IN(loader, "loader", "misc", "Puts a file or a number into memory at reset",
             .flags = BP_DEVICE_USER, .state_size = sizeof(struct loader),
             .props = BP_ROWS(props), .load = load);
BP_PLUGIN("loader", "1.0", "MIT");
