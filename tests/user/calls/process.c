/* SPDX-License-Identifier: MIT */
/* Names, limits, credentials, scheduling, prctl, timers, random numbers. */
#include "check.h"

#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/kcmp.h>
#include <linux/keyctl.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

static void names(void)
{
    struct utsname u;
    SHOW(uname(&u));
    printf("%s\n", u.sysname);
    CHECK(u.nodename[0] && u.release[0] >= '0' && u.machine[0]);
    SHOW(syscall(SYS_uname, NOWHERE));
    struct sysinfo i;
    SHOW(sysinfo(&i));
    CHECK(i.totalram > 1000 && i.procs > 0 && i.mem_unit > 0);
    CHECK(sysconf(_SC_NPROCESSORS_ONLN) > 0);
    /* 0 is a parent, a group or a session outside of our PID namespace. */
    CHECK(getpid() > 0 && getppid() >= 0 && syscall(SYS_gettid) == getpid());
    CHECK(getpgid(0) == getpgrp() && getpgrp() >= 0 && getsid(0) >= 0);
    SHOW(getpgid(-5));
    SHOW(setpgid(0, -1));
}

static void limits(void)
{
    struct rlimit r, old;
    SHOW(getrlimit(RLIMIT_NOFILE, &r));
    old = r;
    r.rlim_cur = 99;
    SHOW(setrlimit(RLIMIT_NOFILE, &r));
    SHOW(prlimit(0, RLIMIT_NOFILE, &old, &r));
    printf("%lu\n", (long)r.rlim_cur);
    SHOW(getrlimit(99, &r));
    SHOW(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, NOWHERE));
    SHOW(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NOWHERE, NULL));
    r.rlim_cur = 5;
    r.rlim_max = 4;
    SHOW(setrlimit(RLIMIT_CORE, &r));
    r.rlim_cur = r.rlim_max = 0;
    SHOW(setrlimit(RLIMIT_CORE, &r));
    r.rlim_cur = 1 << 30;
    r.rlim_max = RLIM_INFINITY;
    SHOW(setrlimit(RLIMIT_AS, &r));
    SHOW(getrlimit(RLIMIT_AS, &r));
    printf("%lx %lx\n", (long)r.rlim_cur, (long)r.rlim_max);
    r.rlim_cur = 3;
    r.rlim_max = 2;
    SHOW(setrlimit(RLIMIT_AS, &r));
    r.rlim_cur = r.rlim_max = RLIM_INFINITY;
    SHOW(setrlimit(RLIMIT_AS, &r));
    SHOW(getpriority(PRIO_PROCESS, 0));
    SHOW(setpriority(PRIO_PROCESS, 0, 3));
    SHOW(getpriority(PRIO_PROCESS, 0));
    SHOW(getpriority(99, 0));
    struct rusage u;
    SHOW(getrusage(RUSAGE_SELF, &u));
    CHECK(u.ru_maxrss > 0);
    SHOW(getrusage(99, &u));
    SHOW(syscall(SYS_getrusage, RUSAGE_SELF, NOWHERE));
    struct tms tms;
    CHECK(times(&tms) > 0);
    SHOW(syscall(SYS_times, NOWHERE));
}

static void credentials(void)
{
    uid_t r, e, s;
    gid_t g[64];
    SHOW(getresuid(&r, &e, &s));
    CHECK(r == getuid() && e == geteuid());
    SHOW(setresuid(-1, -1, -1));
    SHOW(setreuid(r, e));
    SHOW(setuid(r));
    SHOW(setgid(getgid()));
    SHOW(getgroups(0, NULL));
    SHOW(getgroups(64, g));
    SHOW(getgroups(-1, g));
    SHOW(syscall(SYS_getresuid, NOWHERE, &e, &s));
    SHOW(syscall(SYS_setfsuid, -1));
    struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct d[2];
    SHOW(syscall(SYS_capget, &h, d));
    SHOW(syscall(SYS_capset, &h, d));
    h.version = 77;
    SHOW(syscall(SYS_capget, &h, d));
    printf("%x\n", h.version);
    SHOW(syscall(SYS_capget, NOWHERE, d));
}

static void scheduling(void)
{
    cpu_set_t set;
    struct sched_param p = { 0 };
    struct timespec t;
    CPU_ZERO(&set);
    CHECK(sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0);
    SHOW(sched_setaffinity(0, sizeof set, &set));
    SHOW(syscall(SYS_sched_getaffinity, 0, 1, &set));
    SHOW(sched_getscheduler(0));
    SHOW(sched_getparam(0, &p));
    SHOW(sched_setscheduler(0, SCHED_BATCH, &p));
    SHOW(sched_getscheduler(0));
    SHOW(sched_setscheduler(0, 77, &p));
    SHOW(sched_get_priority_max(SCHED_FIFO));
    SHOW(sched_rr_get_interval(0, &t));
    SHOW(sched_yield());
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t more[3];
        uint32_t util[2];
    } attr;
    memset(&attr, 0, sizeof attr);
    SHOW(syscall(SYS_sched_getattr, 0, &attr, sizeof attr, 0));
    printf("%u %u\n", attr.size, attr.policy);
    SHOW(syscall(SYS_sched_setattr, 0, &attr, 0));
    SHOW(syscall(SYS_sched_setattr, 0, NOWHERE, 0));
    unsigned cpu = 999, node = 999;
    SHOW(syscall(SYS_getcpu, &cpu, &node, NULL));
    CHECK(cpu < 999 && node < 999);
    SHOW(syscall(SYS_ioprio_get, 1, 0));
    SHOW_OK(syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0));
}

static void controls(void)
{
    char name[16];
    int v = 99;
    SHOW(prctl(PR_SET_NAME, "a name that is too long"));
    SHOW(prctl(PR_GET_NAME, name));
    printf("%s\n", name);
    SHOW(prctl(PR_SET_NAME, NOWHERE));
    SHOW(prctl(PR_SET_PDEATHSIG, SIGTERM));
    SHOW(prctl(PR_GET_PDEATHSIG, &v));
    printf("%d\n", v);
    SHOW(prctl(PR_SET_PDEATHSIG, 99));
    SHOW(prctl(PR_GET_DUMPABLE));
    SHOW(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
    SHOW(prctl(PR_GET_CHILD_SUBREAPER, &v, 0, 0, 0));
    SHOW(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    SHOW(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    SHOW(prctl(PR_CAPBSET_READ, 0));
    SHOW(prctl(PR_SET_TIMERSLACK, 12345));
    SHOW(prctl(PR_GET_TIMERSLACK));
    SHOW(prctl(12345, 0));
    SHOW(personality(0xffffffff) & ~0x0040000);
    SHOW(getrandom(name, 16, 0));
    SHOW(getrandom(name, 16, 99));
    SHOW(getrandom(NOWHERE, 16, 0));
    SHOW(syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, 0, 0));
    char from[] = "from", to[5] = "";
    struct iovec here = { to, 5 }, there = { from, 5 };
    SHOW(process_vm_readv(getpid(), &here, 1, &there, 1, 0));
    CHECK(!strcmp(to, "from"));
    SHOW(process_vm_writev(getpid(), &here, 1, NOWHERE, 1, 0));
    long key = syscall(SYS_add_key, "user", "backplane-test", "data", 4, KEY_SPEC_PROCESS_KEYRING);
    if (key > 0) {
        memset(to, 0, sizeof to);
        SHOW(syscall(SYS_keyctl, KEYCTL_READ, key, to, 4));
        CHECK(!memcmp(to, "data", 4));
        SHOW(syscall(SYS_keyctl, KEYCTL_REVOKE, key));
    }
    SHOW(syscall(SYS_keyctl, KEYCTL_READ, 0x7fffffff, to, 4));
}

static void clocks(void)
{
    struct timespec t, u;
    struct timeval tv;
    SHOW(clock_gettime(CLOCK_REALTIME, &t));
    SHOW(syscall(SYS_gettimeofday, &tv, NULL));
    CHECK(t.tv_sec > 1000000000 && labs(tv.tv_sec - t.tv_sec) < 600);
    SHOW(clock_getres(CLOCK_MONOTONIC, &t));
    printf("%ld.%ld\n", (long)t.tv_sec, t.tv_nsec);
    SHOW(clock_gettime(99, &t));
    SHOW(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, NOWHERE));
    CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0 && clock_gettime(CLOCK_THREAD_CPUTIME_ID, &u) == 0);
    CHECK(clock_gettime(CLOCK_BOOTTIME, &t) == 0 && clock_gettime(CLOCK_TAI, &t) == 0);
    clockid_t id;
    CHECK(clock_getcpuclockid(getpid(), &id) == 0 && clock_gettime(id, &t) == 0);
    t = (struct timespec){ 0, 1000000 };
    SHOW(clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL));
    t.tv_nsec = 1000000000;
    SHOW(clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL));
    SHOW(syscall(SYS_nanosleep, NOWHERE, NULL));
    struct timex x = { 0 };
    SHOW_OK(adjtimex(&x));
    printf("%d\n", x.tick > 0);
    struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_ptr = &x };
    timer_t timer;
    sigset_t set;
    siginfo_t info;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    SHOW(timer_create(CLOCK_MONOTONIC, &e, &timer));
    const struct itimerspec soon = { { 0, 0 }, { 0, 2000000 } };
    struct itimerspec left;
    SHOW(timer_settime(timer, 0, &soon, NULL));
    SHOW(sigwaitinfo(&set, &info));
    CHECK(info.si_code == SI_TIMER && info.si_value.sival_ptr == &x && info.si_overrun == 0);
    SHOW(timer_gettime(timer, &left));
    printf("%ld.%ld\n", (long)left.it_value.tv_sec, left.it_value.tv_nsec);
    SHOW(timer_getoverrun(timer));
    SHOW(timer_delete(timer));
    SHOW(syscall(SYS_timer_create, 99, NULL, &timer));
    SHOW(syscall(SYS_timer_delete, 12345));
    e.sigev_notify = SIGEV_THREAD_ID;
    e._sigev_un._tid = (pid_t)syscall(SYS_gettid);
    SHOW(timer_create(CLOCK_MONOTONIC, &e, &timer));
    SHOW(timer_settime(timer, 0, &soon, NULL));
    SHOW(sigwaitinfo(&set, &info));
    struct itimerval it = { { 1, 2 }, { 3, 4 } }, old;
    SHOW(setitimer(ITIMER_PROF, &it, NULL));
    SHOW(setitimer(ITIMER_PROF, &(struct itimerval){ 0 }, &old));
    CHECK(old.it_interval.tv_sec == 1 && old.it_interval.tv_usec >= 2 && old.it_value.tv_sec >= 2);
    SHOW(setitimer(9, &it, NULL));
}

static uint64_t counter(void)
{
#if defined __riscv
    uint64_t t;
    __asm__ volatile("rdtime %0" : "=r"(t));
    return t;
#elif defined __aarch64__
    uint64_t t;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(t));
    return t;
#elif defined __x86_64__
    return __builtin_ia32_rdtsc();
#endif
}

/* The processor's own time goes on, and is the same in all processes. */
static void counters(void)
{
    struct timespec wait = { 0, 1000000 };
    uint64_t a = counter(), b;
    int fd[2];
    nanosleep(&wait, NULL);
    CHECK(counter() > a);
    CHECK(pipe(fd) == 0);
    a = counter();
    pid_t pid = fork();
    if (!pid) {
        b = counter();
        _exit(write(fd[1], &b, sizeof b) != sizeof b);
    }
    CHECK(read(fd[0], &b, sizeof b) == sizeof b && b > a && b < counter());
    waitpid(pid, NULL, 0);
    close(fd[0]);
    close(fd[1]);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        printf("%s %s %s %d\n", argv[1], getenv("A"), argv[0], argc);
        return 7;
    }
    names();
    limits();
    credentials();
    scheduling();
    controls();
    clocks();
    counters();
    /* exec with its environment; what cannot be run. */
    fflush(stdout);
    char *const args[] = { "zero", "one", "two", NULL }, *env[] = { "A=b", "C=d", NULL, NULL };
    /* What a sanitized emulator is told. */
    if (getenv("ASAN_OPTIONS") && asprintf(&env[2], "ASAN_OPTIONS=%s", getenv("ASAN_OPTIONS")) < 0)
        return 1;
    pid_t pid = fork();
    if (!pid) {
        execve("/proc/self/exe", args, env);
        _exit(1);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    printf("status %x\n", status);
    SHOW(execve("none", args, env));
    SHOW(execve("/", args, env));
    SHOW(execve(NOWHERE, args, env));
    SHOW(execve(argv[0], NOWHERE, env));
    close(open("empty", O_CREAT | O_WRONLY, 0755));
    SHOW(execve("empty", args, env));
    SHOW(chmod("empty", 0600));
    SHOW(execve("empty", args, env));
    return finish();
}
