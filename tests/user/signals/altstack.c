/* SPDX-License-Identifier: MIT */
/* altstack.c: alternate signal stacks: being on one, overflowing the ordinary one, disarming. */
#include "../check.h"

#include <sys/mman.h>
#include <sys/resource.h>

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31)
#endif
#define SIZE 65536

static char *area;
static volatile int calls;

static stack_t now(void)
{
    stack_t s;
    CHECK_IS(sigaltstack(NULL, &s), 0);
    return s;
}
static bool on_area(void *p)
{
    return (char *)p > area && (char *)p <= area + SIZE;
}
static void use(void *at, size_t size, int flags)
{
    stack_t s = { .ss_sp = at, .ss_size = size, .ss_flags = flags };
    CHECK_IS(sigaltstack(&s, NULL), 0);
}

static void inside(int n, siginfo_t *info, void *uc)
{
    ucontext_t *u = uc;
    stack_t s = now(), none = { .ss_flags = SS_DISABLE };

    (void)n, (void)info;
    calls++;
    CHECK(on_area(&s));
    CHECK(on_area(uc));
    CHECK_IS(s.ss_flags, SS_ONSTACK);
    CHECK(s.ss_sp == area && s.ss_size == SIZE);
    CHECK(sigaltstack(&none, NULL) < 0 && errno == EPERM);
    CHECK(u->uc_stack.ss_sp == area && u->uc_stack.ss_size == SIZE);
    CHECK_IS(u->uc_stack.ss_flags, 0);
    if (calls == 1)
        raise(SIGUSR2); /* goes on where we are */
}
static void deeper(int n, siginfo_t *info, void *uc)
{
    char here;
    (void)n, (void)info;
    calls++;
    CHECK(on_area(&here));
    CHECK(on_area(uc));
}
static void not_on_it(int n, siginfo_t *info, void *uc)
{
    char here;
    (void)n, (void)info;
    calls++;
    CHECK(!on_area(&here));
    CHECK(!on_area(uc));
}

static void test_basic(void)
{
    stack_t s, odd = { .ss_sp = area, .ss_size = SIZE, .ss_flags = 4 };
    stack_t small = { .ss_sp = area, .ss_size = 1000 };

    CHECK_IS(now().ss_flags, SS_DISABLE);
    CHECK(sigaltstack(&odd, NULL) < 0 && errno == EINVAL);
    CHECK(sigaltstack(&small, NULL) < 0 && errno == ENOMEM);
    use(area, SIZE, 0);
    s = now();
    CHECK(s.ss_sp == area && s.ss_size == SIZE && s.ss_flags == 0);
    handle(SIGUSR1, inside, SA_ONSTACK);
    handle(SIGUSR2, deeper, SA_ONSTACK);
    raise(SIGUSR1);
    CHECK_IS(calls, 2);
    CHECK_IS(now().ss_flags, 0);
    handle(SIGUSR2, not_on_it, 0);
    raise(SIGUSR2);
    CHECK_IS(calls, 3);
    use(NULL, 0, SS_DISABLE);
    CHECK_IS(now().ss_flags, SS_DISABLE);
    handle(SIGUSR1, not_on_it, SA_ONSTACK);
    raise(SIGUSR1);
    CHECK_IS(calls, 4);
}

static void disarmed(int n, siginfo_t *info, void *uc)
{
    ucontext_t *u = uc;
    char here;

    (void)n, (void)info;
    calls++;
    CHECK(on_area(&here));
    CHECK_IS(now().ss_flags, SS_DISABLE);
    CHECK(u->uc_stack.ss_sp == area);
    CHECK_IS(u->uc_stack.ss_flags, (int)SS_AUTODISARM);
    use(area, 8192, 0); /* allowed; what was is put back */
}
static void test_autodisarm(void)
{
    stack_t s;

    calls = 0;
    use(area, SIZE, SS_AUTODISARM);
    CHECK_IS(now().ss_flags, (int)SS_AUTODISARM);
    handle(SIGUSR1, disarmed, SA_ONSTACK);
    raise(SIGUSR1);
    CHECK_IS(calls, 1);
    s = now();
    CHECK(s.ss_sp == area && s.ss_size == SIZE && s.ss_flags == (int)SS_AUTODISARM);
    use(NULL, 0, SS_DISABLE);
}

/* ---- overflow -------------------------------------------------------------------------------- */

static sigjmp_buf out;
static void rescued(int n, siginfo_t *info, void *uc)
{
    char here;
    (void)uc;
    calls++;
    CHECK_IS(n, SIGSEGV);
    CHECK(on_area(&here));
    CHECK(info->si_code == SEGV_MAPERR || info->si_code == SEGV_ACCERR);
    siglongjmp(out, 1);
}
static __attribute__((noinline)) int recurse(int depth)
{
    volatile char big[4096];
    big[0] = (char)depth;
    if (depth > 100000000)
        return 0;
    return recurse(depth + 1) + big[0];
}
static void test_overflow(void)
{
    calls = 0;
    use(area, SIZE, 0);
    handle(SIGSEGV, rescued, SA_ONSTACK);
    for (int i = 0; i < 3; i++) {
        if (!sigsetjmp(out, 1))
            recurse(0);
        CHECK_IS(calls, i + 1);
        CHECK_IS(now().ss_flags, 0); /* jumping out left it */
    }
    use(NULL, 0, SS_DISABLE);
}

/* No room for a frame: the signal that says so cannot be delivered either. */
static void nowhere(int n, siginfo_t *info, void *uc)
{
    (void)n, (void)info, (void)uc;
    puts("ran without a stack");
    _exit(1);
}
static void die_of_overflow(void)
{
    handle(SIGSEGV, nowhere, 0);
    recurse(0);
}
/* On the alternate stack there is no way to run past its end into what lies below. */
static void exhaust(int n, siginfo_t *info, void *uc)
{
    (void)n, (void)info, (void)uc;
    calls++;
    CHECK(on_area(&n));
    raise(SIGUSR1);
}
static void die_of_nesting(void)
{
    use(area + SIZE / 2, SIZE / 2, 0);
    handle(SIGUSR1, exhaust, SA_ONSTACK | SA_NODEFER);
    signal(SIGSEGV, SIG_DFL);
    raise(SIGUSR1);
}

int main(void)
{
    int status;

    area = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    test_basic();
    test_autodisarm();
    test_overflow();
    status = in_child(die_of_overflow);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    status = in_child(die_of_nesting);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    return check_result();
}
