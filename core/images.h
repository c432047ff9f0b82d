/* SPDX-License-Identifier: MIT */
/* images.h: firmware, kernels and other bytes that are in memory when the machine starts, and
 * again after each reset. */
#ifndef BACKPLANE_CORE_IMAGES_H
#define BACKPLANE_CORE_IMAGES_H

#include "core/face.h"

#include <backplane/board.h>
#include <glib.h>

struct images; /* one a machine */

/* The memory that images go to. */
struct images_memory {
    void *arg;
    /* Contiguous RAM and ROM from gpa on, at most n. */
    uint64_t (*room)(void *arg, uint64_t gpa, uint64_t n);
    /* Writes n bytes at gpa; 0 or -errno. */
    int (*write)(void *arg, uint64_t gpa, const void *bytes, uint64_t n);
};

struct images *images_new(const struct images_memory *memory);
void images_free(struct images *im);

/* What an ELF file must be to be taken. */
struct image_want {
    uint32_t elf_machine; /* 0: any */
    uint32_t bits;        /* 0: any */
    bool big_endian;
    const char *linux_magic; /* four bytes, see struct bp_target; NULL: no Linux images */
};

/* Image by what it is: ELF, gzip of any, Linux image header, else raw. Errors: one line in
 * *ret_why (owned). */
int images_load(struct images *im, const char *path, uint64_t at, uint64_t align,
                const struct image_want *want, struct bp_image *ret, char **ret_why);
int images_load_file(struct images *im, const char *path, uint64_t gpa, uint64_t max,
                     uint64_t *ret_size, char **ret_why);
int images_write(struct images *im, uint64_t gpa, const void *bytes, uint64_t n);
/* Whether there is anything to put back. */
bool images_any(const struct images *im);
/* Puts everything back, in the order it came. [main] machine stopped */
int images_apply(struct images *im);

/* The parsers alone, for tests and fuzzing: bytes to pieces. */
struct image_piece {
    uint64_t gpa;
    uint64_t file_offset, file_size; /* bytes from the image ... */
    uint64_t size;                   /* ... and zeros up to this many */
};
int image_parse(const uint8_t *bytes, size_t n, uint64_t at, uint64_t align,
                const struct image_want *want,
                GArray *pieces, struct bp_image *ret, char **ret_why);
/* Decompresses gzip, at most `max` bytes of output. */
int image_gunzip(const uint8_t *bytes, size_t n, size_t max, uint8_t **ret, size_t *ret_n,
                 char **ret_why);

#endif
