/* SPDX-License-Identifier: MIT */
/*
 * test_decoder.c: the generated RISC-V decoder against naive matching and against the encoder.
 * `--full` compares all 2^32 words, which takes many minutes; `--samples N` sets another number.
 */
#include "riscv-decode.h"
#include "rng.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RV32 RISCV_FEATURE_RV32
#define RV64 RISCV_FEATURE_RV64

static unsigned failures;

static void complain(const char *what, uint32_t word, uint64_t features, const char *got,
                     const char *wanted)
{
    if (++failures <= 20)
        printf("FAIL %s: word 0x%08x features 0x%" PRIx64 ": %s, should be %s\n", what, word,
               features, got, wanted);
}

/* ---- naive matching --------------------------------------------------------------------- */

/* The rows of one length that some features enable. */
struct naive {
    const struct riscv_row *rows[512];
    size_t n;
};

static void naive_init(struct naive *naive, uint64_t features, unsigned length)
{
    naive->n = 0;
    for (size_t i = 0; i < riscv_row_count; i++)
        if (riscv_rows[i].length == length && riscv_row_enabled(i, features))
            naive->rows[naive->n++] = &riscv_rows[i];
}

static unsigned naive_op(const struct naive *naive, uint32_t word)
{
    for (size_t i = 0; i < naive->n; i++)
        if ((word & naive->rows[i]->mask) == naive->rows[i]->match)
            return naive->rows[i]->op;
    return RISCV_OP_INVALID;
}

static bool decode_any(uint32_t word, unsigned length, uint64_t features, struct riscv_insn *ret)
{
    memset(ret, 0, sizeof *ret);
    return length == 2 ? riscv_decode16(word, features, ret) : riscv_decode32(word, features, ret);
}

static void compare(const struct naive *naive, uint32_t word, uint64_t features, unsigned length)
{
    struct riscv_insn insn;
    unsigned wanted = naive_op(naive, word), got = RISCV_OP_INVALID;

    if (decode_any(word, length, features, &insn)) {
        got = insn.op;
        if (insn.length != length || insn.raw != word || !got)
            complain("length or raw word", word, features, riscv_op_names[got], "itself");
    }
    if (got != wanted)
        complain("op", word, features, riscv_op_names[got], riscv_op_names[wanted]);
}

static const uint64_t all = (UINT64_C(1) << RISCV_FEATURE_COUNT) - 1;

static uint64_t random_features(uint64_t *rng)
{
    uint64_t features = random64(rng) & all;

    return features & ~(random64(rng) & 1 ? RV32 : RV64);
}

static void test_compressed(void)
{
    uint64_t used = RISCV_FEATURE_C | RISCV_FEATURE_F | RISCV_FEATURE_D;
    unsigned sets = 0;

    for (uint64_t xlen = 0; xlen < 2; xlen++) {
        for (uint64_t some = used;; some = (some - 1) & used) {
            uint64_t features = some | (xlen ? RV32 : RV64);
            struct naive naive;

            naive_init(&naive, features, 2);
            for (uint32_t word = 0; word < 65536; word++)
                compare(&naive, word, features, 2);
            sets++;
            if (!some)
                break;
        }
    }
    printf("all 65536 words of 16 bits, %u sets of features\n", sets);
}

/* Every opcode of 32 bits, funct3 and funct7 gets its share, with random bits between. */
static void test_stratified(unsigned rounds)
{
    uint64_t rng = 1;
    unsigned long words = 0;

    for (unsigned round = 0; round < rounds; round++) {
        uint64_t features = round % 4 == 0 ? all & ~RV32 : round % 4 == 1 ? all & ~RV64
            : random_features(&rng);
        struct naive naive;

        naive_init(&naive, features, 4);
        for (uint32_t stratum = 0; stratum < 1u << 15; stratum++) {
            uint32_t opcode = 3 | (stratum & 31) << 2, funct3 = stratum >> 5 & 7;
            uint32_t fixed = opcode | funct3 << 12 | stratum >> 8 << 25;
            uint32_t word = fixed | ((uint32_t)random64(&rng) & ~0xfe00707fu);

            compare(&naive, word, features, 4);
            /* Where rows fix the registers' places, zeros are as good as random bits are rare. */
            compare(&naive, word & ~0x00000f80u, features, 4);
            compare(&naive, word & ~0x01f00000u, features, 4);
            compare(&naive, (uint32_t)random64(&rng), features, 4);
            words += 4;
        }
    }
    printf("%lu sampled words of 32 bits, %u sets of features\n", words, rounds);
}

static void test_full(uint64_t features)
{
    struct naive naive;
    uint32_t word = 0;

    naive_init(&naive, features, 4);
    do {
        compare(&naive, word, features, 4);
    } while (++word);
    printf("all words of 32 bits, features 0x%" PRIx64 "\n", features);
}

/* ---- rows ------------------------------------------------------------------------------- */

static const struct riscv_row *row_of(unsigned op)
{
    for (size_t i = 0; i < riscv_row_count; i++)
        if (riscv_rows[i].op == op && op)
            return &riscv_rows[i];
    return NULL;
}

static bool decode(const struct riscv_row *row, uint32_t word, struct riscv_insn *ret)
{
    return decode_any(word, row->length, row->features, ret);
}

/* Samples decode to their row; what is encoded from the arguments decodes to equal arguments. */
static void test_round_trip(void)
{
    uint64_t rng = 2;
    unsigned covered = 0;

    for (unsigned op = 1; op < RISCV_OP_COUNT; op++) {
        const struct riscv_row *row = row_of(op);
        unsigned good = 0;

        for (unsigned i = 0; i < 200; i++) {
            uint32_t word = riscv_sample(&rng, op), again = 0;
            struct riscv_insn first, second;

            if (!word || !decode(row, word, &first) || first.op != op) {
                complain("sample", word, row->features, "not its row", row->name);
                continue;
            }
            if (!riscv_encode(&first, &again) || !decode(row, again, &second)) {
                complain("encode", word, row->features, "refused", row->name);
                continue;
            }
            second.raw = first.raw;
            if (memcmp(&first, &second, sizeof first))
                complain("round trip", word, row->features, "other arguments", row->name);
            else
                good++;
        }
        covered += good == 200;
    }
    printf("%u of %u rows encoded and decoded again, 200 times each\n", covered,
           RISCV_OP_COUNT - 1);
}

static void expect_encode(const char *what, const struct riscv_insn *insn, bool wanted)
{
    uint32_t word = 0;

    if (riscv_encode(insn, &word) != wanted)
        complain(what, word, 0, wanted ? "refused" : "encoded", wanted ? "encoded" : "refused");
}

static void test_refused_arguments(void)
{
    struct riscv_insn addi = { .op = RISCV_OP_ADDI, .u.i = { 1, 2, 2047 } };
    struct riscv_insn beq = { .op = RISCV_OP_BEQ, .u.b = { 1, 2, -4096 } };
    struct riscv_insn lw = { .op = RISCV_OP_C_LW, .u.i = { 8, 15, 124 } };

    expect_encode("largest immediate", &addi, true);
    addi.u.i.imm = 2048;
    expect_encode("immediate too large", &addi, false);
    addi.u.i.imm = -2049;
    expect_encode("immediate too small", &addi, false);
    addi.u.i.imm = 0;
    addi.u.i.rd = 32;
    expect_encode("no such register", &addi, false);
    expect_encode("farthest branch", &beq, true);
    beq.u.b.imm = -4095;
    expect_encode("odd branch", &beq, false);
    expect_encode("compressed load", &lw, true);
    lw.u.i.imm = 126;
    expect_encode("misaligned offset", &lw, false);
    lw.u.i.imm = 124;
    lw.u.i.rd = 7;
    expect_encode("register below x8", &lw, false);
    addi.op = RISCV_OP_COUNT;
    expect_encode("no such op", &addi, false);
    addi.op = RISCV_OP_INVALID;
    expect_encode("invalid op", &addi, false);
}

/* ---- single facts ----------------------------------------------------------------------- */

static void expect_nothing(uint32_t word, unsigned length, uint64_t features)
{
    struct riscv_insn insn;

    if (decode_any(word, length, features, &insn))
        complain("reserved", word, features, riscv_op_names[insn.op], "nothing");
}

/* Encodings that the manual reserves, leaves to custom extensions, or defines as illegal. */
static void test_reserved(void)
{
    static const uint8_t custom[] = { 0x0b, 0x2b, 0x5b, 0x7b, 0x57, 0x77, 0x6b, 0x1f, 0x3f, 0x7f };
    uint64_t rng = 3, rv64 = all & ~RV32, rv32 = all & ~RV64;

    for (unsigned i = 0; i < 100000; i++) {
        uint32_t word = ((uint32_t)random64(&rng) & ~0x7fu) | custom[i % sizeof custom];

        expect_nothing(word, 4, i & 1 ? rv64 : rv32);
    }
    expect_nothing(0x00000000, 2, rv64);
    expect_nothing(0x00000000, 2, rv32);
    expect_nothing(0x00000000, 4, rv64);
    expect_nothing(0xffffffff, 4, rv64);
    expect_nothing(0x0008, 2, rv64);     /* c.addi4spn without an immediate */
    expect_nothing(0x8000, 2, rv64);     /* quadrant 0, funct3 100 */
    expect_nothing(0x2001, 2, rv64);     /* c.addiw zero */
    expect_nothing(0x6101, 2, rv64);     /* c.addi16sp 0 */
    expect_nothing(0x6081, 2, rv64);     /* c.lui without an immediate */
    expect_nothing(0x9c41, 2, rv64);     /* beside c.addw */
    expect_nothing(0x9c01, 2, rv32);     /* c.subw */
    expect_nothing(0x4002, 2, rv64);     /* c.lwsp zero */
    expect_nothing(0x6002, 2, rv64);     /* c.ldsp zero */
    expect_nothing(0x8002, 2, rv64);     /* c.jr zero */
    expect_nothing(0x1082, 2, rv32);     /* c.slli by 32 */
    expect_nothing(0x9001, 2, rv32);     /* c.srli by 32 */
    expect_nothing(0x02009093, 4, rv32); /* slli by 32 */
    expect_nothing(0x0000b083, 4, rv32); /* ld */
    expect_nothing(0x02008033, 4, rv64 & ~RISCV_FEATURE_M);     /* mul */
    expect_nothing(0x0000000f | 1 << 12, 4, rv64 & ~RISCV_FEATURE_ZIFENCEI);
    expect_nothing(0x00008067 | 1 << 12, 4, rv64);              /* jalr with funct3 1 */
    expect_nothing(0x30200073 | 1 << 7, 4, rv64);               /* mret with rd */
}

static void test_truncated_text(void)
{
    static const char whole[] = "addi sp, sp, -16";
    struct riscv_insn insn;
    char buf[32];

    if (!riscv_decode32(0xff010113, RV64, &insn)) {
        complain("addi", 0xff010113, RV64, "nothing", "addi");
        return;
    }
    for (size_t size = 0; size < sizeof buf; size++) {
        size_t shown = size ? size - 1 : 0;

        memset(buf, 'z', sizeof buf);
        if (riscv_disassemble(&insn, 0, buf, size) != strlen(whole))
            complain("length of text", insn.raw, size, "wrong", "16");
        if (shown > strlen(whole))
            shown = strlen(whole);
        if (memcmp(buf, whole, shown) || (size && buf[shown])
            || (size < sizeof buf && buf[size] != 'z'))
            complain("text cut off", insn.raw, size, "wrong", whole);
    }
}

int main(int argc, char **argv)
{
    unsigned rounds = 128;

    if (argc == 2 && !strcmp(argv[1], "--full")) {
        test_full(all & ~RV32);
        test_full(all & ~RV64);
    } else if (argc == 3 && !strcmp(argv[1], "--samples")) {
        rounds = (unsigned)(strtoul(argv[2], NULL, 0) / (4u << 15) + 1);
    } else if (argc != 1) {
        fprintf(stderr, "usage: test_decoder [--full | --samples N]\n");
        return 2;
    }
    test_compressed();
    test_stratified(rounds);
    test_round_trip();
    test_refused_arguments();
    test_reserved();
    test_truncated_text();
    printf("%s\n", failures ? "FAILED" : "ok");
    return failures != 0;
}
