/* SPDX-License-Identifier: MIT */
/*
 * priv.S: the assembly of priv.c: start-up, entering a level to run a piece of code, the vectors,
 * and the pieces. The program runs at the highest exception level there is, the monitor. A piece
 * runs with its arguments in x0 to x2 and ends with `brk`, its results in x0 and x1. Whatever
 * exception is taken to a lower level is handed up by the vector it came to.
 */
    .arch armv8.5-a
    .section .text.start, "ax"
    .globl _start
_start:
    mrs x9, mpidr_el1
    and x9, x9, #0xff
1:  cbnz x9, 1b
    adrp x9, stack_top
    add x9, x9, :lo12:stack_top
    mov sp, x9
    mrs x9, currentel
    lsr x0, x9, #2
    bl main_
    b .

    .text
/* void enter(const struct entry *e, struct outcome *o, monitor's level):
 * e: pc, spsr, args[3]; o: esr, pc, spsr, far, x0, x1, vector. */
    .globl enter
enter:
    sub sp, sp, #128
    stp x19, x20, [sp]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp x1, x2, [sp, #96]
    adrp x9, saved_sp
    mov x10, sp
    str x10, [x9, :lo12:saved_sp]
    ldp x9, x10, [x0]
    cmp x2, #3
    b.eq 3f
    msr elr_el2, x9
    msr spsr_el2, x10
    b 4f
3:  msr elr_el3, x9
    msr spsr_el3, x10
4:  ldp x1, x2, [x0, #24]
    ldr x0, [x0, #16]
    eret

/* Of the monitor. x18 is not the pieces'. */
    .macro CAUGHT n
    .balign 128
    mov x18, #\n
    b caught
    .endm
    .globl monitor_vectors
    .balign 2048
monitor_vectors:
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    CAUGHT \n
    .endr

caught:
    msr spsel, #1
    adrp x17, saved_sp
    ldr x17, [x17, :lo12:saved_sp]
    mov sp, x17
    ldp x16, x17, [sp, #96]
    cmp x17, #3
    b.eq 3f
    mrs x9, esr_el2
    mrs x10, elr_el2
    mrs x11, spsr_el2
    mrs x12, far_el2
    b 4f
3:  mrs x9, esr_el3
    mrs x10, elr_el3
    mrs x11, spsr_el3
    mrs x12, far_el3
4:  stp x9, x10, [x16]
    stp x11, x12, [x16, #16]
    stp x0, x1, [x16, #32]
    str x18, [x16, #48]
    ldp x19, x20, [sp]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    add sp, sp, #128
    ret

/* Of EL1 and EL2 below the monitor. */
    .macro PASS insn, n
    .balign 128
    \insn #0x100 + \n
    .endm
    .globl hvc_vectors
    .balign 2048
hvc_vectors:
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    PASS hvc, \n
    .endr
    .globl smc_vectors
    .balign 2048
smc_vectors:
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    PASS smc, \n
    .endr

    .bss
    .balign 8
saved_sp:
    .skip 8

    .text
    .balign 4096
    .macro PIECE name
    .globl \name
    .balign 8
\name:
    .endm
    .macro END
    brk #0x77
    .endm
    .globl pieces
pieces:
PIECE p_nothing
    END
PIECE p_load
    ldr x0, [x0]
    END
PIECE p_store
    str x1, [x0]
    END
PIECE p_ldrsb
    ldrsb w5, [x0]
    END
PIECE p_ldrsh
    ldrsh x6, [x0, #2]
    END
PIECE p_strh_reg
    strh w7, [x0, xzr]
    END
PIECE p_ldr_post
    ldr x3, [x0], #8
    END
PIECE p_ldp
    ldp x3, x4, [x0]
    END
PIECE p_ldar
    ldar w8, [x0]
    END
PIECE p_ldtr
    ldtr x0, [x0]
    END
PIECE p_sttr
    sttr x1, [x0]
    END
PIECE p_ldadd
    .arch_extension lse
    ldadd x1, x0, [x0]
    END
PIECE p_cas
    cas x1, x2, [x0]
    END
PIECE p_exclusive
    ldxr x3, [x0]
    stxr w4, x1, [x0]
    mov x0, x4
    END
PIECE p_load_unaligned
    ldr x0, [x0, #1]
    END
PIECE p_store_unaligned
    stur x1, [x0, #1]
    END
PIECE p_ldar_unaligned
    add x0, x0, #1
    ldar x0, [x0]
    END
PIECE p_jump
    br x0
PIECE p_svc
    svc #0x1234
    END
PIECE p_hvc
    hvc #0x23
    END
PIECE p_smc
    smc #0x45
    END
PIECE p_undefined
    udf #0
    END
PIECE p_sctlr
    mrs x0, sctlr_el1
    END
PIECE p_sctlr2
    mrs x0, sctlr_el2
    END
PIECE p_sctlr12
    .inst 0xd53d1000            /* mrs x0, sctlr_el12 */
    END
PIECE p_ttbr
    msr ttbr0_el1, x1
    END
PIECE p_midr
    mrs x0, midr_el1
    END
PIECE p_ctr
    mrs x0, ctr_el0
    END
PIECE p_currentel
    mrs x0, currentel
    END
PIECE p_daifset
    msr daifset, #2
    END
PIECE p_wfi
    wfi
    END
PIECE p_wfe
    sevl
    wfe
    wfe
    END
PIECE p_fp
    .inst 0x1e602000            /* fcmp d0, d0 */
    END
PIECE p_dc_zva
    dc zva, x0
    END
PIECE p_dc_cvac
    dc cvac, x0
    END
PIECE p_dc_civac
    dc civac, x0
    END
PIECE p_dc_ivac
    dc ivac, x0
    END
PIECE p_dc_cisw
    dc cisw, xzr
    END
PIECE p_ic_ivau
    ic ivau, x0
    END
PIECE p_ic_iallu
    ic iallu
    END
PIECE p_tlbi_vmalle1
    tlbi vmalle1
    END
PIECE p_tlbi_vmalle1is
    tlbi vmalle1is
    dsb ish
    END
PIECE p_tlbi_alle1
    tlbi alle1
    END
PIECE p_at_s1e1r
    at s1e1r, x0
    isb
    mrs x0, par_el1
    END
PIECE p_at_s1e1w
    at s1e1w, x0
    isb
    mrs x0, par_el1
    END
PIECE p_at_s1e0r
    at s1e0r, x0
    isb
    mrs x0, par_el1
    END
PIECE p_at_s1e1rp
    .inst 0xd5087900            /* at s1e1rp, x0 */
    isb
    mrs x0, par_el1
    END
PIECE p_pan_load                /* loads with PAN set, then without */
    .inst 0xd500419f            /* msr pan, #1 */
    mrs x3, daif
    .inst 0xd500409f            /* msr pan, #0 */
    ldr x0, [x0]
    END
PIECE p_uao_ldtr
    .inst 0xd500417f            /* msr uao, #1 */
    ldtr x0, [x0]
    END
PIECE p_spin
    b .
PIECE p_eret_el0
    adr x3, 1f
    msr elr_el1, x3
    mov x3, #0x3c0
    msr spsr_el1, x3
    eret
1:  END
PIECE p_eret_illegal
    adr x3, 1f
    msr elr_el1, x3
    mov x3, #0x3c9              /* EL2h from EL1 */
    msr spsr_el1, x3
    eret
1:  END
PIECE p_sp_switch
    mov x3, sp
    mov sp, x0
    msr spsel, #0
    mov x1, sp
    mov x4, #0x1230
    mov sp, x4
    msr spsel, #1
    mov x0, sp
    mov sp, x3
    END
PIECE p_cnt
    mrs x0, cntvct_el0
    mrs x1, cntpct_el0
    END
PIECE p_cntfrq
    mrs x0, cntfrq_el0
    END
PIECE p_cntv_ctl
    mrs x0, cntv_ctl_el0
    END
PIECE p_count
    add x0, x0, #1
    add x0, x0, #1
    END
PIECE p_pmccntr
    mrs x0, pmccntr_el0
    END
PIECE p_store_load              /* through two addresses: x0 and x1 */
    mov x3, #0x5a5a
    str x3, [x0]
    ldr x0, [x1]
    END
PIECE p_load_two
    ldr x3, [x0]
    ldr x1, [x1]
    mov x0, x3
    END
PIECE p_brk
    brk #0x55
PIECE p_elr_sp                  /* what an EL0 kernel entry needs */
    mrs x0, elr_el1
    mrs x1, spsr_el1
    END
PIECE p_blr
    blr x0
    END
PIECE p_ret
    mov x30, x0
    ret
PIECE p_br16
    mov x16, x0
    br x16
PIECE p_br17
    mov x17, x0
    br x17
PIECE p_pc_align
    add x0, x0, #2
    br x0
    .balign 64
    .globl pieces_end
pieces_end:
