/* SPDX-License-Identifier: MIT */
/* processes.c: fork, vfork, clone, posix_spawn and exec, from programs with and without threads. */
#include "../check.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mman.h>

extern char **environ;
static const char *self;
static atomic_int quit;
static long shared_counter;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int status_of(pid_t pid)
{
    int status = -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

static void *busy(void *arg)
{
    while (!quit) {
        pthread_mutex_lock(&lock);
        shared_counter++;
        pthread_mutex_unlock(&lock);
        free(malloc(100 + (size_t)shared_counter % 1000));
    }
    return arg;
}
static void *add(void *arg)
{
    for (int i = 0; i < 1000; i++)
        atomic_fetch_add((atomic_int *)arg, 1);
    return NULL;
}

/* The child has one thread, a copy of memory, and can make threads of its own. */
static void child_of_threaded(void)
{
    pthread_t t[4];
    atomic_int n = 0;

    CHECK_IS(getpid(), tid());
    for (int i = 0; i < 4; i++)
        CHECK_IS(pthread_create(&t[i], NULL, add, &n), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    CHECK_IS(n, 4000);
    free(malloc(12345));
}

static void test_fork_with_threads(void)
{
    pthread_t t[3];

    quit = 0;
    for (int i = 0; i < 3; i++)
        pthread_create(&t[i], NULL, busy, NULL);
    for (int i = 0; i < 30; i++) {
        pthread_mutex_lock(&lock);
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0) {
            pthread_mutex_unlock(&lock);
            child_of_threaded();
            _exit(check_failures != 0);
        }
        pthread_mutex_unlock(&lock);
        CHECK(pid > 0);
        CHECK_IS(status_of(pid), 0);
    }
    quit = 1;
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
}

static void *fork_in_thread(void *arg)
{
    for (int i = 0; i < 10; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            CHECK_IS(getpid(), tid());
            child_of_threaded();
            exit(check_failures ? 99 : 40 + i);
        }
        CHECK_IS(status_of(pid), (40 + i) << 8);
    }
    return arg;
}
static void test_threads_that_fork(void)
{
    pthread_t t[4];
    fflush(stdout);
    for (int i = 0; i < 4; i++)
        pthread_create(&t[i], NULL, fork_in_thread, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
}

/* ---- memory shared until exec ----------------------------------------------------------------- */

static volatile int touched;
static void test_vfork(void)
{
    char *const argv[] = { (char *)self, "exit", "17", NULL };
    struct sigaction sa;
    int fd[2];
    pid_t pid;

    signal(SIGUSR1, SIG_IGN);
    touched = 0;
    pid = vfork();
    if (pid == 0) {
        touched = 1;
        signal(SIGUSR1, SIG_DFL); /* not the parent's */
        execve(self, argv, environ);
        _exit(99);
    }
    CHECK_IS(touched, 1); /* memory is shared, and the parent has waited */
    CHECK_IS(status_of(pid), 17 << 8);
    sigaction(SIGUSR1, NULL, &sa);
    CHECK(sa.sa_handler == SIG_IGN);
    signal(SIGUSR1, SIG_DFL);
    pid = vfork();
    if (pid == 0)
        _exit(touched + 4);
    CHECK_IS(status_of(pid), 5 << 8);
    /* Descriptors are its own. */
    CHECK_IS(pipe(fd), 0);
    pid = vfork();
    if (pid == 0) {
        close(fd[0]);
        close(fd[1]);
        _exit(0);
    }
    CHECK_IS(status_of(pid), 0);
    CHECK_IS(write(fd[1], "x", 1), 1);
    close(fd[0]);
    close(fd[1]);
    pid = vfork();
    if (pid == 0) {
        kill(getpid(), SIGTERM);
        _exit(1);
    }
    CHECK_IS(status_of(pid), SIGTERM);
    for (volatile int i = 0; i < 100; i++) {
        pid = vfork();
        if (pid == 0)
            _exit(i);
        CHECK_IS(status_of(pid), i << 8);
    }
}

static void *spawn(void *arg)
{
    char *const argv[] = { (char *)self, "exit", "23", NULL };
    posix_spawnattr_t attr;
    posix_spawn_file_actions_t actions;
    sigset_t all;
    pid_t pid;

    posix_spawnattr_init(&attr);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    sigfillset(&all);
    posix_spawnattr_setsigdefault(&attr, &all);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
    for (int i = 0; i < 5; i++) {
        CHECK_IS(posix_spawn(&pid, self, &actions, &attr, argv, environ), 0);
        CHECK_IS(status_of(pid), 23 << 8);
        CHECK_IS(posix_spawn(&pid, "/no/such/file", NULL, NULL, argv, environ), ENOENT);
    }
    posix_spawn_file_actions_addopen(&actions, 5, "/no/such/file", O_RDONLY, 0);
    CHECK_IS(posix_spawn(&pid, self, &actions, NULL, argv, environ), ENOENT);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    return arg;
}

static void test_spawn(void)
{
    pthread_t t[3];
    FILE *f;
    char command[4200], line[100] = "";

    spawn(NULL);
    quit = 0;
    pthread_create(&t[2], NULL, busy, NULL);
    for (int i = 0; i < 2; i++)
        pthread_create(&t[i], NULL, spawn, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    quit = 1;
    pthread_join(t[2], NULL);
    if (access("/bin/sh", X_OK))
        return;
    CHECK_IS(system("exit 3"), 3 << 8);
    snprintf(command, sizeof command, "echo from a shell");
    f = popen(command, "r");
    CHECK(f && fgets(line, sizeof line, f));
    CHECK(!strcmp(line, "from a shell\n"));
    CHECK_IS(pclose(f), 0);
}

/* ---- exec ------------------------------------------------------------------------------------ */

static void *exec_in_thread(void *arg)
{
    char *const argv[] = { (char *)self, "leader", NULL };
    execve(self, argv, environ);
    return arg;
}

/* The new program has the process's id, one thread, the mask and what was ignored. */
static int as_leader(void)
{
    sigset_t mask;
    struct sigaction sa;

    sigprocmask(SIG_SETMASK, NULL, &mask);
    CHECK(sigismember(&mask, SIGUSR2) && !sigismember(&mask, SIGUSR1));
    sigaction(SIGUSR1, NULL, &sa);
    CHECK(sa.sa_handler == SIG_IGN);
    sigaction(SIGALRM, NULL, &sa);
    CHECK(sa.sa_handler == SIG_DFL);
    sigaction(SIGSEGV, NULL, &sa);
    CHECK(sa.sa_handler == SIG_DFL);
    sigaction(SIGBUS, NULL, &sa);
    CHECK(sa.sa_handler == SIG_IGN);
    CHECK(sigismember(&mask, SIGSEGV));
    CHECK_IS(getpid(), tid());
    return check_failures ? 1 : 33;
}

static void note(int n, siginfo_t *info, void *uc)
{
    (void)n, (void)info, (void)uc;
}

static void test_exec_in_thread(void)
{
    int status;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        sigset_t s = set_of(SIGUSR2);
        pthread_t t;
        signal(SIGUSR1, SIG_IGN);
        handle(SIGALRM, note, 0);
        handle(SIGSEGV, note, 0);
        signal(SIGBUS, SIG_IGN);
        sigaddset(&s, SIGSEGV);
        sigprocmask(SIG_SETMASK, &s, NULL);
        quit = 0;
        pthread_create(&t, NULL, busy, NULL);
        pthread_create(&t, NULL, exec_in_thread, NULL);
        pause();
        _exit(98);
    }
    status = status_of(pid);
    CHECK_IS(status, 33 << 8);
}

/* ---- clone's flags --------------------------------------------------------------------------- */

static long raw_clone3(struct clone_args *a)
{
    return syscall(435, a, sizeof *a);
}

static void test_clone_flags(void)
{
    int *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct clone_args a = {
        .flags = CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_PIDFD,
        .exit_signal = SIGCHLD,
        .parent_tid = (uintptr_t)&m[0],
        .child_tid = (uintptr_t)&m[1],
        .pidfd = (uintptr_t)&m[2],
    };
    long pid;

    fflush(stdout);
    pid = raw_clone3(&a);
    if (pid == 0) {
        struct timespec ts = { 0, 20000000 };
        nanosleep(&ts, NULL);
        _exit(m[1] == tid() ? 6 : 7);
    }
    if (pid < 0 && errno == ENOSYS)
        return;
    CHECK(pid > 0);
    CHECK_IS(m[0], pid);
    struct pollfd p = { .fd = m[2], .events = POLLIN };
    CHECK_IS(poll(&p, 1, 60000), 1);
    CHECK_IS(m[1], pid);
    close(m[2]);
    CHECK_IS(status_of((pid_t)pid), 6 << 8);
    /* An exit signal other than SIGCHLD: only __WCLONE waits for it. */
    a = (struct clone_args){ .exit_signal = 0 };
    pid = raw_clone3(&a);
    if (pid == 0)
        _exit(8);
    int status;
    CHECK(waitpid((pid_t)pid, &status, 0) < 0 && errno == ECHILD);
    CHECK_IS(waitpid((pid_t)pid, &status, __WCLONE), pid);
    CHECK_IS(status, 8 << 8);
    /* What makes no sense is refused. */
    a = (struct clone_args){ .flags = CLONE_THREAD };
    CHECK(raw_clone3(&a) < 0 && errno == EINVAL);
    a = (struct clone_args){ .flags = CLONE_SIGHAND };
    CHECK(raw_clone3(&a) < 0 && errno == EINVAL);
    a = (struct clone_args){ .stack_size = 4096 };
    CHECK(raw_clone3(&a) < 0 && errno == EINVAL);
    CHECK(syscall(435, &a, 32) < 0 && errno == EINVAL);
    munmap(m, 4096);
}

int main(int argc, char **argv)
{
    static char path[4096];

    if (argc > 2 && !strcmp(argv[1], "exit"))
        return atoi(argv[2]);
    if (argc > 1 && !strcmp(argv[1], "leader"))
        return as_leader();
    self = path;
    if (readlink("/proc/self/exe", path, sizeof path - 1) < 0)
        return 1;
    alarm(600);
    test_vfork();
    test_fork_with_threads();
    test_threads_that_fork();
    test_spawn();
    test_exec_in_thread();
    test_clone_flags();
    return check_result();
}
