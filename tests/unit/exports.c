/* SPDX-License-Identifier: MIT */
/*
 * The checker hides everything that it is made of, and leaves its own frames out of stacks. So the
 * unit tests load its sources as a shared object, which this file gives a way in.
 */
#include "exports.h"

#include "stack_cache.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT void test_stack_init(void)
{
	hf_stack_init();
}

EXPORT __attribute__((noinline)) void test_stack_take(struct hf_stack *ret, unsigned depth)
{
	hf_stack_take(ret, depth);
	__asm__ volatile("" ::: "memory"); /* a frame of the checker's, not a tail call */
}

EXPORT void test_stack_use_cache(bool use)
{
	hf_stack_use_cache(use);
}

EXPORT uint64_t test_stack_hits(void)
{
	return hf_stack_cache_hits();
}

EXPORT int test_stack_object(uintptr_t address, struct hf_object *ret)
{
	return hf_stack_object(address, ret);
}
