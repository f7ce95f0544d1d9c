/* SPDX-License-Identifier: MIT */
/*
 * What the kernel calls instead of the program's handlers: see signals.h. Outside of a section a stub
 * jumps on with every argument, and the stack, as the kernel made them.
 *
 * The kernel's frame begins where the return address lies: only a stub that the kernel called has its
 * context right behind. Who else calls one (a library that keeps the program's handlers and calls them
 * itself) has no mask that could be changed.
 */
#include "signals.h"

#if defined(__x86_64__) && !defined(__ILP32__)

	.text
	.globl	hf_signal_stubs
	.hidden	hf_signal_stubs, hf_signal_handlers, hf_signal_arrived, hf_signals_wait
	.type	hf_signal_stubs, @function
	.balign	16
hf_signal_stubs:
	.cfi_startproc
	.set	number, 0
	.rept	HF_SIGNAL_STUBS
	movl	$number, %eax
	jmp	came
	.balign	16
	.set	number, number + 1
	.endr
came:
	movq	hf_signals_wait@gottpoff(%rip), %r11
	cmpl	$0, %fs:(%r11)
	jne	inside
go_on:
	leaq	hf_signal_handlers(%rip), %r11
	jmp	*(%r11,%rax,8)

inside:
	leaq	8(%rsp), %r11
	cmpq	%r11, %rdx
	jne	go_on
	subq	$40, %rsp
	.cfi_adjust_cfa_offset 40
	movq	%rax, (%rsp)
	movq	%rdi, 8(%rsp)
	movq	%rsi, 16(%rsp)
	movq	%rdx, 24(%rsp)
	movl	%eax, %ecx
	call	hf_signal_arrived
	testb	%al, %al
	movq	(%rsp), %rax
	movq	8(%rsp), %rdi
	movq	16(%rsp), %rsi
	movq	24(%rsp), %rdx
	leaq	40(%rsp), %rsp		/* leaves the flags alone */
	.cfi_adjust_cfa_offset -40
	jz	go_on
	ret
	.cfi_endproc
	.size	hf_signal_stubs, . - hf_signal_stubs

#endif
	.section .note.GNU-stack, "", %progbits
