/* SPDX-License-Identifier: MIT */
/*
 * Makes every call of the generic table, or the one named, with arguments that are no good for
 * anything: the descriptor -1, the address -1, the length -1. For -strace, which must print each.
 */
#include "check.h"

#include <backplane/linux-calls.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define ROW(name, number) { #name, number },
static const struct {
    const char *name;
    long number;
} rows[] = { BP_LINUX_GENERIC_CALLS(ROW) };

int main(void)
{
    setsid();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pid_t pid = fork();
        if (!pid) {
            alarm(5);
            syscall(rows[i].number, -1L, -1L, -1L, -1L, -1L, -1L);
            _exit(0);
        }
        int status = 0;
        CHECK(waitpid(pid, &status, 0) == pid);
        /* A signal frame that is none: SIGSEGV. */
        if (WIFSIGNALED(status) && strcmp(rows[i].name, "rt_sigreturn"))
            printf("%s: signal %d\n", rows[i].name, WTERMSIG(status));
    }
    return finish();
}
