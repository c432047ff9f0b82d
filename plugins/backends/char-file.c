/* SPDX-License-Identifier: MIT */
/* char-file.c: a chardev that writes to a file, and may read from another. */
#include "char-fd.h"

struct file {
    struct char_fd fd;
    const char *path, *input_path;
    bool append;
};

static int file_open(void *drv)
{
    struct file *s = drv;
    s->fd.in = s->fd.out = -1;
    if (!s->path)
        return bp_fail(s, EINVAL, "path is missing: give path=FILE");
    s->fd.out = open(s->path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK |
                                  (s->append ? O_APPEND : O_TRUNC), 0666);
    if (s->fd.out < 0)
        return bp_fail(s, errno, "cannot write %s: %s", s->path, strerror(errno));
    if (s->input_path) {
        s->fd.in = open(s->input_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (s->fd.in < 0)
            return bp_fail(s, errno, "cannot read %s: %s", s->input_path, strerror(errno));
        char_fd_resume(s);
    }
    return 0;
}

static void file_close(void *drv)
{
    struct file *s = drv;
    char_fd_forget(&s->fd);
    if (s->fd.in >= 0)
        close(s->fd.in);
    if (s->fd.out >= 0)
        close(s->fd.out);
    s->fd.in = s->fd.out = -1;
}

static const struct bp_prop props[] = {
    BP_STRING(struct file, path, NULL, "file to write"),
    BP_BOOL(struct file, append, false, "keep what the file holds"),
    BP_STRING(struct file, input_path, NULL, "file to read input from"),
};

BP_CHARDEV_DRIVER(file, "file", "Write to a file", .state_size = sizeof(struct file),
                  .props = BP_ROWS(props), .open = file_open, .close = file_close,
                  .write = char_fd_write, .room_changed = char_fd_resume);
BP_PLUGIN("char-file", "1.0", "MIT");
