/* SPDX-License-Identifier: MIT */
/* char-pty.c: a chardev on a new pseudo-terminal, whose name is printed. */
#include "char-fd.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <termios.h>

struct pty {
    struct char_fd fd;
    int slave; /* kept open, so that the other side may come and go without hang-ups here */
    bool linked; /* the path is ours to remove */
    const char *path;
};

static int pty_open(void *drv)
{
    struct pty *s = drv;
    char name[128];
    struct termios raw;
    s->slave = -1;
    s->fd.in = s->fd.out = posix_openpt(O_RDWR | O_NOCTTY);
    if (s->fd.in < 0)
        return bp_fail(s, errno, "no pseudo-terminal to be had: %s", strerror(errno));
    if (grantpt(s->fd.in) < 0 || unlockpt(s->fd.in) < 0 ||
        (errno = ptsname_r(s->fd.in, name, sizeof name)) != 0 ||
        (s->slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0 || tcgetattr(s->slave, &raw) < 0)
        return bp_fail(s, errno, "cannot set up the pseudo-terminal: %s", strerror(errno));
    cfmakeraw(&raw);
    if (tcsetattr(s->slave, TCSANOW, &raw) < 0 || char_fd_close_on_exec(s->fd.in, true) < 0)
        return bp_fail(s, errno, "cannot make %s raw: %s", name, strerror(errno));
    if (s->path) {
        struct stat st;
        if (lstat(s->path, &st) == 0 && S_ISLNK(st.st_mode))
            unlink(s->path); /* left behind by a process that was killed */
        if (symlink(name, s->path) < 0)
            return bp_fail(s, errno, "cannot link %s to %s: %s", s->path, name, strerror(errno));
        s->linked = true;
    }
    const char *label = strrchr(bp_name(s), ' '); /* "chardev serial0" */
    printf("char device redirected to %s (label %s)\n", name, label ? label + 1 : bp_name(s));
    fflush(stdout);
    char_fd_resume(s);
    return 0;
}

static void pty_close(void *drv)
{
    struct pty *s = drv;
    char_fd_forget(&s->fd);
    if (s->linked)
        unlink(s->path);
    s->linked = false;
    if (s->slave >= 0)
        close(s->slave);
    if (s->fd.in >= 0)
        close(s->fd.in);
    s->slave = s->fd.in = s->fd.out = -1;
}

static const struct bp_prop props[] = {
    BP_STRING(struct pty, path, NULL, "symbolic link to make, naming the terminal"),
};

BP_CHARDEV_DRIVER(pty, "pty", "A new pseudo-terminal", .state_size = sizeof(struct pty),
                  .props = BP_ROWS(props), .open = pty_open, .close = pty_close,
                  .write = char_fd_write, .room_changed = char_fd_resume);
BP_PLUGIN("char-pty", "1.0", "MIT");
