/* SPDX-License-Identifier: MIT */
/*
 * What can fail comes first: nodes are allocated and room is made before anything changes that
 * shows.
 */
#include "rangeset.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "rangeplace.h"

void hf_rangeset_init(struct hf_rangeset *set, const struct hf_mem *mem)
{
	memset(set, 0, sizeof(*set));
	set->mem = mem;
}

void hf_rangeset_empty(struct hf_rangeset *set)
{
	hf_rangeplace_release_all(set);
	hf_rangeset_init(set, set->mem);
}

void hf_rangeset_remove(struct hf_rangeset *set, struct hf_range *range)
{
	struct hf_rangeplace place = hf_rangeplace_find(set, range->start);

	hf_rangeplace_take_out(set, place);
	hf_rangeplace_tidy(set, place);
}

struct hf_range *hf_rangeset_first(const struct hf_rangeset *set, uint64_t start, uint64_t end)
{
	struct hf_rangeplace place = hf_rangeplace_find(set, start);
	struct hf_rangeslot *slot;

	if (!place.block)
		return NULL;
	slot = place.slot ? &place.block->slots[place.slot - 1] : NULL;
	if (slot && slot->end >= start)
		return slot->range;
	slot = hf_rangeplace_slot(&place);
	return slot && slot->start <= end ? slot->range : NULL;
}

struct hf_range *hf_rangeset_next(struct hf_range *range, uint64_t end)
{
	struct hf_rangeplace place = hf_rangeplace_of(range);
	struct hf_rangeslot *slot;

	place.slot++;
	slot = hf_rangeplace_slot(&place);
	return slot && slot->start <= end ? slot->range : NULL;
}

struct hf_range *hf_rangeset_conflict(const struct hf_rangeset *set, uint64_t start, uint64_t end,
				      enum hf_lockmode mode)
{
	struct hf_range *range = hf_rangeset_first(set, start, end);

	while (range && !hf_modes_conflict(range->mode, mode))
		range = hf_rangeset_next(range, end);
	return range;
}

void hf_rangeset_span(const struct hf_rangeset *set, const struct hf_range *range, uint64_t *start,
		      uint64_t *end)
{
	struct hf_rangeplace place = hf_rangeplace_of(range);
	struct hf_rangeslot *slot;

	(void)set;
	*start = range->start;
	*end = range->end;
	while ((slot = hf_rangeplace_back(&place)) && slot->end + 1 == *start &&
	       slot->range->mode == range->mode)
		*start = slot->start;
	place = hf_rangeplace_of(range);
	place.slot++;
	for (; (slot = hf_rangeplace_slot(&place)) && *end + 1 == slot->start &&
	       slot->range->mode == range->mode;
	     place.slot++)
		*end = slot->end;
}

static void set_bounds(struct hf_rangeslot *slot, uint64_t start, uint64_t end)
{
	slot->start = slot->range->start = start;
	slot->end = slot->range->end = end;
}

/* The range before place sticks out on both sides of what ends at end. */
static bool needs_split(struct hf_rangeplace place, uint64_t end)
{
	return place.slot && place.block->slots[place.slot - 1].end > end;
}

/*
 * Cuts start..end out, which place was found for. A range that sticks out on both sides is split,
 * and spare becomes its upper half. The block at place may be empty afterwards.
 */
static void cut(struct hf_rangeset *set, struct hf_rangeplace place, uint64_t start, uint64_t end,
		struct hf_range *spare)
{
	struct hf_rangeslot *slot = place.slot ? &place.block->slots[place.slot - 1] : NULL;
	struct hf_rangeplace over;

	if (spare) {
		*spare = *slot->range; /* NOLINT(clang-analyzer-core.*): it needs_split() */
		spare->start = end + 1;
		hf_rangeplace_insert(set, place, spare);
	}
	if (slot && slot->end >= start)
		set_bounds(slot, slot->start, start - 1);
	while (over = place, (slot = hf_rangeplace_slot(&over)) && slot->end <= end) {
		hf_rangeplace_take_out(set, over);
		if (over.block != place.block)
			hf_rangeplace_tidy(set, over);
	}
	if (!slot || slot->start > end)
		return;
	set_bounds(slot, end + 1, slot->end); /* keeps its place: it still lies above start */
	if (!over.slot)
		hf_rangeplace_moved(set, over);
}

int hf_rangeset_clear(struct hf_rangeset *set, uint64_t start, uint64_t end)
{
	struct hf_rangeplace place = hf_rangeplace_find(set, start);
	struct hf_range *spare = NULL;

	if (!place.block)
		return 0;
	if (needs_split(place, end)) {
		spare = hf_rangeplace_new(set);
		if (!spare || hf_rangeplace_room(set, start, 1, &place) < 0) {
			hf_mem_release(set->mem, spare, sizeof(*spare));
			return -ENOMEM;
		}
	}
	cut(set, place, start, end, spare);
	hf_rangeplace_tidy(set, place);
	return 0;
}

/*
 * One range takes the place of two that a single acquisition left side by side. True if it did:
 * then no place is what it was.
 */
static bool join(struct hf_rangeset *set, struct hf_rangeplace place)
{
	struct hf_rangeslot *lower = &place.block->slots[place.slot++],
			    *upper = hf_rangeplace_slot(&place);

	if (!upper || lower->end + 1 != upper->start || lower->range->mode != upper->range->mode ||
	    memcmp(&lower->range->hold, &upper->range->hold, sizeof(lower->range->hold)))
		return false;
	set_bounds(lower, lower->start, upper->end);
	hf_rangeplace_take_out(set, place);
	hf_rangeplace_tidy(set, place);
	return true;
}

/* What a conversion finds: one range with exactly these bytes, which needs no other place. */
static struct hf_range *exactly(struct hf_rangeplace place, uint64_t start, uint64_t end)
{
	const struct hf_rangeslot *slot;

	if (!place.block || place.slot == place.block->count)
		return NULL; /* if it were the first of the next block, that one had been found */
	slot = &place.block->slots[place.slot];
	return slot->start == start && slot->end == end ? slot->range : NULL;
}

/* Puts a new range in the place of all it overlaps. place was found for start, and is its own then.
 */
static int put(struct hf_rangeset *set, struct hf_rangeplace *place, uint64_t start, uint64_t end,
	       enum hf_lockmode mode, const struct hf_hold *hold)
{
	bool split = needs_split(*place, end);
	struct hf_range *range = hf_rangeplace_new(set),
			*spare = split ? hf_rangeplace_new(set) : NULL;

	if (!range || (split && !spare) ||
	    hf_rangeplace_room(set, start, split ? 2 : 1, place) < 0) {
		hf_mem_release(set->mem, range, sizeof(*range));
		hf_mem_release(set->mem, spare, sizeof(*spare));
		return -ENOMEM;
	}
	cut(set, *place, start, end, spare);
	*range = (struct hf_range){ .start = start, .end = end, .mode = mode, .hold = *hold };
	hf_rangeplace_insert(set, *place, range);
	return 0;
}

int hf_rangeset_set(struct hf_rangeset *set, uint64_t start, uint64_t end, enum hf_lockmode mode,
		    const struct hf_hold *hold)
{
	struct hf_rangeplace place = hf_rangeplace_find(set, start);
	struct hf_range *range = exactly(place, start, end);
	int err = 0;

	if (range) {
		range->mode = mode;
		range->hold = *hold;
	} else {
		err = put(set, &place, start, end, mode, hold);
	}
	if (err || set->count == 1)
		return err;
	if (join(set, place))
		place = hf_rangeplace_find(set, start);
	if (hf_rangeplace_back(&place))
		(void)join(set, place);
	return 0;
}
