/* SPDX-License-Identifier: MIT */
/* ioctl.c: requests by a table; what their argument is decides how it is passed on. */
#include "strace.h"

#include <string.h>

#include "ioctl.h"

int64_t call_ioctl(struct task *t, const uint64_t a[6])
{
    uint32_t request = (uint32_t)a[1];
    const struct ioctl_row *row = ioctl_find(request);
    if (!row) {
        int64_t flags = quick_call(SYS_fcntl, a[0], 1 /* F_GETFD */, 0, 0, 0, 0);
        if (flags < 0)
            return flags;
        call_unimplemented(t, "ioctl request 0x%x is not supported: %s", request, strerror(ENOTTY));
        return -ENOTTY;
    }
    uint64_t arg = a[2];
    switch (row->kind) {
    case IOCTL_POINTER: arg = ptr_arg(arg_out(t, a[2], row->bytes)); break;
    case IOCTL_READ_ONLY: arg = ptr_arg(arg_in(t, a[2], row->bytes)); break;
    case IOCTL_SPECIAL: return row->handler(t, row, a);
    default: break;
    }
    return host_call(t, SYS_ioctl, a[0], request, arg, 0, 0, 0);
}
