/* SPDX-License-Identifier: MIT */
/*
 * linux-host.c: what running Linux programs needs of x86-64: a system call that a signal cannot slip
 * past, and a raw clone(). Linux's system call convention: System V Application Binary Interface,
 * AMD64 supplement, A.2.1: number in rax, arguments in rdi, rsi, rdx, r10, r8, r9; rcx and r11 are
 * lost.
 *
 * Between the test of *pending and the system call instruction lies a window. A handler that
 * finds the pc there, the instruction itself included, moves it to the way out: what the handler
 * has set cannot have been seen. The kernel, too, puts the pc back onto the instruction where a
 * handler asks for restarts; then the call has not happened either.
 */
#include <backplane/linux-host.h>

#include <ucontext.h>

__asm__(".text\n"
        ".p2align 4\n"
        ".type host_call, @function\n"
        "host_call:\n"
        "    .cfi_startproc\n"
        "    mov %rsi, %rax\n"
        "    mov %rdi, %rcx\n"
        "    mov %rdx, %r11\n"
        "    mov 0(%r11), %rdi\n"
        "    mov 8(%r11), %rsi\n"
        "    mov 16(%r11), %rdx\n"
        "    mov 24(%r11), %r10\n"
        "    mov 32(%r11), %r8\n"
        "    mov 40(%r11), %r9\n"
        "host_call_window:\n"
        "    cmpl $0, (%rcx)\n"
        "    jne host_call_not_done\n"
        "host_call_instruction:\n"
        "    syscall\n"
        "    ret\n"
        "host_call_not_done:\n"
        "    mov $-512, %rax\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size host_call, . - host_call\n"

        /* The child keeps what it runs in registers that the kernel keeps. */
        ".p2align 4\n"
        ".type host_clone, @function\n"
        "host_clone:\n"
        "    .cfi_startproc\n"
        "    push %rbx\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    .cfi_rel_offset %rbx, 0\n"
        "    push %r12\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    .cfi_rel_offset %r12, 0\n"
        "    and $-16, %rsi\n"
        "    mov %rdx, %rbx\n"
        "    mov %rcx, %r12\n"
        "    mov %r8, %rdx\n"
        "    mov %r9, %r10\n"
        "    xor %r8d, %r8d\n"
        "    mov $56, %eax\n" /* clone */
        "    syscall\n"
        "    test %rax, %rax\n"
        "    jz 1f\n"
        "    pop %r12\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    pop %rbx\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    ret\n"
        "    .cfi_endproc\n"
        "1:\n"
        "    .cfi_startproc\n"
        "    .cfi_undefined %rip\n"
        "    xor %ebp, %ebp\n"
        "    and $-16, %rsp\n"
        "    mov %r12, %rdi\n"
        "    call *%rbx\n"
        "    mov %eax, %edi\n"
        "    mov $231, %eax\n" /* exit_group, where it returned after all */
        "    syscall\n"
        "    ud2\n"
        "    .cfi_endproc\n"
        ".size host_clone, . - host_clone\n");

int64_t host_call(const _Atomic uint32_t *pending, long number, const uint64_t args[6])
    __attribute__((visibility("hidden")));
int64_t host_clone(uint64_t flags, void *stack_top, int (*run)(void *arg), void *arg,
                   int *parent_tid, int *child_tid) __attribute__((visibility("hidden")));
extern const char host_call_window[] __attribute__((visibility("hidden")));
extern const char host_call_instruction[] __attribute__((visibility("hidden")));
extern const char host_call_not_done[] __attribute__((visibility("hidden")));

static void host_signalled(void *ucontext)
{
    greg_t *pc = &((ucontext_t *)ucontext)->uc_mcontext.gregs[REG_RIP];
    if ((uintptr_t)*pc >= (uintptr_t)host_call_window &&
        (uintptr_t)*pc <= (uintptr_t)host_call_instruction)
        *pc = (greg_t)(uintptr_t)host_call_not_done;
}

static const struct bp_linux_host_api api = {
    .size = sizeof api,
    .elf_machine = 62, /* EM_X86_64 */
    .call = host_call,
    .signalled = host_signalled,
    .clone = host_clone,
};
BP_SERVICE(linux_host, "backplane.linux-host/1", "Linux programs on x86-64 hosts", api);
BP_PLUGIN("linux-host-x86_64", "1.0", "MIT");
