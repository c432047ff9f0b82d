/* SPDX-License-Identifier: MIT */
/*
 * fault.c: user mode: the segment that guest memory lies at, and faults of translated code as the
 * host's signal handlers see them.
 */
#include "x86.h"

#include <asm/prctl.h>
#include <errno.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

int x86_direct_thread(uint64_t direct_base)
{
    if (direct_base && syscall(SYS_arch_prctl, ARCH_SET_GS, direct_base) < 0)
        return -errno;
    return 0;
}

/* By register number. */
static const uint8_t greg_of[16] = {
    REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI, REG_R8, REG_R9,
    REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

const uint8_t *x86_fault_pc(const void *ucontext)
{
    const ucontext_t *u = ucontext;
    return (const uint8_t *)(uintptr_t)u->uc_mcontext.gregs[REG_RIP];
}

void x86_fault_save(const void *ucontext, void *env, const struct bp_slots *slots)
{
    const ucontext_t *u = ucontext;
    const struct _libc_fpstate *fp = u->uc_mcontext.fpregs;
    uint8_t *e = env;
    for (unsigned r = 0; r < 16; r++) {
        memcpy(e + slots->int_save + 8 * r, &u->uc_mcontext.gregs[greg_of[r]], 8);
        memcpy(e + slots->fp_save + 16 * r, &fp->_xmm[r], 16);
    }
    memcpy(e + slots->fp_control, &fp->mxcsr, 4);
}

/* The operand in memory of an instruction of ours: legacy prefixes, REX, one or two bytes of
 * opcode, and an address without index. */
uint64_t x86_fault_address(const void *ucontext)
{
    const ucontext_t *u = ucontext;
    const uint8_t *p = x86_fault_pc(ucontext);
    bool narrow = false;
    unsigned rex = 0;
    for (;; p++) {
        if (*p == 0x67)
            narrow = true;
        else if (*p != 0x65 && *p != 0x66 && *p != 0xf0 && *p != 0xf2 && *p != 0xf3)
            break;
    }
    if ((*p & 0xf0) == 0x40)
        rex = *p++;
    p += *p == 0x0f ? 2 : 1;
    unsigned mod = *p >> 6, base = *p & 7;
    p++;
    if (base == RSP) /* a SIB byte; base 5 without displacement of its own: absolute */
        base = *p++ & 7;
    bool absolute = mod == 0 && base == RBP;
    uint64_t va = absolute ? 0 : (uint64_t)u->uc_mcontext.gregs[greg_of[base | (rex & 1) << 3]];
    int32_t disp = 0;
    if (mod == 1)
        disp = (int8_t)*p;
    else if (mod == 2 || absolute)
        memcpy(&disp, p, 4);
    va += (uint64_t)(int64_t)disp;
    return narrow ? (uint32_t)va : va;
}
