/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <string.h>

#include "made_recording.h"
#include "report.h"

/*
 * fd-lost: what process 20 does with its locks, all taken at one place unless they say otherwise;
 * process 30 waits for file 1.
 */
#define TAKE(number)                                                                               \
	{                                                                                          \
		20, HF_EVENT_ACQUIRE, HF_MODE_WRITE, .file = (number), .stack = 1                  \
	}
#define DROP(number)                                                                               \
	{                                                                                          \
		20, HF_EVENT_RELEASE, HF_MODE_NONE, .file = (number)                               \
	}
#define USE(number) TAKE(number), DROP(number)
#define ELSEWHERE(number)                                                                          \
	{ 20, HF_EVENT_ACQUIRE, HF_MODE_WRITE, .file = (number), .stack = 2 }, DROP(number)
#define WAITS                                                                                      \
	{                                                                                          \
		30, HF_EVENT_WAIT, HF_MODE_WRITE, .stack = 3                                       \
	}
#define GETS_IT                                                                                    \
	{                                                                                          \
		30, HF_EVENT_ACQUIRE, HF_MODE_WRITE, .stack = 3                                    \
	}
#define ENDS                                                                                       \
	{                                                                                          \
		.pid = 20, .type = HF_EVENT_EXIT                                                   \
	}
#define ROUND USE(1), USE(2)

static size_t lost(struct report *got)
{
	size_t ret = 0;

	for (size_t i = 0; i < got->finding_count; i++)
		ret += !strcmp(got->findings[i].kind->slug, "fd-lost");
	report_free(got);
	return ret;
}

Test(fd_lost, a_lock_that_its_thread_left_for_the_next_file_is_lost, .timeout = 10)
{
	struct report *got = TOLD(ROUND, TAKE(1), USE(2), WAITS, ENDS, GETS_IT);

	cr_assert_eq(got->finding_count, 1);
	cr_expect_str_eq(got->findings[0].kind->slug, "fd-lost");
	cr_expect_eq(got->findings[0].level, HF_LEVEL_WARNING);
	cr_expect_eq(got->findings[0].record->head.tid, 20);
	cr_expect_eq(got->findings[0].record->holder_pid, 30);
	report_free(got);
}

Test(fd_lost, it_is_told_once_however_many_wait, .timeout = 10)
{
	struct report *got = TOLD(ROUND, TAKE(1), USE(2), WAITS,
				  { 31, HF_EVENT_WAIT, HF_MODE_WRITE, .stack = 3 }, ENDS, GETS_IT,
				  { 31, HF_EVENT_FAILED, HF_MODE_WRITE, .stack = 3 });

	cr_assert_eq(got->finding_count, 1);
	cr_expect_eq(got->findings[0].count, 1);
	report_free(got);
}

Test(fd_lost, a_command_that_runs_under_a_lock_keeps_it, .timeout = 10)
{
	cr_expect_eq(lost(TOLD(TAKE(1), WAITS, ENDS, GETS_IT)), 0);
}

/* The interpreter's stack is the same wherever a script locks. */
Test(fd_lost, a_daemon_keeps_its_pidfile_whatever_it_locks_later, .timeout = 10)
{
	cr_expect_eq(lost(TOLD(TAKE(1), ELSEWHERE(2), ELSEWHERE(2), WAITS, ENDS, GETS_IT)), 0);
	cr_expect_eq(lost(TOLD(TAKE(1), USE(2), USE(3), WAITS, ENDS, GETS_IT)), 0);
	cr_expect_eq(lost(TOLD(USE(1), TAKE(1), USE(2), USE(3), WAITS, ENDS, GETS_IT)), 0);
}

Test(fd_lost, a_lock_that_others_are_taken_under_spans_them, .timeout = 10)
{
	cr_expect_eq(lost(TOLD(TAKE(1), USE(2), DROP(1), TAKE(1), USE(2), WAITS, ENDS, GETS_IT)),
		     0);
}

Test(fd_lost, a_cache_of_locks_keeps_several, .timeout = 10)
{
	cr_expect_eq(lost(TOLD(ROUND, TAKE(1), TAKE(3), USE(2), WAITS, ENDS, GETS_IT)), 0);
	cr_expect_eq(lost(TOLD(ROUND, TAKE(1), USE(2), WAITS,
			       { 21, HF_EVENT_ACQUIRE, HF_MODE_WRITE, .file = 4, .stack = 1 }, ENDS,
			       GETS_IT)),
		     0);
}

Test(fd_lost, what_is_under_way_at_the_end_is_not_left, .timeout = 10)
{
	cr_expect_eq(lost(TOLD(ROUND, ROUND, TAKE(1), WAITS, ENDS, GETS_IT)), 0);
	cr_expect_eq(lost(TOLD(ROUND, TAKE(1), ELSEWHERE(2), WAITS, ENDS, GETS_IT)), 0);
}

Test(fd_lost, who_tries_until_it_has_the_file_keeps_it, .timeout = 10)
{
	cr_expect_eq(lost(TOLD(USE(1), USE(1), TAKE(1), WAITS, ENDS, GETS_IT)), 0);
	cr_expect_eq(lost(TOLD(USE(1), USE(1), TAKE(1), ELSEWHERE(2), WAITS, ENDS, GETS_IT)), 0);
}

Test(fd_lost, documents_are_open_side_by_side, .timeout = 10)
{
	cr_expect_eq(lost(TOLD(ROUND, TAKE(1), TAKE(2), USE(3), DROP(2), WAITS, ENDS, GETS_IT)), 0);
}

Test(fd_lost, nobody_waited_for_it, .timeout = 10)
{
	cr_expect_eq(lost(TOLD(ROUND, TAKE(1), USE(2), ENDS, WAITS, GETS_IT)), 0);
	cr_expect_eq(lost(TOLD(ROUND, TAKE(1), USE(2), ENDS)), 0);
}

Test(fd_lost, who_got_the_lock_meanwhile_shows_that_it_was_free, .timeout = 10)
{
	cr_expect_eq(lost(TOLD(ROUND, TAKE(1), USE(2), WAITS, GETS_IT, ENDS)), 0);
}

/* It was killed in it, or jumped out of it: then the next thing that its thread asks for ends it.
 */
Test(fd_lost, a_wait_whose_end_is_not_known_may_have_been_short, .timeout = 10)
{
	cr_expect_eq(lost(TOLD(ROUND, TAKE(1), USE(2), WAITS, ENDS)), 0);
	cr_expect_eq(lost(TOLD(ROUND, TAKE(1), USE(2), WAITS, ENDS,
			       { 30, HF_EVENT_FAILED, HF_MODE_WRITE, .stack = 4 })),
		     0);
}

Test(fd_lost, a_wait_is_long_when_its_process_says_so, .timeout = 10)
{
	begin();
	process(30)->wait_report_ms = 1;
	TELL(ROUND, TAKE(1), USE(2), WAITS, ENDS, GETS_IT);
	cr_expect_eq(lost(report()), 0);
	begin();
	process(30)->wait_report_ms = 1;
	TELL(ROUND, TAKE(1), USE(2), WAITS, ENDS);
	now += 1000000;
	TELL(ENDS, GETS_IT);
	cr_expect_eq(lost(report()), 0, "it was in the way of the first moment only");
}

Test(fd_lost, a_process_that_was_not_to_look_for_it_hears_nothing, .timeout = 10)
{
	begin();
	process(20)->kinds_off = UINT64_C(1) << HF_KIND_FD_LOST;
	TELL(ROUND, TAKE(1), USE(2), WAITS, ENDS, GETS_IT);
	cr_expect_eq(lost(report()), 0);
}

/* The same with flocks, of descriptions that the process opened itself or not. */
static struct report *lost_flock(bool is_unshared, struct step meanwhile)
{
	begin();
	(void)process(30);
	(void)process(20);
	TELL(ROUND, TAKE(1), meanwhile, USE(2), WAITS, ENDS, GETS_IT);
	process(meanwhile.pid)->ppid = 20;
	for (unsigned i = 0; i < pool->ring_next; i++) {
		struct hf_event *cell = (struct hf_event *)part(pool->ring_offset) + i;

		cell->primitive = HF_PRIM_FLOCK;
		cell->error = is_unshared;
	}
	return report();
}

Test(fd_lost, a_description_that_another_process_has_may_be_meant_for_it, .timeout = 10)
{
	struct step nothing = { .pid = 20 };

	cr_expect_eq(lost(lost_flock(true, nothing)), 1);
	cr_expect_eq(lost(lost_flock(false, nothing)), 0);
	cr_expect_eq(lost(lost_flock(true, (struct step){ 20, HF_EVENT_FORK, .fd = 40 })), 0);
	cr_expect_eq(lost(lost_flock(true, (struct step){ 40, HF_EVENT_WAITPID })), 0);
}

Test(fd_lost, an_unlock_through_a_duplicate_may_have_been_its_own, .timeout = 10)
{
	struct step unlock = { 20, HF_EVENT_RELEASE, .file = 1, .fd = 9 };

	cr_expect_eq(lost(lost_flock(true, unlock)), 0);
}

Test(fd_lost, another_program_in_its_place_may_be_meant_to_have_it, .timeout = 10)
{
	begin();
	TELL(ROUND, TAKE(1), USE(2), WAITS);
	image(HF_IMAGE_EXEC, 20);
	TELL(ENDS, GETS_IT);
	cr_expect_eq(lost(report()), 0);
}
