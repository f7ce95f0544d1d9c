/* SPDX-License-Identifier: MIT */
/*
 * Blocks are powers of two above SMALL_LIMIT and multiples of 16 below: a hash table that doubles
 * gives back what it outgrew, and the next one of that size takes it. Memory never goes back to the
 * system: a checker that unmaps has to know that nobody looks there any more.
 */
#include "arena.h"

#include <string.h>
#include <sys/mman.h>

#include "rawsys.h"

#define STEP 16
#define SMALL_LIMIT 512 /* the last multiple of STEP with a list of its own */
#define SMALL_LISTS (SMALL_LIMIT / STEP)
#define LARGEST ((size_t)1 << 41)
#define CHUNK ((size_t)64 * 1024)

struct free_block {
	struct free_block *next;
};

/* The list that a size belongs to, and the size its blocks really have. */
static unsigned list_of(size_t size, size_t *ret)
{
	unsigned list = SMALL_LISTS;
	size_t block = SMALL_LIMIT * 2;

	if (size <= SMALL_LIMIT) {
		*ret = size ? (size + STEP - 1) & ~(size_t)(STEP - 1) : STEP;
		return (unsigned)(*ret / STEP) - 1;
	}
	for (; block < size; block *= 2)
		list++;
	*ret = block;
	return list;
}

static void *map(size_t size)
{
	void *ret =
		raw_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return raw_is_error(ret) ? NULL : ret;
}

static void *carve(struct hf_arena *arena, size_t size)
{
	unsigned char *ret;

	if (size >= CHUNK / 4) /* at most this much of a chunk is ever left unused */
		return map(size);
	if (arena->left < size) {
		ret = map(CHUNK);
		if (!ret)
			return NULL;
		arena->next = ret;
		arena->left = CHUNK;
	}
	ret = arena->next;
	arena->next += size;
	arena->left -= size;
	return ret;
}

static void *arena_alloc(void *ctx, size_t size)
{
	struct hf_arena *arena = ctx;
	struct free_block *block;
	unsigned list;

	if (size > LARGEST)
		return NULL;
	list = list_of(size, &size);
	block = arena->free_lists[list];
	if (!block)
		return carve(arena, size);
	arena->free_lists[list] = block->next;
	return block;
}

static void arena_release(void *ctx, void *memory, size_t size)
{
	struct hf_arena *arena = ctx;
	struct free_block *block = memory;
	unsigned list = list_of(size, &size);

	block->next = arena->free_lists[list];
	arena->free_lists[list] = block;
}

_Static_assert(sizeof(((struct hf_arena *)0)->free_lists) / sizeof(void *) == SMALL_LISTS + 32,
	       "a list for every power of two from SMALL_LIMIT * 2 = 2^10 to LARGEST = 2^41");

void hf_arena_init(struct hf_arena *arena)
{
	memset(arena, 0, sizeof(*arena));
	arena->mem =
		(struct hf_mem){ .alloc = arena_alloc, .release = arena_release, .ctx = arena };
}
