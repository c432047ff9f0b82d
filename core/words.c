/* SPDX-License-Identifier: MIT */
/* words.c: the known word nearest to a mistyped one, by edits (a swap of neighbours counts one). */
#include "core/loader.h"

#include <stdio.h>
#include <string.h>

#define WORD_MAX 64

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

static unsigned distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    if (n > WORD_MAX || m > WORD_MAX)
        return UINT32_MAX;
    unsigned rows[3][WORD_MAX + 1];
    unsigned *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= m; j++)
        last[j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            now[j] = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = min3(now[j], before[j - 2] + 1, now[j]);
        }
        unsigned *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[m];
}

const char *nearest_word(const char *word, char *const *words)
{
    const char *best = NULL;
    unsigned least = (unsigned)strlen(word) / 3; /* more than a third wrong is another word */
    if (!least)
        least = 1;
    for (; words && *words; words++) {
        unsigned d = distance(word, *words);
        if (d <= least && (d < least || !best)) {
            least = d;
            best = *words;
        }
    }
    return best;
}

const char *did_you_mean(const char *word, char *const *words, char *buf, size_t size)
{
    const char *near = nearest_word(word, words);
    if (near)
        snprintf(buf, size, " (did you mean '%s'?)", near);
    else
        buf[0] = '\0';
    return buf;
}
