/* SPDX-License-Identifier: MIT */
/* pmu.h: the performance monitors (pmu.c). */
#ifndef AARCH64_PMU_H
#define AARCH64_PMU_H

#include "cpu.h"

void pmu_check(struct a64_cpu *cpu); /* looks for overflows; on the vCPU's thread */
void pmu_fire(void *dev);

#endif
