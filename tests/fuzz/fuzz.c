/* SPDX-License-Identifier: MIT */
/*
 * fuzz.c: runs a fuzz target for a while without libFuzzer: mutates its seeds, from a seed that it
 * prints. FUZZ_RUNS=N inputs (default 20000), FUZZ_SEED=N; files as arguments are run as they are.
 */
#include "fuzz.h"

#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEEDS_MAX 64

static GBytes *seeds[SEEDS_MAX];
static unsigned seed_count;

static void add_seed(const void *data, size_t n)
{
    if (seed_count < SEEDS_MAX)
        seeds[seed_count++] = g_bytes_new(data, n);
}

static uint64_t rng;
static uint64_t next_random(void)
{
    uint64_t z = rng += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static size_t below(size_t n)
{
    return n ? next_random() % n : 0;
}

static void put_number(GByteArray *b)
{
    static const uint64_t numbers[] = {
        0, 1, 2, 3, 7, 8, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff,
        0x80000000, 0xffffffff, UINT64_C(0x100000000), INT64_MAX, UINT64_C(1) << 63, UINT64_MAX,
        UINT64_MAX - 7,
    };
    uint64_t v = numbers[below(G_N_ELEMENTS(numbers))];
    size_t n = (size_t)1 << below(4), at = below(b->len);
    if (next_random() & 1)
        v = __builtin_bswap64(v) >> (64 - 8 * n);
    for (size_t i = 0; i < n && at + i < b->len; i++)
        b->data[at + i] = (uint8_t)(v >> (8 * i));
}

static void mutate(GByteArray *b)
{
    size_t at = below(b->len), n;
    switch (next_random() % 8) {
    case 0:
        if (b->len)
            b->data[at] ^= (uint8_t)(1u << below(8));
        break;
    case 1:
        if (b->len)
            b->data[at] = (uint8_t)next_random();
        break;
    case 2:
    case 3:
        put_number(b);
        break;
    case 4: /* cut */
        g_byte_array_set_size(b, (guint)at);
        break;
    case 5: /* remove */
        n = below(MIN(b->len - at, 64));
        if (n)
            g_byte_array_remove_range(b, (guint)at, (guint)n);
        break;
    case 6: { /* repeat a piece */
        uint8_t piece[64];
        n = below(MIN(b->len - at, sizeof piece));
        if (n) {
            memcpy(piece, b->data + at, n);
            g_byte_array_append(b, piece, (guint)n);
        }
        break;
    }
    default: { /* a piece of another seed */
        gsize from_n;
        const uint8_t *from = g_bytes_get_data(seeds[below(seed_count)], &from_n);
        size_t start = below(from_n);
        n = below(MIN(MIN(from_n - start, b->len - at), 256));
        if (n)
            memcpy(b->data + at, from + start, n);
    }
    }
}

static void run_exact(const uint8_t *data, size_t n)
{
    /* memory of just that size, so that a sanitizer sees a step behind it */
    uint8_t *copy = malloc(n ? n : 1);
    if (!copy)
        abort();
    if (n)
        memcpy(copy, data, n);
    LLVMFuzzerTestOneInput(copy, n);
    free(copy);
}

static uint64_t number_of(const char *name, uint64_t def)
{
    const char *text = getenv(name);
    return text ? g_ascii_strtoull(text, NULL, 0) : def;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        char *text;
        gsize n;
        if (!g_file_get_contents(argv[i], &text, &n, NULL))
            return 2;
        run_exact((const uint8_t *)text, n);
        g_free(text);
    }
    if (argc > 1)
        return 0;
    uint64_t runs = number_of("FUZZ_RUNS", 20000), seed = number_of("FUZZ_SEED", 1);
    fuzz_seeds(add_seed);
    if (!seed_count)
        return 2;
    for (unsigned i = 0; i < seed_count; i++) {
        gsize n;
        const uint8_t *data = g_bytes_get_data(seeds[i], &n);
        run_exact(data, n);
        for (gsize cut = 0; cut < MIN(n, 512); cut++)
            run_exact(data, cut);
    }
    for (uint64_t i = 0; i < runs; i++) {
        rng = seed * UINT64_C(1000003) + i; /* each input can be had again */
        gsize n;
        const uint8_t *data = g_bytes_get_data(seeds[below(seed_count)], &n);
        GByteArray *b = g_byte_array_new();
        g_byte_array_append(b, data, (guint)n);
        for (size_t k = 1 + below(6); k--;)
            mutate(b);
        run_exact(b->data, b->len);
        g_byte_array_unref(b);
    }
    for (unsigned i = 0; i < seed_count; i++)
        g_bytes_unref(seeds[i]);
    printf("%" PRIu64 " inputs from %u seeds, seed %" PRIu64 "\n", runs, seed_count, seed);
    return 0;
}
