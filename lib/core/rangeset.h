/* SPDX-License-Identifier: MIT */
/*
 * The byte ranges that one owner holds on one file, as the kernel keeps them: a byte has one mode,
 * a new request replaces what it overlaps, an unlock in the middle splits.
 *
 * The kernel joins neighbours of the same mode. Here two neighbours stay apart while they came from
 * different acquisitions, because a report must name the right one; hf_rangeset_span() tells the
 * range that the kernel sees.
 *
 * An owner is a process for POSIX locks and an open file description for OFD locks and flock: each
 * has a set of its own. A set is not thread-safe.
 *
 * Invariants: ranges are disjoint and sorted; start <= end <= HF_EOF; no mode is HF_MODE_NONE.
 *
 * A range stays where it is in memory until it is released. Their order is kept apart from them, in
 * blocks of up to 41 and a sorted index of the blocks: to find a place among 100,000 ranges takes
 * one look into memory that is in no near cache, where a binary tree takes seventeen. An operation
 * costs O(log n) plus the ranges it replaces; when a block fills up or empties, one word in 41 of
 * the index moves besides. The kernel walks all n locks of a file at every request.
 */
#ifndef HF_CORE_RANGESET_H
#define HF_CORE_RANGESET_H

#include <stddef.h>
#include <stdint.h>

#include "locktypes.h"
#include "mem.h"

/* Who took a range, when and how. Copied to both halves when a range is split. */
struct hf_hold {
	int32_t fd;
	int32_t tid;
	uint64_t time;	  /* ns, CLOCK_MONOTONIC */
	uint32_t stack;	  /* hf_ref */
	uint32_t depth;	  /* how often the holder took it: 1, or more after re-entry */
	uint32_t flags;	  /* the user's own */
	uint32_t finding; /* the user's own: what was reported about this hold */
};

struct hf_range {
	union {
		struct hf_rangeblock *block; /* the set's own */
		struct hf_range *next_spare;
	};
	uint64_t start;
	uint64_t end;
	enum hf_lockmode mode;
	struct hf_hold hold;
};

struct hf_rangeset {
	const struct hf_mem *mem;
	size_t count;
	size_t blocks;
	struct hf_rangeindex {
		uint64_t first; /* where the block's first range starts */
		struct hf_rangeblock *block;
	} only, *many;		/* only: the index until there were several blocks */
	size_t room;		/* of many */
	struct hf_range *spare; /* released ones, for the next: linked by next_spare */
	size_t spares;
};

void hf_rangeset_init(struct hf_rangeset *set, const struct hf_mem *mem);

/* Forgets everything and releases all its memory; a set whose ranges go one by one keeps some. */
void hf_rangeset_empty(struct hf_rangeset *set);

/* mode over start..end from now on. 0 or -ENOMEM, and then nothing has changed. */
int hf_rangeset_set(struct hf_rangeset *set, uint64_t start, uint64_t end, enum hf_lockmode mode,
		    const struct hf_hold *hold);

/* Nothing over start..end from now on. 0 or -ENOMEM (a split needs a node): nothing has changed. */
int hf_rangeset_clear(struct hf_rangeset *set, uint64_t start, uint64_t end);

/* The first range that shares a byte with start..end, and the ones after it; NULL at the end. */
struct hf_range *hf_rangeset_first(const struct hf_rangeset *set, uint64_t start, uint64_t end);
struct hf_range *hf_rangeset_next(struct hf_range *range, uint64_t end);

/* The first overlap whose mode conflicts with mode; NULL when there is none. */
struct hf_range *hf_rangeset_conflict(const struct hf_rangeset *set, uint64_t start, uint64_t end,
				      enum hf_lockmode mode);

/* Extends *start..*end to what the kernel shows for range: same mode, touching neighbours joined.
 */
void hf_rangeset_span(const struct hf_rangeset *set, const struct hf_range *range, uint64_t *start,
		      uint64_t *end);

/* Takes out one range exactly as it stands. */
void hf_rangeset_remove(struct hf_rangeset *set, struct hf_range *range);

#endif
