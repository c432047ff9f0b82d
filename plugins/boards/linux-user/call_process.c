/* SPDX-License-Identifier: MIT */
/* call_process.c: exec, limits, prctl, names of the system. */
#include "calls-state.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <linux/keyctl.h>
#include <linux/prctl.h>
#include <linux/reboot.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

/* ---- exec
 * -------------------------------------------------------------------------------------- */

enum { EXEC_STRINGS = 1 << 20, EXEC_STRING_BYTES = 131072 };

static void strings_free(char **strings)
{
    for (char **s = strings; s && *s; s++)
        free(*s);
    free(strings);
}

/* A NULL-terminated array of strings of the guest, copied; a NULL array is an empty one, as in
 * Linux. */
static int64_t strings_get(struct task *t, uint64_t gva, char ***ret)
{
    size_t n = 0, room = 64;
    char **strings = malloc(room * sizeof *strings);
    int error = strings ? 0 : -ENOMEM;
    while (!error) {
        uint64_t s = 0;
        if (n + 1 == room) {
            char **more = realloc(strings, 2 * room * sizeof *strings);
            if (!more) {
                error = -ENOMEM;
                break;
            }
            strings = more;
            room *= 2;
        }
        strings[n] = NULL;
        if (gva && guest_read(t, gva + 8 * n, &s, 8))
            error = -EFAULT;
        if (error || !s)
            break;
        if (n == EXEC_STRINGS)
            error = -E2BIG;
        else if (!(strings[n] = guest_string(t, s, EXEC_STRING_BYTES, &error)))
            error = error == -ENAMETOOLONG ? -E2BIG : error;
        else
            n++;
    }
    if (error) {
        if (strings)
            strings[n] = NULL;
        strings_free(strings);
        return error;
    }
    *ret = strings;
    return 0;
}

static int64_t exec_at(struct task *t, int dir, uint64_t path_gva, uint64_t argv_gva,
                       uint64_t envp_gva, int flags)
{
    int error = -EFAULT;
    char *path = guest_string(t, path_gva, PATH_MAX, &error), **argv = NULL, **envp = NULL;
    if (!path)
        return error;
    int64_t result = strings_get(t, argv_gva, &argv);
    if (!result)
        result = strings_get(t, envp_gva, &envp);
    if (!result)
        result = program_exec(t, dir, path, argv, envp, flags);
    strings_free(argv);
    strings_free(envp);
    free(path);
    return result;
}

int64_t call_execve(struct task *t, const uint64_t a[6])
{
    return exec_at(t, AT_FDCWD, a[0], a[1], a[2], 0);
}

int64_t call_execveat(struct task *t, const uint64_t a[6])
{
    if (a[4] & ~(uint64_t)(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
        return -EINVAL;
    return exec_at(t, (int)a[0], a[1], a[2], a[3], (int)a[4]);
}

/* ---- the system's name
 * ------------------------------------------------------------------------- */

int64_t call_uname(struct task *t, const uint64_t a[6])
{
    const struct process *p = t->process;
    struct utsname name; /* six strings of 65 bytes in each layout */
    int64_t result = quick_call(SYS_uname, ptr_arg(&name), 0, 0, 0, 0, 0);
    if (result)
        return result;
    snprintf(name.machine, sizeof name.machine, "%s", p->abi->machine);
    if (p->uname_release)
        snprintf(name.release, sizeof name.release, "%s", p->uname_release);
    return guest_write(t, a[0], &name, sizeof name);
}

/* ---- limits
 * ------------------------------------------------------------------------------------ */

/* Limits of address space hit the emulator's own: the guest sees what it set, the host is not
 * told. */
static bool limit_is_held(uint32_t what)
{
    return what == RLIMIT_AS || what == RLIMIT_DATA || what == RLIMIT_STACK;
}

static bool own_pid(int32_t pid)
{
    return !pid || pid == getpid();
}

static int64_t held_limit(struct task *t, uint32_t what, const struct rlimit64 *set,
                          struct rlimit64 *ret_old)
{
    struct process *p = t->process;
    struct calls *c = p->calls;
    struct rlimit64 now;
    if (c->held_limits >> what & 1)
        now = c->limits[what];
    else if (prlimit64(0, what, NULL, &now))
        return -errno;
    if (set) {
        if (set->rlim_cur > set->rlim_max)
            return -EINVAL;
        if (set->rlim_max > now.rlim_max && geteuid() != 0)
            return -EPERM;
        c->limits[what] = *set;
        c->held_limits |= UINT32_C(1) << what;
        if (what == RLIMIT_AS)
            p->as_limit = set->rlim_cur;
        if (what == RLIMIT_DATA)
            p->data_limit = set->rlim_cur;
    }
    *ret_old = now;
    return 0;
}

void limits_write(const struct process *p, char *buf, size_t size)
{
    const struct calls *c = p->calls;
    size_t n = 0;
    *buf = '\0';
    for (unsigned what = 0; what < HELD_LIMITS && n < size; what++)
        if (c->held_limits >> what & 1)
            n += (size_t)snprintf(buf + n, size - n, ";%u=%llu:%llu", what,
                                  (unsigned long long)c->limits[what].rlim_cur,
                                  (unsigned long long)c->limits[what].rlim_max);
}

void limits_read(struct process *p, const char *text)
{
    struct calls *c = p->calls;
    unsigned what;
    unsigned long long now, max;
    for (; (text = strchr(text, ';')); text++) {
        if (sscanf(text, ";%u=%llu:%llu", &what, &now, &max) != 3 || !limit_is_held(what))
            continue;
        c->limits[what] = (struct rlimit64){ now, max };
        c->held_limits |= UINT32_C(1) << what;
        if (what == RLIMIT_AS)
            p->as_limit = now;
        if (what == RLIMIT_DATA)
            p->data_limit = now;
    }
}

int64_t call_prlimit64(struct task *t, const uint64_t a[6])
{
    uint32_t what = (uint32_t)a[1];
    struct rlimit64 set, old;
    if (a[2] && guest_read(t, a[2], &set, sizeof set))
        return -EFAULT;
    int64_t result = own_pid((int32_t)a[0]) && limit_is_held(what)
                         ? held_limit(t, what, a[2] ? &set : NULL, &old)
                         : quick_call(SYS_prlimit64, a[0], what, a[2] ? ptr_arg(&set) : 0,
                                      ptr_arg(&old), 0, 0);
    if (!result && a[3] && guest_write(t, a[3], &old, sizeof old))
        return -EFAULT;
    return result;
}

int64_t call_getrlimit(struct task *t, const uint64_t a[6])
{
    const uint64_t args[6] = { 0, a[0], 0, a[1], 0, 0 };
    if (!a[1])
        return (uint32_t)a[0] < RLIM_NLIMITS ? -EFAULT : -EINVAL;
    return call_prlimit64(t, args);
}

int64_t call_setrlimit(struct task *t, const uint64_t a[6])
{
    const uint64_t args[6] = { 0, a[0], a[1], 0, 0, 0 };
    return a[1] ? call_prlimit64(t, args) : -EFAULT;
}

/* ---- prctl
 * ------------------------------------------------------------------------------------- */

enum prctl_kind { PRCTL_NUMBERS, PRCTL_OUT, PRCTL_STRING, PRCTL_NAME, PRCTL_REFUSED };
static const struct prctl_row {
    uint32_t option;
    uint8_t kind;
    uint8_t bytes; /* PRCTL_OUT: how many at argument 2 */
} prctl_rows[] = {
    { PR_SET_PDEATHSIG, PRCTL_NUMBERS, 0 },
    { PR_GET_PDEATHSIG, PRCTL_OUT, 4 },
    { PR_GET_DUMPABLE, PRCTL_NUMBERS, 0 },
    { PR_SET_DUMPABLE, PRCTL_NUMBERS, 0 },
    { PR_GET_KEEPCAPS, PRCTL_NUMBERS, 0 },
    { PR_SET_KEEPCAPS, PRCTL_NUMBERS, 0 },
    { PR_GET_TIMING, PRCTL_NUMBERS, 0 },
    { PR_SET_TIMING, PRCTL_NUMBERS, 0 },
    { PR_SET_NAME, PRCTL_NAME, 16 },
    { PR_GET_NAME, PRCTL_OUT, 16 },
    { PR_CAPBSET_READ, PRCTL_NUMBERS, 0 },
    { PR_CAPBSET_DROP, PRCTL_NUMBERS, 0 },
    { PR_GET_SECUREBITS, PRCTL_NUMBERS, 0 },
    { PR_SET_SECUREBITS, PRCTL_NUMBERS, 0 },
    { PR_SET_TIMERSLACK, PRCTL_NUMBERS, 0 },
    { PR_GET_TIMERSLACK, PRCTL_NUMBERS, 0 },
    { PR_MCE_KILL, PRCTL_NUMBERS, 0 },
    { PR_MCE_KILL_GET, PRCTL_NUMBERS, 0 },
    { PR_SET_PTRACER, PRCTL_NUMBERS, 0 },
    { PR_SET_CHILD_SUBREAPER, PRCTL_NUMBERS, 0 },
    { PR_GET_CHILD_SUBREAPER, PRCTL_OUT, 4 },
    { PR_SET_NO_NEW_PRIVS, PRCTL_NUMBERS, 0 },
    { PR_GET_NO_NEW_PRIVS, PRCTL_NUMBERS, 0 },
    { PR_SET_THP_DISABLE, PRCTL_NUMBERS, 0 },
    { PR_GET_THP_DISABLE, PRCTL_NUMBERS, 0 },
    { PR_CAP_AMBIENT, PRCTL_NUMBERS, 0 },
    { PR_SET_IO_FLUSHER, PRCTL_NUMBERS, 0 },
    { PR_GET_IO_FLUSHER, PRCTL_NUMBERS, 0 },
    { PR_GET_SPECULATION_CTRL, PRCTL_NUMBERS, 0 },
    { PR_SET_SPECULATION_CTRL, PRCTL_NUMBERS, 0 },
    { PR_GET_SECCOMP, PRCTL_NUMBERS, 0 },
    /* A filter would see the host's numbers and kill the emulator's own calls. */
    { PR_SET_SECCOMP, PRCTL_REFUSED, 0 },
    { PR_SET_SYSCALL_USER_DISPATCH, PRCTL_REFUSED, 0 },
    { PR_SET_MM, PRCTL_REFUSED, 0 },
};

static int64_t prctl_name(struct task *t, uint64_t gva)
{
    char name[16] = "";
    for (unsigned i = 0; i < 15; i++) {
        if (guest_read(t, gva + i, &name[i], 1))
            return -EFAULT;
        if (!name[i])
            break;
    }
    return quick_call(SYS_prctl, PR_SET_NAME, ptr_arg(name), 0, 0, 0, 0);
}

/* The rest belongs to architectures: what the target does not do, no processor of its kind has. */
int64_t call_prctl(struct task *t, const uint64_t a[6])
{
    const struct prctl_row *row = NULL;
    uint32_t option = (uint32_t)a[0];
    for (size_t i = 0; i < sizeof prctl_rows / sizeof *prctl_rows && !row; i++)
        if (prctl_rows[i].option == option)
            row = &prctl_rows[i];
    if (option == PR_GET_TID_ADDRESS)
        return guest_write(t, a[1], &t->clear_child_tid, 8);
    const struct bp_linux_abi *abi = t->process->abi;
    if (!row && abi->size > offsetof(struct bp_linux_abi, prctl) && abi->prctl) {
        int64_t result = abi->prctl(t->env, a);
        if (result != -ENOSYS)
            return result;
    }
    if (!row || row->kind == PRCTL_REFUSED) {
        if (option != PR_SET_VMA)
            call_unimplemented(t, "prctl option %u is not supported: %s", option, strerror(EINVAL));
        return -EINVAL;
    }
    if (row->kind == PRCTL_NAME)
        return prctl_name(t, a[1]);
    if (row->kind == PRCTL_OUT)
        return host_call(t, SYS_prctl, option, ptr_arg(arg_out(t, a[1], row->bytes)), a[2], a[3],
                         a[4], 0);
    return host_call(t, SYS_prctl, option, a[1], a[2], a[3], a[4], 0);
}

/* ---- others
 * ------------------------------------------------------------------------------------ */

int64_t call_unshare(struct task *t, const uint64_t a[6])
{
    return host_call(t, SYS_unshare, a[0], 0, 0, 0, 0, 0);
}

int64_t call_restart_syscall(struct task *t, const uint64_t a[6])
{
    (void)t, (void)a;
    return -EINTR; /* restarts are arranged without it */
}

int64_t call_reboot(struct task *t, const uint64_t a[6])
{
    int error;
    char *command = NULL;
    if ((uint32_t)a[2] == LINUX_REBOOT_CMD_RESTART2 &&
        !(command = guest_string(t, a[3], 256, &error)))
        return -EFAULT;
    int64_t result = host_call(t, SYS_reboot, a[0], a[1], a[2], ptr_arg(command), 0, 0);
    free(command);
    return result;
}

/* struct sched_attr begins with its size. */
int64_t call_sched_setattr(struct task *t, const uint64_t a[6])
{
    uint32_t size = 0;
    if (!a[1])
        return -EINVAL;
    if (guest_read(t, a[1], &size, sizeof size))
        return -EFAULT;
    return host_call(t, SYS_sched_setattr, a[0], ptr_arg(arg_out(t, a[1], size < 48 ? 48 : size)),
                     a[2], 0, 0, 0);
}

int64_t call_pidfd_getfd(struct task *t, const uint64_t a[6])
{
    if (fd_is_own(t->process, (int)a[1]))
        return -EBADF;
    return host_call(t, SYS_pidfd_getfd, a[0], a[1], a[2], 0, 0, 0);
}

/* ---- keyctl
 * ------------------------------------------------------------------------------------ */

/* Arguments 2 to 5 of an operation: n number, s string, i bytes in, o bytes out, where the next
 * one is the length; v vector of the length next. */
static const struct keyctl_row {
    uint8_t operation;
    const char args[5];
} keyctl_rows[] = {
    { KEYCTL_GET_KEYRING_ID, "nn" },
    { KEYCTL_JOIN_SESSION_KEYRING, "s" },
    { KEYCTL_UPDATE, "nin" },
    { KEYCTL_REVOKE, "n" },
    { KEYCTL_CHOWN, "nnn" },
    { KEYCTL_SETPERM, "nn" },
    { KEYCTL_DESCRIBE, "non" },
    { KEYCTL_CLEAR, "n" },
    { KEYCTL_LINK, "nn" },
    { KEYCTL_UNLINK, "nn" },
    { KEYCTL_SEARCH, "nssn" },
    { KEYCTL_READ, "non" },
    { KEYCTL_INSTANTIATE, "ninn" },
    { KEYCTL_NEGATE, "nnn" },
    { KEYCTL_SET_REQKEY_KEYRING, "n" },
    { KEYCTL_SET_TIMEOUT, "nn" },
    { KEYCTL_ASSUME_AUTHORITY, "n" },
    { KEYCTL_GET_SECURITY, "non" },
    { KEYCTL_SESSION_TO_PARENT, "" },
    { KEYCTL_REJECT, "nnnn" },
    { KEYCTL_INSTANTIATE_IOV, "nvnn" },
    { KEYCTL_INVALIDATE, "n" },
    { KEYCTL_GET_PERSISTENT, "nn" },
    { KEYCTL_RESTRICT_KEYRING, "nss" },
    { KEYCTL_MOVE, "nnnn" },
    { KEYCTL_CAPABILITIES, "on" },
};

int64_t call_keyctl(struct task *t, const uint64_t a[6])
{
    const struct keyctl_row *row = NULL;
    struct iovec iov[IOV_MAX];
    uint64_t h[6] = { a[0], a[1], a[2], a[3], a[4], 0 };
    char *strings[4] = { NULL };
    for (size_t i = 0; i < sizeof keyctl_rows / sizeof *keyctl_rows && !row; i++)
        if (keyctl_rows[i].operation == (uint32_t)a[0])
            row = &keyctl_rows[i];
    if (!row) {
        call_unimplemented(t, "keyctl operation %u is not supported", (uint32_t)a[0]);
        return -EOPNOTSUPP;
    }
    for (unsigned i = 0; row->args[i]; i++) {
        uint64_t v = a[i + 1];
        int error;
        switch (row->args[i]) {
        case 'i': h[i + 1] = ptr_arg(arg_in(t, v, a[i + 2])); break;
        case 'o': h[i + 1] = ptr_arg(arg_out(t, v, a[i + 2])); break;
        case 's':
            if (v && !(strings[i] = guest_string(t, v, 4096, &error)))
                h[i + 1] = ptr_arg(BAD_POINTER);
            else
                h[i + 1] = ptr_arg(strings[i]);
            break;
        case 'v':
            if (v)
                h[i + 1] = a[i + 2] <= IOV_MAX && iov_get(t, v, a[i + 2], false, iov)
                               ? ptr_arg(BAD_POINTER)
                               : ptr_arg(iov);
            break;
        default: break;
        }
    }
    int64_t result = host_call(t, SYS_keyctl, h[0], h[1], h[2], h[3], h[4], 0);
    for (unsigned i = 0; i < 4; i++)
        free(strings[i]);
    return result;
}
