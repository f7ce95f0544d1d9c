/* SPDX-License-Identifier: MIT */
/*
 * The calling thread's stack as return addresses, and addresses as (module, offset).
 *
 * Safe in signal handlers, allocates nothing, takes no lock of the program's or (where libc has
 * _dl_find_object: glibc 2.35) the loader's. The fast path on x86-64 is a cache of verified stacks
 * (why a hit must prove every frame: stack_cache.h); elsewhere every stack is unwound.
 */
#ifndef HF_PRELOAD_STACK_H
#define HF_PRELOAD_STACK_H

#include <stdbool.h>
#include <stdint.h>

#include "record.h"

struct hf_stack {
	uint32_t count;
	uint64_t id;		    /* a hash of the addresses: equal stacks have equal ids */
	uintptr_t pc[HF_STACK_MAX]; /* return addresses, innermost first, the checker's own left out
				     */
};

/*
 * At most depth frames (HF_STACK_MAX at most). Where a signal handler was called, the address is
 * the interrupted instruction's plus one: whoever subtracts one, as from a return address, is
 * right.
 */
void hf_stack_take(struct hf_stack *ret, unsigned depth);

/*
 * The caller's stack is taken, and its mark returned: what marker() said of an equal one, which is
 * not asked again while the stack is in the cache and its mark not 0. A marker that takes a stack
 * itself gets it unwound.
 */
typedef uint32_t hf_stack_marker(const struct hf_stack *stack);
uint32_t hf_stack_mark(unsigned depth, hf_stack_marker *marker);

/* Without the cache from now on, or with it again: for comparing the two. */
void hf_stack_use_cache(bool use);

/* An ELF object that is loaded now. path and build_id point into the object or the loader's list.
 */
struct hf_object {
	uintptr_t base; /* load bias */
	uintptr_t start;
	uintptr_t end;
	const char *path; /* "" for the program itself */
	const unsigned char *build_id;
	uint32_t build_id_length;
};

/* 0, or -ENOENT when no object contains the address (JIT code, the vdso of some kernels). */
int hf_stack_object(uintptr_t address, struct hf_object *ret);

/* Once, from the constructor. */
void hf_stack_init(void);

/* In a fork child, before it takes a stack. */
void hf_stack_forked(void);

/* The part of it that objects.c does. */
void hf_objects_init(void);

#endif
