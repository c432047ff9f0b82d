/* SPDX-License-Identifier: MIT */
/*
 * char-fd.h: what chardev drivers on file descriptors share: reading as the device has room, and
 * waiting for a descriptor that takes no more. Descriptors in `struct char_fd` do not block, except
 * the terminal's, which are shared with other programs and asked with poll() before each access.
 */
#ifndef CHAR_FD_H
#define CHAR_FD_H

#include <backplane/chardev.h>
#include <backplane/host.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* First member of the drivers' states. The watches belong to the main loop's thread. */
struct char_fd {
    int in, out; /* -1: none */
    bool is_socket, may_block;
    atomic_bool wants_out;
    struct bp_watch *reading, *writing;
    void (*ended)(void *drv); /* end of input or an error there; no longer watched */
};

static inline int char_fd_close_on_exec(int fd, bool non_blocking)
{
    int flags = fcntl(fd, F_GETFL);
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || flags < 0 ||
        (non_blocking && fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0))
        return -errno;
    return 0;
}

/* ---- writing -------------------------------------------------------------------------------- */

static inline void char_fd_writable(void *drv, int fd, unsigned events)
{
    struct char_fd *c = drv;
    bp_unwatch(c->writing);
    c->writing = NULL;
    atomic_store(&c->wants_out, false);
    bp_chardev_writable(drv);
}

static inline void char_fd_watch_out(void *drv)
{
    struct char_fd *c = drv;
    if (!c->writing && c->out >= 0)
        c->writing = bp_watch_fd(drv, c->out, BP_FD_OUT, char_fd_writable);
}

static inline ssize_t char_fd_write_some(const struct char_fd *c, const void *buf, size_t n)
{
    if (!c->may_block)
        return c->is_socket ? send(c->out, buf, n, MSG_NOSIGNAL) : write(c->out, buf, n);
    /* A terminal or pipe that polls writable takes this much at once. */
    struct pollfd p = { c->out, POLLOUT, 0 };
    if (poll(&p, 1, 0) == 0) {
        errno = EAGAIN;
        return -1;
    }
    return write(c->out, buf, n < 256 ? n : 256);
}

/* A bp_chardev_driver.write: bytes taken; fewer once the descriptor is full: it is then watched. */
static inline int64_t char_fd_write(void *drv, const void *buf, size_t n)
{
    struct char_fd *c = drv;
    size_t done = 0;
    while (done < n) {
        ssize_t r = char_fd_write_some(c, (const uint8_t *)buf + done, n - done);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0 && errno != EAGAIN)
            return -errno;
        if (r < 0) {
            if (!atomic_exchange(&c->wants_out, true))
                bp_defer(drv, char_fd_watch_out);
            break;
        }
        done += (size_t)r;
    }
    return (int64_t)done;
}

/* ---- reading -------------------------------------------------------------------------------- */

static inline void char_fd_pause(struct char_fd *c)
{
    bp_unwatch(c->reading);
    c->reading = NULL;
}

static inline void char_fd_readable(void *drv, int fd, unsigned events)
{
    struct char_fd *c = drv;
    uint8_t buf[4096];
    size_t room = bp_chardev_room(drv);
    if (!room) {
        char_fd_pause(c);
        return;
    }
    ssize_t n = read(fd, buf, room < sizeof buf ? room : sizeof buf);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0) {
        bp_chardev_deliver(drv, buf, (size_t)n);
        return;
    }
    char_fd_pause(c);
    if (c->ended)
        c->ended(drv);
}

/* A bp_chardev_driver.room_changed: watch the input (again). */
static inline void char_fd_resume(void *drv)
{
    struct char_fd *c = drv;
    if (!c->reading && c->in >= 0)
        c->reading = bp_watch_fd(drv, c->in, BP_FD_IN | BP_FD_HANGUP | BP_FD_ERROR,
                                 char_fd_readable);
}

/* Stops watching; the descriptors stay open. */
static inline void char_fd_forget(struct char_fd *c)
{
    char_fd_pause(c);
    bp_unwatch(c->writing);
    c->writing = NULL;
    atomic_store(&c->wants_out, false);
}

#endif
