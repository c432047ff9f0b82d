/* SPDX-License-Identifier: MIT */
/* kvm-guest.S: a guest of KVM for kvm.c, position-independent: takes three interrupts of its timer, ten
 * of itself and one of user space, and tells each by a store. */
#define ICC_PMR S3_0_C4_C6_0
#define ICC_IAR1 S3_0_C12_C12_0
#define ICC_EOIR1 S3_0_C12_C12_1
#define ICC_IGRPEN1 S3_0_C12_C12_7
#define ICC_SGI1R S3_0_C12_C11_5

.arch armv8-a
.globl guest_start, guest_end
.section .rodata
.balign 4096
/* x19 RAM, x20 where to tell, x21 whether version 3, x22 distributor, x23 SGI frame or CPU interface,
 * x27 rounds left, x28 the interrupt awaited, 0 when it has come */
guest_start:
    mov x20, #0x09000000
    mov x19, #0x80000000
    add x0, x19, #0x8000
    ldr x21, [x0]
    adr x0, vectors
    msr vbar_el1, x0
    mov x22, #0x08000000
    cbz x21, 1f
    mov w0, #0x12
    str w0, [x22]
    ldr x23, =0x080b0000
    ldr w0, =0x080a0014 /* GICR_WAKER */
    str wzr, [x0]
    mov w0, #-1
    str w0, [x23, #0x80]
    str w0, [x22, #0x84]
    ldr w0, =0x0800ffff
    str w0, [x23, #0x100]
    mov w0, #0x100
    str w0, [x22, #0x104]
    mov x0, #0xf0
    msr ICC_PMR, x0
    mov x0, #1
    msr ICC_IGRPEN1, x0
    isb
    b 2f
1:  mov w0, #1
    str w0, [x22]
    ldr w0, =0x0800ffff
    str w0, [x22, #0x100]
    mov w0, #0x100
    str w0, [x22, #0x104]
    mov w0, #1
    strb w0, [x22, #0x828]
    ldr x23, =0x08010000
    mov w0, #0xf0
    str w0, [x23, #4]
    mov w0, #1
    str w0, [x23]
2:  mov x27, #3
3:  mov x28, #27 /* virtual timer */
    mov x0, #0x2000
    msr cntv_tval_el0, x0
    mov x0, #1
    msr cntv_ctl_el0, x0
    isb
    bl await
    subs x27, x27, #1
    b.ne 3b
    mov x27, #10
4:  mov x28, #5 /* to itself */
    cbz x21, 5f
    ldr x0, =0x05000001
    msr ICC_SGI1R, x0
    isb
    b 6f
5:  ldr w0, =0x02000005
    str w0, [x22, #0xf00]
6:  bl await
    subs x27, x27, #1
    b.ne 4b
    mov x28, #40 /* of user space, when it is told 100 */
    ldr w0, =0x80000000 + 100
    str w0, [x20]
    bl await
    ldr w0, =0x80000000 + 999
    str w0, [x20]
    b .
await:
    msr daifclr, #2
1:  cbnz x28, 1b
    msr daifset, #2
    ret
irq:
    cbz x21, 1f
    mrs x1, ICC_IAR1
    b 2f
1:  ldr w1, [x23, #0xc]
2:  and w2, w1, #0x3ff
    cmp w2, #27
    b.ne 3f
    msr cntv_ctl_el0, xzr
    isb
3:  str w2, [x20]
    cmp x2, x28
    csel x28, xzr, x28, eq
    cbz x21, 4f
    msr ICC_EOIR1, x1
    isb
    eret
4:  str w1, [x23, #0x10]
    eret
bad:
    mrs x0, esr_el1
    lsr x0, x0, #26
    orr w0, w0, #0x80000000
    str w0, [x20]
    b .
    .ltorg
    .balign 2048
vectors:
    .rept 5
    b bad
    .balign 128
    .endr
    b irq
    .balign 128
    .rept 10
    b bad
    .balign 128
    .endr
guest_end:
