/* SPDX-License-Identifier: MIT */
/* The ledger alone: no kernel, no hooks. A model of single bytes says what it should have. */
#include "ledger.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int blocks_left = -1; /* how many allocations still succeed; -1: any number */
static size_t bytes_out;     /* allocated and not released */

static void *counted_alloc(void *ctx, size_t size)
{
	(void)ctx;
	if (!blocks_left)
		return NULL;
	if (blocks_left > 0)
		blocks_left--;
	bytes_out += size;
	return malloc(size);
}

static void counted_release(void *ctx, void *block, size_t size)
{
	(void)ctx;
	bytes_out -= size;
	free(block);
}

static const struct hf_mem mem = { counted_alloc, counted_release, NULL };
static struct hf_ledger ledger;

static void begin(void)
{
	hf_ledger_init(&ledger, &mem);
}

static struct hf_file *file(uint64_t ino)
{
	struct hf_file *ret = hf_ledger_file(&ledger, (struct hf_fileid){ 7, ino });

	cr_assert_not_null(ret);
	return ret;
}

static int take(struct hf_file *f, enum hf_primitive primitive, int fd, uint64_t start, uint64_t end,
		enum hf_lockmode mode)
{
	struct hf_hold hold = { .fd = fd };

	return hf_ledger_take(&ledger, f, primitive, start, end, mode, &hold);
}

static void drop(struct hf_file *f, enum hf_primitive primitive, int fd, uint64_t start, uint64_t end)
{
	struct hf_owner *owner = hf_file_owner(f, primitive, fd);

	cr_assert_not_null(owner);
	cr_assert_eq(hf_ledger_drop(&ledger, f, owner, start, end), 0);
}

static enum hf_lockmode mode_at(struct hf_file *f, enum hf_primitive primitive, int fd, uint64_t byte)
{
	struct hf_owner *owner = hf_file_owner(f, primitive, fd);
	struct hf_range *range = owner ? hf_rangeset_first(&owner->ranges, byte, byte) : NULL;

	return range ? range->mode : HF_MODE_NONE;
}

/* What the kernel would show that covers the byte. */
static bool spans(struct hf_file *f, enum hf_primitive primitive, int fd, uint64_t byte, uint64_t start,
		  uint64_t end)
{
	struct hf_owner *owner = hf_file_owner(f, primitive, fd);
	struct hf_range *range = hf_rangeset_first(&owner->ranges, byte, byte);
	uint64_t from, to;

	hf_rangeset_span(&owner->ranges, range, &from, &to);
	return from == start && to == end;
}

TestSuite(ledger, .init = begin, .timeout = 20);

Test(ledger, an_unlock_in_the_middle_splits_and_a_lock_in_the_gap_joins)
{
	struct hf_file *f = file(1);

	cr_assert_eq(take(f, HF_PRIM_POSIX, 3, 0, 99, HF_MODE_WRITE), 0);
	drop(f, HF_PRIM_POSIX, 9, 40, 59);
	cr_expect_eq(mode_at(f, HF_PRIM_POSIX, 3, 39), HF_MODE_WRITE);
	cr_expect_eq(mode_at(f, HF_PRIM_POSIX, 3, 40), HF_MODE_NONE);
	cr_expect_eq(mode_at(f, HF_PRIM_POSIX, 3, 60), HF_MODE_WRITE);
	cr_expect(spans(f, HF_PRIM_POSIX, 3, 70, 60, 99));
	cr_assert_eq(take(f, HF_PRIM_POSIX, 4, 40, 59, HF_MODE_WRITE), 0);
	cr_expect(spans(f, HF_PRIM_POSIX, 3, 50, 0, 99));
	cr_expect_eq(hf_rangeset_first(&hf_file_owner(f, HF_PRIM_POSIX, -1)->ranges, 50, 50)->hold.fd, 4);
}

Test(ledger, a_conversion_changes_its_own_bytes_of_its_own_owner)
{
	struct hf_file *f = file(1);

	cr_assert_eq(take(f, HF_PRIM_POSIX, 3, 0, 9, HF_MODE_WRITE), 0);
	cr_assert_eq(take(f, HF_PRIM_OFD, 4, 20, 29, HF_MODE_READ), 0);
	cr_assert_eq(take(f, HF_PRIM_POSIX, 5, 5, 24, HF_MODE_READ), 0);
	cr_expect(spans(f, HF_PRIM_POSIX, 3, 0, 0, 4));
	cr_expect(spans(f, HF_PRIM_POSIX, 3, 5, 5, 24));
	cr_expect_eq(mode_at(f, HF_PRIM_POSIX, 3, 5), HF_MODE_READ);
	cr_expect(spans(f, HF_PRIM_OFD, 4, 25, 20, 29));
}

Test(ledger, a_process_has_one_owner_and_each_description_its_own)
{
	struct hf_file *f = file(1);

	cr_assert_eq(take(f, HF_PRIM_POSIX, 3, 0, 9, HF_MODE_WRITE), 0);
	cr_assert_eq(take(f, HF_PRIM_OFD, 3, 10, 19, HF_MODE_WRITE), 0);
	cr_assert_eq(take(f, HF_PRIM_OFD, 4, 20, 29, HF_MODE_WRITE), 0);
	cr_assert_eq(take(f, HF_PRIM_FLOCK, 3, 0, HF_EOF, HF_MODE_READ), 0);
	cr_assert_eq(take(f, HF_PRIM_FLOCK, 4, 0, HF_EOF, HF_MODE_READ), 0);
	cr_expect_eq(hf_file_owner(f, HF_PRIM_POSIX, 3), hf_file_owner(f, HF_PRIM_POSIX, 99));
	cr_expect_neq(hf_file_owner(f, HF_PRIM_OFD, 3), hf_file_owner(f, HF_PRIM_OFD, 4));
	cr_expect_neq(hf_file_owner(f, HF_PRIM_FLOCK, 3), hf_file_owner(f, HF_PRIM_FLOCK, 4));
	cr_expect_null(hf_file_owner(f, HF_PRIM_OFD, 5));
	drop(f, HF_PRIM_FLOCK, 3, 0, HF_EOF);
	cr_expect_null(hf_file_owner(f, HF_PRIM_FLOCK, 3));
	cr_expect_eq(mode_at(f, HF_PRIM_FLOCK, 4, 0), HF_MODE_READ);
	cr_expect_eq(mode_at(f, HF_PRIM_OFD, 3, 10), HF_MODE_WRITE);
}

Test(ledger, a_duplicate_is_the_same_owner_until_it_is_closed)
{
	struct hf_file *f = file(1);
	struct hf_owner *owner;

	cr_assert_eq(take(f, HF_PRIM_OFD, 3, 0, 9, HF_MODE_WRITE), 0);
	owner = hf_file_owner(f, HF_PRIM_OFD, 3);
	hf_owner_add_fd(owner, 7);
	hf_owner_add_fd(owner, 7);
	cr_expect_eq(owner->fd_count, 2);
	cr_expect_eq(hf_file_owner(f, HF_PRIM_OFD, 7), owner);
	cr_assert_eq(take(f, HF_PRIM_OFD, 7, 10, 19, HF_MODE_WRITE), 0);
	cr_expect(spans(f, HF_PRIM_OFD, 3, 0, 0, 19));
	hf_owner_drop_fd(owner, 3);
	cr_expect_null(hf_file_owner(f, HF_PRIM_OFD, 3));
	cr_expect_eq(hf_file_owner(f, HF_PRIM_OFD, 7), owner);
}

Test(ledger, more_duplicates_than_there_is_room_for_are_left_out)
{
	struct hf_file *f = file(1);
	struct hf_owner *owner;

	cr_assert_eq(take(f, HF_PRIM_FLOCK, 10, 0, HF_EOF, HF_MODE_WRITE), 0);
	owner = hf_file_owner(f, HF_PRIM_FLOCK, 10);
	for (int fd = 10; fd < 10 + 2 * HF_OWNER_FDS; fd++)
		hf_owner_add_fd(owner, fd);
	cr_expect_eq(owner->fd_count, HF_OWNER_FDS);
	cr_expect(hf_owner_has_fd(owner, 10 + HF_OWNER_FDS - 1));
	cr_expect_not(hf_owner_has_fd(owner, 10 + HF_OWNER_FDS));
	for (int fd = 10; fd < 10 + 2 * HF_OWNER_FDS; fd++)
		hf_owner_drop_fd(owner, fd);
	cr_expect_eq(owner->fd_count, 0);
}

Test(ledger, a_fork_leaves_the_child_what_belongs_to_descriptions)
{
	struct hf_file *f = file(1), *g = file(2);

	cr_assert_eq(take(f, HF_PRIM_POSIX, 3, 0, 9, HF_MODE_WRITE), 0);
	cr_assert_eq(take(g, HF_PRIM_POSIX, 4, 0, 9, HF_MODE_WRITE), 0);
	cr_assert_eq(take(g, HF_PRIM_OFD, 4, 20, 29, HF_MODE_WRITE), 0);
	cr_assert_eq(take(g, HF_PRIM_FLOCK, 4, 0, HF_EOF, HF_MODE_READ), 0);
	cr_expect_not(hf_file_owner(g, HF_PRIM_OFD, 4)->inherited);
	hf_file_notes(f)->pending = 2;
	hf_ledger_forked(&ledger);
	cr_expect_not(hf_file_is_held(f));
	cr_expect_eq(hf_file_notes(f)->pending, 0);
	cr_expect_null(hf_file_owner(g, HF_PRIM_POSIX, 4));
	cr_expect(hf_file_owner(g, HF_PRIM_OFD, 4)->inherited);
	cr_expect(hf_file_owner(g, HF_PRIM_OFD, 4)->shared);
	cr_expect(hf_file_owner(g, HF_PRIM_FLOCK, 4)->inherited);
	cr_expect_eq(ledger.held, 1);
}

Test(ledger, the_last_range_takes_its_owner_and_the_last_owner_the_file_out_of_the_held)
{
	struct hf_fileid id = { 7, 1 };
	struct hf_file *f = file(1);

	cr_expect_not(hf_ledger_maybe_holds(&ledger, id));
	cr_assert_eq(take(f, HF_PRIM_POSIX, 3, 0, 9, HF_MODE_WRITE), 0);
	cr_assert_eq(take(f, HF_PRIM_OFD, 3, 20, 29, HF_MODE_WRITE), 0);
	cr_expect_eq(ledger.held, 1);
	cr_expect(hf_ledger_maybe_holds(&ledger, id));
	drop(f, HF_PRIM_POSIX, 3, 0, HF_EOF);
	cr_expect_null(hf_file_owner(f, HF_PRIM_POSIX, 3));
	cr_expect_eq(ledger.held, 1);
	hf_ledger_drop_owner(&ledger, f, hf_file_owner(f, HF_PRIM_OFD, 3));
	cr_expect_eq(ledger.held, 0);
	cr_expect_not(hf_ledger_maybe_holds(&ledger, id));
	cr_expect_not(hf_file_is_held(f));
	cr_expect_null(hf_ledger_next_held(&ledger, NULL));
	cr_expect_eq(hf_ledger_find(&ledger, id), f, "its name and notes stay");
}

Test(ledger, trimming_forgets_idle_files_and_no_others)
{
	for (uint64_t ino = 1; ino <= 100; ino++) {
		(void)file(ino);
		if (ino % 10 == 0)
			cr_assert_eq(take(file(ino), HF_PRIM_POSIX, 3, 0, 9, HF_MODE_WRITE), 0);
	}
	hf_file_notes(file(55))->pending = 1;
	cr_expect(hf_ledger_trim(&ledger, 20));
	cr_expect_eq(ledger.count, 20);
	cr_expect(hf_ledger_trim(&ledger, 0));
	cr_expect_eq(ledger.count, 11);
	cr_expect_not_null(hf_ledger_find(&ledger, (struct hf_fileid){ 7, 55 }));
	cr_expect_not_null(hf_ledger_find(&ledger, (struct hf_fileid){ 7, 100 }));
	cr_expect_null(hf_ledger_find(&ledger, (struct hf_fileid){ 7, 1 }));
	cr_expect_not(hf_ledger_trim(&ledger, 0));
}

Test(ledger, the_held_files_are_told_each_once_however_many_there_are)
{
	struct hf_file *f = NULL;
	unsigned told = 0;

	for (uint64_t ino = 1; ino <= 3000; ino++)
		if (ino % 3)
			cr_assert_eq(take(file(ino), HF_PRIM_FLOCK, 3, 0, HF_EOF, HF_MODE_READ), 0);
		else
			(void)file(ino);
	while ((f = hf_ledger_next_held(&ledger, f))) {
		cr_assert_neq(hf_file_id(f).ino % 3, 0);
		told++;
	}
	cr_expect_eq(told, 2000);
	cr_expect_eq(ledger.held, 2000);
}

/* The kernel did split the lock. To believe in the whole of it would be to miss the middle later. */
Test(ledger, what_cannot_be_split_for_want_of_memory_is_forgotten)
{
	struct hf_file *f = file(1);

	cr_assert_eq(take(f, HF_PRIM_POSIX, 3, 0, 99, HF_MODE_WRITE), 0);
	cr_assert_eq(take(f, HF_PRIM_POSIX, 3, 200, 299, HF_MODE_WRITE), 0);
	blocks_left = 0;
	cr_expect_eq(hf_ledger_drop(&ledger, f, hf_file_owner(f, HF_PRIM_POSIX, 3), 40, 59), -ENOMEM);
	cr_expect_eq(mode_at(f, HF_PRIM_POSIX, 3, 0), HF_MODE_NONE);
	cr_expect_eq(mode_at(f, HF_PRIM_POSIX, 3, 99), HF_MODE_NONE);
	cr_expect(spans(f, HF_PRIM_POSIX, 3, 250, 200, 299));
}

/* How many allocations had to succeed until a request did; before that it must leave no belief. */
static int allocations_of(struct hf_file *f, uint64_t start, uint64_t end, enum hf_lockmode before)
{
	for (int n = 0;; n++) {
		blocks_left = -1;
		if (before)
			cr_assert_eq(take(f, HF_PRIM_POSIX, 3, 0, 99, before), 0);
		blocks_left = n;
		if (!take(f, HF_PRIM_POSIX, 3, start, end, HF_MODE_READ))
			return n;
		cr_expect_null(hf_file_owner(f, HF_PRIM_POSIX, 3));
		cr_expect_eq(ledger.held, 0);
	}
}

Test(ledger, what_cannot_be_converted_for_want_of_memory_is_forgotten)
{
	struct hf_file *f = file(1);

	cr_expect_eq(allocations_of(f, 40, 59, HF_MODE_WRITE), 2);
	cr_expect_eq(mode_at(f, HF_PRIM_POSIX, 3, 40), HF_MODE_READ);
	cr_expect_eq(mode_at(f, HF_PRIM_POSIX, 3, 60), HF_MODE_WRITE);
}

Test(ledger, a_first_range_without_memory_leaves_nothing_behind)
{
	cr_expect_gt(allocations_of(file(1), 40, 59, HF_MODE_NONE), 1);
	cr_expect_eq(ledger.held, 1);
	blocks_left = 0;
	cr_expect_null(hf_ledger_file(&ledger, (struct hf_fileid){ 7, 2 }));
}

#define MODEL_BYTES 64
#define MODEL_OWNERS 4

/* POSIX, two descriptions with OFD locks, one with a flock. */
static const struct {
	enum hf_primitive primitive;
	int fd;
} owners[MODEL_OWNERS] = {
	{ HF_PRIM_POSIX, 3 }, { HF_PRIM_OFD, 3 }, { HF_PRIM_OFD, 4 }, { HF_PRIM_FLOCK, 4 }
};

static enum hf_lockmode model[MODEL_OWNERS][MODEL_BYTES];

static void model_set(unsigned owner, uint64_t start, uint64_t end, enum hf_lockmode mode)
{
	for (uint64_t byte = start; byte <= end && byte < MODEL_BYTES; byte++)
		model[owner][byte] = mode;
}

static unsigned check_owner(struct hf_file *f, unsigned owner)
{
	unsigned held = 0;

	for (uint64_t byte = 0; byte < MODEL_BYTES; byte++) {
		cr_assert_eq(mode_at(f, owners[owner].primitive, owners[owner].fd, byte),
			     model[owner][byte], "owner %u, byte %u", owner, (unsigned)byte);
		held += model[owner][byte] != HF_MODE_NONE;
	}
	cr_assert_eq(hf_file_owner(f, owners[owner].primitive, owners[owner].fd) != NULL, held > 0);
	return held;
}

static void random_step(struct hf_file *f, unsigned *state)
{
	unsigned owner = (unsigned)rand_r(state) % MODEL_OWNERS;
	bool whole = owners[owner].primitive == HF_PRIM_FLOCK;
	uint64_t start = whole ? 0 : (uint64_t)rand_r(state) % MODEL_BYTES;
	uint64_t end = start + (uint64_t)rand_r(state) % 20;
	enum hf_lockmode mode = (enum hf_lockmode)(rand_r(state) % 3);
	struct hf_owner *found = hf_file_owner(f, owners[owner].primitive, owners[owner].fd);

	if (whole || end >= MODEL_BYTES)
		end = HF_EOF;
	if (mode != HF_MODE_NONE)
		cr_assert_eq(take(f, owners[owner].primitive, owners[owner].fd, start, end, mode), 0);
	else if (found)
		cr_assert_eq(hf_ledger_drop(&ledger, f, found, start, end), 0);
	model_set(owner, start, end, mode);
}

Test(ledger, after_each_of_many_random_changes_every_byte_is_right)
{
	struct hf_file *f = file(1);
	unsigned state = 1, held;
	size_t idle;

	(void)take(f, HF_PRIM_FLOCK, 9, 0, HF_EOF, HF_MODE_READ);
	hf_ledger_drop_owner(&ledger, f, hf_file_owners(f)); /* the spare one is there from now on */
	idle = bytes_out;
	for (unsigned step = 0; step < 20000; step++) {
		random_step(f, &state);
		held = 0;
		for (unsigned owner = 0; owner < MODEL_OWNERS; owner++)
			held += check_owner(f, owner);
		cr_assert_eq(hf_file_is_held(f), held > 0);
		cr_assert_eq(ledger.held, held > 0);
	}
	while (hf_file_owners(f))
		hf_ledger_drop_owner(&ledger, f, hf_file_owners(f));
	cr_expect_eq(bytes_out, idle, "what was allocated is given back");
}

Test(ledger, ten_thousand_ranges_come_and_go_one_by_one)
{
	enum { RANGES = 10000 };
	struct hf_file *f = file(1);
	struct hf_owner *owner;
	size_t idle;

	(void)take(f, HF_PRIM_POSIX, 3, 0, 0, HF_MODE_READ);
	hf_ledger_drop_owner(&ledger, f, hf_file_owners(f)); /* the spare one is there from now on */
	idle = bytes_out;
	for (uint64_t i = 0; i < RANGES; i++)
		cr_assert_eq(take(f, HF_PRIM_POSIX, 3, i * 7919 % RANGES * 10, i * 7919 % RANGES * 10 + 4,
				  HF_MODE_WRITE),
			     0);
	owner = hf_file_owner(f, HF_PRIM_POSIX, 3);
	cr_assert_eq(owner->ranges.count, RANGES);
	for (uint64_t i = 0; i < RANGES; i++) {
		cr_assert_eq(mode_at(f, HF_PRIM_POSIX, 3, i * 10 + 4), HF_MODE_WRITE);
		cr_assert_eq(mode_at(f, HF_PRIM_POSIX, 3, i * 10 + 5), HF_MODE_NONE);
	}
	for (uint64_t i = 0; i < RANGES; i++)
		hf_ledger_drop_range(&ledger, f, hf_file_owner(f, HF_PRIM_POSIX, 3),
				     hf_rangeset_first(&owner->ranges, i * 10, i * 10));
	cr_expect_not(hf_file_is_held(f));
	cr_expect_eq(bytes_out, idle);
}
