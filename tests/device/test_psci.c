/* SPDX-License-Identifier: MIT */
/* test_psci.c: PSCI 1.1 as a kernel calls it, on vCPUs that only keep their power state. */
#include "rig.h"

#include <backplane/bus/smccc.h>

struct cpu {
    struct bp_link firmware;
    uint64_t affinity, entry, context;
    uint32_t el;
    enum bp_smccc_power power;
};

static uint32_t index_of(void *env) { return 0; }
static uint64_t affinity_of(void *env) { return ((struct cpu *)env)->affinity; }
static enum bp_smccc_power power_of(void *env) { return ((struct cpu *)env)->power; }
static enum bp_smccc_power switch_on(void *env, uint64_t entry, uint64_t context, uint32_t el)
{
    struct cpu *c = env;
    enum bp_smccc_power was = c->power;
    if (was == BP_SMCCC_OFF) {
        c->power = BP_SMCCC_ON_PENDING;
        c->entry = entry, c->context = context, c->el = el;
    }
    return was;
}
static const struct bp_smccc_cpu face = {
    sizeof face, 0, index_of, affinity_of, power_of, switch_on,
};
static const struct bp_need needs[] = { BP_NEED(struct cpu, firmware, BP_SMCCC_ID, &face) };
static const struct bp_device cpu_device = {
    .head = { sizeof cpu_device, BP_KIND_DEVICE, "cpu" }, .state_size = sizeof(struct cpu),
    .needs = BP_ROWS(needs),
};

enum { CPUS = 3 };
static struct rig r;
static struct cpu *cpu[CPUS];
static const struct bp_smccc *api;
static void *psci;
static uint64_t x0;

static enum bp_smccc_result call(uint32_t id, uint64_t a, uint64_t b, uint64_t c)
{
    struct bp_smccc_call call = { sizeof call, 0, 1, 0, { id, a, b, c } };
    enum bp_smccc_result result = api->call(psci, &call);
    x0 = call.x[0];
    return result;
}
static int64_t returns(uint32_t id, uint64_t a, uint64_t b, uint64_t c)
{
    ck_assert_int_eq(call(id, a, b, c), BP_SMCCC_DONE);
    return (int64_t)x0;
}

static void setup(void)
{
    static const uint64_t affinity[CPUS] = { 0, 1, 0x100 };
    rig_open(&r);
    rig_device(&r, "psci", NULL);
    api = part_find_offer(r.dev, BP_SMCCC_ID, &psci);
    for (unsigned i = 0; i < CPUS; i++) {
        char name[] = { 'c', (char)('0' + i), 0 };
        struct part *p = part_create(r.m, &cpu_device, name);
        cpu[i] = p->state;
        cpu[i]->affinity = affinity[i];
        cpu[i]->power = i ? BP_SMCCC_OFF : BP_SMCCC_ON;
        ck_assert_int_eq(part_realize(p), 0);
    }
}
static void teardown(void) { rig_close(&r); }

START_TEST(version_and_features)
{
    ck_assert_int_eq(returns(0x84000000, 0, 0, 0), 0x10001);
    ck_assert_int_eq(returns(0x84000006, 0, 0, 0), 2);
    static const uint32_t there[] = { 0x84000000, 0x84000001, 0xC4000001, 0x84000002, 0x84000003,
                                      0xC4000003, 0x84000004, 0xC4000004, 0x84000006, 0x84000008,
                                      0x84000009, 0x8400000A };
    for (unsigned i = 0; i < sizeof there / sizeof *there; i++)
        ck_assert_int_eq(returns(0x8400000A, there[i], 0, 0), 0);
    /* SMCCC_VERSION, MIGRATE, SYSTEM_SUSPEND, SYSTEM_RESET2, VERSION as of 64 bits */
    static const uint32_t not[] = { 0x80000000, 0xC4000005, 0xC400000E, 0xC4000012, 0xC4000000 };
    for (unsigned i = 0; i < sizeof not / sizeof *not; i++)
        ck_assert_int_eq(returns(0x8400000A, not[i], 0, 0), -1);
    ck_assert_int_eq(call(0x80000000, 0, 0, 0), BP_SMCCC_UNKNOWN);
    ck_assert_int_eq(call(0xC4000000, 0, 0, 0), BP_SMCCC_UNKNOWN);
    ck_assert_int_eq(call(0x8400000E, 0, 0, 0), BP_SMCCC_UNKNOWN);
}
END_TEST

START_TEST(cpus_are_switched_on)
{
    ck_assert_int_eq(returns(0xC4000003, 1, 0x40200000, 0x1122334455667788), 0);
    ck_assert_uint_eq(cpu[1]->entry, 0x40200000);
    ck_assert_uint_eq(cpu[1]->context, 0x1122334455667788);
    ck_assert_uint_eq(cpu[1]->el, 2); /* though the caller is in EL1 */
    ck_assert_int_eq(returns(0xC4000003, 1, 0x40200000, 0), -5);
    cpu[1]->power = BP_SMCCC_ON;
    ck_assert_int_eq(returns(0xC4000003, 1, 0x40200000, 0), -4);
    ck_assert_int_eq(returns(0xC4000003, 0, 0x40200000, 0), -4);
    ck_assert_int_eq(returns(0xC4000003, 7, 0x40200000, 0), -2);
    ck_assert_int_eq(returns(0xC4000003, 0x100, 0x40200002, 0), -9);
    ck_assert_uint_eq(cpu[2]->power, BP_SMCCC_OFF);
    /* 32 bits: upper halves are not looked at */
    ck_assert_int_eq(returns(0x84000003, 0xABCD00000100, 0xF00040000000, UINT64_MAX), 0);
    ck_assert_uint_eq(cpu[2]->entry, 0x40000000);
    ck_assert_uint_eq(cpu[2]->context, 0xFFFFFFFF);
}
END_TEST

START_TEST(affinity_info)
{
    ck_assert_int_eq(returns(0xC4000004, 0, 0, 0), 0);
    ck_assert_int_eq(returns(0xC4000004, 1, 0, 0), 1);
    cpu[1]->power = BP_SMCCC_ON_PENDING;
    ck_assert_int_eq(returns(0xC4000004, 1, 0, 0), 2);
    ck_assert_int_eq(returns(0xC4000004, 2, 0, 0), -2);
    ck_assert_int_eq(returns(0xC4000004, 0, 1, 0), 0);     /* cluster 0: one is on */
    ck_assert_int_eq(returns(0xC4000004, 0x100, 1, 0), 1); /* cluster 1: none */
    ck_assert_int_eq(returns(0xC4000004, 0x200, 1, 0), -2);
    ck_assert_int_eq(returns(0xC4000004, 0, 4, 0), -2);
}
END_TEST

START_TEST(suspend)
{
    ck_assert_int_eq(call(0xC4000001, 0, 0, 0), BP_SMCCC_WAIT);
    ck_assert_uint_eq(x0, 0);
    ck_assert_int_eq(call(0x84000001, 0x01010002, 0x40000000, 0), BP_SMCCC_WAIT);
    ck_assert_int_eq(returns(0x84000001, 0x80000000, 0, 0), -2); /* reserved bits */
}
END_TEST

START_TEST(machine_off_and_reset)
{
    ck_assert_int_eq(call(0x84000002, 0, 0, 0), BP_SMCCC_STOP);
    ck_assert_uint_eq(r.m->requests, 0);
    ck_assert_int_eq(call(0x84000009, 0, 0, 0), BP_SMCCC_STOP);
    ck_assert_uint_eq(r.m->requests, REQUEST_RESET);
    ck_assert_int_eq(call(0x84000008, 0, 0, 0), BP_SMCCC_STOP);
    ck_assert(r.m->requests & REQUEST_SHUTDOWN);
    ck_assert_int_eq(r.m->exit_status, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("psci");
    TCase *c = tcase_create("psci");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, version_and_features);
    tcase_add_test(c, cpus_are_switched_on);
    tcase_add_test(c, affinity_info);
    tcase_add_test(c, suspend);
    tcase_add_test(c, machine_off_and_reset);
    suite_add_tcase(suite, c);
    return rig_run(suite);
}
