/* SPDX-License-Identifier: MIT */
/* arm-virt.h: what the files of the board share: its memory map and its options. */
#ifndef BOARDS_ARM_VIRT_H
#define BOARDS_ARM_VIRT_H

#include <backplane/board.h>

#define FLASH_BASE UINT64_C(0x00000000)
#define FLASH_SIZE (64 * BP_MIB)
#define GIC_BASE UINT64_C(0x08000000)
#define GICV2_CPU_BASE (GIC_BASE + 0x10000)
#define GICV2M_BASE (GIC_BASE + 0x20000)
#define GICV2_HYP_BASE (GIC_BASE + 0x30000)
#define GICV2_VCPU_BASE (GIC_BASE + 0x40000)
#define GICV3_ITS_BASE (GIC_BASE + 0x80000)
#define GICV3_REDIST_BASE (GIC_BASE + 0xA0000)
#define UART_BASE UINT64_C(0x09000000)
#define RTC_BASE UINT64_C(0x09010000)
#define FW_CFG_BASE UINT64_C(0x09020000)
#define GPIO_BASE UINT64_C(0x09030000)
#define UART1_BASE UINT64_C(0x09040000)
#define SECURE_GPIO_BASE UINT64_C(0x090B0000)
#define VIRTIO_BASE UINT64_C(0x0A000000)
#define SECURE_RAM_BASE UINT64_C(0x0E000000)
#define SECURE_RAM_SIZE (16 * BP_MIB)
#define PCI_MMIO_BASE UINT64_C(0x10000000)
#define PCI_MMIO_SIZE "0x2EFF0000"
#define PCI_PIO_BASE UINT64_C(0x3EFF0000)
#define PCI_ECAM_LOW UINT64_C(0x3F000000) /* 16 buses */
#define RAM_BASE UINT64_C(0x40000000)
#define PCI_ECAM_HIGH UINT64_C(0x4010000000)
#define PCI_MMIO64_BASE UINT64_C(0x8000000000)

/* Shared peripheral interrupts: INTID 32 + n. */
enum { SPI_SECURE_GPIO = 0, SPI_UART = 1, SPI_RTC = 2, SPI_PCI = 3, SPI_GPIO = 7, SPI_UART1 = 8,
       SPI_VIRTIO = 16, SPI_V2M = 48, SPI_COUNT = 256 };
/* Private ones: INTID 16 + n. */
enum { PPI_PMU = 7, PPI_TIMER_HYP = 10, PPI_TIMER_VIRT = 11, PPI_TIMER_HYP_VIRT = 12,
       PPI_TIMER_SEC = 13, PPI_TIMER_PHYS = 14 };

enum { POWER_KEY_LINE = 3, POWEROFF_LINE = 0, RESTART_LINE = 1 };

struct arm_virt {
    uint32_t gic_version; /* enum: 2, 3, max */
    bool secure, virtualization, highmem, its;
};

static inline bool has_gicv3(const struct arm_virt *b) { return b->gic_version != 0; }

/* arm-virt-fdt.c: nodes that no part has. */
void arm_virt_fdt(void *board, struct bp_fdt_node *root);

#endif
