/* SPDX-License-Identifier: MIT */
/* ends.c HOW: ends in that way, for the parent outside to see; ends.c alone tries them all in children. */
#include "../check.h"

#include <sys/resource.h>

static void *end_process(void *arg)
{
    sleep_ms(20);
    exit((int)(intptr_t)arg);
}
static void *just_end(void *arg)
{
    sleep_ms(20);
    return arg;
}
static void *fault(void *arg)
{
    *(volatile int *)at(8) = 1;
    return arg;
}
static void *kill_process(void *arg)
{
    kill(getpid(), SIGTERM);
    return arg;
}

static void start(void *(*fn)(void *), long arg)
{
    pthread_t t;
    if (pthread_create(&t, NULL, fn, (void *)arg))
        abort();
}

static void end(const char *how)
{
    if (!strncmp(how, "exit", 4))
        exit(atoi(how + 4));
    if (!strncmp(how, "signal", 6)) {
        raise(atoi(how + 6));
        sleep_ms(1000);
    } else if (!strcmp(how, "abort")) {
        abort();
    } else if (!strcmp(how, "thread-exits")) { /* others wait in the kernel and compute */
        start(just_end, 0);
        start((void *(*)(void *))(uintptr_t)pause, 0);
        start(end_process, 9);
        for (;;)
            continue;
    } else if (!strcmp(how, "main-ends")) {
        start(just_end, 0);
        pthread_exit(NULL);
    } else if (!strcmp(how, "main-ends-thread-exits")) {
        start(end_process, 11);
        pthread_exit(NULL);
    } else if (!strcmp(how, "main-exits")) {
        start((void *(*)(void *))(uintptr_t)pause, 0);
        exit(12);
    } else if (!strcmp(how, "raw-exit")) {
        syscall(SYS_exit, 13);
    } else if (!strcmp(how, "thread-faults")) {
        start(fault, 0);
        pause();
    } else if (!strcmp(how, "thread-killed")) {
        start(kill_process, 0);
        pthread_exit(NULL);
    }
}

static const struct {
    const char *how;
    int status, signal;
} ends[] = {
    { "exit0", 0, 0 }, { "exit1", 1, 0 }, { "exit255", 255, 0 }, { "exit256", 0, 0 },
    { "signal15", 0, SIGTERM }, { "signal9", 0, SIGKILL }, { "signal11", 0, SIGSEGV },
    { "signal8", 0, SIGFPE }, { "signal34", 0, 34 }, { "signal64", 0, 64 },
    { "abort", 0, SIGABRT }, { "thread-exits", 9, 0 }, { "main-ends", 0, 0 },
    { "main-ends-thread-exits", 11, 0 }, { "main-exits", 12, 0 }, { "raw-exit", 13, 0 },
    { "thread-faults", 0, SIGSEGV }, { "thread-killed", 0, SIGTERM },
};

static void die_with_core(void)
{
    struct rlimit all;

    getrlimit(RLIMIT_CORE, &all);
    all.rlim_cur = all.rlim_max;
    setrlimit(RLIMIT_CORE, &all);
    abort();
}

/* Where the kernel writes core files, the parent hears of one. */
static void test_core(void)
{
    char pattern[128] = "";
    struct rlimit all;
    FILE *f = fopen("/proc/sys/kernel/core_pattern", "r");
    int status;

    if (!f || !fgets(pattern, sizeof pattern, f) || strcmp(pattern, "core\n") ||
        getrlimit(RLIMIT_CORE, &all) < 0 || all.rlim_max != RLIM_INFINITY ||
        access(".", W_OK) < 0)
        return;
    status = in_child(die_with_core);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && WCOREDUMP(status));
    unlink("core");
}

int main(int argc, char **argv)
{
    struct rlimit none;

    getrlimit(RLIMIT_CORE, &none);
    none.rlim_cur = 0;
    setrlimit(RLIMIT_CORE, &none);
    if (argc > 1) {
        end(argv[1]);
        return 99;
    }
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        int status;
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0) {
            end(ends[i].how);
            _exit(99);
        }
        waitpid(pid, &status, 0);
        if (ends[i].signal ? !WIFSIGNALED(status) || WTERMSIG(status) != ends[i].signal ||
                                 WCOREDUMP(status)
                           : !WIFEXITED(status) || WEXITSTATUS(status) != ends[i].status) {
            printf("%s: status %#x\n", ends[i].how, status);
            check_failures++;
        }
    }
    test_core();
    return check_result();
}
