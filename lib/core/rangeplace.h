/* SPDX-License-Identifier: MIT */
/*
 * Where the ranges of a set stand in their order: for rangeset.c alone.
 *
 * The order is kept in blocks, each a sorted array of slots, and an index of the blocks. Between
 * two calls of rangeset.h no block is empty, and the index says exactly where each one starts.
 */
#ifndef HF_CORE_RANGEPLACE_H
#define HF_CORE_RANGEPLACE_H

#include "rangeset.h"

/* What a search looks at. The bounds are the range's own: the range itself may be in no cache. */
struct hf_rangeslot {
	uint64_t start;
	uint64_t end;
	struct hf_range *range;
};

struct hf_rangeblock {
	struct hf_rangeblock *prev;
	struct hf_rangeblock *next;
	unsigned count;
	unsigned room;
	struct hf_rangeslot slots[];
};

/* A slot, perhaps the one behind the last, of the block that is at-th in the index. */
struct hf_rangeplace {
	size_t at;
	struct hf_rangeblock *block;
	unsigned slot;
};

/* Behind all ranges that start below start. An empty set has no block. */
struct hf_rangeplace hf_rangeplace_find(const struct hf_rangeset *set, uint64_t start);

/* Of a range; at is not known. */
struct hf_rangeplace hf_rangeplace_of(const struct hf_range *range);

/* What stands at place, which moves on to the next block if need be. NULL: nothing from there on.
 */
struct hf_rangeslot *hf_rangeplace_slot(struct hf_rangeplace *place);

/* What stands before place, which moves there; NULL: nothing. */
struct hf_rangeslot *hf_rangeplace_back(struct hf_rangeplace *place);

/*
 * place is what was found for start. Afterwards it still is, and there is room for so many ranges
 * more (at most 2). 0 or -ENOMEM; nothing that shows has changed either way.
 */
int hf_rangeplace_room(struct hf_rangeset *set, uint64_t start, unsigned wanted,
		       struct hf_rangeplace *place);

/* Puts a range before what stands at place, where there is room. */
void hf_rangeplace_insert(struct hf_rangeset *set, struct hf_rangeplace place,
			  struct hf_range *range);

/* Releases what stands at place. Then hf_rangeplace_tidy() is due, or an insert there. */
void hf_rangeplace_take_out(struct hf_rangeset *set, struct hf_rangeplace place);

/* The first range of the block at place starts somewhere else now. */
void hf_rangeplace_moved(struct hf_rangeset *set, struct hf_rangeplace place);

/*
 * Removes the block at place if it is empty, and joins it with its neighbours if they are small.
 * Of all places only those in blocks below stay valid.
 */
void hf_rangeplace_tidy(struct hf_rangeset *set, struct hf_rangeplace place);

/* Releases the ranges and blocks of the set, which must be initialised again. */
void hf_rangeplace_release_all(struct hf_rangeset *set);

#endif
