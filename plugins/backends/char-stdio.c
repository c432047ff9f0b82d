/* SPDX-License-Identifier: MIT */
/*
 * char-stdio.c: a chardev on standard input and output. A terminal is made raw, and put back when
 * the process ends; Ctrl-A is then an escape. Input is read even while the device takes none:
 * otherwise a guest that hangs could not be quit.
 */
#include "char-fd.h"

#include <termios.h>

enum { ESCAPE = 'A' - '@', ESCAPE_AUTO = 0, ESCAPE_ON = 1 };

struct stdio {
    struct char_fd fd;
    bool signal;
    uint32_t escape;
    bool escapes, got_escape, is_raw;
    struct termios before;
    uint32_t head, count;
    uint8_t queue[65536]; /* read, not yet delivered */
};

static const char help[] = "\r\n"
                           "Ctrl-A h       this help\r\n"
                           "Ctrl-A x       quit\r\n"
                           "Ctrl-A b       send a break\r\n"
                           "Ctrl-A Ctrl-A  send Ctrl-A\r\n";

static void put_back(void *drv)
{
    struct stdio *s = drv;
    if (s->is_raw)
        tcsetattr(STDIN_FILENO, TCSANOW, &s->before);
}

static void make_raw(struct stdio *s)
{
    /* In the background the attempt would stop the process. */
    pid_t foreground = tcgetpgrp(STDIN_FILENO);
    if ((foreground >= 0 && foreground != getpgrp()) || tcgetattr(STDIN_FILENO, &s->before) < 0)
        return;
    struct termios raw = s->before;
    raw.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    raw.c_oflag |= OPOST;
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN | (s->signal ? 0 : ISIG));
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    s->is_raw = true;
    bp_at_exit(s, put_back);
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

static void deliver(struct stdio *s)
{
    size_t room;
    while (s->count && (room = bp_chardev_room(s)) > 0) {
        size_t n = sizeof s->queue - s->head; /* up to where the ring wraps */
        n = n < s->count ? n : s->count;
        n = n < room ? n : room;
        bp_chardev_deliver(s, s->queue + s->head, n);
        s->head = (uint32_t)((s->head + n) % sizeof s->queue);
        s->count -= (uint32_t)n;
    }
}

static void enqueue(struct stdio *s, uint8_t byte)
{
    if (s->count < sizeof s->queue)
        s->queue[(s->head + s->count++) % sizeof s->queue] = byte;
}

static void escaped(struct stdio *s, uint8_t key)
{
    switch (key) {
    case ESCAPE:
        enqueue(s, ESCAPE);
        break;
    case 'x':
        bp_quit(s, "Ctrl-A x");
        break;
    case 'b':
        bp_chardev_event(s, BP_CHARDEV_BREAK);
        break;
    case 'h':
    case '?':
        if (write(STDOUT_FILENO, help, sizeof help - 1) < 0)
            return; /* the help is lost with the terminal */
        break;
    }
}

static void readable(void *drv, int fd, unsigned events)
{
    struct stdio *s = drv;
    uint8_t buf[4096];
    size_t space = sizeof s->queue - s->count;
    if (!space && !s->escapes) {
        char_fd_pause(&s->fd);
        return;
    }
    /* With escapes the queue may overflow, and drops: the escapes must be seen. */
    ssize_t n = read(fd, buf, s->escapes || space > sizeof buf ? sizeof buf : space);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        char_fd_pause(&s->fd); /* no more input; output goes on */
        s->fd.in = -1;
        return;
    }
    for (ssize_t i = 0; i < n; i++) {
        if (s->got_escape) {
            s->got_escape = false;
            escaped(s, buf[i]);
        } else if (s->escapes && buf[i] == ESCAPE) {
            s->got_escape = true;
        } else {
            enqueue(s, buf[i]);
        }
    }
    deliver(s);
}

static void room_changed(void *drv)
{
    struct stdio *s = drv;
    deliver(s);
    if (!s->fd.reading && s->fd.in >= 0)
        s->fd.reading = bp_watch_fd(s, s->fd.in, BP_FD_IN | BP_FD_HANGUP | BP_FD_ERROR, readable);
}

static int stdio_open(void *drv)
{
    struct stdio *s = drv;
    s->fd = (struct char_fd){ .in = STDIN_FILENO, .out = STDOUT_FILENO, .may_block = true };
    bool tty = isatty(STDIN_FILENO);
    s->escapes = s->escape == ESCAPE_ON || (s->escape == ESCAPE_AUTO && tty);
    if (tty)
        make_raw(s);
    if (fcntl(STDIN_FILENO, F_GETFD) < 0)
        s->fd.in = -1;
    room_changed(s);
    return 0;
}

static void stdio_close(void *drv)
{
    struct stdio *s = drv;
    char_fd_forget(&s->fd);
    put_back(s);
    s->is_raw = false;
}

static const struct bp_prop props[] = {
    BP_BOOL(struct stdio, signal, true, "whether Ctrl-C and the like reach the emulator"),
    BP_ENUM(struct stdio, escape, ESCAPE_AUTO, "auto|on|off",
            "whether Ctrl-A is an escape; auto: on a terminal"),
};

BP_CHARDEV_DRIVER(stdio, "stdio", "Standard input and output", .state_size = sizeof(struct stdio),
                  .flags = BP_CHARDEV_ONE, .props = BP_ROWS(props), .open = stdio_open, .close = stdio_close,
                  .write = char_fd_write, .room_changed = room_changed);
BP_PLUGIN("char-stdio", "1.0", "MIT");
