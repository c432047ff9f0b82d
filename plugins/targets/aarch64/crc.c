/* SPDX-License-Identifier: MIT */
/* crc.c: FEAT_CRC32: cyclic redundancy checks, bits taken lowest first. */
#include "cpu.h"

/* What a byte adds, by polynomial (reflected): IEEE 802.3, Castagnoli. */
static uint32_t step(uint32_t crc, bool castagnoli)
{
    uint32_t polynomial = castagnoli ? 0x82f63b78u : 0xedb88320u;

    for (int i = 0; i < 8; i++)
        crc = crc >> 1 ^ (polynomial & (0u - (crc & 1)));
    return crc;
}

static uint32_t crc32(uint32_t crc, uint64_t value, uint32_t how)
{
    for (unsigned n = 1u << (how & 3); n; n--, value >>= 8)
        crc = step(crc ^ (uint8_t)value, how & 4);
    return crc;
}
const struct bp_helper helper_crc32 = {
    "crc32", (void (*)(void))crc32, BP_I32, 3, { BP_I32, BP_I64, BP_I32 }, BP_CALL_PURE,
};
