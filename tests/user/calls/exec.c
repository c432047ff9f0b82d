/* SPDX-License-Identifier: MIT */
/* execve, execveat: arguments, environment, scripts, descriptors, errors; and what /proc says of a process. */
#include "check.h"

#include <elf.h>
#include <signal.h>
#include <spawn.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char self[4096];

/* ---- what a program sees --------------------------------------------------------------------- */

static size_t read_file(const char *name, char *buf, size_t size)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    ssize_t n, all = 0;
    while (fd >= 0 && (n = read(fd, buf + all, size - 1 - (size_t)all)) > 0)
        all += n;
    close(fd);
    buf[all] = '\0';
    return (size_t)all;
}

static void show_words(const char *what, const char *words, size_t n)
{
    printf("%s:", what);
    for (size_t at = 0; at < n; at += strlen(words + at) + 1)
        printf(" [%s]", words + at);
    printf("\n");
}

/* A path, without what differs: this program's own. */
static const char *plain(const char *path)
{
    return !strcmp(path, self) ? "SELF" : path;
}

static void show_process(int argc, char **argv, char **envp)
{
    char buf[8192];
    sigset_t set;
    for (int i = 0; i < argc; i++)
        printf("argv[%d] = %s\n", i, plain(argv[i]));
    for (int i = 0; envp[i]; i++)
        printf("envp[%d] = %s\n", i, envp[i]);
    printf("AT_EXECFN %s\n", plain((const char *)getauxval(AT_EXECFN)));
    size_t n = read_file("/proc/self/cmdline", buf, sizeof buf);
    if (strcmp(buf, self))
        show_words("cmdline", buf, n);
    n = read_file("/proc/self/environ", buf, sizeof buf);
    show_words("environ", buf, n);
    n = (size_t)readlink("/proc/self/exe", buf, sizeof buf - 1);
    buf[n < sizeof buf ? n : 0] = '\0';
    printf("exe %s\n", plain(buf));
    printf("open:");
    for (int fd = 0; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            printf(" %d", fd);
    sigprocmask(SIG_SETMASK, NULL, &set);
    printf("\nblocked USR1 %d, ignored USR2 %d TERM %d PIPE %d\n", sigismember(&set, SIGUSR1),
           signal(SIGUSR2, SIG_DFL) == SIG_IGN, signal(SIGTERM, SIG_DFL) == SIG_IGN,
           signal(SIGPIPE, SIG_DFL) == SIG_IGN);
}

/* ---- running it ------------------------------------------------------------------------------ */

/* Forks, calls run(), prints the status. */
static void child(const char *what, void (*run)(void))
{
    int status = 0;
    printf("--- %s\n", what);
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        run();
        printf("%s\n", strerrorname_np(errno));
        fflush(stdout);
        _exit(50);
    }
    waitpid(pid, &status, 0);
    printf("status %x\n", status);
}

static char *envp[] = { "A=1", "B=two words", NULL };

static void plainly(void) { execve(self, (char *[]){ "name", "show", "x", "", NULL }, envp); }
static void by_proc(void) { execve("/proc/self/exe", (char *[]){ self, "show", NULL }, envp); }
static void no_environment(void) { execve(self, (char *[]){ "n", "show", NULL }, (char *[]){ NULL }); }
static void dashes(void) { execve(self, (char *[]){ "-L", "show", "-L", "--", NULL }, envp); }

static void with_state(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGUSR2, SIG_IGN);
    signal(SIGTERM, (void (*)(int))show_words); /* a handler does not survive */
    signal(SIGPIPE, SIG_IGN);
    dup2(1, 7);
    fcntl(dup2(1, 8), F_SETFD, FD_CLOEXEC);
    execve(self, (char *[]){ "n", "show", NULL }, envp);
}

static void by_descriptor(void)
{
    int fd = open(self, O_RDONLY | O_CLOEXEC);
    syscall(SYS_execveat, fd, "", (char *[]){ "fd", "show", NULL }, envp, AT_EMPTY_PATH);
}

static void by_folder(void)
{
    int fd = open(".", O_PATH | O_CLOEXEC);
    syscall(SYS_execveat, fd, "link", (char *[]){ "at", "show", NULL }, envp, 0);
}

static void no_link(void)
{
    syscall(SYS_execveat, AT_FDCWD, "link", (char *[]){ "at", "show", NULL }, envp, AT_SYMLINK_NOFOLLOW);
}

static void from_memory(void)
{
    static char buf[1 << 20];
    int from = open(self, O_RDONLY | O_CLOEXEC), to = memfd_create("prog", MFD_CLOEXEC);
    ssize_t n;
    while ((n = read(from, buf, sizeof buf)) > 0)
        write(to, buf, (size_t)n);
    syscall(SYS_execveat, to, "", (char *[]){ "memory", "args", "x", NULL }, envp, AT_EMPTY_PATH);
}

/* ---- scripts --------------------------------------------------------------------------------- */

static void write_script(const char *name, const char *text, mode_t mode)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
    write(fd, text, strlen(text));
    fchmod(fd, mode);
    close(fd);
}

static void script(void) { execve("./script", (char *[]){ "lost", "1", "2", NULL }, envp); }
static void nested(void) { execve("./nested", (char *[]){ "lost", "1", NULL }, envp); }
static void native_script(void) { execve("./sh", (char *[]){ "lost", "1", NULL }, envp); }
static void native_program(void) { execve("/bin/echo", (char *[]){ "echo", "native", NULL }, envp); }

static void failing(void)
{
    char *argv[] = { "x", NULL }, text[5000];
    mkdir("folder", 0700);
    write_script("empty", "", 0700);
    write_script("nonsense", "nonsense\n", 0700);
    write_script("not-executable", "#!/bin/sh\n", 0600);
    write_script("no-interpreter", "#!/no/such/thing\n", 0700);
    write_script("bare", "#!", 0700);
    write_script("blank", "#!   \n", 0700);
    write_script("elf", "\177ELF", 0700);
    write_script("folder-script", "#!folder\n", 0700);
    write_script("loop-script", "#!./loop-script\n", 0700);
    symlink("loop", "loop");
    SHOW(execve("nothing", argv, envp));
    SHOW(execve("", argv, envp));
    SHOW(execve("folder", argv, envp));
    SHOW(execve("empty", argv, envp));
    SHOW(execve("nonsense", argv, envp));
    SHOW(execve("not-executable", argv, envp));
    SHOW(execve("no-interpreter", argv, envp));
    SHOW(execve("bare", argv, envp));
    SHOW(execve("blank", argv, envp));
    SHOW(execve("elf", argv, envp));
    SHOW(execve("folder-script", argv, envp));
    SHOW(execve("loop-script", argv, envp));
    SHOW(execve("loop", argv, envp));
    SHOW(execve("script/x", argv, envp));
    SHOW(execve("/dev/null", argv, envp));
    SHOW(execve(NOWHERE, argv, envp));
    SHOW(execve(self, NOWHERE, envp));
    SHOW(execve(self, argv, NOWHERE));
    SHOW(syscall(SYS_execveat, 99, "", argv, envp, AT_EMPTY_PATH));
    SHOW(syscall(SYS_execveat, AT_FDCWD, "", argv, envp, 0));
    SHOW(syscall(SYS_execveat, 99, "x", argv, envp, 0));
    SHOW(syscall(SYS_execveat, AT_FDCWD, self, argv, envp, 0x8000));
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    SHOW(execve(text, argv, envp));
}

/* ---- auxiliary vector and maps --------------------------------------------------------------- */

static void looking(void)
{
    static char buf[1 << 16];
    char file[64];
    size_t n = read_file("/proc/self/auxv", buf, sizeof buf);
    const uint64_t *a = (const void *)buf;
    CHECK(n % 16 == 0 && n > 160);
    for (size_t i = 0; i < n / 8 && a[i]; i += 2)
        if (a[i] != AT_HWCAP) /* some C libraries give their own */
            CHECK(getauxval(a[i]) == a[i + 1]);
    CHECK(getauxval(AT_PAGESZ) == 4096 && getauxval(AT_CLKTCK) == 100 && !getauxval(AT_SECURE));
    CHECK(getauxval(AT_UID) == getuid() && getauxval(AT_EGID) == getegid());
    CHECK(getauxval(AT_PHDR) && getauxval(AT_PHNUM) > 2 && getauxval(AT_PHENT) == sizeof(Elf64_Phdr));
    CHECK(getauxval(AT_RANDOM) && getauxval(AT_ENTRY));
    char *q = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(q, 4096, PROT_READ | PROT_EXEC);
    read_file("/proc/self/maps", buf, sizeof buf);
    unsigned long start, end, found = 0, last = 0;
    char access[8], name[4096];
    for (char *line = strtok(buf, "\n"); line; line = strtok(NULL, "\n")) {
        *name = '\0';
        CHECK(sscanf(line, "%lx-%lx %7s %*x %*s %*u %4095[^\n]", &start, &end, access, name) >= 3);
        CHECK(start < end && start >= last);
        last = end;
        unsigned long here = (unsigned long)looking, stack = (unsigned long)&here;
        if (start == (unsigned long)q)
            found |= !strcmp(access, "r-xp") && end == start + 4096;
        if (here >= start && here < end)
            found |= strcmp(access, "r-xp") || strcmp(name, self) ? 0 : 2;
        if (stack >= start && stack < end)
            found |= strcmp(name, "[stack]") ? 0 : 4;
    }
    printf("maps %lx\n", found);
    read_file("/proc/self/stat", buf, sizeof buf);
    char *rest = strrchr(buf, ')');
    unsigned long v[60] = { 0 };
    int k = 0;
    for (char *word = strtok(rest + 2, " "); word && k < 60; word = strtok(NULL, " "))
        v[3 + k++] = strtoul(word, NULL, 10);
    unsigned long here = (unsigned long)looking;
    CHECK(v[4] == (unsigned long)getppid() && v[26] <= here && here < v[27]);
    CHECK(v[48] < v[49] && v[49] <= v[50] && v[50] < v[51] && *(char *)v[48]);
    snprintf(file, sizeof file, "/proc/%d/task/%d/maps", getpid(), getpid());
    CHECK(read_file(file, buf, sizeof buf) > 100);
    CHECK(read_file("/proc/cpuinfo", buf, sizeof buf) > 10);
    unsigned long told = 0x1234567;
    int mem = open("/proc/self/mem", O_RDONLY), error = errno;
    if (mem >= 0)
        CHECK(pread(mem, &v[0], sizeof told, (off_t)(unsigned long)&told) == sizeof told &&
              v[0] == told && close(mem) == 0);
    else
        CHECK(error == EACCES); /* guest memory is not at host address 0 */
    SHOW(open("/proc/self/maps", O_WRONLY));
    SHOW(open("/proc/self/maps", O_RDONLY | O_DIRECTORY));
    SHOW(open("/proc/self/no-such-file", O_RDONLY));
}

/* ---- limits, and many children --------------------------------------------------------------- */

static void limited(void)
{
    struct rlimit r = { 1 << 20, 1 << 30 };
    setrlimit(RLIMIT_STACK, &r);
    r.rlim_cur = UINT64_C(1) << 33;
    r.rlim_max = UINT64_C(1) << 34;
    setrlimit(RLIMIT_AS, &r);
    execve(self, (char *[]){ "n", "limits", NULL }, envp);
}

static void show_limits(void)
{
    static const int which[] = { RLIMIT_STACK, RLIMIT_AS };
    struct rlimit r;
    for (int i = 0; i < 2; i++) {
        getrlimit(which[i], &r);
        printf("limit %lu %lu\n", (unsigned long)r.rlim_cur, (unsigned long)r.rlim_max);
    }
}

static long resident_pages(void)
{
    char buf[256];
    read_file("/proc/self/statm", buf, sizeof buf);
    return strtol(strchr(buf, ' '), NULL, 10);
}

/* What a child leaves behind when it executes something in its parent's memory is freed. */
static void many(void)
{
    static char text[100000];
    char *argv[] = { "true", text, NULL };
    long before = 0;
    pid_t pid;
    memset(text, 'x', sizeof text - 1);
    for (int i = 0; i < 60; i++) {
        if (i == 10)
            before = resident_pages();
        CHECK(!posix_spawn(&pid, "/bin/true", NULL, NULL, argv, envp));
        waitpid(pid, NULL, 0);
    }
    CHECK(resident_pages() - before < 500);
}

int main(int argc, char **argv, char **environment)
{
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = '\0';
    if (argc > 1 && !strcmp(argv[1], "args")) {
        for (int i = 0; i < argc; i++)
            printf("%s%s", i ? ", " : "", i ? argv[i] : "0");
        printf("; %s\n", environment[0]);
        return 4;
    }
    if (argc > 1 && !strcmp(argv[1], "limits")) {
        show_limits();
        return 5;
    }
    if (argc > 1) {
        show_process(argc, argv, environment);
        return 3;
    }
    setvbuf(stdout, NULL, _IONBF, 0);
    symlink(self, "link");
    char text[5000];
    snprintf(text, sizeof text, "#! \t%s  show and more  \nrest", self);
    write_script("script", text, 0700);
    write_script("nested", "#!./script of a script\n", 0700);
    write_script("sh", "#!/bin/sh\necho \"$0 $1 $A $B\"; exit 9\n", 0700);
    child("plainly", plainly);
    child("by /proc", by_proc);
    child("no environment", no_environment);
    child("dashes", dashes);
    child("with state", with_state);
    child("by descriptor", by_descriptor);
    child("by folder", by_folder);
    child("no link", no_link);
    child("from memory", from_memory);
    child("script", script);
    child("nested", nested);
    child("native script", native_script);
    child("native program", native_program);
    child("limited", limited);
    failing();
    looking();
    many();
    return finish();
}
