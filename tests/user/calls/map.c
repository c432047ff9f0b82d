/* SPDX-License-Identifier: MIT */
/* The memory map: mmap, mremap, mprotect, madvise, mincore, mlock, brk, System V segments, and what faults say. */
#include "check.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define PAGE 4096ul

static sigjmp_buf jump;
static volatile int fault_signal, fault_code;
static void *volatile fault_address;

static void on_fault(int number, siginfo_t *info, void *context)
{
    fault_signal = number;
    fault_code = info->si_code;
    fault_address = info->si_addr;
    siglongjmp(jump, 1);
}

/* "ok", or signal and code of an access. */
static const char *touch(volatile char *p, int write)
{
    static char text[64];
    if (!sigsetjmp(jump, 1)) {
        if (write)
            *p = 1;
        else
            (void)*p;
        return "ok";
    }
    snprintf(text, sizeof text, "signal %d code %d%s", fault_signal, fault_code,
             fault_address == p ? "" : ", wrong address");
    return text;
}

static void set_up(void)
{
    struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
    sigaction(SIGSEGV, &sa, NULL);
    sigaction(SIGBUS, &sa, NULL);
}

#define TOUCH(p, w) printf("%s %s: %s\n", w ? "write" : "read", #p, touch(p, w))

static char *map(size_t pages, int prot, int flags)
{
    char *p = mmap(NULL, pages * PAGE, prot, flags, -1, 0);
    CHECK(p != MAP_FAILED);
    return p;
}

static char *anon(size_t pages)
{
    return map(pages, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
}

/* Whether the call gives the address that is expected. */
#define AT(call, want) printf("%s: %s\n", #call, at((call), (want)))
static const char *at(void *got, void *want)
{
    return got == MAP_FAILED ? strerrorname_np(errno) : got == want ? "there" : "elsewhere";
}

/* ---- mmap, munmap ---------------------------------------------------------------------------- */

static int make_file(const char *name, size_t bytes)
{
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    for (size_t i = 0; i < bytes; i++) {
        char c = (char)('a' + i / PAGE);
        if (pwrite(fd, &c, 1, (off_t)i) != 1)
            abort();
        if (i % PAGE > 4)
            i += PAGE / 2;
    }
    ftruncate(fd, (off_t)bytes);
    return fd;
}

static void mapping(void)
{
    int fd = make_file("file", 2 * PAGE + 10), ro = open("file", O_RDONLY), wo = open("file", O_WRONLY);
    char *p = anon(8);
    SHOW(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    SHOW(mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0));
    SHOW(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0));
    SHOW(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 100));
    SHOW(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, wo, 0));
    SHOW(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, ro, 0));
    SHOW(mmap(NULL, ~0ul << 12, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    SHOW(mmap(p + 1, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    SHOW(mmap((void *)(~0ul << 12), PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    SHOW(mmap(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE | 0x2000000, fd, 0));
    SHOW(mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_SYNC, fd, 0) != MAP_FAILED);
    SHOW(munmap(p + 1, PAGE));
    SHOW(munmap(p, 0));
    SHOW(munmap(p + 2 * PAGE, 2 * PAGE));
    SHOW(munmap(p + 2 * PAGE, 2 * PAGE)); /* nothing there */
    TOUCH(p + PAGE, 1);
    TOUCH(p + 2 * PAGE, 0);
    TOUCH(p + 4 * PAGE, 1);
    AT(mmap(p + 2 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), p + 2 * PAGE);
    AT(mmap(p + 2 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
       p + 2 * PAGE);
    AT(mmap(p + 3 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
       p + 3 * PAGE);
    AT(mmap(p + 3 * PAGE, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, PAGE), p + 3 * PAGE);
    printf("%c %c\n", p[3 * PAGE], p[4 * PAGE]);
    TOUCH(p + 3 * PAGE, 1);
    char *q = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    printf("%c %d\n", q[2 * PAGE], q[2 * PAGE + 11]);
    TOUCH(q + 3 * PAGE, 0); /* behind the end */
    TOUCH(q + 3 * PAGE, 1);
    ftruncate(fd, 10);
    TOUCH(q + PAGE, 0);
    q[0] = 'Z';
    SHOW(msync(q, PAGE, MS_SYNC));
    char c = 0;
    pread(fd, &c, 1, 0);
    printf("%c\n", c);
    close(fd);
    close(ro);
    close(wo);
}

/* ---- mprotect -------------------------------------------------------------------------------- */

static void protecting(void)
{
    char *p = anon(8);
    SHOW(mprotect(p + 1, PAGE, PROT_READ));
    SHOW(mprotect(p, PAGE, 0x40));
    SHOW(mprotect(p, 0, PROT_READ));
    SHOW(mprotect(p + PAGE, PAGE, PROT_READ));
    TOUCH(p + PAGE, 0);
    TOUCH(p + PAGE, 1);
    SHOW(mprotect(p + PAGE, PAGE, PROT_NONE));
    TOUCH(p + PAGE, 0);
    SHOW(mprotect(p, 3 * PAGE, PROT_READ | PROT_WRITE));
    TOUCH(p + PAGE, 1);
    munmap(p + 4 * PAGE, PAGE);
    SHOW(mprotect(p + 3 * PAGE, 3 * PAGE, PROT_READ)); /* ENOMEM, but the first has changed */
    TOUCH(p + 3 * PAGE, 1);
    TOUCH(p + 5 * PAGE, 1);
    SHOW(mprotect((void *)(~0ul << 12), PAGE, PROT_READ));
    int ro = open("file", O_RDONLY);
    char *q = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ro, 0);
    SHOW(mprotect(q, PAGE, PROT_READ | PROT_WRITE));
    q = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, ro, 0);
    SHOW(mprotect(q, PAGE, PROT_READ | PROT_WRITE));
    close(ro);
}

/* ---- mremap ---------------------------------------------------------------------------------- */

static void fill(char *p, size_t pages, char first)
{
    for (size_t i = 0; i < pages; i++)
        p[i * PAGE] = (char)(first + i);
}

static void letters(const char *p, size_t pages)
{
    for (size_t i = 0; i < pages; i++)
        putchar(p[i * PAGE] ? p[i * PAGE] : '.');
    putchar('\n');
}

static void remapping(void)
{
    char *room = map(64, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS), *p;
    p = mmap(room, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    munmap(p + 4 * PAGE, PAGE); /* a hole behind it */
    fill(p, 4, 'a');
    SHOW(mremap(p + 1, PAGE, PAGE, 0));
    SHOW(mremap(p, PAGE, 0, 0));
    SHOW(mremap(p, PAGE, PAGE, 8));
    SHOW(mremap(p, PAGE, PAGE, MREMAP_FIXED, room));
    SHOW(mremap(p, 4 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + PAGE));
    SHOW(mremap(p, 4 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP));
    munmap(p + 8 * PAGE, PAGE);
    SHOW(mremap(p + 8 * PAGE, PAGE, PAGE, 0));
    SHOW(mremap(p, 5 * PAGE, 6 * PAGE, MREMAP_MAYMOVE));
    SHOW(mremap(p, 0, PAGE, MREMAP_MAYMOVE));
    munmap(p + 4 * PAGE, 2 * PAGE);
    AT(mremap(p, 4 * PAGE, 6 * PAGE, 0), p);                      /* grows in place */
    letters(p, 6);
    AT(mremap(p, 6 * PAGE, 3 * PAGE, 0), p);
    TOUCH(p + 3 * PAGE, 0);
    mmap(p + 3 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    SHOW(mremap(p, 3 * PAGE, 5 * PAGE, 0));                       /* no room */
    AT(mremap(p, 3 * PAGE, 5 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + 10 * PAGE), p + 10 * PAGE);
    letters(p + 10 * PAGE, 5);
    TOUCH(p, 0);
    p = mremap(p + 10 * PAGE, 5 * PAGE, 5 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
    CHECK(p != MAP_FAILED);
    letters(p, 5);
    letters(room + 10 * PAGE, 5);
    /* more than there was, elsewhere */
    p = mremap(p, 5 * PAGE, 500 * PAGE, MREMAP_MAYMOVE);
    CHECK(p != MAP_FAILED);
    letters(p, 7);
    TOUCH(p + 499 * PAGE, 1);
    /* shared memory, also seen twice */
    char *s = map(4, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS);
    fill(s, 4, 'A');
    char *t = mremap(s, 0, 4 * PAGE, MREMAP_MAYMOVE);
    CHECK(t != MAP_FAILED && t != s);
    t[0] = 'X';
    letters(s, 4);
    s = mremap(s + PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room + 20 * PAGE);
    letters(s, 2);
    t[PAGE] = 'Y';
    letters(s, 2);
    /* a file, privately */
    int fd = make_file("file2", 4 * PAGE);
    p = mmap(room + 40 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, PAGE);
    p[0] = '!';
    munmap(p + 2 * PAGE, PAGE);
    AT(mremap(p, 2 * PAGE, 3 * PAGE, 0), p);
    letters(p, 3);
    AT(mremap(p, 3 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room + 48 * PAGE), room + 48 * PAGE);
    letters(room + 48 * PAGE, 3);
    AT(mremap(room + 48 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room + 56 * PAGE),
       room + 56 * PAGE);
    letters(room + 56 * PAGE, 2);
    TOUCH(room + 48 * PAGE, 0);
    close(fd);
}

/* ---- advice, residence, locks ---------------------------------------------------------------- */

/* Pages of a file in another order. */
static void reordering(void)
{
    int fd = make_file("reorder", 4 * PAGE);
    char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    fill(p, 4, 'a');
    SHOW(syscall(SYS_remap_file_pages, p, PAGE, 0, 3, 0));
    SHOW(syscall(SYS_remap_file_pages, p + 2 * PAGE, PAGE, 0, 1, 0));
    letters(p, 4);
    *p = 'x'; /* in the file, so that the last page has it, too */
    letters(p, 4);
    FAILS(syscall(SYS_remap_file_pages, p, PAGE, PROT_READ, 0, 0), EINVAL);
    FAILS(syscall(SYS_remap_file_pages, p, 0, 0, 0, 0), EINVAL);
    CHECK(munmap(p, 4 * PAGE) == 0);
    FAILS(syscall(SYS_remap_file_pages, p, PAGE, 0, 0, 0), EINVAL);
    p = anon(1);
    FAILS(syscall(SYS_remap_file_pages, p, PAGE, 0, 0, 0), EINVAL);
    munmap(p, PAGE);
    close(fd);
}

static void advising(void)
{
    unsigned char in[8];
    char *p = anon(8);
    fill(p, 8, 'a');
    SHOW(madvise(p + 1, PAGE, MADV_NORMAL));
    SHOW(madvise(p, PAGE, 9999));
    SHOW(madvise(p, 0, 9999));
    SHOW(madvise(p, 0, MADV_DONTNEED));
    SHOW(madvise(p + PAGE, PAGE, MADV_DONTNEED));
    letters(p, 8);
    SHOW(mincore(p, 8 * PAGE, in));
    for (int i = 0; i < 8; i++)
        printf("%d", in[i] & 1);
    SHOW(mincore(p + 1, PAGE, in));
    SHOW(mincore(p, PAGE, NOWHERE));
    munmap(p + 3 * PAGE, PAGE);
    SHOW(madvise(p, 8 * PAGE, MADV_DONTNEED)); /* ENOMEM, but both sides are gone */
    letters(p, 3);
    letters(p + 4 * PAGE, 4);
    SHOW(mincore(p, 8 * PAGE, in));
    SHOW(msync(p, PAGE, MS_SYNC | MS_ASYNC));
    SHOW(msync(p, PAGE, 64));
    SHOW(msync(p + 1, PAGE, MS_ASYNC));
    SHOW(msync(p, 5 * PAGE, MS_ASYNC));
    SHOW(mlock(p + 5, PAGE));
    SHOW(mlock(p, 5 * PAGE));
    SHOW(munlock(p, 2 * PAGE));
    SHOW(mlock2(p, PAGE, MLOCK_ONFAULT));
    SHOW(syscall(SYS_mlock2, p, PAGE, 8));
    SHOW(mlockall(0));
    SHOW(mlockall(MCL_ONFAULT));
    SHOW(mlockall(MCL_FUTURE));
    SHOW(munlockall());
    SHOW(madvise(p, PAGE, MADV_DONTFORK));
    pid_t child = fork();
    int status;
    if (!child)
        _exit(strcmp(touch(p, 0), "ok") ? 7 : 8);
    waitpid(child, &status, 0);
    printf("child %d\n", WEXITSTATUS(status));
}

/* ---- brk ------------------------------------------------------------------------------------- */

static void breaking(void)
{
    char *now = (char *)syscall(SYS_brk, 0);
    CHECK((char *)syscall(SYS_brk, now + 3 * PAGE) == now + 3 * PAGE);
    TOUCH(now + 2 * PAGE, 1);
    CHECK((char *)syscall(SYS_brk, now) == now);
    CHECK((char *)syscall(SYS_brk, 1) == now);
    CHECK((char *)syscall(SYS_brk, ~0ul << 13) == now);
    CHECK((char *)syscall(SYS_brk, now + 3 * PAGE) == now + 3 * PAGE);
    CHECK(now[2 * PAGE] == 0);
    struct rlimit old, r;
    getrlimit(RLIMIT_DATA, &old);
    r = old;
    r.rlim_cur = 64 * PAGE;
    setrlimit(RLIMIT_DATA, &r);
    CHECK((char *)syscall(SYS_brk, now + 9999 * PAGE) == now + 3 * PAGE);
    SHOW(mmap(NULL, 9999 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    setrlimit(RLIMIT_DATA, &old);
    getrlimit(RLIMIT_AS, &old);
    r = old;
    r.rlim_cur = 1 << 20;
    setrlimit(RLIMIT_AS, &r);
    SHOW(mmap(NULL, 1 << 24, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    setrlimit(RLIMIT_AS, &old);
    CHECK(mmap(NULL, 1 << 24, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
}

/* ---- System V segments ----------------------------------------------------------------------- */

static void segments(void)
{
    char *room = map(8, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS);
    munmap(room, 8 * PAGE);
    struct shmid_ds ds;
    int id = shmget(IPC_PRIVATE, 2 * PAGE - 100, IPC_CREAT | 0600);
    CHECK(id >= 0);
    char *p = shmat(id, NULL, 0), *q = shmat(id, NULL, SHM_RDONLY);
    CHECK(p != (void *)-1 && q != (void *)-1 && p != q);
    p[PAGE] = 'x';
    printf("%c\n", q[PAGE]);
    TOUCH(q, 1);
    shmctl(id, IPC_STAT, &ds);
    printf("attached %d\n", (int)ds.shm_nattch);
    SHOW(shmat(id, room + 1, 0));
    AT(shmat(id, room + 1, SHM_RND), room);
    SHOW(shmat(id, room, 0));
    AT(shmat(id, room, SHM_REMAP), room);
    SHOW(shmat(-1, NULL, 0));
    SHOW(shmdt(p + PAGE));
    SHOW(shmdt(p));
    TOUCH(p, 0);
    SHOW(shmdt(p));
    SHOW(shmdt(q));
    SHOW(shmdt(room));
    shmctl(id, IPC_STAT, &ds);
    printf("attached %d\n", (int)ds.shm_nattch);
    SHOW(shmctl(id, IPC_RMID, NULL));
}

/* ---- stacks that grow ------------------------------------------------------------------------ */

static void growing(void)
{
    char *room = map(1024, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS);
    munmap(room, 1024 * PAGE);
    char *p = mmap(room + 1000 * PAGE, PAGE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
    CHECK(p == room + 1000 * PAGE);
    TOUCH(p - PAGE, 1);
    TOUCH(p - 20, 1);
    CHECK(p[-20] == 1 && p[-PAGE] == 1 && p[0] == 0);
}

int main(void)
{
    set_up();
    mapping();
    protecting();
    remapping();
    reordering();
    advising();
    breaking();
    segments();
    growing();
    return finish();
}
