/* SPDX-License-Identifier: MIT */
/*
 * The registers as the caller of hf_stack_<name>() has them: what a compiler's prologue leaves of
 * them cannot be known in C. Fills a struct hf_stack_start on the stack and passes it as third
 * argument to hf_stack_<name>_from(), whose result it returns.
 */
#if defined(__x86_64__) && !defined(__ILP32__)

	.text

	.macro stub name
	.globl \name
	.hidden \name
	.type \name, @function
\name:
	.cfi_startproc
	subq $72, %rsp
	.cfi_def_cfa_offset 80
	movq 72(%rsp), %rax
	movq %rax, (%rsp)
	leaq 80(%rsp), %rax
	movq %rax, 8(%rsp)
	movq %rbx, 16(%rsp)
	movq %rbp, 24(%rsp)
	movq %r12, 32(%rsp)
	movq %r13, 40(%rsp)
	movq %r14, 48(%rsp)
	movq %r15, 56(%rsp)
	movq %rsp, %rdx
	.hidden \name\()_from
	call \name\()_from
	addq $72, %rsp
	.cfi_def_cfa_offset 8
	ret
	.cfi_endproc
	.size \name, . - \name
	.endm

	stub hf_stack_take
	stub hf_stack_mark

#endif

	.section .note.GNU-stack, "", %progbits
