/* SPDX-License-Identifier: MIT */
/*
 * The ledger alone, without system calls, in the memory and with the string functions that it has in
 * the checker: nanoseconds to take and drop one range while so many others are held. Best of several
 * rounds.
 *
 * The others are 100 or 100,000, in 3 or 3,000 blocks. All of 100 is in the first-level cache. Of
 * 100,000 the index is in the second level and the blocks, 5 MB, are not: anywhere, an operation
 * waits for the third level once, which no structure can spare it, and the shift that follows finds
 * its lines on their way.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "arena.h"
#include "ledger.h"

#define STEPS 20000
#define ROUNDS 12

static struct hf_arena arena;
static const struct hf_hold hold = { .fd = 3, .tid = 1 };
static struct hf_ledger ledger;
static struct hf_file *file;

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void take(uint64_t at)
{
	if (hf_ledger_take(&ledger, file, HF_PRIM_POSIX, at, at, HF_MODE_WRITE, &hold)) {
		fprintf(stderr, "ledger-bench: no memory\n");
		exit(1);
	}
}

/* Every fourth byte is held, so that no two ranges touch; the others come and go in between. */
static double one_round(unsigned held, unsigned stride)
{
	double start = now();

	for (unsigned i = 0; i < STEPS; i++) {
		uint64_t at = (uint64_t)(i * stride % held) * 4 + 2;

		take(at);
		(void)hf_ledger_drop(&ledger, file, hf_file_owner(file, HF_PRIM_POSIX, -1), at, at);
	}
	return (now() - start) / STEPS;
}

int main(int argc, char **argv)
{
	unsigned held = argc == 3 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
	unsigned stride = held ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
	double best = 0, took;

	if (!held) {
		fprintf(stderr, "usage: ledger-bench RANGES STRIDE\n");
		return 2;
	}
	hf_arena_init(&arena);
	hf_ledger_init(&ledger, &arena.mem);
	file = hf_ledger_file(&ledger, (struct hf_fileid){ 1, 2 });
	for (unsigned i = 0; i < held; i++)
		take((uint64_t)i * 4);
	for (unsigned round = 0; round < ROUNDS; round++) {
		took = one_round(held, stride);
		if (!best || took < best)
			best = took;
	}
	printf("%.1f\n", best);
	return 0;
}
