/* SPDX-License-Identifier: MIT */
/* Locks of one owner as the kernel keeps them: sorted, disjoint, neighbours of one mode joined. */
#ifndef LOCKLIST_H
#define LOCKLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger.h"
#include "locktypes.h"

#define LOCKS_MAX 256

struct lock {
	enum hf_primitive primitive;
	enum hf_lockmode mode;
	uint64_t start, end;
};

struct locks {
	unsigned count;
	struct lock lock[LOCKS_MAX];
};

/* Keeps them sorted by start, each once: duplicates of a descriptor list the same locks. */
void locks_add(struct locks *locks, const struct lock *lock);

/* Neighbours of one mode become one lock. */
void locks_join(struct locks *locks);

/* What the ledger has of that owner. */
void locks_add_owner(struct locks *locks, const struct hf_owner *owner);

bool locks_equal(const struct locks *a, const struct locks *b);

/* Does each lock of part lie within one of all, of the same mode? */
bool locks_cover(const struct locks *all, const struct locks *part);

/* " W0-9 R10--1"; cut off when there is no room. */
void locks_write(char *text, size_t size, const struct locks *locks);

#endif
