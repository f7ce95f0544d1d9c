/* SPDX-License-Identifier: MIT */
#include "rangeplace.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#ifndef ROOM
#define ROOM                                                                                       \
	41 /* of a block, which is just below 1 KiB; tests take less, to meet its ends more often  \
	    */
#endif
#define SMALL_ROOM 4 /* of an only block: most owners hold one range */
#define FEW (ROOM / 4)
#define MERGED (ROOM * 3 / 4) /* what two neighbours may add up to: a split is some way off */

#define SPARES 4 /* kept by a set: most programs lock and unlock the same few ranges */

struct hf_range *hf_rangeplace_new(struct hf_rangeset *set)
{
	struct hf_range *ret = set->spare;

	if (!ret)
		return hf_mem_alloc(set->mem, sizeof(*ret));
	set->spare = ret->next_spare;
	set->spares--;
	return ret;
}

void hf_rangeplace_release(struct hf_rangeset *set, struct hf_range *range)
{
	if (!range || set->spares == SPARES) {
		hf_mem_release(set->mem, range, sizeof(*range));
		return;
	}
	range->next_spare = set->spare;
	set->spare = range;
	set->spares++;
}

struct hf_rangeslot *hf_rangeplace_back(struct hf_rangeplace *place)
{
	if (!place->slot) {
		if (!place->block->prev)
			return NULL;
		*place = (struct hf_rangeplace){ place->block->prev, place->at - 1,
						 place->block->prev->count };
	}
	return &place->block->slots[--place->slot];
}

static size_t block_size(unsigned room)
{
	return sizeof(struct hf_rangeblock) + room * sizeof(struct hf_rangeslot);
}

static struct hf_rangeblock *new_block(const struct hf_rangeset *set, unsigned room)
{
	struct hf_rangeblock *ret = hf_mem_alloc(set->mem, block_size(room));

	if (ret)
		*ret = (struct hf_rangeblock){ .room = room };
	return ret;
}

static void release_block(const struct hf_rangeset *set, struct hf_rangeblock *block)
{
	hf_mem_release(set->mem, block, block_size(block->room));
}

static void link_blocks(struct hf_rangeblock *lower, struct hf_rangeblock *upper)
{
	if (lower)
		lower->next = upper;
	if (upper)
		upper->prev = lower;
}

void hf_rangeplace_moved(struct hf_rangeset *set, struct hf_rangeplace place)
{
	hf_rangeplace_index(set)[place.at].first = place.block->slots[0].start;
}

static bool index_has_room(const struct hf_rangeset *set)
{
	return set->blocks < (set->many ? set->room : 1);
}

static int grow_index(struct hf_rangeset *set)
{
	size_t room = set->many ? set->room * 2 : 4;
	struct hf_rangeindex *many = hf_mem_alloc(set->mem, room * sizeof(*many));

	if (!many)
		return -ENOMEM;
	memcpy(many, hf_rangeplace_index(set), set->blocks * sizeof(*many));
	hf_mem_release(set->mem, set->many, set->room * sizeof(*many));
	set->many = many;
	set->room = room;
	return 0;
}

/* An empty block in the index; its start is not known yet. There is room. */
static void add_block(struct hf_rangeset *set, size_t at, struct hf_rangeblock *block)
{
	struct hf_rangeindex *index = hf_rangeplace_index(set);

	memmove(index + at + 1, index + at, (set->blocks - at) * sizeof(*index));
	index[at].block = block;
	link_blocks(block, at < set->blocks ? index[at + 1].block : NULL);
	link_blocks(at ? index[at - 1].block : NULL, block);
	set->blocks++;
}

/* The block has no ranges any more. */
static void remove_block(struct hf_rangeset *set, size_t at)
{
	struct hf_rangeindex *index = hf_rangeplace_index(set);
	struct hf_rangeblock *block = index[at].block;

	link_blocks(block->prev, block->next);
	set->blocks--;
	memmove(index + at, index + at + 1, (set->blocks - at) * sizeof(*index));
	release_block(set, block);
}

/* The slots of one block from the given one on go to the end of another. */
static void move_slots(struct hf_rangeblock *from, unsigned slot, struct hf_rangeblock *to)
{
	memcpy(to->slots + to->count, from->slots + slot,
	       (from->count - slot) * sizeof(*to->slots));
	to->count += from->count - slot;
	for (unsigned i = to->count - (from->count - slot); i < to->count; i++)
		to->slots[i].range->block = to;
	from->count = slot;
}

/* The only block, that was small, in its full size. */
static int grow_block(struct hf_rangeset *set)
{
	struct hf_rangeblock *block = new_block(set, ROOM);
	struct hf_rangeindex *index = hf_rangeplace_index(set);

	if (!block)
		return -ENOMEM;
	move_slots(index->block, 0, block);
	release_block(set, index->block);
	index->block = block;
	return 0;
}

/* In the middle, but ranges that come in order shall leave full blocks behind. */
static int split_block(struct hf_rangeset *set, struct hf_rangeplace place)
{
	unsigned kept = place.slot == place.block->count ? place.slot - 1 : place.block->count / 2;
	struct hf_rangeblock *upper;

	if (!index_has_room(set) && grow_index(set) < 0)
		return -ENOMEM;
	upper = new_block(set, ROOM);
	if (!upper)
		return -ENOMEM;
	add_block(set, place.at + 1, upper);
	move_slots(place.block, kept, upper);
	hf_rangeplace_moved(set, (struct hf_rangeplace){ upper, place.at + 1, 0 });
	return 0;
}

static int add_first_block(struct hf_rangeset *set, struct hf_rangeplace *ret)
{
	ret->block = new_block(set, SMALL_ROOM);
	if (!ret->block)
		return -ENOMEM;
	add_block(set, 0, ret->block);
	return 0;
}

int hf_rangeplace_room(struct hf_rangeset *set, uint64_t start, unsigned wanted,
		       struct hf_rangeplace *place)
{
	int err;

	if (!place->block)
		return add_first_block(set, place);
	if (place->block->room - place->block->count >= wanted)
		return 0;
	err = place->block->room < ROOM ? grow_block(set) : split_block(set, *place);
	if (!err)
		*place = hf_rangeplace_find(set, start);
	return err;
}

/* Most often there is nothing to move, and a call would be all that it costs. */
static void move(struct hf_rangeslot *to, const struct hf_rangeslot *from, unsigned count)
{
	if (count)
		memmove(to, from, count * sizeof(*to));
}

void hf_rangeplace_insert(struct hf_rangeset *set, struct hf_rangeplace place,
			  struct hf_range *range)
{
	struct hf_rangeslot *slot = &place.block->slots[place.slot];

	move(slot + 1, slot, place.block->count - place.slot);
	*slot = (struct hf_rangeslot){ range->start, range->end, range };
	range->block = place.block;
	place.block->count++;
	set->count++;
	if (!place.slot)
		hf_rangeplace_moved(set, place);
}

void hf_rangeplace_take_out(struct hf_rangeset *set, struct hf_rangeplace place)
{
	struct hf_rangeslot *slot = &place.block->slots[place.slot];

	hf_rangeplace_release(set, slot->range);
	place.block->count--;
	set->count--;
	move(slot, slot + 1, place.block->count - place.slot);
}

/* The block and the one above become one if they are small. */
static void merge_blocks(struct hf_rangeset *set, size_t at)
{
	struct hf_rangeblock *lower = hf_rangeplace_index(set)[at].block, *upper = lower->next;

	if (!upper || lower->count + upper->count > MERGED)
		return;
	move_slots(upper, 0, lower);
	remove_block(set, at + 1);
}

void hf_rangeplace_tidy(struct hf_rangeset *set, struct hf_rangeplace place)
{
	if (!place.block->count) {
		if (set->blocks > 1)
			remove_block(set, place.at);
		return;
	}
	hf_rangeplace_moved(set, place);
	if (place.block->count > FEW)
		return;
	merge_blocks(set, place.at);
	if (place.at)
		merge_blocks(set, place.at - 1);
}

void hf_rangeplace_release_all(struct hf_rangeset *set)
{
	struct hf_rangeindex *index = hf_rangeplace_index(set);

	for (size_t at = 0; at < set->blocks; at++) {
		for (unsigned i = 0; i < index[at].block->count; i++)
			hf_mem_release(set->mem, index[at].block->slots[i].range,
				       sizeof(struct hf_range));
		release_block(set, index[at].block);
	}
	hf_mem_release(set->mem, set->many, set->room * sizeof(*set->many));
	while (set->spare) {
		struct hf_range *range = set->spare;

		set->spare = range->next_spare;
		hf_mem_release(set->mem, range, sizeof(*range));
	}
}
