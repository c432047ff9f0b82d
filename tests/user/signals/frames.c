/* SPDX-License-Identifier: MIT */
/* frames.c: entering and leaving handlers: masks, nesting, order, longjmp, what is put back. */
#include "../check.h"

static volatile sig_atomic_t order[64], count, depth, max_depth;

static void note(int n, siginfo_t *info, void *uc)
{
    (void)info, (void)uc;
    order[count++ % 64] = n;
}

static bool blocked(int n)
{
    sigset_t s;
    sigprocmask(SIG_SETMASK, NULL, &s);
    return sigismember(&s, n);
}

/* Several that wait: frames are built from the lowest number on, so the highest runs first. */
static void test_order(void)
{
    sigset_t all, old;

    for (int n = 40; n <= 44; n++)
        handle(n, note, 0);
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &old);
    count = 0;
    raise(43);
    raise(41);
    raise(44);
    raise(40);
    raise(42);
    CHECK_IS(count, 0);
    sigprocmask(SIG_SETMASK, &old, NULL);
    CHECK_IS(count, 5);
    for (int i = 0; i < 5; i++)
        CHECK_IS(order[i], 44 - i);
}

/* sa_mask keeps the others out: now it is the order of numbers. */
static void test_mask_order(void)
{
    struct sigaction sa = { .sa_sigaction = note, .sa_flags = SA_SIGINFO };
    sigset_t all, old;

    sigfillset(&sa.sa_mask);
    for (int n = 40; n <= 44; n++)
        sigaction(n, &sa, NULL);
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &old);
    count = 0;
    for (int n = 44; n >= 40; n--)
        raise(n);
    sigprocmask(SIG_SETMASK, &old, NULL);
    CHECK_IS(count, 5);
    for (int i = 0; i < 5; i++)
        CHECK_IS(order[i], 40 + i);
}

static void nested(int n, siginfo_t *info, void *uc)
{
    (void)info, (void)uc;
    if (++depth > max_depth)
        max_depth = depth;
    if (depth < 5)
        raise(n);
    depth--;
    count++;
}

static void test_nesting(void)
{
    count = max_depth = 0;
    handle(SIGUSR2, nested, SA_NODEFER);
    raise(SIGUSR2);
    CHECK_IS(count, 5);
    CHECK_IS(max_depth, 5);
}

static void endless(int n, siginfo_t *info, void *uc)
{
    (void)info, (void)uc;
    CHECK_IS(++depth, 1); /* itself blocked: one after the other */
    if (++count < 5)
        raise(n);
    depth--;
}
static void test_repeat(void)
{
    count = 0;
    handle(SIGUSR1, endless, 0);
    raise(SIGUSR1);
    CHECK_IS(count, 5);
}

static void once(int n, siginfo_t *info, void *uc)
{
    struct sigaction sa;
    (void)info, (void)uc;
    sigaction(n, NULL, &sa);
    CHECK(sa.sa_handler == SIG_DFL);
    count++;
}
static void die_second_time(void)
{
    handle(SIGUSR1, once, SA_RESETHAND);
    raise(SIGUSR1);
    CHECK_IS(count, 1);
    raise(SIGUSR1);
}
static void test_resethand(void)
{
    int status;
    count = 0;
    status = in_child(die_second_time);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
}

static sigjmp_buf out;
static void jump(int n, siginfo_t *info, void *uc)
{
    (void)info, (void)uc;
    CHECK(blocked(n));
    count++;
    siglongjmp(out, 1);
}
static void test_longjmp(void)
{
    handle(SIGUSR1, jump, 0);
    count = 0;
    for (volatile int i = 0; i < 1000; i++) {
        if (!sigsetjmp(out, 1)) {
            raise(SIGUSR1);
            CHECK(!"came back");
        }
        CHECK(!blocked(SIGUSR1));
    }
    CHECK_IS(count, 1000);
    if (!sigsetjmp(out, 0))
        raise(SIGUSR1);
    CHECK(blocked(SIGUSR1));
    sigset_t s = set_of(SIGUSR1);
    sigprocmask(SIG_UNBLOCK, &s, NULL);
}

/* What the handler writes into its ucontext is in force behind it. */
static void change_mask(int n, siginfo_t *info, void *uc)
{
    ucontext_t *u = uc;
    (void)n, (void)info;
    CHECK(!sigismember(&u->uc_sigmask, SIGUSR1));
    CHECK(sigismember(&u->uc_sigmask, SIGWINCH));
    CHECK(blocked(SIGUSR1) && blocked(SIGWINCH));
    sigaddset(&u->uc_sigmask, SIGURG);
    sigdelset(&u->uc_sigmask, SIGWINCH);
    sigaddset(&u->uc_sigmask, SIGKILL);
}
static void test_ucontext_mask(void)
{
    sigset_t s = set_of(SIGWINCH), now;
    sigprocmask(SIG_SETMASK, &s, NULL);
    handle(SIGUSR1, change_mask, 0);
    raise(SIGUSR1);
    sigprocmask(SIG_SETMASK, NULL, &now);
    CHECK(sigismember(&now, SIGURG) && !sigismember(&now, SIGWINCH) && !sigismember(&now, SIGUSR1));
    CHECK(!sigismember(&now, SIGKILL));
    sigemptyset(&s);
    sigprocmask(SIG_SETMASK, &s, NULL);
}

/* Handlers that use all registers disturb nothing: an asynchronous one, often, in the midst of code. */
static void use_floats(int n, siginfo_t *info, void *uc)
{
    volatile double d[8];
    (void)n, (void)info, (void)uc;
    for (int i = 0; i < 8; i++)
        d[i] = i * 1.5 + count;
    for (int i = 0; i < 8; i++)
        d[i] = d[i] / 3 * d[7 - i];
    count++;
}
struct sums {
    uint64_t x, y;
    double f, sum;
};

static __attribute__((noinline)) struct sums work(void)
{
    struct sums s = { 1, 0, 1, 0 };

    for (int i = 0; i < 1000; i++) {
        s.x = s.x * 6364136223846793005u + 1442695040888963407u;
        s.y ^= s.x >> 33;
        s.f = s.f * 1.0000001 + (double)(s.x >> 40) * 0x1p-30;
        s.sum += s.f;
    }
    return s;
}

static void test_registers(void)
{
    struct itimerval it = { { 0, 500 }, { 0, 500 } }, off = { { 0, 0 }, { 0, 0 } };
    struct sums right = work();
    long rounds = 0;

    count = 0;
    handle(SIGALRM, use_floats, SA_RESTART);
    setitimer(ITIMER_REAL, &it, NULL);
    for (long from = milliseconds(), now = from; now < from + 300 || (count <= 20 && now < from + 60000);
         rounds++, now = milliseconds()) {
        struct sums s = work();
        CHECK_IS(s.x, right.x);
        CHECK_IS(s.y, right.y);
        CHECK(s.f == right.f && s.sum == right.sum);
    }
    setitimer(ITIMER_REAL, &off, NULL);
    CHECK(count > 20);
    CHECK(rounds > 0);
}

int main(void)
{
    test_order();
    test_mask_order();
    test_nesting();
    test_repeat();
    test_resethand();
    test_longjmp();
    test_ucontext_mask();
    test_registers();
    return check_result();
}
