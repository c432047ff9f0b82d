/* SPDX-License-Identifier: MIT */
/*
 * fixture-target.c: targets whose vCPU is a device descriptor of another SDK's size: shorter, longer,
 * and none at all. The members behind `cpu` are where they are whatever its size.
 */
#include <backplane/target.h>

struct env {
    uint64_t pc, start;
};
static int translate(struct bp_tr *t) { return BP_TR_END; }
static void set_start(void *env, uint64_t pc) { ((struct env *)env)->start = pc; }

#define TARGET(sym, iid, cpu_)                                                                     \
    BP_TARGET(sym, iid, "for tests", .pc_offset = 0, .mmu_count = 1, .cpu = cpu_,                  \
              .translate = translate, .set_start = set_start)

#ifdef NO_CPU
TARGET(none, "abi-no-cpu", NULL);
#else
static const struct bp_prop props[] = { BP_UINT(struct env, start, 7, 0, 100, "first value") };

static const struct bp_device old_cpu = {
    .head = { offsetof(struct bp_device, fdt_name), BP_KIND_DEVICE, "" },
    .state_size = sizeof(struct env), .props = BP_ROWS(props),
    .fdt_name = (const char *)8, .carrier = (const char *)8, /* must not be looked at */
};
static const struct {
    struct bp_device now;
    uint64_t later[4];
} new_cpu = {
    .now = { .head = { sizeof new_cpu, BP_KIND_DEVICE, "" }, .state_size = sizeof(struct env),
             .props = BP_ROWS(props) },
    .later = { 8, 8, 8, 8 },
};
TARGET(old, "abi-old-cpu", &old_cpu);
TARGET(new, "abi-new-cpu", &new_cpu.now);
#endif
BP_PLUGIN("fixture-target", "1.0", "MIT");
