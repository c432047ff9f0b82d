/* SPDX-License-Identifier: MIT */
/* loop THREADS ROUNDS: each thread does the same work on memory of its own; prints a checksum. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define CELLS 4096

struct work {
    pthread_t thread;
    long rounds;
    uint32_t sum;
};

static void *churn(void *opaque)
{
    struct work *work = opaque;
    uint32_t *cells = calloc(CELLS, sizeof *cells), x = 1;
    if (!cells)
        abort();
    for (long round = 0; round < work->rounds; round++) {
        for (int i = 0; i < CELLS; i++) {
            x = x * 1664525 + 1013904223;
            cells[x % CELLS] += x >> 7;
        }
    }
    for (int i = 0; i < CELLS; i++)
        work->sum = work->sum * 31 + cells[i];
    free(cells);
    return NULL;
}

int main(int argc, char **argv)
{
    int threads = argc > 1 ? atoi(argv[1]) : 1;
    long rounds = argc > 2 ? atol(argv[2]) : 1000;
    struct work *work = calloc((size_t)threads, sizeof *work);
    uint32_t sum = 0;
    for (int i = 0; i < threads; i++) {
        work[i].rounds = rounds;
        if (pthread_create(&work[i].thread, NULL, churn, &work[i]))
            return 1;
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(work[i].thread, NULL);
        sum += work[i].sum;
    }
    printf("%08x\n", sum);
    free(work);
    return 0;
}
