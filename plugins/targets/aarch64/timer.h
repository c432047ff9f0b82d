/* SPDX-License-Identifier: MIT */
/* timer.h: the generic timers (timer.c); `i` is an enum a64_timer. */
#ifndef AARCH64_TIMER_H
#define AARCH64_TIMER_H

#include "cpu.h"

uint64_t timer_count(struct a64_cpu *cpu);      /* the physical count */
void timer_update(struct a64_cpu *cpu, unsigned i);
void timer_update_all(struct a64_cpu *cpu);
void timer_reset(struct a64_cpu *cpu);

uint64_t timer_read_ctl(struct a64_cpu *cpu, unsigned i);
void timer_write_ctl(struct a64_cpu *cpu, unsigned i, uint64_t v);
uint64_t timer_read_tval(struct a64_cpu *cpu, unsigned i);
void timer_write_tval(struct a64_cpu *cpu, unsigned i, uint64_t v);
void timer_write_cval(struct a64_cpu *cpu, unsigned i, uint64_t v);

void timer_fire_phys(void *dev);
void timer_fire_virt(void *dev);
void timer_fire_hyp(void *dev);
void timer_fire_hyp_virt(void *dev);
void timer_fire_sec(void *dev);

#endif
