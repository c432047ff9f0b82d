/* SPDX-License-Identifier: MIT */
/* strace_names.c: names of flags and values, as the kernel's headers have them. */
#include "strace.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>
#include <linux/falloc.h>
#include <linux/keyctl.h>
#include <linux/membarrier.h>

#define N(name) { (uint64_t)(name), #name }
#define NAMES(n, part)                                                                             \
    const struct names names_##n = { part, rows_##n, sizeof rows_##n / sizeof *rows_##n };

static const struct name_row rows_xattr[] = {
    N(XATTR_CREATE), N(XATTR_REPLACE),
};
NAMES(xattr, 0)

static const struct name_row rows_eventfd[] = {
    N(EFD_CLOEXEC), N(EFD_NONBLOCK), N(EFD_SEMAPHORE),
};
NAMES(eventfd, 0)

static const struct name_row rows_epoll_create[] = {
    N(EPOLL_CLOEXEC),
};
NAMES(epoll_create, 0)

static const struct name_row rows_epoll_op[] = {
    N(EPOLL_CTL_ADD), N(EPOLL_CTL_DEL), N(EPOLL_CTL_MOD),
};
NAMES(epoll_op, 0)

static const struct name_row rows_open[] = {
    N(O_RDONLY), N(O_WRONLY), N(O_RDWR), N(O_PATH), N(O_TMPFILE), N(O_CREAT), N(O_EXCL),
    N(O_NOCTTY), N(O_TRUNC), N(O_APPEND), N(O_NONBLOCK), N(O_SYNC), N(O_DSYNC), N(O_ASYNC),
    N(O_DIRECT), { 0100000, "O_LARGEFILE" }, N(O_DIRECTORY), N(O_NOFOLLOW), N(O_NOATIME),
    N(O_CLOEXEC),
};
NAMES(open, O_ACCMODE)

static const struct name_row rows_fcntl[] = {
    N(F_DUPFD), N(F_GETFD), N(F_SETFD), N(F_GETFL), N(F_SETFL), N(F_GETLK), N(F_SETLK),
    N(F_SETLKW), N(F_SETOWN), N(F_GETOWN), N(F_SETSIG), N(F_GETSIG), N(F_SETOWN_EX),
    N(F_GETOWN_EX), N(F_OFD_GETLK), N(F_OFD_SETLK), N(F_OFD_SETLKW), N(F_SETLEASE), N(F_GETLEASE),
    N(F_NOTIFY), N(F_DUPFD_CLOEXEC), N(F_SETPIPE_SZ), N(F_GETPIPE_SZ), N(F_ADD_SEALS),
    N(F_GET_SEALS), N(F_GET_RW_HINT), N(F_SET_RW_HINT), N(F_GET_FILE_RW_HINT),
    N(F_SET_FILE_RW_HINT),
};
NAMES(fcntl, 0)

static const struct name_row rows_inotify[] = {
    N(IN_ACCESS), N(IN_MODIFY), N(IN_ATTRIB), N(IN_CLOSE_WRITE), N(IN_CLOSE_NOWRITE), N(IN_OPEN),
    N(IN_MOVED_FROM), N(IN_MOVED_TO), N(IN_CREATE), N(IN_DELETE), N(IN_DELETE_SELF),
    N(IN_MOVE_SELF), N(IN_ONLYDIR), N(IN_DONT_FOLLOW), N(IN_EXCL_UNLINK), N(IN_MASK_CREATE),
    N(IN_MASK_ADD), N(IN_ISDIR), N(IN_ONESHOT),
};
NAMES(inotify, 0)

static const struct name_row rows_flock[] = {
    N(LOCK_SH), N(LOCK_EX), N(LOCK_NB), N(LOCK_UN),
};
NAMES(flock, 0)

static const struct name_row rows_at[] = {
    N(AT_SYMLINK_NOFOLLOW), N(AT_REMOVEDIR), N(AT_SYMLINK_FOLLOW), N(AT_NO_AUTOMOUNT),
    N(AT_EMPTY_PATH), N(AT_STATX_FORCE_SYNC), N(AT_STATX_DONT_SYNC), N(AT_RECURSIVE),
};
NAMES(at, 0)

static const struct name_row rows_at_unlink[] = {
    N(AT_REMOVEDIR),
};
NAMES(at_unlink, 0)

static const struct name_row rows_at_access[] = {
    N(AT_SYMLINK_NOFOLLOW), N(AT_EACCESS), N(AT_EMPTY_PATH),
};
NAMES(at_access, 0)

static const struct name_row rows_umount[] = {
    N(MNT_FORCE), N(MNT_DETACH), N(MNT_EXPIRE), N(UMOUNT_NOFOLLOW),
};
NAMES(umount, 0)

static const struct name_row rows_mount[] = {
    N(MS_RDONLY), N(MS_NOSUID), N(MS_NODEV), N(MS_NOEXEC), N(MS_SYNCHRONOUS), N(MS_REMOUNT),
    N(MS_MANDLOCK), N(MS_DIRSYNC), N(MS_NOATIME), N(MS_NODIRATIME), N(MS_BIND), N(MS_MOVE),
    N(MS_REC), N(MS_SILENT), N(MS_UNBINDABLE), N(MS_PRIVATE), N(MS_SLAVE), N(MS_SHARED),
    N(MS_RELATIME), N(MS_STRICTATIME), N(MS_LAZYTIME),
};
NAMES(mount, 0)

static const struct name_row rows_fallocate[] = {
    N(FALLOC_FL_KEEP_SIZE), N(FALLOC_FL_PUNCH_HOLE), N(FALLOC_FL_COLLAPSE_RANGE),
    N(FALLOC_FL_ZERO_RANGE), N(FALLOC_FL_INSERT_RANGE), N(FALLOC_FL_UNSHARE_RANGE),
};
NAMES(fallocate, 0)

static const struct name_row rows_access[] = {
    N(F_OK), N(R_OK), N(W_OK), N(X_OK), { R_OK|W_OK, "R_OK|W_OK" }, { R_OK|X_OK, "R_OK|X_OK" },
    { W_OK|X_OK, "W_OK|X_OK" }, { R_OK|W_OK|X_OK, "R_OK|W_OK|X_OK" },
};
NAMES(access, R_OK|W_OK|X_OK)

static const struct name_row rows_whence[] = {
    N(SEEK_SET), N(SEEK_CUR), N(SEEK_END), N(SEEK_DATA), N(SEEK_HOLE),
};
NAMES(whence, 0)

static const struct name_row rows_splice[] = {
    N(SPLICE_F_MOVE), N(SPLICE_F_NONBLOCK), N(SPLICE_F_MORE), N(SPLICE_F_GIFT),
};
NAMES(splice, 0)

static const struct name_row rows_clock[] = {
    N(CLOCK_REALTIME), N(CLOCK_MONOTONIC), N(CLOCK_PROCESS_CPUTIME_ID),
    N(CLOCK_THREAD_CPUTIME_ID), N(CLOCK_MONOTONIC_RAW), N(CLOCK_REALTIME_COARSE),
    N(CLOCK_MONOTONIC_COARSE), N(CLOCK_BOOTTIME), N(CLOCK_REALTIME_ALARM),
    N(CLOCK_BOOTTIME_ALARM), N(CLOCK_TAI),
};
NAMES(clock, 0)

static const struct name_row rows_timer[] = {
    N(TIMER_ABSTIME),
};
NAMES(timer, 0)

static const struct name_row rows_idtype[] = {
    N(P_ALL), N(P_PID), N(P_PGID), { 3, "P_PIDFD" },
};
NAMES(idtype, 0)

static const struct name_row rows_wait[] = {
    N(WNOHANG), N(WUNTRACED), N(WEXITED), N(WCONTINUED), N(WNOWAIT),
    { 0x20000000, "__WNOTHREAD" }, { 0x40000000, "__WALL" }, { 0x80000000, "__WCLONE" },
};
NAMES(wait, 0)

static const struct name_row rows_clone[] = {
    N(SIGCHLD), N(CLONE_VM), N(CLONE_FS), N(CLONE_FILES), N(CLONE_SIGHAND), N(CLONE_PIDFD),
    N(CLONE_PTRACE), N(CLONE_VFORK), N(CLONE_PARENT), N(CLONE_THREAD), N(CLONE_NEWNS),
    N(CLONE_SYSVSEM), N(CLONE_SETTLS), N(CLONE_PARENT_SETTID), N(CLONE_CHILD_CLEARTID),
    N(CLONE_UNTRACED), N(CLONE_CHILD_SETTID), N(CLONE_NEWCGROUP), N(CLONE_NEWUTS),
    N(CLONE_NEWIPC), N(CLONE_NEWUSER), N(CLONE_NEWPID), N(CLONE_NEWNET), N(CLONE_IO),
    { 0x100000000, "CLONE_CLEAR_SIGHAND" }, { 0x200000000, "CLONE_INTO_CGROUP" },
};
NAMES(clone, 0xff)

static const struct name_row rows_itimer[] = {
    N(ITIMER_REAL), N(ITIMER_VIRTUAL), N(ITIMER_PROF),
};
NAMES(itimer, 0)

static const struct name_row rows_sched[] = {
    N(SCHED_OTHER), N(SCHED_FIFO), N(SCHED_RR), N(SCHED_BATCH), N(SCHED_IDLE),
    { 6, "SCHED_DEADLINE" },
};
NAMES(sched, 0)

static const struct name_row rows_sigprocmask[] = {
    N(SIG_BLOCK), N(SIG_UNBLOCK), N(SIG_SETMASK),
};
NAMES(sigprocmask, 0)

static const struct name_row rows_priority[] = {
    N(PRIO_PROCESS), N(PRIO_PGRP), N(PRIO_USER),
};
NAMES(priority, 0)

static const struct name_row rows_rlimit[] = {
    N(RLIMIT_CPU), N(RLIMIT_FSIZE), N(RLIMIT_DATA), N(RLIMIT_STACK), N(RLIMIT_CORE),
    N(RLIMIT_RSS), N(RLIMIT_NPROC), N(RLIMIT_NOFILE), N(RLIMIT_MEMLOCK), N(RLIMIT_AS),
    N(RLIMIT_LOCKS), N(RLIMIT_SIGPENDING), N(RLIMIT_MSGQUEUE), N(RLIMIT_NICE), N(RLIMIT_RTPRIO),
    N(RLIMIT_RTTIME),
};
NAMES(rlimit, 0)

static const struct name_row rows_rusage[] = {
    N(RUSAGE_SELF), { 0xffffffff, "RUSAGE_CHILDREN" }, { 1, "RUSAGE_THREAD" },
};
NAMES(rusage, 0)

static const struct name_row rows_ipc[] = {
    N(IPC_CREAT), N(IPC_EXCL), N(IPC_NOWAIT),
};
NAMES(ipc, 0777)

static const struct name_row rows_ipc_command[] = {
    N(IPC_RMID), N(IPC_SET), N(IPC_STAT), N(IPC_INFO), N(GETPID), N(GETVAL), N(GETALL),
    N(GETNCNT), N(GETZCNT), N(SETVAL), N(SETALL),
};
NAMES(ipc_command, 0)

static const struct name_row rows_family[] = {
    N(AF_UNSPEC), N(AF_UNIX), N(AF_INET), N(AF_INET6), N(AF_NETLINK), N(AF_PACKET), N(AF_ALG),
    N(AF_VSOCK), N(AF_BLUETOOTH), N(AF_CAN),
};
NAMES(family, 0)

static const struct name_row rows_socket[] = {
    N(SOCK_STREAM), N(SOCK_DGRAM), N(SOCK_RAW), N(SOCK_RDM), N(SOCK_SEQPACKET), N(SOCK_PACKET),
    N(SOCK_CLOEXEC), N(SOCK_NONBLOCK),
};
NAMES(socket, 0xf)

static const struct name_row rows_msg[] = {
    N(MSG_OOB), N(MSG_PEEK), N(MSG_DONTROUTE), N(MSG_CTRUNC), N(MSG_TRUNC), N(MSG_DONTWAIT),
    N(MSG_EOR), N(MSG_WAITALL), N(MSG_CONFIRM), N(MSG_ERRQUEUE), N(MSG_NOSIGNAL), N(MSG_MORE),
    N(MSG_WAITFORONE), N(MSG_FASTOPEN), N(MSG_CMSG_CLOEXEC),
};
NAMES(msg, 0)

static const struct name_row rows_sol[] = {
    N(SOL_SOCKET), { 0, "SOL_IP" }, { 6, "SOL_TCP" }, { 17, "SOL_UDP" }, { 41, "SOL_IPV6" },
    { 58, "SOL_ICMPV6" }, { 263, "SOL_PACKET" }, { 270, "SOL_NETLINK" }, { 279, "SOL_ALG" },
};
NAMES(sol, 0)

static const struct name_row rows_mremap[] = {
    N(MREMAP_MAYMOVE), N(MREMAP_FIXED), { 4, "MREMAP_DONTUNMAP" },
};
NAMES(mremap, 0)

static const struct name_row rows_prot[] = {
    N(PROT_NONE), N(PROT_READ), N(PROT_WRITE), N(PROT_EXEC), N(PROT_GROWSDOWN), N(PROT_GROWSUP),
};
NAMES(prot, 0)

static const struct name_row rows_map[] = {
    N(MAP_SHARED), N(MAP_PRIVATE), N(MAP_SHARED_VALIDATE), N(MAP_FIXED), N(MAP_ANONYMOUS),
    N(MAP_GROWSDOWN), N(MAP_DENYWRITE), N(MAP_EXECUTABLE), N(MAP_LOCKED), N(MAP_NORESERVE),
    N(MAP_POPULATE), N(MAP_NONBLOCK), N(MAP_STACK), N(MAP_HUGETLB), N(MAP_SYNC),
    N(MAP_FIXED_NOREPLACE),
};
NAMES(map, 0xf)

static const struct name_row rows_msync[] = {
    N(MS_ASYNC), N(MS_INVALIDATE), N(MS_SYNC),
};
NAMES(msync, 0)

static const struct name_row rows_madvise[] = {
    N(MADV_NORMAL), N(MADV_RANDOM), N(MADV_SEQUENTIAL), N(MADV_WILLNEED), N(MADV_DONTNEED),
    N(MADV_FREE), N(MADV_REMOVE), N(MADV_DONTFORK), N(MADV_DOFORK), N(MADV_MERGEABLE),
    N(MADV_UNMERGEABLE), N(MADV_HUGEPAGE), N(MADV_NOHUGEPAGE), N(MADV_DONTDUMP), N(MADV_DODUMP),
    N(MADV_WIPEONFORK), N(MADV_KEEPONFORK), N(MADV_COLD), N(MADV_PAGEOUT),
    { 22, "MADV_POPULATE_READ" }, { 23, "MADV_POPULATE_WRITE" },
};
NAMES(madvise, 0)

static const struct name_row rows_rename[] = {
    { 1, "RENAME_NOREPLACE" }, { 2, "RENAME_EXCHANGE" }, { 4, "RENAME_WHITEOUT" },
};
NAMES(rename, 0)

static const struct name_row rows_getrandom[] = {
    N(GRND_NONBLOCK), N(GRND_RANDOM), N(GRND_INSECURE),
};
NAMES(getrandom, 0)

static const struct name_row rows_memfd[] = {
    N(MFD_CLOEXEC), N(MFD_ALLOW_SEALING), N(MFD_HUGETLB), { 8, "MFD_NOEXEC_SEAL" },
    { 0x10, "MFD_EXEC" },
};
NAMES(memfd, 0)

static const struct name_row rows_membarrier[] = {
    N(MEMBARRIER_CMD_QUERY), N(MEMBARRIER_CMD_GLOBAL), N(MEMBARRIER_CMD_GLOBAL_EXPEDITED),
    N(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED), N(MEMBARRIER_CMD_PRIVATE_EXPEDITED),
    N(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED), N(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE),
    N(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE),
};
NAMES(membarrier, 0)

static const struct name_row rows_close_range[] = {
    { 2, "CLOSE_RANGE_UNSHARE" }, { 4, "CLOSE_RANGE_CLOEXEC" },
};
NAMES(close_range, 0)

static const struct name_row rows_keyctl[] = {
    N(KEYCTL_GET_KEYRING_ID), N(KEYCTL_JOIN_SESSION_KEYRING), N(KEYCTL_UPDATE), N(KEYCTL_REVOKE),
    N(KEYCTL_CHOWN), N(KEYCTL_SETPERM), N(KEYCTL_DESCRIBE), N(KEYCTL_CLEAR), N(KEYCTL_LINK),
    N(KEYCTL_UNLINK), N(KEYCTL_SEARCH), N(KEYCTL_READ), N(KEYCTL_INSTANTIATE), N(KEYCTL_NEGATE),
    N(KEYCTL_SET_REQKEY_KEYRING), N(KEYCTL_SET_TIMEOUT), N(KEYCTL_ASSUME_AUTHORITY),
    N(KEYCTL_GET_SECURITY), N(KEYCTL_SESSION_TO_PARENT), N(KEYCTL_REJECT),
    N(KEYCTL_INSTANTIATE_IOV), N(KEYCTL_INVALIDATE), N(KEYCTL_GET_PERSISTENT),
    N(KEYCTL_DH_COMPUTE), N(KEYCTL_PKEY_QUERY), N(KEYCTL_PKEY_ENCRYPT), N(KEYCTL_PKEY_DECRYPT),
    N(KEYCTL_PKEY_SIGN), N(KEYCTL_PKEY_VERIFY), N(KEYCTL_RESTRICT_KEYRING), N(KEYCTL_MOVE),
    N(KEYCTL_CAPABILITIES), N(KEYCTL_WATCH_KEY),
};
NAMES(keyctl, 0)

static const struct name_row rows_prctl[] = {
    N(PR_SET_PDEATHSIG), N(PR_GET_PDEATHSIG), N(PR_GET_DUMPABLE), N(PR_SET_DUMPABLE),
    N(PR_GET_UNALIGN), N(PR_SET_UNALIGN), N(PR_GET_KEEPCAPS), N(PR_SET_KEEPCAPS), N(PR_GET_FPEMU),
    N(PR_SET_FPEMU), N(PR_GET_FPEXC), N(PR_SET_FPEXC), N(PR_GET_TIMING), N(PR_SET_TIMING),
    N(PR_SET_NAME), N(PR_GET_NAME), N(PR_GET_ENDIAN), N(PR_SET_ENDIAN), N(PR_GET_SECCOMP),
    N(PR_SET_SECCOMP), N(PR_CAPBSET_READ), N(PR_CAPBSET_DROP), N(PR_GET_TSC), N(PR_SET_TSC),
    N(PR_GET_SECUREBITS), N(PR_SET_SECUREBITS), N(PR_SET_TIMERSLACK), N(PR_GET_TIMERSLACK),
    N(PR_TASK_PERF_EVENTS_DISABLE), N(PR_TASK_PERF_EVENTS_ENABLE), N(PR_MCE_KILL),
    N(PR_MCE_KILL_GET), N(PR_SET_MM), N(PR_SET_PTRACER), N(PR_SET_CHILD_SUBREAPER),
    N(PR_GET_CHILD_SUBREAPER), N(PR_SET_NO_NEW_PRIVS), N(PR_GET_NO_NEW_PRIVS),
    N(PR_GET_TID_ADDRESS), N(PR_SET_THP_DISABLE), N(PR_GET_THP_DISABLE), N(PR_CAP_AMBIENT),
    N(PR_SVE_SET_VL), N(PR_SVE_GET_VL), N(PR_GET_SPECULATION_CTRL), N(PR_SET_SPECULATION_CTRL),
    N(PR_PAC_RESET_KEYS), N(PR_SET_TAGGED_ADDR_CTRL), N(PR_GET_TAGGED_ADDR_CTRL),
    N(PR_SET_IO_FLUSHER), N(PR_GET_IO_FLUSHER), N(PR_SET_SYSCALL_USER_DISPATCH), N(PR_SCHED_CORE),
    N(PR_SET_VMA),
};
NAMES(prctl, 0)

static const struct name_row rows_futex[] = {
    { 0, "FUTEX_WAIT" }, { 128, "FUTEX_WAIT_PRIVATE" }, { 1, "FUTEX_WAKE" },
    { 129, "FUTEX_WAKE_PRIVATE" }, { 2, "FUTEX_FD" }, { 130, "FUTEX_FD_PRIVATE" },
    { 3, "FUTEX_REQUEUE" }, { 131, "FUTEX_REQUEUE_PRIVATE" }, { 4, "FUTEX_CMP_REQUEUE" },
    { 132, "FUTEX_CMP_REQUEUE_PRIVATE" }, { 5, "FUTEX_WAKE_OP" },
    { 133, "FUTEX_WAKE_OP_PRIVATE" }, { 6, "FUTEX_LOCK_PI" }, { 134, "FUTEX_LOCK_PI_PRIVATE" },
    { 7, "FUTEX_UNLOCK_PI" }, { 135, "FUTEX_UNLOCK_PI_PRIVATE" }, { 8, "FUTEX_TRYLOCK_PI" },
    { 136, "FUTEX_TRYLOCK_PI_PRIVATE" }, { 9, "FUTEX_WAIT_BITSET" },
    { 137, "FUTEX_WAIT_BITSET_PRIVATE" }, { 10, "FUTEX_WAKE_BITSET" },
    { 138, "FUTEX_WAKE_BITSET_PRIVATE" }, { 11, "FUTEX_WAIT_REQUEUE_PI" },
    { 139, "FUTEX_WAIT_REQUEUE_PI_PRIVATE" }, { 12, "FUTEX_CMP_REQUEUE_PI" },
    { 140, "FUTEX_CMP_REQUEUE_PI_PRIVATE" }, { 13, "FUTEX_LOCK_PI2" },
    { 141, "FUTEX_LOCK_PI2_PRIVATE" }, { 265, "FUTEX_WAIT_BITSET|FUTEX_CLOCK_REALTIME" },
    { 393, "FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME" },
    { 267, "FUTEX_WAIT_REQUEUE_PI|FUTEX_CLOCK_REALTIME" },
    { 395, "FUTEX_WAIT_REQUEUE_PI_PRIVATE|FUTEX_CLOCK_REALTIME" },
};
NAMES(futex, 0)

/* The same on all architectures with generic numbers. */
const char *const signal_names[32] = {
    NULL, "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV",
    "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU",
    "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
};

const char *const errno_names[134] = {
    NULL, "EPERM", "ENOENT", "ESRCH", "EINTR", "EIO", "ENXIO", "E2BIG", "ENOEXEC", "EBADF",
    "ECHILD", "EAGAIN", "ENOMEM", "EACCES", "EFAULT", "ENOTBLK", "EBUSY", "EEXIST", "EXDEV",
    "ENODEV", "ENOTDIR", "EISDIR", "EINVAL", "ENFILE", "EMFILE", "ENOTTY", "ETXTBSY", "EFBIG",
    "ENOSPC", "ESPIPE", "EROFS", "EMLINK", "EPIPE", "EDOM", "ERANGE", "EDEADLK", "ENAMETOOLONG",
    "ENOLCK", "ENOSYS", "ENOTEMPTY", "ELOOP", NULL, "ENOMSG", "EIDRM", "ECHRNG", "EL2NSYNC",
    "EL3HLT", "EL3RST", "ELNRNG", "EUNATCH", "ENOCSI", "EL2HLT", "EBADE", "EBADR", "EXFULL",
    "ENOANO", "EBADRQC", "EBADSLT", NULL, "EBFONT", "ENOSTR", "ENODATA", "ETIME", "ENOSR",
    "ENONET", "ENOPKG", "EREMOTE", "ENOLINK", "EADV", "ESRMNT", "ECOMM", "EPROTO", "EMULTIHOP",
    "EDOTDOT", "EBADMSG", "EOVERFLOW", "ENOTUNIQ", "EBADFD", "EREMCHG", "ELIBACC", "ELIBBAD",
    "ELIBSCN", "ELIBMAX", "ELIBEXEC", "EILSEQ", "ERESTART", "ESTRPIPE", "EUSERS", "ENOTSOCK",
    "EDESTADDRREQ", "EMSGSIZE", "EPROTOTYPE", "ENOPROTOOPT", "EPROTONOSUPPORT", "ESOCKTNOSUPPORT",
    "EOPNOTSUPP", "EPFNOSUPPORT", "EAFNOSUPPORT", "EADDRINUSE", "EADDRNOTAVAIL", "ENETDOWN",
    "ENETUNREACH", "ENETRESET", "ECONNABORTED", "ECONNRESET", "ENOBUFS", "EISCONN", "ENOTCONN",
    "ESHUTDOWN", "ETOOMANYREFS", "ETIMEDOUT", "ECONNREFUSED", "EHOSTDOWN", "EHOSTUNREACH",
    "EALREADY", "EINPROGRESS", "ESTALE", "EUCLEAN", "ENOTNAM", "ENAVAIL", "EISNAM", "EREMOTEIO",
    "EDQUOT", "ENOMEDIUM", "EMEDIUMTYPE", "ECANCELED", "ENOKEY", "EKEYEXPIRED", "EKEYREVOKED",
    "EKEYREJECTED", "EOWNERDEAD", "ENOTRECOVERABLE", "ERFKILL", "EHWPOISON",
};
