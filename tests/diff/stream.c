/* SPDX-License-Identifier: MIT */
/*
 * stream.c: writes a stream of sampled instructions as a program that prints hashes of what it did,
 * or a part of it down to one instruction, for comparing engines. docs/testing.md.
 */
#include "rng.h"
#include "system.h"
#include "values.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A chunk runs ROUNDS times with other registers, a group is GROUP chunks, ROUND after ROUND. */
enum { ROUNDS = 4, GROUP = 8, GROUP_SETS = ROUNDS * GROUP };

struct stream {
    struct profile profile;
    uint64_t seed, insns;
    struct chunk *chunks;
    uint64_t n;             /* chunks */
    uint64_t total;         /* instructions surely executed */
    uint64_t sampled;
    uint64_t counts[RISCV_OP_COUNT];
    struct image im;
    uint64_t sets;          /* address of the first */
};

struct options {
    unsigned xlen;
    bool machine, peer, fine, dump; /* peer: what the peer has and does, too */
    uint64_t seed, insns;
    int64_t group, last, limit, list;
    const char *profile, *output, *stats;
};

static void *checked(void *p)
{
    if (!p) {
        fputs("stream: out of memory\n", stderr);
        exit(1);
    }
    return p;
}

static void sample(struct stream *s)
{
    uint64_t room = 0;

    for (s->n = 0; s->total < s->insns || s->n % GROUP; s->n++) {
        if (s->n == room) {
            room = room ? 2 * room : 256;
            s->chunks = checked(realloc(s->chunks, room * sizeof *s->chunks));
        }
        make_chunk(&s->chunks[s->n], &s->profile, s->seed, s->n);
        s->sampled += s->chunks[s->n].n;
        s->total += ROUNDS * count_chunk(&s->chunks[s->n], s->counts);
    }
}

static uint64_t chunk_of_set(uint64_t set)
{
    return set / GROUP_SETS * GROUP + set % GROUP;
}

static uint64_t code_of(uint64_t chunk)
{
    return CHUNKS + chunk * CHUNK_SIZE;
}

static void write_pool(struct stream *s)
{
    uint64_t rng = s->seed ^ UINT64_C(0x706f6f6c);

    for (uint64_t at = POOL; at < POOL + SCRATCH_SIZE; at += 8) {
        bool integer = one_in(&rng, 2);
        poke(&s->im, at, integer ? integer_value(&rng) : float_value(&rng, FLOATS_MIXED), 8);
    }
}

static void build(struct stream *s, const struct options *o)
{
    struct run run = { .count = s->n * ROUNDS, .print_every = o->fine ? 1 : GROUP_SETS,
                       .refresh_every = GROUP_SETS, .dump = o->dump };
    struct harness harness;

    s->sets = (code_of(s->n) + 0xfff) & ~UINT64_C(0xfff);
    s->im.xlen = o->xlen;
    s->im.machine = o->machine;
    s->im.peer = o->peer;
    s->im.size = s->sets + run.count * SET_SIZE - BASE;
    s->im.bytes = checked(calloc(1, s->im.size));
    write_harness(&s->im, &harness);
    write_pool(s);
    if (o->machine)
        write_page_tables(&s->im);
    for (uint64_t i = 0; i < s->n; i++) {
        bool last = o->last >= 0 && chunk_of_set((uint64_t)o->last) == i;

        s->im.at = code_of(i);
        write_chunk(&s->im, &s->chunks[i],
                    last && o->limit >= 0 ? (unsigned)o->limit : MAX_ITEMS);
        for (unsigned r = 0; r < ROUNDS; r++) {
            uint64_t set = i / GROUP * GROUP_SETS + r * GROUP + i % GROUP;
            write_set(&s->im, &s->chunks[i], &harness, s->sets + set * SET_SIZE, code_of(i));
        }
    }
    if (o->group >= 0) {
        run.first_line = (uint64_t)o->group * (o->fine ? GROUP_SETS : 1);
        run.first_set = (uint64_t)o->group * GROUP_SETS;
        run.count = GROUP_SETS;
    }
    if (o->last >= 0)
        run.count = (uint64_t)o->last + 1 - run.first_set;
    run.first_set = s->sets + run.first_set * SET_SIZE;
    set_run(&s->im, &run);
}

/* Prints the instructions of a set's chunk: number, address, word, text. */
static void list(const struct stream *s, uint64_t set)
{
    const struct chunk *c = &s->chunks[chunk_of_set(set)];
    uint64_t features = (UINT64_C(1) << RISCV_FEATURE_COUNT) - 1;
    uint64_t at = code_of(chunk_of_set(set)) + 8;

    features &= ~(c->xlen == 64 ? RISCV_FEATURE_RV32 : RISCV_FEATURE_RV64);
    if (c->machine)
        printf("mode %d, satp mode %u, mstatus 0x%llx\n", (int)c->modes.mode, c->modes.satp_mode,
               (unsigned long long)c->modes.status);
    for (unsigned i = 0; i < c->n; i++) {
        struct riscv_insn insn;
        char text[128] = "no instruction";
        unsigned length = c->items[i].length;
        uint32_t word = (uint32_t)peek(&s->im, at, length);

        if (length == 4 ? riscv_decode32(word, features, &insn)
                        : riscv_decode16(word, features, &insn))
            riscv_disassemble(&insn, at, text, sizeof text);
        printf("%3u  %llx  %0*x%*s  %s\n", i, (unsigned long long)at, (int)(2 * length), word,
               (int)(8 - 2 * length), "", text);
        at += length;
    }
}

static bool write_stats(const struct stream *s, const char *path)
{
    FILE *f = fopen(path, "w");

    if (!f) {
        perror(path);
        return false;
    }
    for (unsigned i = 0; i < s->profile.op_count; i++)
        fprintf(f, "%s %llu\n", riscv_op_names[s->profile.ops[i]],
                ROUNDS * (unsigned long long)s->counts[s->profile.ops[i]]);
    if (fclose(f)) {
        perror(path);
        return false;
    }
    return true;
}

static int usage(void)
{
    fputs("usage: stream [--xlen 32|64] [--profile user|machine|peer|peer-machine] [--seed N]\n"
          "              [--insns N] [--group N] [--fine] [--last SET] [--limit N] [--dump] [--list SET]\n"
          "              [--stats FILE] [--output FILE]\n", stderr);
    return 2;
}

static bool parse(int argc, char **argv, struct options *o)
{
    static const struct option words[] = {
        { "xlen", 1, NULL, 'x' }, { "profile", 1, NULL, 'p' }, { "seed", 1, NULL, 's' },
        { "insns", 1, NULL, 'i' }, { "group", 1, NULL, 'g' }, { "fine", 0, NULL, 'f' },
        { "last", 1, NULL, 'l' }, { "limit", 1, NULL, 'n' }, { "dump", 0, NULL, 'd' },
        { "list", 1, NULL, 't' }, { "stats", 1, NULL, 'c' }, { "output", 1, NULL, 'o' },
        { NULL, 0, NULL, 0 },
    };

    for (int c; (c = getopt_long(argc, argv, "", words, NULL)) != -1;) {
        switch (c) {
        case 'x': o->xlen = (unsigned)atoi(optarg); break;
        case 'p': o->profile = optarg; break;
        case 's': o->seed = strtoull(optarg, NULL, 0); break;
        case 'i': o->insns = strtoull(optarg, NULL, 0); break;
        case 'g': o->group = atoll(optarg); break;
        case 'f': o->fine = true; break;
        case 'l': o->last = atoll(optarg); break;
        case 'n': o->limit = atoll(optarg); break;
        case 'd': o->dump = true; break;
        case 't': o->list = atoll(optarg); break;
        case 'c': o->stats = optarg; break;
        case 'o': o->output = optarg; break;
        default: return false;
        }
    }
    o->machine = strstr(o->profile, "machine") != NULL;
    o->peer = !strncmp(o->profile, "peer", 4);
    return optind == argc && (o->xlen == 32 || o->xlen == 64);
}

int main(int argc, char **argv)
{
    struct options o = { .xlen = 64, .seed = 1, .insns = 100000, .group = -1, .last = -1,
                         .limit = -1, .list = -1, .profile = "user" };
    static struct stream s;
    bool ok = true;

    if (!parse(argc, argv, &o))
        return usage();
    set_profile(&s.profile, o.xlen, o.machine, o.peer);
    s.seed = o.seed;
    s.insns = o.insns;
    sample(&s);
    build(&s, &o);
    if (o.list >= 0 && (uint64_t)o.list < s.n * ROUNDS)
        list(&s, (uint64_t)o.list);
    if (o.stats)
        ok = write_stats(&s, o.stats) && ok;
    if (o.output)
        ok = write_elf(&s.im, o.output, s.sets) && ok;
    if (o.list < 0)
        printf("%llu instructions executed of %llu sampled in %llu groups\n",
               (unsigned long long)s.total, (unsigned long long)s.sampled,
               (unsigned long long)(s.n / GROUP));
    free(s.chunks);
    free(s.im.bytes);
    return !ok;
}
