/* SPDX-License-Identifier: MIT */
/*
 * psci.c: the firmware that switches vCPUs and the machine on and off: PSCI 1.1 (Arm DEN0022), called
 * through HVC or SMC by the convention of DEN0028. A suspend to power-down is carried out as a
 * standby, which the caller must expect.
 */
#include <backplane/board.h>
#include <backplane/bus/smccc.h>
#include <backplane/device.h>

#include <errno.h>

enum { CPUS_MAX = 512 };

/* Function numbers behind 0x84000000; those of 64 bits have bit 30, too. */
enum {
    PSCI_32 = 0x84000000u, PSCI_64 = 0xC4000000u,
    PSCI_VERSION = 0, CPU_SUSPEND = 1, CPU_OFF = 2, CPU_ON = 3, AFFINITY_INFO = 4,
    MIGRATE = 5, MIGRATE_INFO_TYPE = 6, SYSTEM_OFF = 8, SYSTEM_RESET = 9, FEATURES = 10,
};
enum {
    SUCCESS = 0, NOT_SUPPORTED = -1, INVALID_PARAMETERS = -2, ALREADY_ON = -4, ON_PENDING = -5,
    INVALID_ADDRESS = -9,
};
#define POWER_STATE_RESERVED 0xFCFE0000u

struct psci {
    uint32_t method; /* enum: hvc, smc */
    uint32_t cpus;
    struct bp_link cpu[CPUS_MAX];
};

static const struct bp_smccc_cpu *face(const struct psci *s, uint32_t i) { return s->cpu[i].api; }

static int attached(void *dev, struct bp_link cpu)
{
    struct psci *s = dev;
    if (s->cpus == CPUS_MAX)
        return bp_fail(s, ENOSPC, "takes %d vCPUs", CPUS_MAX);
    s->cpu[s->cpus++] = cpu;
    return 0;
}

/* The vCPU begins in the highest non-secure level that it has, whatever the caller's: a kernel that went down
 * to EL1 expects its others in EL2, as it was itself. */
static int64_t cpu_on(struct psci *s, uint64_t target, uint64_t entry, uint64_t context)
{
    for (uint32_t i = 0; i < s->cpus; i++) {
        if (face(s, i)->affinity(s->cpu[i].dev) != target)
            continue;
        if (entry & 3)
            return INVALID_ADDRESS;
        switch (face(s, i)->switch_on(s->cpu[i].dev, entry, context, 2)) {
        case BP_SMCCC_OFF:
            return SUCCESS;
        case BP_SMCCC_ON_PENDING:
            return ON_PENDING;
        default:
            return ALREADY_ON;
        }
    }
    return INVALID_PARAMETERS;
}

/* Of one vCPU, or of the group that has the higher affinity fields in common: on where any is. */
static int64_t affinity_info(struct psci *s, uint64_t target, uint64_t level)
{
    static const uint64_t ignored[] = { 0, 0xFF, 0xFFFF, 0xFFFFFF };
    int64_t state = INVALID_PARAMETERS;
    if (level > 3)
        return INVALID_PARAMETERS;
    for (uint32_t i = 0; i < s->cpus; i++) {
        uint64_t differs = face(s, i)->affinity(s->cpu[i].dev) ^ target;
        if (differs & ~ignored[level])
            continue;
        enum bp_smccc_power power = face(s, i)->power(s->cpu[i].dev);
        if (state < 0 || power == BP_SMCCC_ON ||
            (state == BP_SMCCC_OFF && power == BP_SMCCC_ON_PENDING))
            state = power;
    }
    return state;
}

static int64_t features(uint64_t id)
{
    switch ((uint32_t)id) {
    case PSCI_32 | PSCI_VERSION:
    case PSCI_32 | CPU_SUSPEND: /* no extended states, coordinated by us */
    case PSCI_64 | CPU_SUSPEND:
    case PSCI_32 | CPU_OFF:
    case PSCI_32 | CPU_ON:
    case PSCI_64 | CPU_ON:
    case PSCI_32 | AFFINITY_INFO:
    case PSCI_64 | AFFINITY_INFO:
    case PSCI_32 | MIGRATE_INFO_TYPE:
    case PSCI_32 | SYSTEM_OFF:
    case PSCI_32 | SYSTEM_RESET:
    case PSCI_32 | FEATURES:
        return SUCCESS;
    default:
        return NOT_SUPPORTED;
    }
}

static enum bp_smccc_result call(void *dev, struct bp_smccc_call *c)
{
    struct psci *s = dev;
    uint32_t id = (uint32_t)c->x[0];
    uint64_t width = id & 1u << 30 ? UINT64_MAX : UINT32_MAX;
    uint64_t a = c->x[1] & width, b = c->x[2] & width, d = c->x[3] & width;
    int64_t r;
    switch (id) {
    case PSCI_32 | PSCI_VERSION:
        r = 0x10001;
        break;
    case PSCI_32 | CPU_SUSPEND:
    case PSCI_64 | CPU_SUSPEND:
        r = (uint32_t)a & POWER_STATE_RESERVED ? INVALID_PARAMETERS : SUCCESS;
        c->x[0] = (uint64_t)r;
        return r < 0 ? BP_SMCCC_DONE : BP_SMCCC_WAIT;
    case PSCI_32 | CPU_OFF:
        return BP_SMCCC_STOP;
    case PSCI_32 | CPU_ON:
    case PSCI_64 | CPU_ON:
        r = cpu_on(s, a, b, d);
        break;
    case PSCI_32 | AFFINITY_INFO:
    case PSCI_64 | AFFINITY_INFO:
        r = affinity_info(s, a, b);
        break;
    case PSCI_32 | MIGRATE:
    case PSCI_64 | MIGRATE:
        r = NOT_SUPPORTED;
        break;
    case PSCI_32 | MIGRATE_INFO_TYPE:
        r = 2; /* no Trusted OS that would have to be moved */
        break;
    case PSCI_32 | SYSTEM_OFF:
        bp_request_shutdown(s, 0);
        return BP_SMCCC_STOP;
    case PSCI_32 | SYSTEM_RESET:
        bp_request_reset(s);
        return BP_SMCCC_STOP;
    case PSCI_32 | FEATURES:
        r = features(a);
        break;
    default:
        return BP_SMCCC_UNKNOWN;
    }
    c->x[0] = (uint64_t)r;
    return BP_SMCCC_DONE;
}

static void psci_unrealize(void *dev)
{
    struct psci *s = dev;
    s->cpus = 0;
}

static void psci_fdt(void *dev, struct bp_fdt_node *node)
{
    struct psci *s = dev;
    bp_fdt_string(node, "method", s->method ? "smc" : "hvc");
    bp_fdt_u32(node, "cpu_suspend", PSCI_64 | CPU_SUSPEND);
    bp_fdt_u32(node, "cpu_off", PSCI_32 | CPU_OFF);
    bp_fdt_u32(node, "cpu_on", PSCI_64 | CPU_ON);
    bp_fdt_u32(node, "migrate", PSCI_64 | MIGRATE);
}

static const struct bp_smccc api = { sizeof api, 0, call };
static const struct bp_offer offers[] = {
    { .name = "calls", .id = BP_SMCCC_ID, .api = &api, .attached = attached },
};
static const struct bp_prop props[] = {
    BP_ENUM(struct psci, method, 0, "hvc|smc", "the instruction that the device tree names"),
};
static const struct bp_saved saved[] = {
    BP_TRANSIENT(struct psci, cpus), BP_TRANSIENT(struct psci, cpu),
};

BP_DEVICE_IN(psci, "psci", "misc", "PSCI 1.1 firmware: power states of vCPUs and machine",
             .flags = BP_DEVICE_INTERNAL, .state_size = sizeof(struct psci),
             .offers = BP_ROWS(offers), .props = BP_ROWS(props), .saved = BP_ROWS(saved),
             .unrealize = psci_unrealize, .fdt_name = "psci",
             .fdt_compatible = "arm,psci-1.0 arm,psci-0.2 arm,psci", .fdt = psci_fdt);
BP_PLUGIN("psci", "1.0", "MIT");
