/* SPDX-License-Identifier: MIT */
/*
 * program.c: a Linux program to be debugged: it computes, handles a signal, has a thread and a child. With "fault" it
 * then touches what is not there, with "wait" it
 * waits, with "exec" it begins again without.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int shared;

static void handler(int s)
{
    shared += s;
}

static void *worker(void *arg)
{
    for (int i = 0; i < 3; i++) {
        shared++;
        usleep(1000);
    }
    raise(SIGUSR1);
    shared++;
    return arg;
}

__attribute__((noinline)) int work(int n)
{
    int sum = 0;
    for (int i = 0; i < n; i++)
        sum += i;
    __asm__ volatile("" : "+r"(sum));
    return sum;
}

__attribute__((noinline)) static void fault(void)
{
    *(volatile int *)0x10 = 1;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    int status;
    printf("work %d\n", work(10));
    fflush(stdout);
    if (argc > 1 && !strcmp(argv[1], "wait"))
        pause();
    if (argc > 1 && !strcmp(argv[1], "exec"))
        execl("/proc/self/exe", argv[0], (char *)NULL);
    signal(SIGUSR1, handler);
    raise(SIGUSR1);
    pthread_create(&thread, NULL, worker, NULL);
    pthread_join(thread, NULL);
    pid_t child = fork();
    if (!child)
        _exit(work(3));
    waitpid(child, &status, 0);
    if (!vfork()) { /* shares the memory, and is none of the debugger's */
        *(volatile int *)&shared = *(volatile int *)&shared;
        _exit(0);
    }
    wait(NULL);
    printf("child %d, pid %d, shared %d\n", WEXITSTATUS(status), (int)syscall(SYS_getpid) > 1, shared);
    fflush(stdout);
    if (argc > 1 && !strcmp(argv[1], "fault"))
        fault();
    return 5;
}
