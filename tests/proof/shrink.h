/* SPDX-License-Identifier: MIT */
/* Sequences of operations, and the smallest part of one that still fails. */
#ifndef SHRINK_H
#define SHRINK_H

#include "differential.h"

#define SEQUENCE_MAX 1000

struct sequence {
	uint64_t seed;
	unsigned count;
	struct op ops[SEQUENCE_MAX];
};

void sequence_make(struct sequence *sequence, uint64_t seed);

/* Runs it in a process of its own; tally->reason and failed_at tell more. */
bool sequence_fails(const struct sequence *sequence);

/*
 * Leaves out halves, quarters and so on, down to single operations, as long as the rest fails, for
 * at most a minute. Afterwards it is run once more: tally->reason is empty if it did not fail then,
 * as may happen when threads race.
 */
void sequence_shrink(struct sequence *sequence);

/* The table of what was done. False when something that must have happened never did. */
bool counts_print(void);

#endif
