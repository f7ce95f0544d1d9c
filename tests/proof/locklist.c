/* SPDX-License-Identifier: MIT */
#include "locklist.h"

#include <stdio.h>
#include <string.h>

void locks_add(struct locks *locks, const struct lock *lock)
{
	unsigned at = locks->count;

	while (at && locks->lock[at - 1].start > lock->start)
		at--;
	for (unsigned i = 0; i < locks->count; i++)
		if (!memcmp(&locks->lock[i], lock, sizeof(*lock)))
			return;
	if (locks->count == LOCKS_MAX)
		return;
	memmove(&locks->lock[at + 1], &locks->lock[at], (locks->count - at) * sizeof(*lock));
	locks->lock[at] = *lock;
	locks->count++;
}

static bool touches(const struct lock *first, const struct lock *second)
{
	return first->mode == second->mode && first->end != HF_EOF &&
	       first->end + 1 == second->start;
}

void locks_join(struct locks *locks)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < locks->count; i++)
		if (kept && touches(&locks->lock[kept - 1], &locks->lock[i]))
			locks->lock[kept - 1].end = locks->lock[i].end;
		else
			locks->lock[kept++] = locks->lock[i];
	locks->count = kept;
}

void locks_add_owner(struct locks *locks, const struct hf_owner *owner)
{
	struct hf_range *range = hf_rangeset_first(&owner->ranges, 0, HF_EOF);
	struct lock lock;

	for (; range; range = hf_rangeset_next(range, HF_EOF)) {
		memset(&lock, 0, sizeof(lock));
		lock.primitive = owner->primitive;
		lock.mode = range->mode;
		hf_rangeset_span(&owner->ranges, range, &lock.start, &lock.end);
		locks_add(locks, &lock);
	}
}

bool locks_equal(const struct locks *a, const struct locks *b)
{
	return a->count == b->count && !memcmp(a->lock, b->lock, a->count * sizeof(a->lock[0]));
}

static bool lies_in(const struct lock *lock, const struct locks *all)
{
	for (unsigned i = 0; i < all->count; i++)
		if (all->lock[i].mode == lock->mode && all->lock[i].start <= lock->start &&
		    all->lock[i].end >= lock->end)
			return true;
	return false;
}

bool locks_cover(const struct locks *all, const struct locks *part)
{
	for (unsigned i = 0; i < part->count; i++)
		if (!lies_in(&part->lock[i], all))
			return false;
	return true;
}

void locks_write(char *text, size_t size, const struct locks *locks)
{
	size_t at = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < locks->count && at < size; i++)
		at += (size_t)snprintf(
			text + at, size - at, " %c%llu-%lld",
			locks->lock[i].mode == HF_MODE_WRITE ? 'W' : 'R',
			(unsigned long long)locks->lock[i].start,
			locks->lock[i].end == HF_EOF ? -1LL : (long long)locks->lock[i].end);
}
