/* SPDX-License-Identifier: MIT */
/* ioctl.h: the table of ioctl requests. Numbers are the generic ones, which 64-bit hosts share. */
#ifndef IOCTL_H
#define IOCTL_H

#include "calls.h"

enum ioctl_kind {
    IOCTL_NUMBER = 0,    /* a number or nothing */
    IOCTL_POINTER = 1,   /* `bytes`, which the kernel may write */
    IOCTL_READ_ONLY = 2, /* `bytes`, which it only reads */
    IOCTL_SPECIAL = 3,   /* holds pointers: `handler` */
};

struct ioctl_row {
    uint32_t request;
    uint16_t kind, bytes;
    int64_t (*handler)(struct task *t, const struct ioctl_row *row, const uint64_t a[6]);
};

/* NULL: not known. */
const struct ioctl_row *ioctl_find(uint32_t request);

#endif
