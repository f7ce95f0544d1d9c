/* SPDX-License-Identifier: MIT */
#include "rangeset.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

static int blocks_left = -1; /* how many allocations still succeed; -1: any number */

static void *counted_alloc(void *ctx, size_t size)
{
	(void)ctx;
	if (!blocks_left)
		return NULL;
	if (blocks_left > 0)
		blocks_left--;
	return malloc(size);
}

static void counted_release(void *ctx, void *block, size_t size)
{
	(void)ctx, (void)size;
	free(block);
}

static const struct hf_mem mem = { counted_alloc, counted_release, NULL };

static struct hf_rangeset set_of(void)
{
	struct hf_rangeset set;

	hf_rangeset_init(&set, &mem);
	return set;
}

static void lock(struct hf_rangeset *set, uint64_t start, uint64_t end, enum hf_lockmode mode, int fd)
{
	struct hf_hold hold = { .fd = fd };

	cr_assert_eq(hf_rangeset_set(set, start, end, mode, &hold), 0);
}

static bool is_range(const struct hf_range *range, uint64_t start, uint64_t end, enum hf_lockmode mode)
{
	return range && range->start == start && range->end == end && range->mode == mode;
}

Test(rangeset, an_unlock_in_the_middle_splits_a_range, .timeout = 10)
{
	struct hf_rangeset set = set_of();
	struct hf_range *low, *high;

	lock(&set, 0, 99, HF_MODE_WRITE, 3);
	cr_assert_eq(hf_rangeset_clear(&set, 40, 59), 0);
	low = hf_rangeset_first(&set, 0, HF_EOF);
	cr_assert(is_range(low, 0, 39, HF_MODE_WRITE));
	high = hf_rangeset_next(low, HF_EOF);
	cr_assert(is_range(high, 60, 99, HF_MODE_WRITE));
	cr_assert_eq(high->hold.fd, 3);
	cr_assert_null(hf_rangeset_next(high, HF_EOF));
	hf_rangeset_empty(&set);
}

Test(rangeset, a_new_request_replaces_what_it_overlaps, .timeout = 10)
{
	struct hf_rangeset set = set_of();
	struct hf_range *range;

	lock(&set, 0, 9, HF_MODE_WRITE, 3);
	lock(&set, 20, 29, HF_MODE_WRITE, 3);
	lock(&set, 5, 24, HF_MODE_READ, 4);
	cr_assert_eq(set.count, 3);
	range = hf_rangeset_first(&set, 0, HF_EOF);
	cr_assert(is_range(range, 0, 4, HF_MODE_WRITE));
	range = hf_rangeset_next(range, HF_EOF);
	cr_assert(is_range(range, 5, 24, HF_MODE_READ));
	range = hf_rangeset_next(range, HF_EOF);
	cr_assert(is_range(range, 25, 29, HF_MODE_WRITE));
	hf_rangeset_empty(&set);
}

Test(rangeset, neighbours_of_one_acquisition_are_joined_and_of_two_are_not, .timeout = 10)
{
	struct hf_rangeset set = set_of();
	uint64_t start, end;

	lock(&set, 0, 9, HF_MODE_WRITE, 3);
	lock(&set, 10, 19, HF_MODE_WRITE, 3);
	cr_expect_eq(set.count, 1);
	lock(&set, 20, 29, HF_MODE_WRITE, 4);
	cr_expect_eq(set.count, 2);
	hf_rangeset_span(&set, hf_rangeset_first(&set, 25, 25), &start, &end);
	cr_expect_eq(start, 0);
	cr_expect_eq(end, 29);
	hf_rangeset_empty(&set);
}

Test(rangeset, only_a_conflicting_mode_is_found, .timeout = 10)
{
	struct hf_rangeset set = set_of();

	lock(&set, 0, 9, HF_MODE_READ, 3);
	lock(&set, 10, HF_EOF, HF_MODE_WRITE, 3);
	cr_expect_null(hf_rangeset_conflict(&set, 0, 9, HF_MODE_READ));
	cr_expect(is_range(hf_rangeset_conflict(&set, 0, 9, HF_MODE_WRITE), 0, 9, HF_MODE_READ));
	cr_expect(is_range(hf_rangeset_conflict(&set, 0, 10, HF_MODE_READ), 10, HF_EOF,
			   HF_MODE_WRITE));
	hf_rangeset_empty(&set);
}

Test(rangeset, nothing_changes_when_memory_runs_out, .timeout = 10)
{
	struct hf_rangeset set = set_of();
	struct hf_hold hold = { .fd = 4 };

	lock(&set, 0, 99, HF_MODE_WRITE, 3);
	for (blocks_left = 0; blocks_left < 2; blocks_left++) {
		int left = blocks_left;

		cr_expect_eq(hf_rangeset_set(&set, 10, 19, HF_MODE_READ, &hold), -ENOMEM);
		cr_expect(is_range(hf_rangeset_first(&set, 0, HF_EOF), 0, 99, HF_MODE_WRITE));
		blocks_left = left;
	}
	blocks_left = 0;
	cr_expect_eq(hf_rangeset_clear(&set, 10, 19), -ENOMEM);
	cr_expect_eq(set.count, 1);
	blocks_left = -1;
	hf_rangeset_empty(&set);
}

/* The kernel's own rule, byte by byte: the last request for a byte decides. */
Test(rangeset, a_hundred_thousand_random_requests_agree_with_a_map_of_bytes, .timeout = 60)
{
	enum { BYTES = 64 };
	unsigned char mode[BYTES] = { 0 };
	struct hf_rangeset set = set_of();
	unsigned seed = 1;

	for (int round = 0; round < 100000; round++) {
		uint64_t a = (uint64_t)rand_r(&seed) % BYTES, b = (uint64_t)rand_r(&seed) % BYTES;
		uint64_t start = a < b ? a : b, end = a < b ? b : a;
		enum hf_lockmode want = (enum hf_lockmode)(rand_r(&seed) % 3);

		if (want)
			lock(&set, start, end, want, rand_r(&seed) % 3);
		else
			cr_assert_eq(hf_rangeset_clear(&set, start, end), 0);
		memset(mode + start, want, end - start + 1);
		for (uint64_t byte = 0; byte < BYTES; byte++) {
			struct hf_range *range = hf_rangeset_first(&set, byte, byte);

			cr_assert_eq(range ? range->mode : HF_MODE_NONE, mode[byte], "round %d byte %d",
				     round, (int)byte);
		}
	}
	hf_rangeset_empty(&set);
	cr_expect_eq(set.count, 0);
}
