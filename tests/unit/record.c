/* SPDX-License-Identifier: MIT */
#include "record.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A pool of the smallest useful size, as a writer leaves it. */
static struct hf_pool *new_pool(void)
{
	struct hf_pool layout, *pool;
	uint64_t size = hf_pool_layout(&layout, 4, 4096, 4);

	pool = calloc(1, size);
	*pool = layout;
	return pool;
}

static struct hf_record *append(struct hf_pool *pool, enum hf_record_type type, uint32_t size)
{
	struct hf_record *record =
		(void *)((unsigned char *)pool + pool->log_offset + pool->log_tail);

	pool->log_tail += hf_record_room(size);
	record->word = hf_record_word(type, size);
	return record;
}

static struct hf_pool_view view_of(const struct hf_pool *pool)
{
	struct hf_pool_view view;

	cr_assert_eq(hf_pool_open_view(pool, pool->size, &view), 0);
	return view;
}

Test(record, what_was_written_is_read_in_order, .timeout = 10)
{
	struct hf_pool *pool = new_pool();
	struct hf_record *first = append(pool, HF_RECORD_FINDING, sizeof(struct hf_rec_finding));
	struct hf_record *second = append(pool, HF_RECORD_EXEC, sizeof(struct hf_rec_exec) + 5);
	struct hf_pool_view view = view_of(pool);
	uint64_t at = 0, skipped = 0;

	cr_expect_eq(hf_log_next(&view, &at, &skipped), first);
	cr_expect_eq(hf_log_next(&view, &at, &skipped), second);
	cr_expect_null(hf_log_next(&view, &at, &skipped));
	cr_expect_eq(skipped, 0);
	free(pool);
}

Test(record, a_hole_that_a_killed_writer_left_is_stepped_over, .timeout = 10)
{
	struct hf_pool *pool = new_pool();
	struct hf_record *hole = append(pool, HF_RECORD_FINDING, sizeof(struct hf_rec_finding));
	struct hf_record *whole = append(pool, HF_RECORD_EXEC, sizeof(struct hf_rec_exec));
	struct hf_pool_view view;
	uint64_t at = 0, skipped = 0;

	hole->word = 0;
	view = view_of(pool);
	cr_expect_eq(hf_log_next(&view, &at, &skipped), whole);
	cr_expect_eq(skipped, hf_record_room(sizeof(struct hf_rec_finding)));
	free(pool);
}

Test(record, a_stack_that_claims_more_frames_than_it_has_is_refused, .timeout = 10)
{
	struct hf_pool *pool = new_pool();
	struct hf_rec_stack *stack = (void *)append(pool, HF_RECORD_STACK, sizeof(*stack) + 16);
	struct hf_pool_view view = view_of(pool);

	stack->count = 1;
	cr_expect_not_null(hf_log_at(&view, hf_ref_of(0), HF_RECORD_STACK));
	stack->count = 2;
	cr_expect_null(hf_log_at(&view, hf_ref_of(0), HF_RECORD_STACK));
	cr_expect_null(hf_log_at(&view, hf_ref_of(0), HF_RECORD_FILE));
	cr_expect_null(hf_log_at(&view, 999, HF_RECORD_STACK));
	cr_expect_null(hf_log_at(&view, 0, HF_RECORD_STACK));
	free(pool);
}

Test(record, foreign_newer_and_contradictory_files_have_their_own_errors, .timeout = 10)
{
	struct hf_pool *pool = new_pool();
	struct hf_pool_view view;

	cr_expect_eq(hf_pool_open_view(pool, 40, &view), -ENOMSG);
	pool->version++;
	cr_expect_eq(hf_pool_open_view(pool, pool->size, &view), -EPROTO);
	pool->version--;
	pool->log_offset = UINT64_MAX - 31;
	cr_expect_eq(hf_pool_open_view(pool, pool->size, &view), -EBADMSG);
	pool->magic++;
	cr_expect_eq(hf_pool_open_view(pool, pool->size, &view), -ENOMSG);
	free(pool);
}

Test(record, a_file_cut_short_gives_what_is_there, .timeout = 10)
{
	struct hf_pool *pool = new_pool();
	struct hf_record *first = append(pool, HF_RECORD_EXEC, sizeof(struct hf_rec_exec));
	struct hf_pool_view view;
	uint64_t at = 0, skipped = 0;

	append(pool, HF_RECORD_EXEC, sizeof(struct hf_rec_exec));
	cr_assert_eq(hf_pool_open_view(pool, pool->log_offset + 40, &view), 0);
	cr_expect_eq(hf_log_next(&view, &at, &skipped), first);
	cr_expect_null(hf_log_next(&view, &at, &skipped));
	cr_expect_gt(view.missing, 0);
	free(pool);
}

Test(record, the_ring_tells_its_newest_events_and_what_it_lost, .timeout = 10)
{
	struct hf_pool *pool = new_pool();
	struct hf_event *ring = (void *)((unsigned char *)pool + pool->ring_offset);
	struct hf_pool_view view;

	for (; pool->ring_next < 6; pool->ring_next++) {
		ring[pool->ring_next % 4].type = HF_EVENT_ACQUIRE;
		ring[pool->ring_next % 4].sequence = (uint32_t)pool->ring_next + 1;
	}
	view = view_of(pool);
	cr_expect_eq(view.event_first, 2);
	cr_expect_eq(view.event_next, 6);
	cr_expect_null(hf_event_at(&view, 1));
	cr_expect_eq(hf_event_at(&view, 5), &ring[1]);
	ring[1].sequence = 0; /* being overwritten */
	cr_expect_null(hf_event_at(&view, 5));
	free(pool);
}

Test(record, a_program_is_known_by_the_last_component_of_its_path, .timeout = 10)
{
	cr_expect_eq(hf_program_hash("/usr/bin/true"), hf_program_hash("true"));
	cr_expect_neq(hf_program_hash("/usr/bin/true"), hf_program_hash("/usr/bin/false"));
	cr_expect_neq(hf_program_hash("/proc/self/fd/3"), hf_program_hash("true"));
}
