/* SPDX-License-Identifier: MIT */
/* run.c: the emulator as a process among hostile ones. */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#define OUTPUT_MAX (1 << 20)

bool is_long, is_sanitized;
uint64_t seed = 1;
static uint64_t random_state;
static const char *program, *source;
static char folder[] = "/tmp/hostile-XXXXXX", start_folder[4096];
static unsigned passed, failed, skipped, jobs;
static char output[OUTPUT_MAX + 1];
static size_t output_n;

static void clean(void)
{
    if (chdir("/") || system(text("rm -rf %s", folder)))
        perror(folder);
}

static void __attribute__((noreturn)) die(const char *what)
{
    perror(what);
    exit(99);
}

uint64_t any(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state * UINT64_C(0x2545F4914F6CDD1D) >> 8;
}

uint32_t below(uint32_t n)
{
    return (uint32_t)(any() % n);
}

const char *text(const char *format, ...)
{
    static char texts[16][8192];
    static unsigned at;
    char *t = texts[at++ % 16];
    va_list ap;
    va_start(ap, format);
    vsnprintf(t, sizeof texts[0], format, ap);
    va_end(ap);
    return t;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* A time that is ample on a quiet machine, on this one. */
static double ample(double seconds)
{
    double load = 0;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (getloadavg(&load, 1) == 1 && processors > 0 && load > (double)processors)
        seconds *= load / (double)processors;
    return seconds;
}

void wait_seconds(double seconds)
{
    struct timespec t = { (time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9) };
    nanosleep(&t, NULL);
}

void run_begin(int argc, char **argv)
{
    const char *length = argc > 1 ? argv[1] : getenv("HOSTILE"), *number = getenv("HOSTILE_SEED");
    is_long = length && !strcmp(length, "long");
    seed = argc > 2 ? strtoull(argv[2], NULL, 0) : number ? strtoull(number, NULL, 0) : 1;
    random_state = (seed + 1) * UINT64_C(0x9E3779B97F4A7C15);
    const char *given = getenv("BACKPLANE"), *dir = getenv("srcdir");
    if (!getcwd(start_folder, sizeof start_folder) || !mkdtemp(folder) || chdir(folder))
        die(folder);
    atexit(clean);
    source = text("%s%s%s/tests/hostile", dir && *dir == '/' ? "" : start_folder,
                  dir && *dir == '/' ? "" : "/", dir ? dir : ".");
    source = strdup(source);
    program = given && *given == '/' ? given
                                     : strdup(text("%s/%s", start_folder, given ? given : "backplane"));
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct job j;
    START(&j, &(struct setting){ 0 }, "-version");
    if (job_wait(&j, 120) != 0)
        die(program);
    size_t n;
    char *bytes = get_file(program, &n);
    is_sanitized = memmem(bytes, n, "__asan_init", 11) || memmem(bytes, n, "__tsan_init", 11);
    free(bytes);
    passed = failed = 0;
}

int run_end(const char *name)
{
    printf("%s: seed %llu, %u runs: %u passed, %u failed, %u skipped\n", name,
           (unsigned long long)seed, jobs, passed, failed, skipped);
    return failed ? 1 : 0;
}

/* ---- files ----------------------------------------------------------------------------------------- */

const char *put_file(const char *name, const void *bytes, size_t n)
{
    const char *path = text("%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, n, f) != n || fclose(f))
        die(path);
    return path;
}

const char *put_empty(const char *name, uint64_t size)
{
    const char *path = put_file(name, "", 0);
    if (truncate(path, (off_t)size))
        die(path);
    return path;
}

void *get_file(const char *path, size_t *ret_n)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END))
        die(path);
    long n = ftell(f);
    char *bytes = n < 0 ? NULL : malloc((size_t)n + 1);
    rewind(f);
    if (!bytes || fread(bytes, 1, (size_t)n, f) != (size_t)n)
        die(path);
    fclose(f);
    bytes[n] = 0;
    *ret_n = (size_t)n;
    return bytes;
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

const char *guest(const char *name, unsigned bits, uint64_t guest_seed, uint64_t harts,
                  uint64_t count, uint64_t what)
{
    static uint8_t flat[1 << 20];
    const char *path = text("%s/%s%u.hex", source, name, bits);
    size_t n, packed = 0;
    char *hex = get_file(path, &n);
    for (size_t i = 0; i + 1 < n; i++) {
        if (digit(hex[i]) < 0)
            continue;
        hex[packed++] = (char)(digit(hex[i]) << 4 | digit(hex[i + 1]));
        i++;
    }
    z_stream z = { .next_in = (Bytef *)hex, .avail_in = (uInt)packed, .next_out = flat,
                   .avail_out = sizeof flat };
    if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK || inflate(&z, Z_FINISH) != Z_STREAM_END)
        die(path);
    inflateEnd(&z);
    free(hex);
    const uint64_t parameters[4] = { guest_seed, harts, count, what };
    memcpy(flat + 8, parameters, sizeof parameters);
    return put_file(text("%s%u", name, bits), flat, sizeof flat - z.avail_out);
}

const char *work(unsigned what, uint64_t count)
{
    return guest("work", 64, 1, 1, count, what);
}

bool well(int status)
{
    return status != HANG && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* ---- jobs ------------------------------------------------------------------------------------------ */

static void limit(int what, uint64_t value)
{
    struct rlimit l = { value, value };
    if (value && setrlimit(what, &l))
        _exit(98);
}

static void __attribute__((noreturn)) become(const struct setting *s, int in, int out, int err,
                                             const char *const *args)
{
    const char *argv[256] = { program };
    for (unsigned i = 0; args[i] && i < 254; i++)
        argv[i + 1] = args[i];
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
        _exit(98);
    if (s->own_session && (setsid() < 0 || ioctl(0, TIOCSCTTY, 0) < 0))
        _exit(98);
    for (int fd = 3; fd < 64; fd++)
        close(fd);
    for (int fd = 0; fd < 3; fd++) {
        if (s->closed[fd])
            close(fd);
    }
    limit(RLIMIT_FSIZE, s->file_limit);
    limit(RLIMIT_NOFILE, s->open_limit);
    static const int numbers[] = { SIGPIPE, SIGHUP, SIGINT, SIGQUIT, SIGTERM };
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++)
        signal(numbers[i], SIG_DFL); /* whatever the tests run under ignores */
    if (s->ignored)
        signal(s->ignored, SIG_IGN);
    setenv("ASAN_OPTIONS", "detect_leaks=1:exitcode=97:handle_segv=0", 0);
    execv(program, (char *const *)(uintptr_t)argv);
    _exit(98);
}

void job_start(struct job *j, const struct setting *s, const char *const *args)
{
    int in[2] = { -1, -1 }, out[2] = { -1, -1 };
    snprintf(j->errors, sizeof j->errors, "%s/errors-%u", folder, jobs++ % 8);
    int err = open(j->errors, O_RDWR | O_CREAT | O_TRUNC, 0666);
    int to_in = s->in_fd ? s->in_fd : open("/dev/null", O_RDONLY);
    int to_out = s->out_fd ? s->out_fd : -1;
    if (s->in_pipe && !pipe2(in, O_CLOEXEC))
        to_in = in[0];
    if (s->out_file)
        to_out = open(s->out_file, O_WRONLY | O_CREAT, 0666);
    else if (!s->out_fd && !pipe2(out, O_CLOEXEC))
        to_out = out[1];
    if (err < 0 || to_in < 0 || to_out < 0)
        die("files of a job");
    output_n = 0;
    output[0] = 0;
    j->in = in[1];
    j->out = out[0];
    j->pid = fork();
    if (j->pid < 0)
        die("fork");
    if (!j->pid)
        become(s, to_in, to_out, err, args);
    close(err);
    if (to_in != s->in_fd)
        close(to_in);
    if (to_out != s->out_fd)
        close(to_out);
}

/* False at the end of the output. Keeps the last of it. */
static bool read_some(struct job *j, double until)
{
    double left = until - now();
    struct pollfd p = { j->out, POLLIN, 0 };
    if (j->out < 0 || left <= 0 || poll(&p, 1, (int)(left * 1000) + 1) <= 0)
        return j->out >= 0;
    if (output_n > OUTPUT_MAX / 2) {
        memmove(output, output + OUTPUT_MAX / 4, output_n - OUTPUT_MAX / 4);
        output_n -= OUTPUT_MAX / 4;
        output[output_n] = 0;
    }
    ssize_t n = read(j->out, output + output_n, OUTPUT_MAX / 4);
    if (n > 0) {
        output_n += (size_t)n;
        output[output_n] = 0;
        return true;
    }
    close(j->out);
    j->out = -1;
    return false;
}

bool job_says(struct job *j, const char *wanted, double seconds)
{
    double began = now();
    for (;;) {
        char *at = memmem(output, output_n, wanted, strlen(wanted));
        if (at) {
            size_t used = (size_t)(at - output) + strlen(wanted);
            memmove(output, output + used, output_n - used + 1);
            output_n -= used;
            return true;
        }
        if (!read_some(j, began + ample(seconds)) || now() >= began + ample(seconds))
            return false;
    }
}

bool stops(struct job *j)
{
    int status = job_stop(j, 120);
    return well(status) || (status != HANG && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

bool job_said(const char *wanted)
{
    return memmem(output, output_n, wanted, strlen(wanted)) != NULL;
}

const char *job_errors(const struct job *j)
{
    static char *bytes;
    size_t n;
    free(bytes);
    bytes = get_file(j->errors, &n);
    return bytes;
}

unsigned lines_of(const char *t)
{
    unsigned n = 0;
    for (; (t = strchr(t, '\n')); t++)
        n++;
    return n;
}

static void inspect(const struct job *j, int status)
{
    const char *e = job_errors(j);
    int s = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    bool crashed = s == SIGSEGV || s == SIGBUS || s == SIGABRT || s == SIGILL || s == SIGFPE;
    if (crashed || strstr(e, "Sanitizer") || strstr(e, "runtime error:") || strstr(e, "ssertion"))
        check(false, j, "crashed: status 0x%x", (unsigned)status);
}

int job_wait(struct job *j, double seconds)
{
    double began = now();
    int status;
    while (read_some(j, now() + 1) && now() < began + ample(seconds))
        ;
    for (;;) {
        pid_t r = waitpid(j->pid, &status, WNOHANG);
        if (r == j->pid)
            break;
        if (now() > began + ample(seconds)) {
            kill(j->pid, SIGKILL);
            waitpid(j->pid, &status, 0);
            status = HANG;
            break;
        }
        wait_seconds(0.001);
    }
    if (j->in >= 0)
        close(j->in);
    if (j->out >= 0)
        close(j->out);
    j->in = j->out = -1;
    if (status != HANG)
        inspect(j, status);
    return status;
}

int job_stop(struct job *j, double seconds)
{
    kill(j->pid, SIGTERM);
    return job_wait(j, seconds);
}

/* ---- counting -------------------------------------------------------------------------------------- */

bool check(bool ok, const struct job *j, const char *format, ...)
{
    va_list ap;
    if (ok) {
        passed++;
        return true;
    }
    failed++;
    printf("FAILED: ");
    va_start(ap, format);
    vprintf(format, ap);
    va_end(ap);
    printf("\n");
    if (j) {
        const char *e = job_errors(j);
        size_t n = strlen(e), from = output_n > 200 ? output_n - 200 : 0;
        printf("    it said: %.2000s%s\n    its output ended: ", e, n > 2000 ? "..." : "");
        for (size_t i = from; i < output_n; i++)
            putchar(output[i] >= ' ' && output[i] <= '~' ? output[i] : '.');
        putchar('\n');
    }
    return false;
}

void skip(const char *why)
{
    skipped++;
    printf("skipped: %s\n", why);
}
