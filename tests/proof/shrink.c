/* SPDX-License-Identifier: MIT */
#include "shrink.h"

#include <string.h>
#include <time.h>

#define SECONDS 60

void sequence_make(struct sequence *sequence, uint64_t seed)
{
	uint64_t state = seed;

	sequence->seed = seed;
	sequence->count = SEQUENCE_MAX;
	for (unsigned i = 0; i < SEQUENCE_MAX; i++)
		sequence->ops[i] = op_random(&state, false);
}

static void without(struct sequence *ret, const struct sequence *all, unsigned from, unsigned count)
{
	unsigned rest = all->count - from - count;

	ret->seed = all->seed;
	ret->count = all->count - count;
	memcpy(ret->ops, all->ops, from * sizeof(all->ops[0]));
	memcpy(ret->ops + from, all->ops + from + count, rest * sizeof(all->ops[0]));
}

/* What comes after the failure has nothing to do with it. */
static void cut_off(struct sequence *sequence)
{
	if (tally->failed_at < sequence->count)
		sequence->count = tally->failed_at + 1;
}

/* Another way to fail would lead to another sequence: the reason must begin as it did. */
static bool fails_alike(const struct sequence *sequence, const char *reason)
{
	return sequence_fails(sequence) && !strncmp(tally->reason, reason, 12);
}

/* One pass with parts of that size; false when no part could be left out. */
static bool leave_out(struct sequence *sequence, unsigned size, time_t until, const char *reason)
{
	struct sequence smaller;
	bool progress = false;

	for (unsigned from = 0; from + size <= sequence->count && time(NULL) < until;) {
		without(&smaller, sequence, from, size);
		if (fails_alike(&smaller, reason)) {
			*sequence = smaller;
			cut_off(sequence);
			progress = true;
		} else {
			from += size;
		}
	}
	return progress;
}

void sequence_shrink(struct sequence *sequence)
{
	time_t until = time(NULL) + SECONDS;
	char reason[REASON_SIZE];
	unsigned size;

	(void)strcpy(reason, tally->reason);
	cut_off(sequence);
	for (size = sequence->count / 2; size; size = size / 2)
		while (leave_out(sequence, size, until, reason) && size == 1)
			;
	if (!sequence_fails(sequence))
		tally->reason[0] = '\0';
}
