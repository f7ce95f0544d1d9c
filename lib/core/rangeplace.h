/* SPDX-License-Identifier: MIT */
/*
 * Where the ranges of a set stand in their order: for rangeset.c alone.
 *
 * The order is kept in blocks, each a sorted array of slots, and an index of the blocks. Between
 * two calls of rangeset.h the index says exactly where each block starts, and no block is empty but
 * perhaps the only one: a set that is emptied keeps it, since it is soon filled again.
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

/*
 * A slot, perhaps the one behind the last, of the block that is at-th in the index. Two words, so
 * that it travels in registers: on the stack it would be written in three pieces and read in
 * others, which costs more than all that is done with it.
 */
struct hf_rangeplace {
	struct hf_rangeblock *block;
	uint32_t at;
	uint32_t slot;
};

/* Inline, because every lock looks several times, and mostly at a set of one range. */

static inline struct hf_rangeindex *hf_rangeplace_index(const struct hf_rangeset *set)
{
	return set->many ? set->many : (struct hf_rangeindex *)(uintptr_t)&set->only;
}

/* The last block that starts at or below start; the first one when there is none. */
static inline size_t hf_rangeplace_find_block(const struct hf_rangeset *set, uint64_t start)
{
	const struct hf_rangeindex *index = hf_rangeplace_index(set);
	size_t at = 0, half;

	for (size_t left = set->blocks; left > 1; left -= half) {
		half = left / 2;
		at = index[at + half].first <= start ? at + half : at;
	}
	return at;
}

/*
 * How many ranges of the block start below start. All are counted: their cache lines arrive side by
 * side, those of a binary search one after the other.
 */
static inline unsigned hf_rangeplace_find_slot(const struct hf_rangeblock *block, uint64_t start)
{
	unsigned below = 0;

	for (unsigned i = 0; i < block->count; i++)
		below += block->slots[i].start < start;
	return below;
}

/* Behind all ranges that start below start. An empty set has no block. */
static inline struct hf_rangeplace hf_rangeplace_find(const struct hf_rangeset *set, uint64_t start)
{
	struct hf_rangeplace ret = { 0 };

	if (!set->blocks)
		return ret;
	ret.at = (uint32_t)hf_rangeplace_find_block(set, start);
	ret.block = hf_rangeplace_index(set)[ret.at].block;
	ret.slot = hf_rangeplace_find_slot(ret.block, start);
	return ret;
}

/* Of a range; at is not known. */
static inline struct hf_rangeplace hf_rangeplace_of(const struct hf_range *range)
{
	return (struct hf_rangeplace){
		.block = range->block,
		.slot = hf_rangeplace_find_slot(range->block, range->start),
	};
}

/*
 * What stands at place, which has a block, and moves on to the next one if need be. NULL: nothing
 * from there on.
 */
static inline struct hf_rangeslot *hf_rangeplace_slot(struct hf_rangeplace *place)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): made by functions it does not see */
	if (place->slot == place->block->count) {
		if (!place->block->next)
			return NULL;
		*place = (struct hf_rangeplace){ place->block->next, place->at + 1, 0 };
	}
	return &place->block->slots[place->slot];
}

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

/* A range in no place; NULL when there is no memory. And one that is needed no more. */
struct hf_range *hf_rangeplace_new(struct hf_rangeset *set);
void hf_rangeplace_release(struct hf_rangeset *set, struct hf_range *range);

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
