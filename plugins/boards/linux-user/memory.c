/* SPDX-License-Identifier: MIT */
/* memory.c: reading and writing the guest's memory. */
#include "linux-user.h"

#include <stdlib.h>
#include <string.h>

int guest_read(struct task *t, uint64_t gva, void *to, size_t n)
{
    struct process *p = t->process;
    return gva_ok(p, gva, n) ? bp_user_copy(p->space, to, at_gva(p, gva), n) : -EFAULT;
}

int guest_write(struct task *t, uint64_t gva, const void *from, size_t n)
{
    struct process *p = t->process;
    if (!gva_ok(p, gva, n))
        return -EFAULT;
    bp_user_will_write(p->space, gva, n); /* where it may not be, the copy finds out */
    return bp_user_copy(p->space, at_gva(p, gva), from, n);
}

/* Page by page, as the string may end right before memory that is not there. */
char *guest_string(struct task *t, uint64_t gva, size_t max, int *ret_error)
{
    size_t n = 0, room = 0;
    char *text = NULL;
    while (n < max) {
        size_t piece = 256 - (size_t)((gva + n) & 255);
        if (piece > max - n)
            piece = max - n;
        if (n + piece > room) {
            room = room ? 2 * room : 256;
            char *more = realloc(text, room + 1);
            if (!more)
                break;
            text = more;
        }
        if (guest_read(t, gva + n, text + n, piece) < 0) {
            free(text);
            *ret_error = -EFAULT;
            return NULL;
        }
        if (memchr(text + n, '\0', piece))
            return text;
        n += piece;
    }
    *ret_error = n < max ? -ENOMEM : -ENAMETOOLONG;
    free(text);
    return NULL;
}

void *guest_in(struct task *t, uint64_t gva, size_t n)
{
    return gva && gva_ok(t->process, gva, n) ? at_gva(t->process, gva) : NULL;
}

void *guest_out(struct task *t, uint64_t gva, size_t n)
{
    if (!gva || !gva_ok(t->process, gva, n))
        return NULL;
    bp_user_will_write(t->process->space, gva, n);
    return at_gva(t->process, gva);
}
