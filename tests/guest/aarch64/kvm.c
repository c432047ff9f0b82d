/* SPDX-License-Identifier: MIT */
/*
 * kvm.c: runs kvm-guest.S under Linux's KVM inside the machine: a guest of a guest that takes
 * interrupts of its virtual timer, of itself and of user space through the list registers. The
 * argument is the version of its interrupt controller. Prints what the guest tells.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define RAM 0x80000000
#define RAM_SIZE (1 << 20)
#define VERSION_AT 0x8000
#define TELL 0x9000000 /* stores here end the run: an interrupt's number, or with bit 31 a step */
#define STEP 0x80000000
#define SPI 40
#define REG_PC 0x6030000000100040

enum { STEP_RAISE_SPI = 100, STEP_DONE = 999 };

extern const char guest_start[], guest_end[];

static long must(long result, const char *what)
{
    if (result < 0) {
        perror(what);
        exit(1);
    }
    return result;
}
#define MUST(call) must(call, #call)

static void set_device(int fd, uint32_t group, uint64_t attr, uint64_t *value)
{
    struct kvm_device_attr a = { .group = group, .attr = attr, .addr = (uintptr_t)value };
    MUST(ioctl(fd, KVM_SET_DEVICE_ATTR, &a));
}

static void add_gic(int vm, int version)
{
    struct kvm_create_device d = { .type = version == 3 ? KVM_DEV_TYPE_ARM_VGIC_V3
                                                        : KVM_DEV_TYPE_ARM_VGIC_V2 };
    uint64_t dist = 0x8000000, redist = 0x80a0000, cpu = 0x8010000;
    MUST(ioctl(vm, KVM_CREATE_DEVICE, &d));
    if (version == 3) {
        set_device(d.fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, &dist);
        set_device(d.fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, &redist);
    } else {
        set_device(d.fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V2_ADDR_TYPE_DIST, &dist);
        set_device(d.fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V2_ADDR_TYPE_CPU, &cpu);
    }
    set_device(d.fd, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL);
}

static int add_cpu(int vm)
{
    struct kvm_vcpu_init init;
    int cpu = (int)MUST(ioctl(vm, KVM_CREATE_VCPU, 0));
    MUST(ioctl(vm, KVM_ARM_PREFERRED_TARGET, &init));
    MUST(ioctl(cpu, KVM_ARM_VCPU_INIT, &init));
    return cpu;
}

static void set_spi(int vm, unsigned level)
{
    struct kvm_irq_level l = { .irq = KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT | SPI,
                               .level = level };
    MUST(ioctl(vm, KVM_IRQ_LINE, &l));
}

int main(int argc, char **argv)
{
    int version = argc > 1 ? atoi(argv[1]) : 3;
    int kvm = (int)MUST(open("/dev/kvm", O_RDWR)), vm = (int)MUST(ioctl(kvm, KVM_CREATE_VM, 0));
    uint8_t *ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct kvm_userspace_memory_region memory = {
        .memory_size = RAM_SIZE, .guest_phys_addr = RAM, .userspace_addr = (uintptr_t)ram,
    };
    uint64_t pc = RAM, gic = version == 3;
    struct kvm_one_reg set_pc = { REG_PC, (uintptr_t)&pc };
    memcpy(ram, guest_start, (size_t)(guest_end - guest_start));
    memcpy(ram + VERSION_AT, &gic, sizeof gic);
    MUST(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &memory));
    int cpu = add_cpu(vm);
    add_gic(vm, version);
    MUST(ioctl(cpu, KVM_SET_ONE_REG, &set_pc));
    size_t size = (size_t)MUST(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0));
    struct kvm_run *run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, cpu, 0);
    for (;;) {
        uint32_t told;
        MUST(ioctl(cpu, KVM_RUN, 0));
        if (run->exit_reason != KVM_EXIT_MMIO || run->mmio.phys_addr != TELL) {
            printf("unexpected exit %u\n", run->exit_reason);
            return 1;
        }
        memcpy(&told, run->mmio.data, sizeof told);
        printf("kvm guest: %s %u\n", told & STEP ? "step" : "interrupt", told & ~STEP);
        if (told == (STEP | STEP_RAISE_SPI))
            set_spi(vm, 1);
        else if (told == SPI)
            set_spi(vm, 0);
        else if (told == (STEP | STEP_DONE))
            break;
        else if (told & STEP)
            return 1;
    }
    printf("kvm guest with gic version %d: PASSED\n", version);
    return 0;
}
