/* SPDX-License-Identifier: MIT */
/*
 * vfork returns twice on one stack: a C hook's frame would be overwritten by the child before the
 * parent comes back to it. So: raise the thread's flag, and jump.
 *
 * The target is libc's vfork once the constructor has run, and a bare system call before.
 */
#if defined(__x86_64__) && !defined(__ILP32__)

	.text
	.globl	vfork, __vfork
	.type	vfork, @function
	.type	__vfork, @function
vfork:
__vfork:
	.cfi_startproc
	movq	hf_vforked@gottpoff(%rip), %rax
	movl	$1, %fs:(%rax)
	jmp	*hf_vfork_target(%rip)
	.cfi_endproc
	.size	vfork, . - vfork
	.size	__vfork, . - __vfork

early_vfork:
	popq	%rdx
	movl	$58, %eax
	syscall
	pushq	%rdx
	ret

	.section .data.rel.local, "aw"
	.globl	hf_vfork_target
	.hidden	hf_vfork_target
	.hidden	hf_vforked
	.balign	8
hf_vfork_target:
	.quad	early_vfork

#elif defined(__aarch64__)

	.text
	.globl	vfork, __vfork
	.type	vfork, %function
	.type	__vfork, %function
vfork:
__vfork:
	.cfi_startproc
	mrs	x9, tpidr_el0
	adrp	x10, :gottprel:hf_vforked
	ldr	x10, [x10, :gottprel_lo12:hf_vforked]
	mov	w11, #1
	str	w11, [x9, x10]
	adrp	x16, hf_vfork_target
	ldr	x16, [x16, :lo12:hf_vfork_target]
	br	x16
	.cfi_endproc
	.size	vfork, . - vfork
	.size	__vfork, . - __vfork

early_vfork:
	mov	x0, #0x4111		/* CLONE_VM | CLONE_VFORK | SIGCHLD */
	mov	x1, #0
	mov	x8, #220
	svc	#0
	ret

	.section .data.rel.local, "aw"
	.globl	hf_vfork_target
	.hidden	hf_vfork_target
	.hidden	hf_vforked
	.balign	8
hf_vfork_target:
	.quad	early_vfork

#endif
	.section .note.GNU-stack, "", %progbits
