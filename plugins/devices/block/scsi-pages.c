/* SPDX-License-Identifier: MIT */
/* scsi-pages.c: what a SCSI disk or cd-rom drive tells about itself: inquiry and mode pages (SPC-4, SBC-3), tables of
 * contents and features (MMC-6). */
#include "scsi-disk.h"

#include <string.h>

bool disk_can_unmap(const struct disk *s)
{
    struct bp_block_info info = { .can_discard = false };
    if (s->drive && !s->cd)
        bp_block_get_info(s->drive, &info);
    return info.can_discard && !info.read_only;
}

/* Text padded with spaces. */
static void text(uint8_t *at, size_t n, const char *from)
{
    size_t have = from ? strnlen(from, n) : 0;
    memset(at, ' ', n);
    memcpy(at, from ? from : "", have);
}

static const char *serial_of(const struct disk *s, struct bp_block_info *info)
{
    if (s->drive)
        bp_block_get_info(s->drive, info);
    return s->serial ? s->serial : info->serial;
}

/* ---- inquiry --------------------------------------------------------------------------------- */

enum { VPD_PAGES = 0x00, VPD_SERIAL = 0x80, VPD_ID = 0x83, VPD_LIMITS = 0xB0,
       VPD_CHARACTERISTICS = 0xB1, VPD_PROVISIONING = 0xB2 };

/* Designators: T10 vendor id with serial number or name. */
static size_t id_page(struct disk *s, const char *serial, uint8_t *page)
{
    const char *who = *serial ? serial : bp_name(s);
    size_t n = strnlen(who, 36);
    page[0] = 2;                    /* ASCII */
    page[1] = 1;                    /* T10 vendor id */
    page[3] = (uint8_t)(8 + n);
    text(page + 4, 8, s->vendor);
    memcpy(page + 12, who, n);
    return 12 + n;
}

static size_t limits_page(const struct disk *s, uint8_t *page)
{
    put_be16(page + 2, 1);                       /* optimal granularity, blocks */
    put_be32(page + 4, UINT32_MAX / s->block);   /* longest transfer */
    if (disk_can_unmap(s)) {
        put_be32(page + 16, UINT32_MAX / s->block); /* blocks of an UNMAP */
        put_be32(page + 20, 256);                   /* its ranges */
        put_be32(page + 24, s->physical_block_size / s->block);
    }
    put_be64(page + 32, UINT32_MAX / s->block);  /* longest WRITE SAME */
    return 60;
}

static int vital_page(struct disk *s, uint8_t page, uint8_t *buf)
{
    static const uint8_t pages[] = { VPD_PAGES, VPD_SERIAL, VPD_ID, VPD_LIMITS,
                                     VPD_CHARACTERISTICS, VPD_PROVISIONING };
    struct bp_block_info info = { .size = 0 };
    const char *serial = serial_of(s, &info);
    uint8_t *at = buf + 4;
    size_t n = 0;
    switch (page) {
    case VPD_PAGES:
        n = s->cd ? 3 : sizeof pages;
        memcpy(at, pages, n);
        break;
    case VPD_SERIAL:
        n = strnlen(serial, 36);
        memcpy(at, serial, n);
        break;
    case VPD_ID:
        n = id_page(s, serial, at);
        break;
    case VPD_LIMITS:
        n = limits_page(s, at);
        break;
    case VPD_CHARACTERISTICS:
        put_be16(at, 1); /* nothing rotates */
        n = 60;
        break;
    case VPD_PROVISIONING:
        at[1] = disk_can_unmap(s) ? 0xE0 : 0; /* UNMAP, WRITE SAME (16), WRITE SAME (10) */
        at[2] = disk_can_unmap(s) ? 2 : 0;    /* thin */
        n = 4;
        break;
    default:
        return -1;
    }
    if (s->cd && page >= VPD_LIMITS)
        return -1;
    buf[0] = s->cd ? 5 : 0;
    buf[1] = page;
    put_be16(buf + 2, (uint32_t)n);
    return (int)(4 + n);
}

int disk_inquiry(struct disk *s, const uint8_t *cdb, uint8_t *buf)
{
    if (cdb[1] & 1)
        return vital_page(s, cdb[2], buf);
    if (cdb[2])
        return -1;
    buf[0] = s->cd ? 5 : 0;
    buf[1] = s->cd ? 0x80 : 0; /* removable */
    buf[2] = 5;                /* SPC-3 */
    buf[3] = 2;
    buf[4] = 36 - 5;
    buf[7] = 2;                /* queues commands */
    text(buf + 8, 8, s->vendor);
    text(buf + 16, 16, s->product ? s->product : s->cd ? "BP CD-ROM" : "BP HARDDISK");
    text(buf + 32, 4, s->ver);
    return 36;
}

/* ---- mode pages ------------------------------------------------------------------------------ */

enum { PAGE_ERRORS = 0x01, PAGE_CACHING = 0x08, PAGE_CD = 0x2A, PAGE_ALL = 0x3F };
enum { WCE = 4 };

/* One page; bytes, 0: there is none. `changeable`: what may be set instead of what is. */
static size_t mode_page(const struct disk *s, uint8_t page, bool changeable, uint8_t *buf)
{
    static const uint8_t cd_page[22] = { PAGE_CD, 20, 0x03, 0, 0x7F, 0xFF, 0x29, 0 };
    buf[0] = page;
    switch (page) {
    case PAGE_ERRORS:
        buf[1] = 10;
        buf[2] = changeable ? 0 : 0x80; /* remaps blocks by itself */
        return 12;
    case PAGE_CACHING:
        buf[1] = 18;
        buf[2] = changeable || s->wce ? WCE : 0;
        return 20;
    case PAGE_CD:
        if (!s->cd)
            return 0;
        memcpy(buf, cd_page, sizeof cd_page);
        if (changeable)
            memset(buf + 2, 0, sizeof cd_page - 2);
        return sizeof cd_page;
    default:
        return 0;
    }
}

int disk_mode_sense(const struct disk *s, const uint8_t *cdb, bool ten, uint64_t blocks, uint8_t *buf)
{
    static const uint8_t pages[] = { PAGE_ERRORS, PAGE_CACHING, PAGE_CD };
    struct bp_block_info info = { .read_only = s->cd };
    unsigned control = cdb[2] >> 6, page = cdb[2] & 0x3F;
    size_t at = ten ? 8 : 4, start;
    bool descriptor = !(cdb[1] & 8) && !s->cd, found = false;
    if (control == 3 || cdb[3])
        return -1; /* saved values, subpages */
    if (s->drive)
        bp_block_get_info(s->drive, &info);
    buf[ten ? 3 : 2] = (uint8_t)((info.read_only ? 0x80 : 0) | (s->cd ? 0 : 0x10)); /* WP, DPOFUA */
    if (descriptor) {
        put_be32(buf + at, blocks > UINT32_MAX ? UINT32_MAX : (uint32_t)blocks);
        put_be32(buf + at + 4, s->block);
        buf[ten ? 7 : 3] = 8;
        at += 8;
    }
    for (size_t i = 0; i < sizeof pages; i++) {
        start = at;
        if (page == pages[i] || page == PAGE_ALL)
            at += mode_page(s, pages[i], control == 1, buf + at);
        found |= at != start;
    }
    if (!found)
        return -1;
    if (ten)
        put_be16(buf, (uint32_t)at - 2);
    else
        buf[0] = (uint8_t)(at - 1);
    return (int)at;
}

bool disk_mode_select(struct disk *s, const uint8_t *pages, size_t n)
{
    uint8_t wce = s->wce;
    for (size_t at = 0; at + 2 <= n;) {
        uint8_t now[PAGE_MAX] = { 0 }, change[PAGE_MAX] = { 0 };
        size_t bytes = mode_page(s, pages[at] & 0x3F, false, now);
        mode_page(s, pages[at] & 0x3F, true, change);
        if (!bytes || pages[at + 1] != bytes - 2 || bytes > n - at)
            return false;
        for (size_t i = 2; i < bytes; i++)
            if ((pages[at + i] ^ now[i]) & ~change[i])
                return false;
        if ((pages[at] & 0x3F) == PAGE_CACHING)
            wce = (pages[at + 2] & WCE) != 0;
        at += bytes;
    }
    s->wce = wce;
    return true;
}

/* ---- cd-rom ---------------------------------------------------------------------------------- */

static void put_address(uint8_t *at, bool msf, uint64_t lba)
{
    uint64_t frames = lba + 150;
    if (!msf) {
        put_be32(at, lba > UINT32_MAX ? UINT32_MAX : (uint32_t)lba);
        return;
    }
    at[1] = (uint8_t)(frames / 75 / 60);
    at[2] = (uint8_t)(frames / 75 % 60);
    at[3] = (uint8_t)(frames % 75);
}

/* One data track, and where it ends. */
size_t disk_toc(const uint8_t *cdb, uint64_t blocks, uint8_t *buf)
{
    unsigned format = cdb[2] & 15 ? cdb[2] & 15 : cdb[9] >> 6;
    bool msf = cdb[1] & 2;
    size_t at = 4;
    buf[2] = buf[3] = 1; /* first and last track, or session */
    if (format > 1 || (!format && cdb[6] > 1 && cdb[6] != 0xAA))
        return 0;
    for (unsigned track = 1; track <= (format ? 1 : 2); track++) {
        if (!format && track == 1 && cdb[6] > 1)
            continue;
        buf[at + 1] = 0x14; /* data */
        buf[at + 2] = track == 1 ? 1 : 0xAA;
        put_address(buf + at + 4, msf, track == 1 ? 0 : blocks);
        at += 8;
    }
    put_be16(buf, (uint32_t)at - 2);
    return at;
}

size_t disk_configuration(const struct disk *s, uint8_t *buf)
{
    static const uint8_t features[] = {
        0, 0, 3, 4, 0, 8, 0, 0,              /* profiles: cd-rom */
        0, 1, 11, 8, 0, 0, 0, 1, 1, 0, 0, 0, /* core: SCSI */
        0, 3, 3, 4, 0x29, 0, 0, 0,           /* removable: tray, ejects, locks */
        0, 0x10, 1, 8, 0, 0, 8, 0, 0, 1, 0, 0, /* random readable, 2048 bytes */
    };
    bool disc = s->drive && !s->ejected;
    put_be16(buf + 6, disc ? 8 : 0);         /* current profile */
    memcpy(buf + 8, features, sizeof features);
    buf[8 + 6] = disc;                       /* the profile is current */
    put_be32(buf, 4 + sizeof features);
    return 8 + sizeof features;
}

size_t disk_information(uint8_t *buf)
{
    put_be16(buf, 32);
    buf[2] = 0x0E; /* complete, last session complete */
    buf[3] = buf[4] = buf[5] = buf[6] = 1;
    buf[7] = 0x20; /* unrestricted use */
    return 34;
}

size_t disk_event_status(const struct disk *s, const uint8_t *cdb, uint8_t *buf)
{
    enum { MEDIA = 4 };
    if (!(cdb[1] & 1))
        return 0; /* asynchronous */
    buf[3] = 1 << MEDIA;
    if (!(cdb[4] & 1 << MEDIA)) {
        put_be16(buf, 2);
        buf[2] = 0x80; /* no such class */
        return 4;
    }
    put_be16(buf, 6);
    buf[2] = MEDIA;
    buf[5] = (uint8_t)((s->drive && !s->ejected ? 2 : 0) | (s->ejected ? 1 : 0));
    return 8;
}
