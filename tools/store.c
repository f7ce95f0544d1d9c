/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "store.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

#define BLOCK_SIZE ((size_t)64 * 1024)
#define ALIGNMENT alignof(max_align_t)

struct store_block {
	struct store_block *next;
	size_t size;
	alignas(max_align_t) unsigned char bytes[];
};

static size_t aligned(size_t size)
{
	return (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

static void add_block(struct store *store, size_t least)
{
	size_t size = least > BLOCK_SIZE ? least : BLOCK_SIZE;
	struct store_block *block = alloc_bytes(sizeof(*block) + size);

	block->next = store->blocks;
	block->size = size;
	store->blocks = block;
	store->left = size;
}

static void *take(struct store *store, size_t size)
{
	void *ret;

	size = aligned(size);
	if (!store->blocks || size > store->left)
		add_block(store, size);
	ret = store->blocks->bytes + store->blocks->size - store->left;
	store->left -= size;
	return ret;
}

void *store_bytes(struct store *store, const void *bytes, size_t size)
{
	void *ret = take(store, size);

	if (size)
		memcpy(ret, bytes, size);
	return ret;
}

char *store_text(struct store *store, const char *text, size_t length)
{
	char *ret = take(store, length + 1);

	memcpy(ret, text, length);
	ret[length] = '\0';
	return ret;
}

void store_free(struct store *store)
{
	struct store_block *block, *next;

	for (block = store->blocks; block; block = next) {
		next = block->next;
		free(block);
	}
	*store = (struct store){ 0 };
}
