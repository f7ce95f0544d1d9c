/* SPDX-License-Identifier: MIT */
/*
 * The allocator that core is given. Core never calls malloc: inside a preloaded checker that would
 * be the program's heap, possibly half-way through the program's own malloc.
 *
 * alloc() returns NULL when there is nothing left; every user must survive that.
 * release() is told the size it once asked for, so that free lists by size need no header.
 */
#ifndef HF_CORE_MEM_H
#define HF_CORE_MEM_H

#include <stddef.h>

struct hf_mem {
	void *(*alloc)(void *ctx, size_t size);
	void (*release)(void *ctx, void *block, size_t size);
	void *ctx;
};

static inline void *hf_mem_alloc(const struct hf_mem *mem, size_t size)
{
	return mem->alloc(mem->ctx, size);
}

static inline void hf_mem_release(const struct hf_mem *mem, void *block, size_t size)
{
	if (block)
		mem->release(mem->ctx, block, size);
}

#endif
