/* SPDX-License-Identifier: MIT */
/* test_aarch64_qarma.c: QARMA-64 against the vector of its specification (sigma 2, five rounds). */
#include "plugins/targets/aarch64/pauth.h"

#include <stdio.h>

int main(void)
{
    uint64_t got = qarma(UINT64_C(0xfb623599da6e8127), UINT64_C(0x477d469dec0b8762),
                         UINT64_C(0x84be85ce9804e94b), UINT64_C(0xec2802d4e0a488e9));

    if (got == UINT64_C(0xc003b93999b33765))
        return 0;
    fprintf(stderr, "test_aarch64_qarma: %016llx\n", (unsigned long long)got);
    return 1;
}
