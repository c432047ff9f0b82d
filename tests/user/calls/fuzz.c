/* SPDX-License-Identifier: MIT */
/*
 * Random arguments for every call, in children, as an unprivileged user where it can: fuzz SEED
 * SECONDS. Addresses are those of a scratch area, or no good; so nothing that Linux does harms
 * the program, and a child that dies of a fault has found a mistake of the emulator. Left out are
 * calls that end, multiply or signal processes and that change the rest of the program's memory.
 */
#include "check.h"

#include <backplane/linux-calls.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

#define ROW(name, number) { #name, number },
static const struct {
    const char *name;
    long number;
} rows[] = { BP_LINUX_GENERIC_CALLS(ROW) };
enum { ROWS = sizeof rows / sizeof *rows, CALLS = 300, SCRATCH = 1 << 20 };

static const char *const left_out[] = {
    "exit", "exit_group", "clone", "clone3", "kill", "tkill", "tgkill", "rt_sigqueueinfo",
    "rt_tgsigqueueinfo", "pidfd_send_signal", "reboot", "rt_sigreturn", "rt_sigaction",
    "sigaltstack", "execve", "execveat", "rt_sigsuspend", "munmap", "mremap", "mprotect", "brk",
    "mmap", "shmat", "pkey_mprotect", "remap_file_pages", "set_robust_list", "set_tid_address",
    "seccomp", "prctl", "setrlimit", "prlimit64", "vhangup", "sync", "syncfs", "mseal", "madvise",
    "process_madvise", "rt_sigprocmask", "setitimer", "fork", "vfork", "mlockall", "map_shadow_stack",
    "fallocate", /* past the limit of sizes, with FALLOC_FL_KEEP_SIZE */
    "shmget", "msgget", "semget", "mq_open", "add_key", "request_key", /* would stay */
};

static uint64_t state;
static uint64_t rnd(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state * UINT64_C(0x2545f4914f6cdd1d);
}

static uint8_t *scratch;

static long argument(void)
{
    static const long numbers[] = { 0, 1, 2, 3, 4, 8, 16, 64, 100, 4096, 65536, -1, 0x7fffffff,
                                    -2147483647 - 1, 0x80000000, 0x100000000, 0x7fffffffffffffff,
                                    -100, 1024, 1025, 128 };
    switch (rnd() % 8) {
    case 0:
    case 1:
    case 2: return (long)(scratch + rnd() % SCRATCH / 8 * 8);
    case 3: return (long)(scratch + SCRATCH - rnd() % 64); /* over the end */
    case 4: return numbers[rnd() % (sizeof numbers / sizeof *numbers)];
    case 5: return (long)(rnd() % 16);
    case 6: return (long)((uint64_t)1 << rnd() % 64) - (long)(rnd() % 2);
    default: return (long)rnd();
    }
}

static void fill(void)
{
    static const char *const names[] = { "a", "b/c", "", "/proc/self/fd/3", "/dev/null", "..", "user.x" };
    for (int i = 0; i < 64; i++) {
        uint8_t *p = scratch + rnd() % (SCRATCH - 64) / 8 * 8;
        uint64_t v = rnd() % 2 ? (uint64_t)argument() : rnd() % 64;
        memcpy(p, &v, 8);
        if (rnd() % 4 == 0)
            strcpy((char *)p, names[rnd() % 7]);
    }
}

static void on_alarm(int number)
{
    (void)number;
}

static void child(uint64_t seed)
{
    const struct rlimit size = { 1 << 20, 1 << 20 };
    state = seed;
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &size);
    for (int i = 0; i < 3; i++)
        dup2(open("/dev/null", O_RDWR), i);
    /* Waits end by themselves. */
    const struct sigaction sa = { .sa_handler = on_alarm };
    const struct itimerval often = { { 0, 5000 }, { 0, 5000 } };
    sigaction(SIGALRM, &sa, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < CALLS; i++) {
        size_t n = rnd() % ROWS;
        bool out = false;
        for (size_t j = 0; j < sizeof left_out / sizeof *left_out; j++)
            out |= !strcmp(left_out[j], rows[n].name);
        if (out)
            continue;
        fill();
        long a[6];
        for (int j = 0; j < 6; j++)
            a[j] = argument();
        syscall(rows[n].number, a[0], a[1], a[2], a[3], a[4], a[5]);
    }
    _exit(0);
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    time_t end = time(NULL) + (argc > 2 ? atoi(argv[2]) : 5);
    unsigned children = 0;
    signal(SIGPIPE, SIG_IGN);
    if (!geteuid()) {
        CHECK(chmod(".", 0777) == 0 && setgroups(0, NULL) == 0);
        CHECK(setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0);
    }
    /* What may be written, what may be read, and nothing. */
    scratch = mmap(NULL, SCRATCH + 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(scratch != MAP_FAILED);
    CHECK(mprotect(scratch + SCRATCH, 4096, PROT_READ) == 0);
    CHECK(mprotect(scratch + SCRATCH + 4096, 4096, PROT_NONE) == 0);
    for (int i = 3; i < 12; i++)
        dup(i & 1 ? open("a", O_RDWR | O_CREAT, 0666) : 0);
    while (time(NULL) < end && !failures) {
        uint64_t this = seed + children++;
        pid_t pid = fork();
        if (!pid)
            child(this * UINT64_C(0x9e3779b97f4a7c15) | 1);
        int status = 0, s, waited = 0;
        /* It may have blocked its alarm and wait for ever. */
        while (!waitpid(pid, &status, WNOHANG)) {
            usleep(2000);
            if (++waited == 500)
                kill(pid, SIGKILL);
        }
        s = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        if (s == SIGSEGV || s == SIGBUS || s == SIGILL || s == SIGABRT || s == SIGFPE || s == SIGTRAP ||
            s == SIGSYS) {
            failures++;
            printf("seed %llu: signal %d\n", (unsigned long long)this, s);
        }
    }
    printf("%u children\n", children);
    return finish();
}
