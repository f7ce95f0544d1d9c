/* SPDX-License-Identifier: MIT */
/*
 * Memory for the checker: never the program's heap. Anonymous mappings, grown in steps, with a free
 * list per size. Not thread-safe by itself: used only inside the section of shim.h.
 */
#ifndef HF_PRELOAD_ARENA_H
#define HF_PRELOAD_ARENA_H

#include "mem.h"

struct hf_arena {
	struct hf_mem mem;    /* what users are given */
	void *free_lists[64]; /* by size in steps of 16 bytes, then by powers of two */
	unsigned char *next;
	size_t left;
};

/* An empty arena; it maps memory at the first use. alloc() is NULL when the system refuses. */
void hf_arena_init(struct hf_arena *arena);

#endif
