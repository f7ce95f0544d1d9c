/* SPDX-License-Identifier: MIT */
/*
 * Where a report keeps what it makes: strings and small structures that all go at once. Nothing
 * that is in a store is changed or given back by itself.
 */
#ifndef HF_TOOLS_STORE_H
#define HF_TOOLS_STORE_H

#include <stddef.h>

struct store_block;

/* Zeroed: empty. */
struct store {
	struct store_block *blocks;
	size_t left; /* in the newest block */
};

/* A copy of size bytes, aligned for anything. */
void *store_bytes(struct store *store, const void *bytes, size_t size);

/* A copy of length characters, and a NUL. */
char *store_text(struct store *store, const char *text, size_t length);

void store_free(struct store *store);

#endif
