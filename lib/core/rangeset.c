/* SPDX-License-Identifier: MIT */
#include "rangeset.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static int by_start(const struct hf_range *a, const struct hf_range *b)
{
	return a->start < b->start ? -1 : a->start > b->start;
}

RB_GENERATE_INTERNAL(hf_rangetree, hf_range, link, by_start, static __attribute__((unused)))

/* RB_ macros take a non-const head even to look. */
static struct hf_rangetree *tree_of(const struct hf_rangeset *set)
{
	return (struct hf_rangetree *)(uintptr_t)&set->tree;
}

void hf_rangeset_init(struct hf_rangeset *set, const struct hf_mem *mem)
{
	RB_INIT(&set->tree);
	set->mem = mem;
	set->count = 0;
}

void hf_rangeset_remove(struct hf_rangeset *set, struct hf_range *range)
{
	RB_REMOVE(hf_rangetree, &set->tree, range);
	set->count--;
	hf_mem_release(set->mem, range, sizeof(*range));
}

void hf_rangeset_empty(struct hf_rangeset *set)
{
	struct hf_range *range;

	while ((range = RB_ROOT(&set->tree)))
		hf_rangeset_remove(set, range);
}

struct hf_range *hf_rangeset_first(const struct hf_rangeset *set, uint64_t start, uint64_t end)
{
	struct hf_range key = { .start = start }, *above, *below;

	above = RB_NFIND(hf_rangetree, tree_of(set), &key);
	below = above ? RB_PREV(hf_rangetree, tree_of(set), above)
		      : RB_MAX(hf_rangetree, tree_of(set));
	if (below && below->end >= start)
		return below;
	return above && above->start <= end ? above : NULL;
}

struct hf_range *hf_rangeset_next(struct hf_range *range, uint64_t end)
{
	struct hf_range *next = RB_NEXT(hf_rangetree, NULL, range);

	return next && next->start <= end ? next : NULL;
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
	struct hf_range *at, *self = (struct hf_range *)(uintptr_t)range;

	(void)set;
	*start = range->start;
	*end = range->end;
	for (at = self; (at = RB_PREV(hf_rangetree, NULL, at)) && at->mode == range->mode &&
			at->end + 1 == *start;)
		*start = at->start;
	for (at = self; (at = RB_NEXT(hf_rangetree, NULL, at)) && at->mode == range->mode &&
			*end + 1 == at->start;)
		*end = at->end;
}

/* A node linked nowhere, ready to be inserted. */
static struct hf_range *new_range(const struct hf_rangeset *set)
{
	return hf_mem_alloc(set->mem, sizeof(struct hf_range));
}

static void insert(struct hf_rangeset *set, struct hf_range *range)
{
	RB_INSERT(hf_rangetree, &set->tree, range);
	set->count++;
}

/*
 * Cuts start..end out. A range that sticks out on both sides is split, and spare becomes its upper
 * half; *spare is NULL afterwards if it was used.
 */
static void cut(struct hf_rangeset *set, uint64_t start, uint64_t end, struct hf_range **spare)
{
	struct hf_range *range, *next, *upper;

	for (range = hf_rangeset_first(set, start, end); range; range = next) {
		next = hf_rangeset_next(range, end);
		if (range->start < start && range->end > end) {
			upper = *spare;
			*spare = NULL;
			*upper = *range; /* NOLINT(clang-analyzer-core.*): there is one split at
					    most */
			upper->start = end + 1;
			range->end = start - 1;
			insert(set, upper);
		} else if (range->start < start) {
			range->end = start - 1;
		} else if (range->end > end) {
			range->start = end + 1; /* keeps its place: it still lies above start */
		} else {
			hf_rangeset_remove(set, range);
		}
	}
}

static bool needs_split(const struct hf_rangeset *set, uint64_t start, uint64_t end)
{
	const struct hf_range *range = hf_rangeset_first(set, start, end);

	return range && range->start < start && range->end > end;
}

int hf_rangeset_clear(struct hf_rangeset *set, uint64_t start, uint64_t end)
{
	struct hf_range *spare = NULL;

	if (needs_split(set, start, end) && !(spare = new_range(set)))
		return -ENOMEM;
	cut(set, start, end, &spare);
	return 0;
}

/* One range takes the place of two that a single acquisition left side by side. */
static struct hf_range *join(struct hf_rangeset *set, struct hf_range *lower,
			     struct hf_range *upper)
{
	if (!lower || !upper || lower->end + 1 != upper->start || lower->mode != upper->mode ||
	    memcmp(&lower->hold, &upper->hold, sizeof(lower->hold)))
		return upper ? upper : lower;
	lower->end = upper->end;
	hf_rangeset_remove(set, upper);
	return lower;
}

int hf_rangeset_set(struct hf_rangeset *set, uint64_t start, uint64_t end, enum hf_lockmode mode,
		    const struct hf_hold *hold)
{
	struct hf_range *range = new_range(set), *spare = NULL;

	if (!range)
		return -ENOMEM;
	if (needs_split(set, start, end) && !(spare = new_range(set))) {
		hf_mem_release(set->mem, range, sizeof(*range));
		return -ENOMEM;
	}
	cut(set, start, end, &spare);
	memset(range, 0, sizeof(*range));
	range->start = start;
	range->end = end;
	range->mode = mode;
	range->hold = *hold;
	insert(set, range);
	range = join(set, RB_PREV(hf_rangetree, &set->tree, range), range);
	(void)join(set, range, RB_NEXT(hf_rangetree, &set->tree, range));
	return 0;
}
