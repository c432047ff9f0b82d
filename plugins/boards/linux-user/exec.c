/* SPDX-License-Identifier: MIT */
/*
 * exec.c: execve. A program that a target of ours runs is run by ourselves again: the same options,
 * but for those that have been seen to, and the program already opened. Any other goes to the
 * host's kernel. Errors have to be found before, as there is no way back.
 */
#include "program.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PASSED_FD_MIN 1000
#define NAME_BYTES (PATH_MAX + 32)

/* ---- the file -------------------------------------------------------------------------------- */

/* What execveat() names by a descriptor: opened, with the name that Linux gives it. -errno. */
static int open_at(int dirfd, const char *path, int flags, char *name, size_t size)
{
    if (!*path && !(flags & AT_EMPTY_PATH))
        return -ENOENT;
    snprintf(name, size, *path ? "/dev/fd/%d/%s" : "/dev/fd/%d", dirfd, path);
    if (*path) {
        int how = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
        int fd = openat(dirfd, path, how | (flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0));
        return fd < 0 ? -errno : fd;
    }
    if (dirfd == AT_FDCWD)
        return -EACCES;
    if (fcntl(dirfd, F_GETFD) < 0)
        return -EBADF;
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", dirfd);
    int fd = open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    return fd < 0 ? -errno : fd;
}

/* `name`: what the program is told that it was called (AT_EXECFN). */
static int make_plan(struct process *p, int dirfd, const char *path, char **argv, int flags,
                     char name[NAME_BYTES], struct program_plan *ret)
{
    char buf[PATH_MAX];
    struct stat st;
    snprintf(name, NAME_BYTES, "%s", path);
    if (*path == '/' || (*path && dirfd == AT_FDCWD)) {
        if ((flags & AT_SYMLINK_NOFOLLOW) &&
            !lstat(path_to_host_link(p, path, buf), &st) && S_ISLNK(st.st_mode))
            return -ELOOP;
        return program_plan(p, path, -1, argv, ret);
    }
    int fd = open_at(dirfd, path, flags, name, NAME_BYTES);
    if (fd < 0)
        return fd;
    int r = program_plan(p, name, fd, argv, ret);
    /* a script's interpreter could not open what is closed by then */
    if (!r && strcmp(ret->file.name, name) && (fcntl(dirfd, F_GETFD) & FD_CLOEXEC)) {
        program_plan_clear(ret);
        return -ENOENT;
    }
    return r;
}

/* What would fail behind the point of no return. */
static int check_guest(struct process *p, struct program_plan *plan)
{
    struct program_file interp;
    char *name = NULL;
    int r = program_read_segments(&plan->file, p->page_size, p->limit);
    if (!r)
        r = program_interpreter(&plan->file, &name);
    if (r < 0 || !name)
        return r;
    r = program_open(p, name, -1, &interp);
    free(name);
    if (r < 0)
        return r;
    bool fits = interp.is_elf && interp.elf.machine == plan->file.elf.machine &&
                interp.elf.bits == plan->file.elf.bits;
    program_close(&interp);
    return fits ? 0 : -ELIBBAD;
}

/* ---- the command line ------------------------------------------------------------------------ */

/* Options with an argument that are not passed on: they were this program's. */
static bool is_dropped(const char *word)
{
    static const char *const dropped[] = { "0", "E", "U", "g" };
    if (word[0] != '-' || !word[1])
        return false;
    word += word[1] == '-' ? 2 : 1;
    for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++)
        if (!strcmp(word, dropped[i]))
            return true;
    return false;
}

static size_t count(char *const *words)
{
    size_t n = 0;
    while (words[n])
        n++;
    return n;
}

/* Our own words, "-0 argv[0]", the program's name, its arguments. The array is owned, the words are
 * not. */
static char **make_command(struct process *p, const char *name, char **argv)
{
    int own_count;
    char **own = bp_board_command(p, &own_count);
    size_t argc = count(argv), n = 0;
    char **words = calloc((size_t)own_count + argc + 6, sizeof *words);
    if (!words)
        return NULL;
    for (int i = 0; i < own_count; i++) {
        if (i && is_dropped(own[i]))
            i++;
        else
            words[n++] = own[i];
    }
    if (argc) {
        words[n++] = (char *)(uintptr_t)"-0";
        words[n++] = argv[0];
    }
    words[n++] = (char *)(uintptr_t)"--";
    words[n++] = (char *)(uintptr_t)name;
    for (size_t i = 1; i < argc; i++)
        words[n++] = argv[i];
    return words;
}

/* The program's environment and `executed`, which tells ourselves of the open file. */
static char **make_environment(char **envp, char *executed)
{
    size_t n = count(envp), keep = 1;
    char **list = calloc(n + 2, sizeof *list);
    if (!list)
        return NULL;
    list[0] = executed;
    for (size_t i = 0; i < n; i++)
        if (strncmp(envp[i], EXECUTED "=", sizeof EXECUTED))
            list[keep++] = envp[i];
    return list;
}

/* ---- memory of a process that shares its parent's -------------------------------------------- */

struct exec_memory {
    char *path, **argv, **envp; /* the caller's */
    struct program_plan plan;
    char **command, **environment;
};

static void free_strings(char **strings)
{
    for (char **s = strings; s && *s; s++)
        free(*s);
    free(strings);
}

void program_exec_release(struct task *child)
{
    struct exec_memory *m = child->exec;
    if (!m)
        return;
    m->plan.file.fd = -1; /* the child's descriptor, and closed */
    program_plan_clear(&m->plan);
    free_strings(m->argv);
    free_strings(m->envp);
    free(m->path);
    free(m->command);
    free(m->environment);
    free(m);
    child->exec = NULL;
}

/* ---- exec ------------------------------------------------------------------------------------ */

/* The file named, or else the open one. Not made where a signal is to be handled first. */
static int64_t host_exec(struct task *t, const char *path, int fd, char **argv, char **envp)
{
    if (path)
        return host_call(t, SYS_execve, (uintptr_t)path, (uintptr_t)argv, (uintptr_t)envp, 0, 0, 0);
    return host_call(t, SYS_execveat, (unsigned)fd, (uintptr_t)"", (uintptr_t)argv, (uintptr_t)envp,
                     AT_EMPTY_PATH, 0);
}

static int64_t exec_native(struct task *t, struct program_plan *plan, char **envp)
{
    int64_t r = host_exec(t, plan->file.host, -1, plan->argv, envp);
    return r == -ENOENT ? host_exec(t, NULL, plan->file.fd, plan->argv, envp) : r;
}

static int64_t exec_self(struct task *t, int self_fd, char **command, char **environment)
{
    return host_exec(t, self_fd < 0 ? "/proc/self/exe" : NULL, self_fd, command, environment);
}

/* A descriptor that stays open over exec; -1: none. */
static int pass_fd(int fd)
{
    int passed = fcntl(fd, F_DUPFD, PASSED_FD_MIN);
    return passed < 0 ? fcntl(fd, F_DUPFD, 3) : passed;
}

static int64_t exec_guest(struct task *t, const char *name, struct exec_memory *m)
{
    struct process *p = t->process;
    char limits[256], self[16] = "", executed[sizeof EXECUTED + sizeof limits + 32];
    struct program_plan *plan = &m->plan;
    int64_t r = check_guest(p, plan);
    if (r < 0)
        return r;
    bool bare = access("/proc/self/exe", F_OK) < 0; /* no /proc, as in a bare chroot */
    if (bare && p->self_fd < 0) /* the host's kernel may know of us (binfmt_misc) */
        return exec_native(t, plan, m->envp);
    int fd = pass_fd(plan->file.fd);
    if (fd < 0)
        return -errno;
    int self_fd = bare ? pass_fd(p->self_fd) : -1;
    if (self_fd >= 0)
        snprintf(self, sizeof self, "@%d", self_fd);
    limits_write(p, limits, sizeof limits);
    snprintf(executed, sizeof executed, "%s=%d%s%s", EXECUTED, fd, self, limits);
    m->command = make_command(p, name, plan->argv);
    m->environment = make_environment(m->envp, executed);
    r = -ENOMEM;
    if (m->command && m->environment)
        r = exec_self(t, self_fd, m->command, m->environment);
    close(fd);
    if (self_fd >= 0)
        close(self_fd);
    return r;
}

int64_t program_exec(struct task *t, int dirfd, char *path, char **argv, char **envp, int flags)
{
    struct process *p = t->process;
    struct exec_memory *m = calloc(1, sizeof *m);
    char name[NAME_BYTES];
    char *none[] = { (char *)(uintptr_t)"", NULL };
    if (!m)
        return -ENOMEM;
    m->path = path;
    m->argv = argv;
    m->envp = envp;
    int64_t r = make_plan(p, dirfd, path, *argv ? argv : none, flags, name, &m->plan);
    if (!r) {
        t->exec = m;
        signals_exec(t, true);
        r = m->plan.kind == PROGRAM_NATIVE ? exec_native(t, &m->plan, envp)
                                           : exec_guest(t, name, m);
        signals_exec(t, false);
        t->exec = NULL;
        program_plan_clear(&m->plan);
    }
    free(m->command);
    free(m->environment);
    free(m);
    return r;
}
