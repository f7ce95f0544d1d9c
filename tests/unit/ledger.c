/* SPDX-License-Identifier: MIT */
#include "ledger.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

static int blocks_left; /* how many allocations still succeed */

static void *counted_alloc(void *ctx, size_t size)
{
	(void)ctx;
	return blocks_left-- > 0 ? malloc(size) : NULL;
}

static void counted_release(void *ctx, void *block, size_t size)
{
	(void)ctx, (void)size;
	free(block);
}

static const struct hf_mem mem = { counted_alloc, counted_release, NULL };
static const struct hf_hold hold = { .fd = 3 };
static struct hf_ledger ledger;
static struct hf_file *file;

static void start(void)
{
	blocks_left = 1000;
	hf_ledger_init(&ledger, &mem);
	file = hf_ledger_file(&ledger, (struct hf_fileid){ 1, 2 });
}

static int take(uint64_t from, uint64_t to, enum hf_lockmode mode)
{
	return hf_ledger_take(&ledger, file, HF_PRIM_POSIX, from, to, mode, &hold);
}

static struct hf_owner *owner(void)
{
	return hf_file_owner(file, HF_PRIM_POSIX, -1);
}

static struct hf_range *held(uint64_t from, uint64_t to)
{
	return owner() ? hf_rangeset_first(&owner()->ranges, from, to) : NULL;
}

TestSuite(ledger, .init = start, .timeout = 10);

Test(ledger, an_owner_goes_with_its_last_range)
{
	cr_assert_eq(take(0, 9, HF_MODE_WRITE), 0);
	cr_expect_eq(ledger.held, 1);
	cr_expect(hf_ledger_maybe_holds(&ledger, hf_file_id(file)));
	cr_assert_eq(hf_ledger_drop(&ledger, file, owner(), 0, 9), 0);
	cr_expect_null(owner());
	cr_expect_eq(ledger.held, 0);
	cr_expect_not(hf_ledger_maybe_holds(&ledger, hf_file_id(file)));
}

/* The kernel did split the lock. To believe in the whole of it would be to miss the middle later. */
Test(ledger, what_cannot_be_split_for_want_of_memory_is_forgotten)
{
	cr_assert_eq(take(0, 99, HF_MODE_WRITE), 0);
	cr_assert_eq(take(200, 299, HF_MODE_WRITE), 0);
	blocks_left = 0;
	cr_expect_eq(hf_ledger_drop(&ledger, file, owner(), 40, 59), -ENOMEM);
	cr_expect_null(held(0, 99));
	cr_expect_not_null(held(200, 299));
}

/* How many allocations had to succeed until a request did; before that it must leave no belief. */
static int allocations_of(uint64_t from, uint64_t to, enum hf_lockmode before)
{
	for (int n = 0;; n++) {
		blocks_left = 1000;
		if (before)
			cr_assert_eq(take(0, 99, before), 0);
		blocks_left = n;
		if (!take(from, to, HF_MODE_READ))
			return n;
		cr_expect_null(owner());
		cr_expect_eq(ledger.held, 0);
	}
}

Test(ledger, what_cannot_be_converted_for_want_of_memory_is_forgotten)
{
	cr_expect_eq(allocations_of(40, 59, HF_MODE_WRITE), 2);
	cr_expect_eq(held(40, 59)->mode, HF_MODE_READ);
	cr_expect_eq(held(60, 99)->mode, HF_MODE_WRITE);
}

Test(ledger, a_first_range_without_memory_leaves_nothing_behind)
{
	cr_expect_gt(allocations_of(40, 59, HF_MODE_NONE), 1);
	cr_expect_eq(ledger.held, 1);
}
