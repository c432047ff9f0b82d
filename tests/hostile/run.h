/* SPDX-License-Identifier: MIT */
/* run.h: the emulator as a process among hostile ones: starting, watching and ending it, counting what held. */
#ifndef HOSTILE_RUN_H
#define HOSTILE_RUN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct job {
    pid_t pid;
    int in, out;         /* pipes; -1 where it has something else */
    char errors[256];    /* file with its standard error output */
};

/* How a job's standard files and limits are; all zero: no input, output into a pipe. */
struct setting {
    bool in_pipe;
    const char *out_file;
    int in_fd, out_fd;       /* if not 0: these */
    bool closed[3];          /* standard files that it starts without */
    uint64_t file_limit;     /* RLIMIT_FSIZE; 0: none */
    uint64_t open_limit;     /* RLIMIT_NOFILE; 0: none */
    bool own_session;        /* with in_fd as the controlling terminal */
    int ignored;             /* a signal, or 0 */
};

enum { HANG = -1 };

/* Reads "[quick|long] [SEED]", else HOSTILE and HOSTILE_SEED of the environment, where BACKPLANE and srcdir
 * say where things are; goes into a folder of its own. */
void run_begin(int argc, char **argv);
/* Removes it; the counts, and the exit status of the program. */
int run_end(const char *name);
extern bool is_long, is_sanitized;
extern uint64_t seed;

uint64_t any(void);
uint32_t below(uint32_t n);

/* The program's arguments come after its name; NULL ends them. */
void job_start(struct job *j, const struct setting *s, const char *const *args);
#define START(j, setting, ...) job_start(j, setting, (const char *const[]){ __VA_ARGS__, NULL })
#define VIRT "-M", "riscv-virt", "-bios"
/* Reads on until the text is seen, or the output ends, or seconds pass. */
bool job_says(struct job *j, const char *text, double seconds);
/* Reads its output to the end and waits; HANG where that takes longer, and kills it then. Otherwise as of
 * waitpid. Whether it crashed or a sanitizer spoke is checked. */
int job_wait(struct job *j, double seconds);
/* SIGTERM, then as job_wait. */
int job_stop(struct job *j, double seconds);
/* The same, and whether it ended well, or so early that nothing caught the signal. */
bool stops(struct job *j);
/* Whether it said so, in what job_says did not pass. */
bool job_said(const char *text);
const char *job_errors(const struct job *j);
unsigned lines_of(const char *text);

/* Counts; says what failed, with the job's last errors. */
bool check(bool ok, const struct job *j, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Something that cannot be tried here. */
void skip(const char *why);

void wait_seconds(double seconds);

/* Files in the folder; the name is valid until the 16th later call. */
const char *put_file(const char *name, const void *bytes, size_t n);
const char *put_empty(const char *name, uint64_t size);
void *get_file(const char *path, size_t *ret_n);
const char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* One of the guests here, with its parameters. */
const char *guest(const char *name, unsigned bits, uint64_t seed, uint64_t harts, uint64_t count,
                  uint64_t what);
/* work.c, by what it does. */
enum { WORK_SEND_UART, WORK_WRITE_DISK, WORK_ECHO, WORK_SPIN, WORK_SEND_CONSOLE, WORK_WRITE_ALWAYS };
const char *work(unsigned what, uint64_t count);
/* Ended by itself with status 0. */
bool well(int status);
#endif
