/* SPDX-License-Identifier: MIT */
/* main.c: the board whose hardware is the host's kernel: its options, and from the command line to
 * a running program. */
#include "program.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "calls.h"
#include "debug.h"
#include "space.h"

#define OWN_FD_MIN 1000 /* below the usual limit, above what programs expect */
#define STACK_MIN (UINT64_C(128) << 10)
#define FLAG_PRESERVE_ARGV0 1u /* AT_FLAGS: binfmt_misc's flag P */

extern char **environ;

static const struct bp_prop props[] = {
    BP_STRING(struct process, sysroot, NULL, "folder whose files come before the host's"),
    BP_STRING(struct process, argv0, NULL, "argv[0] instead of the program's name"),
    BP_LIST(struct process, env_set, "VAR=VALUE[,VAR=VALUE...] to set in the environment"),
    BP_LIST(struct process, env_unset, "VAR[,VAR...] to remove from the environment"),
    BP_STRING(struct process, uname_release, NULL, "kernel release to tell"),
    BP_STRING(struct process, gdb, NULL, "port or socket to wait for a debugger at"),
    BP_BOOL(struct process, strace, 0, "print system calls"),
    BP_SIZE(struct process, stack_size, 8 << 20, STACK_MIN, UINT64_C(1) << 40, "size of the stack"),
    BP_UINT(struct process, guest_base, 0, 0, 0, "host address of the guest's address 0; 0: any"),
    BP_SIZE(struct process, reserved_bytes, 0, 0, 0,
            "size of the guest's address space; 0: all that the target has"),
    BP_UINT(struct process, page_size, 4096, 4096, 65536, "page size that the program sees"),
};

static const struct bp_board_option options[] = {
    { "L", "PREFIX", "sysroot", "BACKPLANE_LD_PREFIX",
      "Look for absolute paths under this folder first: interpreter, libraries, data" },
    { "E", "VAR=VALUE[,...]", "env-set", "BACKPLANE_SET_ENV", "Set variables for the program" },
    { "U", "VAR[,...]", "env-unset", "BACKPLANE_UNSET_ENV", "Remove variables for the program" },
    { "0", "NAME", "argv0", "BACKPLANE_ARGV0", "argv[0] of the program" },
    { "s", "SIZE", "stack-size", "BACKPLANE_STACK_SIZE", "Size of the stack (default 8M)" },
    { "B", "ADDRESS", "guest-base", "BACKPLANE_GUEST_BASE",
      "Host address of the program's address 0" },
    { "R", "SIZE", "reserved-bytes", "BACKPLANE_RESERVED_VA",
      "Size of the program's address space" },
    { "strace", NULL, "strace", "BACKPLANE_STRACE", "Print system calls (also -d strace)" },
    { "g", "PORT|SOCKET", "gdb", "BACKPLANE_GDB", "Wait for gdb there before the program starts" },
    { "r", "RELEASE", "uname-release", "BACKPLANE_UNAME",
      "Kernel release that the program is told" },
    { "p", "BYTES", "page-size", "BACKPLANE_PAGESIZE", "Page size that the program is told" },
};

/* The one vCPU that the graph makes: the first task's. */
static const struct bp_part parts[] = {
    BP_CPU("cpu", "", BP_SET({ "user-mode", "on" })),
};

/* ---- before the graph ------------------------------------------------------------------------ */

/* As execve() found it, when we were executed by a program of ours or by binfmt_misc's flags O and
 * C. */
static int inherited_program(void)
{
    const char *executed = getenv(EXECUTED);
    if (executed && executed[0] >= '0' && executed[0] <= '9')
        return atoi(executed);
    errno = 0;
    unsigned long fd = getauxval(AT_EXECFD);
    return errno ? -1 : (int)fd;
}

/* Out of the program's way, where the limit allows. */
static int move_up(int fd)
{
    int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, OWN_FD_MIN);
    if (high < 0)
        return fd;
    close(fd);
    return high;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Without /proc, what a program of ours passed on, or by the name that we were executed by: binfmt_misc puts the guest program's
 * there. */
static int open_self(struct process *p)
{
    int count;
    char **command = bp_board_command(p, &count);
    int fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
    const char *name = (const char *)(uintptr_t)getauxval(AT_EXECFN), *executed = getenv(EXECUTED);
    const char *passed = executed ? strchr(executed, '@') : NULL;
    if (passed && fd < 0)
        return atoi(passed + 1);
    if (fd < 0 && name && count && !strcmp(last_part(name), last_part(command[0])))
        fd = open(name, O_PATH | O_CLOEXEC);
    return fd;
}

static int open_sysroot(struct process *p)
{
    p->self_fd = move_up(open_self(p));
    p->sysroot_fd = -1;
    if (!p->sysroot || !*p->sysroot || !strcmp(p->sysroot, "/"))
        return 0;
    char *full = realpath(p->sysroot, NULL);
    int fd = full ? open(full, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd < 0) {
        int err = errno;
        free(full);
        return bp_fail(p, err == ENOENT ? ENOTDIR : err, "-L %s: %s", p->sysroot, strerror(err));
    }
    p->sysroot = p->sysroot_path = full;
    p->sysroot_fd = move_up(fd);
    return 0;
}

/* argv of the program; binfmt_misc's flag P puts the real argv[0] behind the path. */
static char **program_argv(struct process *p, char **words, int count)
{
    int skip = (getauxval(AT_FLAGS) & FLAG_PRESERVE_ARGV0) && count > 1 && !getenv(EXECUTED);
    words += skip;
    if (p->argv0)
        words[0] = (char *)(uintptr_t)p->argv0;
    return words;
}

/* The host's kernel runs it; arguments are in their place. */
static int run_natively(struct process *p, const struct program_plan *plan)
{
    unsetenv(EXECUTED);
    fflush(NULL);
    execv(plan->file.host, plan->argv);
    return bp_fail(p, errno, "%s: the host cannot run it: %s", plan->file.name, strerror(errno));
}

static int find_program(struct process *p, const char **ret)
{
    int count, r = open_sysroot(p);
    char **words = bp_board_arguments(p, &count);
    if (r < 0)
        return r;
    if (!count)
        return bp_fail(p, EINVAL, "no program is given; -h shows the options");
    char *name = words[0];
    p->plan = calloc(1, sizeof *p->plan);
    if (!p->plan)
        return bp_fail(p, ENOMEM, "no memory");
    r = program_plan(p, name, inherited_program(), program_argv(p, words, count), p->plan);
    if (r < 0)
        return bp_fail(p, -r, "%s %s", name, p->plan->file.why);
    if (p->plan->kind == PROGRAM_NATIVE)
        return run_natively(p, p->plan);
    p->name = name;
    *ret = p->plan->target;
    return 0;
}

/* No task is left. */
static void release(struct process *p)
{
    if (p->plan)
        program_plan_clear(p->plan);
    free(p->plan);
    free(p->exe);
    free(p->sysroot_path);
    free(p->env_words[0]);
    free(p->env_words[1]);
    free(p->calls);
    areas_free(p->areas);
}

static int choose_target(void *board, const char **ret)
{
    struct process *p = board;
    int r = find_program(p, ret);
    if (r < 0)
        release(p);
    return r;
}

/* ---- environment ----------------------------------------------------------------------------- */

static size_t name_length(const char *word)
{
    return strcspn(word, "=");
}

static void remove_variable(char **list, const char *word)
{
    size_t n = name_length(word), keep = 0;
    for (size_t i = 0; list[i]; i++)
        if (strncmp(list[i], word, n) || list[i][n] != '=')
            list[keep++] = list[i];
    list[keep] = NULL;
}

/* Calls fn() for each word between commas and newlines; two commas are one that is meant. The words
 * live in *ret_copy. */
static int each_word(const char *text, int (*fn)(struct process *p, char **list, char *word),
                     struct process *p, char **list, char **ret_copy)
{
    char *to = *ret_copy = text ? malloc(strlen(text) + 1) : NULL;
    if (text && !to)
        return bp_fail(p, ENOMEM, "no memory for the environment");
    while (text && *text) {
        char *word = to;
        for (; *text && *text != '\n' && !(*text == ',' && text[1] != ','); text++) {
            *to++ = *text;
            text += *text == ',';
        }
        *to++ = '\0';
        text += *text != '\0';
        int r = *word ? fn(p, list, word) : 0;
        if (r < 0)
            return r;
    }
    return 0;
}

static int set_variable(struct process *p, char **list, char *word)
{
    if (!strchr(word, '=') || *word == '=')
        return bp_fail(p, EINVAL, "-E %s: write VAR=VALUE", word);
    remove_variable(list, word);
    size_t n = 0;
    while (list[n])
        n++;
    list[n] = word;
    list[n + 1] = NULL;
    return 0;
}

static int unset_variable(struct process *p, char **list, char *word)
{
    if (strchr(word, '='))
        return bp_fail(p, EINVAL, "-U %s: write the name only", word);
    remove_variable(list, word);
    return 0;
}

static char **make_environment(struct process *p)
{
    size_t n = 0;
    while (environ[n])
        n++;
    size_t more = 2;
    for (const char *c = p->env_set; c && *c; c++)
        more += *c == ',' || *c == '\n';
    char **list = calloc(n + more + 1, sizeof *list);
    if (!list) {
        bp_fail(p, ENOMEM, "no memory for the environment");
        return NULL;
    }
    memcpy(list, environ, n * sizeof *list);
    remove_variable(list, EXECUTED);
    if (getenv(EXECUTED)) /* done by who executed us */
        return list;
    if (each_word(p->env_unset, unset_variable, p, list, &p->env_words[0]) < 0 ||
        each_word(p->env_set, set_variable, p, list, &p->env_words[1]) < 0) {
        free(list);
        return NULL;
    }
    return list;
}

/* ---- running --------------------------------------------------------------------------------- */

static int check_target(struct process *p)
{
    p->target = bp_board_target(p);
    p->abi = p->target->linux_abi;
    if (!p->abi)
        return bp_fail(p, ENOSYS, "%s: target %s cannot run Linux programs in this version",
                       p->name, p->target->head.id);
    if (p->page_size & (p->page_size - 1))
        return bp_fail(p, EINVAL, "-p %llu: a page's size is a power of two",
                       (unsigned long long)p->page_size);
    if (p->page_size < p->abi->page_size)
        p->page_size = p->abi->page_size;
    return 0;
}

static int map_trampoline(struct process *p)
{
    if (!p->abi->trampoline_bytes)
        return 0;
    uint64_t n = page_up(p, p->abi->trampoline_bytes);
    int64_t at = space_map(p, 0, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at >= 0) {
        memcpy(at_gva(p, (uint64_t)at), p->abi->trampoline, p->abi->trampoline_bytes);
        p->trampoline = (uint64_t)at;
        at = space_protect(p, (uint64_t)at, n, PROT_READ | PROT_EXEC);
    }
    return at < 0 ? bp_fail(p, (int)-at, "the page for signal handlers' returns cannot be mapped")
                  : 0;
}

/* What ps shows. */
static void set_name(const char *name)
{
    const char *slash = strrchr(name, '/');
    prctl(PR_SET_NAME, slash ? slash + 1 : name);
}

/* setrlimit(RLIMIT_STACK) by who executed us. */
static void take_stack_limit(struct process *p)
{
    char key[16];
    snprintf(key, sizeof key, ";%d=", RLIMIT_STACK);
    const char *executed = getenv(EXECUTED), *text = executed ? strstr(executed, key) : NULL;
    uint64_t size = text ? strtoull(text + strlen(key), NULL, 10) : 0;
    if (size >= STACK_MIN && size <= p->abi->address_limit / 4)
        p->stack_size = size;
}

static int prepare(struct process *p, void *env)
{
    struct program_start start;
    uint64_t sp;
    char **envp = make_environment(p);
    int r = envp ? check_target(p) : -EINVAL;
    if (!r) {
        if (p->abi->size > offsetof(struct bp_linux_abi, elf_guard_bits) && p->abi->guard_prot)
            p->guard_prot = p->abi->guard_prot(env);
        take_stack_limit(p);
        r = space_init(p);
    }
    if (!r)
        r = program_load(p, &p->plan->file, &start);
    if (!r)
        r = map_trampoline(p);
    if (!r)
        r = stack_fill(p, env, &start, p->name, p->plan->argv, envp, &sp);
    free(envp);
    if (r < 0)
        return r;
    p->exe = strdup(p->plan->file.host);
    set_name(p->name);
    program_plan_clear(p->plan);
    p->abi->start(env, start.entry, sp);
    return p->exe ? 0 : bp_fail(p, ENOMEM, "no memory");
}

static int run(void *board)
{
    struct process *p = board;
    void *env = bp_board_cpu(p, 0);
    int r = signals_init(p); /* before the runtime takes two of them */
    if (!r)
        r = prepare(p, env);
    if (!r)
        r = debug_start(p);
    if (!r)
        r = calls_init(p);
    if (!r && getenv(EXECUTED))
        limits_read(p, getenv(EXECUTED));
    int status = r == -ENOENT ? 127 : r < 0 ? 126 : process_run(p, env);
    release(p);
    return status;
}

BP_PROGRAM_BOARD(linux_user, "linux-user", "Linux programs of other machines", "user",
                 .state_size = sizeof(struct process), .props = BP_ROWS(props),
                 .options = BP_ROWS(options), .parts = BP_ROWS(parts),
                 .choose_target = choose_target, .run = run);
BP_PLUGIN("linux-user", "1.0", "MIT");
