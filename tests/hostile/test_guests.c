/* SPDX-License-Identifier: MIT */
/*
 * test_guests.c: hostile guests. 100 000 random accesses to every device and malformed virtqueues (mmio.c)
 * with drives, networks and streams attached; random instructions in random states (chaos.c), brought back
 * by the timer, or in M mode, where only SIGTERM ends it. By each backend.
 */
#include "run.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static const char *const backends[] = { "tcg-x86_64", "tcg-interp" };

static bool has_backend(const char *backend)
{
    struct job j;
    START(&j, &(struct setting){ 0 }, VIRT, "none", "-accel", text("tcg,backend=%s", backend),
          "-machine", "dumpdtb=/dev/null");
    return job_wait(&j, 120) == 0;
}

struct mmio {
    unsigned backend, bits, harts;
    uint64_t count;
    const char *machine;
    bool legacy;
};

static void mmio(const struct mmio *t)
{
    struct job j;
    uint64_t s = any() % 1000000;
    double seconds = t->backend ? 600 : 200;
    const char *name = text("mmio, seed %llu, %s, RV%u, %u harts, %llu accesses a device%s",
                            (unsigned long long)s, backends[t->backend], t->bits, t->harts,
                            (unsigned long long)t->count, t->legacy ? ", legacy" : "");
    char kept[256];
    snprintf(kept, sizeof kept, "%s", name);
    START(&j, &(struct setting){ 0 }, "-M", t->machine, "-m", "128M", "-nographic",
          "-cpu", text("rv%u", t->bits), "-smp", text("%u", t->harts),
          "-accel", text("tcg,backend=%s", backends[t->backend]),
          "-bios", guest("mmio", t->bits, s, t->harts, t->count, 0),
          "-drive", text("if=pflash,format=raw,file=%s", put_empty("flash0", 32 << 20)),
          "-drive", text("if=pflash,format=raw,file=%s", put_empty("flash1", 32 << 20)),
          "-drive", text("if=none,id=d,format=raw,file=%s", put_empty("disk", 4 << 20)),
          "-device", "virtio-blk-device,drive=d", "-netdev", "user,id=n",
          "-device", "virtio-net-device,netdev=n", "-device", "virtio-rng-device",
          "-device", "virtio-serial-device", "-chardev", "file,id=c,path=console",
          "-device", "virtconsole,chardev=c",
          "-global", text("virtio-mmio.force-legacy=%s", t->legacy ? "on" : "off"));
    int status = job_wait(&j, seconds);
    check(status == 0 && job_said("survived: "), &j, "%s: status %d", kept, status);
}

struct chaos {
    unsigned backend, bits, harts, megabytes;
    uint64_t rounds;
};

static void chaos(const struct chaos *t, bool in_m_mode)
{
    struct job j;
    uint64_t s = any() % 1000000;
    char kept[256];
    snprintf(kept, sizeof kept, "random instructions%s, seed %llu, %s, RV%u, %u harts, %u MiB of code",
             in_m_mode ? " in M mode" : "", (unsigned long long)s, backends[t->backend], t->bits,
             t->harts, t->megabytes);
    START(&j, &(struct setting){ 0 }, "-M", "riscv-virt", "-m", "16M", "-nographic",
          "-cpu", text("rv%u", t->bits), "-smp", text("%u", t->harts),
          "-accel", text("tcg,backend=%s,tb-size=%u", backends[t->backend], t->megabytes),
          "-bios", guest("chaos", t->bits, s, t->harts, t->rounds, in_m_mode),
          "-drive", text("if=none,id=d,format=raw,file=%s", put_empty("disk", 4 << 20)),
          "-device", "virtio-blk-device,drive=d");
    int status;
    if (in_m_mode) {
        job_says(&j, "never said", is_long ? 4 : 1);
        status = job_stop(&j, 120);
        check(WIFEXITED(status) || WIFSIGNALED(status), &j, "%s: does not end at SIGTERM", kept);
    } else {
        status = job_wait(&j, t->backend ? 600 : 200);
        check(status == 0 && job_said("survived: "), &j, "%s: status %d", kept, status);
    }
}

int main(int argc, char **argv)
{
    run_begin(argc, argv);
    for (unsigned b = 0; b < 2; b++) {
        if (!has_backend(backends[b])) {
            skip(backends[b]);
            continue;
        }
        /* The interpreter takes about thirty times as long. */
        uint64_t count = is_long ? 100000 : b ? 2000 : 100000, rounds = is_long ? 20000 : 1000;
        rounds = b ? rounds / 10 : rounds;
        for (unsigned bits = 32; bits <= 64; bits += 32) {
            mmio(&(struct mmio){ b, bits, 1, count, "riscv-virt", false });
            chaos(&(struct chaos){ b, bits, 1, 32, rounds }, false);
        }
        mmio(&(struct mmio){ b, 64, 1, count / 10, "riscv-virt,aclint=on", true });
        mmio(&(struct mmio){ b, 64, 4, count / 10, "riscv-virt", false });
        for (unsigned harts = 2; harts <= 8; harts += is_long ? 1 : 3)
            chaos(&(struct chaos){ b, 64, harts, 1, rounds / 2 }, false);
        for (unsigned i = 0; i < (is_long ? 24 : 2); i++)
            chaos(&(struct chaos){ b, i % 2 ? 32 : 64, 1 + below(8), 1, UINT32_MAX }, true);
    }
    return run_end("guests");
}
