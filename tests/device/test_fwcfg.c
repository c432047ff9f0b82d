/* SPDX-License-Identifier: MIT */
/* test_fwcfg.c: fw-cfg-mmio as firmware and kernels use it, and as hostile guests would. */
#include "rig.h"

#include <backplane/bus/fwcfg.h>
#include <string.h>

enum { DATA = 0, SELECTOR = 8, DMA = 16 };
enum { DMA_ERROR = 1, DMA_READ = 2, DMA_SKIP = 4, DMA_SELECT = 8, DMA_WRITE = 16 };
#define BLOCK 0x100 /* in RAM */
#define BUFFER 0x200

static struct rig r;
static const struct bp_fwcfg *items;
static void *dev;

static void setup(void)
{
    rig_open(&r);
    rig_device(&r, "fw-cfg-mmio", NULL);
    items = part_find_offer(r.dev, BP_FWCFG_ID, &dev);
    ck_assert_ptr_nonnull(items);
}

static void teardown(void) { rig_close(&r); }

static void select_item(uint16_t key) { rig_write(&r, 0, SELECTOR, 2, __builtin_bswap16(key)); }

static void read_bytes(void *buf, size_t n)
{
    uint8_t *to = buf;
    while (n--)
        *to++ = (uint8_t)rig_read(&r, 0, DATA, 1);
}

static uint32_t be32(const void *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return __builtin_bswap32(v);
}

/* Runs a DMA block; returns what the device left in its control field. */
static uint32_t dma_at(uint64_t block_gpa, uint32_t control, uint32_t n, uint64_t gpa)
{
    uint32_t block[4] = { __builtin_bswap32(control), __builtin_bswap32(n),
                          __builtin_bswap32((uint32_t)(gpa >> 32)),
                          __builtin_bswap32((uint32_t)gpa) };
    rig_poke(&r, BLOCK, block, sizeof block);
    rig_write(&r, 0, DMA, 4, __builtin_bswap32((uint32_t)(block_gpa >> 32)));
    rig_write(&r, 0, DMA + 4, 4, __builtin_bswap32((uint32_t)block_gpa));
    rig_peek(&r, BLOCK, block, sizeof block);
    return __builtin_bswap32(block[0]);
}

static uint32_t dma(uint32_t control, uint32_t n, uint64_t gpa)
{
    return dma_at(RIG_RAM + BLOCK, control, n, gpa);
}

START_TEST(signature_and_features)
{
    char text[6] = "";
    select_item(0);
    read_bytes(text, 5); /* past the end: zero */
    ck_assert_mem_eq(text, "QEMU\0", 5);
    select_item(1);
    ck_assert_uint_eq(rig_read(&r, 0, DATA, 4), 3); /* bytes in string order, little-endian value */
    ck_assert_uint_eq(rig_read(&r, 0, DMA, 8), __builtin_bswap64(0x51454D5520434647));
}
END_TEST

START_TEST(wide_data_reads_are_strings)
{
    char text[9] = "";
    ck_assert_int_eq(items->set_item(dev, BP_FWCFG_UUID, "0123456789abcdef", 16), 0);
    select_item(BP_FWCFG_UUID);
    uint64_t value = rig_read(&r, 0, DATA, 8);
    memcpy(text, &value, 8);
    ck_assert_str_eq(text, "01234567");
    value = rig_read(&r, 0, DATA, 2);
    ck_assert_mem_eq(&value, "89", 2);
}
END_TEST

START_TEST(directory)
{
    uint8_t d[4 + 2 * 64];
    ck_assert_int_eq(items->add_file(dev, "opt/a", "hello", 5), 0);
    ck_assert_int_eq(items->add_file(dev, "etc/b", NULL, 0), 0);
    select_item(BP_FWCFG_DIRECTORY);
    read_bytes(d, sizeof d);
    ck_assert_uint_eq(be32(d), 2);
    ck_assert_uint_eq(be32(d + 4), 5);
    ck_assert_uint_eq(d[8] << 8 | d[9], BP_FWCFG_FILES);
    ck_assert_str_eq((char *)d + 12, "opt/a");
    ck_assert_uint_eq(be32(d + 68), 0);
    ck_assert_uint_eq(d[72] << 8 | d[73], BP_FWCFG_FILES + 1);
    ck_assert_str_eq((char *)d + 76, "etc/b");
    char text[6] = "";
    select_item(BP_FWCFG_FILES);
    read_bytes(text, 5);
    ck_assert_str_eq(text, "hello");
}
END_TEST

START_TEST(board_mistakes)
{
    char name[57];
    memset(name, 'n', 56);
    name[56] = 0;
    ck_assert_int_lt(items->add_file(dev, name, "", 0), 0);
    ck_assert_int_lt(items->set_item(dev, BP_FWCFG_SIGNATURE, "X", 1), 0);
    ck_assert_int_lt(items->set_item(dev, BP_FWCFG_FILES, "X", 1), 0);
    int result = 0;
    for (unsigned i = 0; i < 1000 && result == 0; i++)
        result = items->add_file(dev, "f", "x", 1);
    ck_assert_int_lt(result, 0);
}
END_TEST

START_TEST(dma_reads)
{
    char text[16];
    ck_assert_int_eq(items->add_file(dev, "opt/a", "hello world", 11), 0);
    rig_poke(&r, BUFFER, "################", 16);
    ck_assert_uint_eq(dma(BP_FWCFG_FILES << 16 | DMA_SELECT | DMA_READ, 5, RIG_RAM + BUFFER), 0);
    ck_assert_uint_eq(dma(DMA_SKIP, 1, 0), 0);
    ck_assert_uint_eq(dma(DMA_READ, 8, RIG_RAM + BUFFER + 5), 0);
    rig_peek(&r, BUFFER, text, 16);
    ck_assert_mem_eq(text, "helloworld\0\0\0###", 16); /* zeros behind the end */
}
END_TEST

START_TEST(dma_by_one_wide_write)
{
    char text[4];
    uint32_t block[4] = { __builtin_bswap32(DMA_SELECT | DMA_READ), __builtin_bswap32(4), 0,
                          __builtin_bswap32(RIG_RAM + BUFFER) };
    rig_poke(&r, BLOCK, block, sizeof block);
    rig_write(&r, 0, DMA, 8, __builtin_bswap64(RIG_RAM + BLOCK));
    rig_peek(&r, BUFFER, text, 4);
    ck_assert_mem_eq(text, "QEMU", 4);
}
END_TEST

START_TEST(dma_refusals)
{
    uint64_t end = RIG_RAM + RIG_RAM_SIZE;
    ck_assert_uint_eq(dma(DMA_SELECT | DMA_WRITE, 4, RIG_RAM + BUFFER), DMA_ERROR);
    ck_assert_uint_eq(dma(DMA_SELECT | DMA_READ, 4, 0xDEAD0000), DMA_ERROR);
    ck_assert_uint_eq(dma(DMA_SELECT | DMA_READ, 100, end - 50), DMA_ERROR);
    ck_assert_uint_eq(dma(DMA_SELECT | DMA_READ, UINT32_MAX, end - 4096), DMA_ERROR);
    ck_assert_uint_eq(dma(DMA_SELECT | DMA_READ, UINT32_MAX, UINT64_MAX - 100), DMA_ERROR);
    ck_assert_uint_eq(dma(DMA_SKIP, UINT32_MAX, 0), 0);
    ck_assert_uint_eq(dma(DMA_READ, 4, RIG_RAM + BUFFER), 0); /* far behind the end: zeros */
    /* into its own registers, and a block that is no memory: nothing may happen */
    ck_assert_uint_eq(dma(DMA_SELECT | DMA_READ, 8, RIG_WINDOWS + DMA), DMA_ERROR);
    dma_at(RIG_WINDOWS, 0, 0, 0);
    dma_at(end - 8, 0, 0, 0);
    dma_at(UINT64_MAX - 3, 0, 0, 0);
}
END_TEST

/* Blocks of random contents, biased towards what is nearly right. */
START_TEST(dma_random)
{
    uint64_t x = 88172645463325252u;
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t v[4];
        for (unsigned k = 0; k < 4; k++) {
            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
            v[k] = x;
        }
        uint32_t control = (uint32_t)v[0] & (v[3] & 1 ? 0xFFFF001F : 0xFFFFFFFF);
        uint32_t n = (uint32_t)(v[3] & 2 ? v[1] % 5000 : v[1]);
        uint64_t gpa = v[3] & 4 ? RIG_RAM + v[2] % (RIG_RAM_SIZE + 4096) : v[2];
        uint64_t block = v[3] & 24 ? RIG_RAM + BLOCK : v[1] ^ v[2];
        dma_at(block, control, n, gpa);
    }
    select_item(0);
    ck_assert_uint_eq(rig_read(&r, 0, DATA, 4), 0x554D4551);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fw-cfg-mmio");
    TCase *c = tcase_create("registers");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, signature_and_features);
    tcase_add_test(c, wide_data_reads_are_strings);
    tcase_add_test(c, directory);
    tcase_add_test(c, board_mistakes);
    tcase_add_test(c, dma_reads);
    tcase_add_test(c, dma_by_one_wide_write);
    tcase_add_test(c, dma_refusals);
    tcase_add_test(c, dma_random);
    suite_add_tcase(suite, c);
    return rig_run(suite);
}
