/* SPDX-License-Identifier: MIT */
/* program.h: from a file's name to what has to be run: ELF file or script, of which machine. */
#ifndef LINUX_USER_PROGRAM_H
#define LINUX_USER_PROGRAM_H

#include "elf_file.h"
#include "linux-user.h"

/* Environment of a process that a program's execve() started: the file descriptor of the file,
 * opened, and limits_write()'s text. */
#define EXECUTED "BACKPLANE_EXECUTED"

/* A file to be run, opened. */
struct program_file {
    char *name;           /* as the caller wrote it */
    char *host;           /* where it is on the host; what /proc/self/exe shows */
    int fd;
    struct elf_file elf;  /* where it is one: is_elf */
    bool is_elf;
    bool guarded;         /* its code is to be BP_USER_GUARDED */
    uint8_t head[256];    /* the file's first bytes */
    size_t head_bytes;
    char why[160];        /* what is wrong with it, behind the name, where something failed */
};

/* Who runs it. */
enum program_kind {
    PROGRAM_GUEST = 0, /* *ret_target */
    PROGRAM_NATIVE = 1, /* the host's kernel */
};

/* What a chain of scripts ends in. */
struct program_plan {
    struct program_file file;
    enum program_kind kind;
    const char *target;   /* id; of a GUEST */
    char **argv;          /* with the interpreters of scripts; owned */
};

/* Opens `name` (or takes `fd`, if not -1, over) and follows scripts to the program. argv: of the
 * program, borrowed. 0, or -errno as execve() would have it; then ret->file.why says more and the
 * rest is cleared. */
int program_plan(struct process *p, const char *name, int fd, char *const *argv,
                 struct program_plan *ret);
void program_plan_clear(struct program_plan *plan);
/* An interpreter of an ELF file: opened like a program. */
int program_open(struct process *p, const char *name, int fd, struct program_file *ret);
void program_close(struct program_file *f);
/* Its program headers; -ENOEXEC, -EIO ... with f->why. */
int program_read_segments(struct program_file *f, uint64_t page_size, uint64_t limit);
/* Whether a property of the file, by type, has all these bits. */
bool program_property(const struct program_file *f, uint32_t type, uint32_t bits);
/* The name in PT_INTERP; NULL in *ret: it has none. */
int program_interpreter(struct program_file *f, char **ret);

/* elf.c: maps it and its interpreter, sets all of *p that /proc shows; where to start. */
struct program_start {
    uint64_t entry;       /* of what runs first */
    uint64_t program_entry, interp_base, phdr;
    uint32_t phdr_count, phdr_bytes;
};
/* 0, or -errno with one line said. */
int program_load(struct process *p, struct program_file *f, struct program_start *ret);
/* stack.c: arguments, environment, auxiliary vector. -E2BIG with one line said. */
int stack_fill(struct process *p, void *env, const struct program_start *start, const char *name,
               char *const *argv, char *const *envp, uint64_t *ret_sp);

#endif
