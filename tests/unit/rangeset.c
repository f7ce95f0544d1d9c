/* SPDX-License-Identifier: MIT */
#include "rangeset.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int blocks_left = -1; /* how many allocations still succeed; -1: any number */
static int blocks_out;	     /* how many were not given back */

static void *counted_alloc(void *ctx, size_t size)
{
	(void)ctx;
	if (!blocks_left)
		return NULL;
	if (blocks_left > 0)
		blocks_left--;
	blocks_out++;
	return malloc(size);
}

static void counted_release(void *ctx, void *block, size_t size)
{
	(void)ctx;
	memset(block, 0xa5, size); /* a range that is still looked at shows, and so does a wrong size */
	free(block);
	blocks_out--;
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

/* The set and what it must say: mode and descriptor of every byte. */
#define MAP 3000
static struct hf_rangeset many;
static unsigned refused;
static struct {
	unsigned char mode;
	unsigned char fd;
} map[MAP];

static bool is_same_hold(int a, int b)
{
	return map[a].mode == map[b].mode && map[a].fd == map[b].fd;
}

/* The end of the run of bytes with one mode and one descriptor that starts at start. */
static int run_end(int start)
{
	int end = start;

	while (end + 1 < MAP && is_same_hold(start, end + 1))
		end++;
	return end;
}

/* Every run of the map is one range, in order, and there is nothing else; each byte leads to its own. */
static void agree_with_map(void)
{
	struct hf_range *range = hf_rangeset_first(&many, 0, HF_EOF);
	size_t count = 0;

	for (int start = 0, end; start < MAP; start = end + 1) {
		int at;

		end = run_end(start);
		at = start + (end - start) / 2;
		if (!map[start].mode) {
			cr_assert_null(hf_rangeset_first(&many, (uint64_t)start, (uint64_t)end));
			continue;
		}
		cr_assert(is_range(range, (uint64_t)start, (uint64_t)end, map[start].mode));
		cr_assert_eq(range->hold.fd, map[start].fd);
		cr_assert_eq(hf_rangeset_first(&many, (uint64_t)at, (uint64_t)at), range);
		range = hf_rangeset_next(range, HF_EOF);
		count++;
	}
	cr_assert_null(range);
	cr_assert_eq(many.count, count);
}

/* A request on set and map. When memory runs out in the set, the map stays as it is, too. */
static void request(int start, int end, enum hf_lockmode mode, int fd)
{
	struct hf_hold hold = { .fd = fd };
	uint64_t from = (uint64_t)start, to = (uint64_t)end;
	int err = mode ? hf_rangeset_set(&many, from, to, mode, &hold) : hf_rangeset_clear(&many, from, to);

	cr_assert(!err || (err == -ENOMEM && !blocks_left));
	refused += err < 0;
	for (int at = start; !err && at <= end; at++) {
		map[at].mode = mode;
		map[at].fd = mode ? (unsigned char)fd : 0;
	}
}

/* Of 0 to below; rand_r's low bits follow a rhythm. */
static int any(unsigned *seed, int below)
{
	return (rand_r(seed) >> 8) % below;
}

static void random_request(unsigned *seed, int longest, int lock_percent)
{
	int start = any(seed, MAP), length = 1 + any(seed, longest);
	int end = start + length > MAP ? MAP - 1 : start + length - 1;
	bool lock = any(seed, 100) < lock_percent;

	blocks_left = any(seed, 3) ? -1 : any(seed, 3);
	request(start, end, lock ? (enum hf_lockmode)(1 + any(seed, 2)) : HF_MODE_NONE, 3 + any(seed, 2));
	blocks_left = -1;
}

/* Filled until there are about a thousand ranges, with some memory and without; emptied again. */
Test(rangeset, a_thousand_ranges_agree_with_a_map_of_bytes_while_memory_runs_out, .timeout = 120)
{
	static const struct {
		int longest;
		int lock_percent;
	} phases[] = { { 2, 90 }, { 2, 50 }, { 2, 10 }, { 300, 50 }, { 3, 80 }, { 1000, 10 }, { 1, 60 } };
	unsigned seed = 7;
	size_t most = 0;

	hf_rangeset_init(&many, &mem);
	for (unsigned phase = 0; phase < 2 * sizeof(phases) / sizeof(phases[0]); phase++)
		for (int round = 0; round < 1000; round++) {
			unsigned kind = phase % (sizeof(phases) / sizeof(phases[0]));

			random_request(&seed, phases[kind].longest, phases[kind].lock_percent);
			agree_with_map();
			most = many.count > most ? many.count : most;
		}
	cr_expect_gt(most, 800, "only %zu", most);
	cr_expect_gt(refused, 500, "only %u", refused);
	hf_rangeset_empty(&many);
	cr_expect_eq(blocks_out, 0);
}

/* Requests in the given order: the n-th byte is n * stride, modulo a prime, times two. */
#define PRIME 99991u
static uint64_t nth(unsigned n, unsigned stride)
{
	return (uint64_t)n * stride % PRIME * 2;
}

static void take_and_release_in_order(unsigned in, unsigned out)
{
	struct hf_rangeset set = set_of();

	for (unsigned n = 0; n < PRIME; n++)
		lock(&set, nth(n, in), nth(n, in), HF_MODE_WRITE, 3);
	cr_assert_eq(set.count, PRIME);
	for (unsigned n = 0; n < PRIME; n++) {
		struct hf_range *range = hf_rangeset_first(&set, nth(n, out), nth(n, out));

		cr_assert(is_range(range, nth(n, out), nth(n, out), HF_MODE_WRITE));
		if (n % 2)
			hf_rangeset_remove(&set, range);
		else
			cr_assert_eq(hf_rangeset_clear(&set, nth(n, out), nth(n, out)), 0);
	}
	cr_expect_eq(set.count, 0);
	hf_rangeset_empty(&set);
	cr_expect_eq(blocks_out, 0);
}

Test(rangeset, a_hundred_thousand_ranges_come_and_go_in_any_order, .timeout = 60)
{
	static const unsigned forwards = 1, backwards = PRIME - 1, anyhow = 7919;

	take_and_release_in_order(forwards, forwards);
	take_and_release_in_order(forwards, backwards);
	take_and_release_in_order(backwards, anyhow);
	take_and_release_in_order(anyhow, forwards);
}

Test(rangeset, a_range_stays_where_it_is_while_others_come_and_go, .timeout = 60)
{
	enum { KEPT = 500 };
	struct hf_rangeset set = set_of();
	struct hf_range *kept[KEPT];

	for (uint64_t n = 0; n < KEPT; n++) {
		lock(&set, n * 1000, n * 1000, HF_MODE_READ, 3);
		kept[n] = hf_rangeset_first(&set, n * 1000, n * 1000);
	}
	for (uint64_t at = 1; at < KEPT * 1000; at += 10)
		lock(&set, at, at, HF_MODE_WRITE, 3);
	for (uint64_t n = 0; n < KEPT; n++)
		cr_assert_eq(hf_rangeset_first(&set, n * 1000, n * 1000), kept[n]);
	for (uint64_t n = 0; n < KEPT; n++)
		cr_assert_eq(hf_rangeset_clear(&set, n * 1000 + 1, n * 1000 + 999), 0);
	cr_assert_eq(set.count, KEPT);
	for (uint64_t n = 0; n < KEPT; n++)
		cr_assert_eq(hf_rangeset_first(&set, n * 1000, n * 1000), kept[n]);
	hf_rangeset_empty(&set);
}

Test(rangeset, ranges_are_taken_out_during_a_walk_over_them, .timeout = 60)
{
	struct hf_rangeset set = set_of();
	struct hf_range *range, *next;
	uint64_t walked = 0;

	for (uint64_t n = 0; n < 1000; n++)
		lock(&set, n * 2, n * 2, HF_MODE_WRITE, 3);
	for (range = hf_rangeset_first(&set, 0, HF_EOF); range; range = next, walked++) {
		cr_assert_eq(range->start, walked * 2);
		next = hf_rangeset_next(range, HF_EOF);
		if (walked % 7)
			hf_rangeset_remove(&set, range);
	}
	cr_expect_eq(walked, 1000);
	cr_expect_eq(set.count, 143);
	hf_rangeset_empty(&set);
	cr_expect_eq(blocks_out, 0);
}

Test(rangeset, the_kernels_view_of_a_range_spans_any_number_of_ours, .timeout = 60)
{
	struct hf_rangeset set = set_of();
	uint64_t start, end;

	for (uint64_t n = 0; n < 1000; n++)
		lock(&set, 10 + n, 10 + n, HF_MODE_WRITE, 3 + (int)n % 2);
	lock(&set, 1010, HF_EOF, HF_MODE_READ, 3);
	cr_assert_eq(set.count, 1001);
	hf_rangeset_span(&set, hf_rangeset_first(&set, 500, 500), &start, &end);
	cr_expect_eq(start, 10);
	cr_expect_eq(end, 1009);
	hf_rangeset_empty(&set);
}
