/* SPDX-License-Identifier: MIT */
/* What the command finds in the events of several processes. */
#include "config.h"

#include <criterion/criterion.h>
#include <string.h>

#include "fold.h"
#include "made_recording.h"
#include "report.h"

/* Two readers; each asks for more. The last answer is what tells a deadlock from a crowd. */
static struct report *two_upgrades(enum hf_event_type answer)
{
	return TOLD({ 10, HF_EVENT_ACQUIRE, HF_MODE_READ, 0, 9 },
		    { 11, HF_EVENT_ACQUIRE, HF_MODE_READ, 5, 14 },
		    { 11, HF_EVENT_WAIT, HF_MODE_WRITE, 0, 9 },
		    { 10, HF_EVENT_WAIT, HF_MODE_WRITE, 5, 9 },
		    { 10, answer, HF_MODE_WRITE, 5, 9 });
}

Test(judge, two_upgrades_that_nobody_granted_are_a_deadlock, .timeout = 10)
{
	struct report *got = two_upgrades(HF_EVENT_NONE);

	cr_assert_eq(got->finding_count, 1);
	cr_expect_str_eq(got->findings[0].kind->slug, "upgrade-deadlock");
	cr_expect_eq(got->findings[0].record->head.tid, 10);
	cr_expect_eq(got->findings[0].record->holder_tid, 11);
	report_free(got);
}

Test(judge, one_that_the_kernel_refused_was_a_deadlock_too, .timeout = 10)
{
	struct report *got = two_upgrades(HF_EVENT_FAILED);

	cr_expect_eq(got->finding_count, 1);
	report_free(got);
}

/* The same with OFD locks, through descriptors that each process opened itself, or did not. */
static struct report *two_ofd_upgrades(unsigned flags)
{
	return TOLD({ 10, HF_EVENT_ACQUIRE, HF_MODE_READ, 0, 9, HF_PRIM_OFD, flags },
		    { 11, HF_EVENT_ACQUIRE, HF_MODE_READ, 0, 9, HF_PRIM_OFD, flags },
		    { 11, HF_EVENT_WAIT, HF_MODE_WRITE, 0, 9, HF_PRIM_OFD, flags },
		    { 10, HF_EVENT_WAIT, HF_MODE_WRITE, 0, 9, HF_PRIM_OFD, flags });
}

Test(judge, two_upgrades_through_one_description_wait_for_somebody_else, .timeout = 10)
{
	struct report *got = two_ofd_upgrades(0);

	cr_expect_eq(got->finding_count, 0);
	report_free(got);
}

Test(judge, two_upgrades_through_two_descriptions_wait_for_each_other, .timeout = 10)
{
	struct report *got = two_ofd_upgrades(HF_EVENT_UNSHARED);

	cr_expect_eq(got->finding_count, 1);
	report_free(got);
}

Test(judge, two_upgrades_of_which_one_was_granted_are_none, .timeout = 10)
{
	struct report *got = two_upgrades(HF_EVENT_ACQUIRE);

	cr_expect_eq(got->finding_count, 0);
	report_free(got);
}

/* siglongjmp and pthread_cancel end a wait without a word; the lock is released afterwards. */
Test(judge, an_upgrade_that_was_given_up_without_a_word_is_over_with_its_read_lock, .timeout = 10)
{
	struct report *got = TOLD({ 10, HF_EVENT_ACQUIRE, HF_MODE_READ, 0, 9 },
				  { 11, HF_EVENT_ACQUIRE, HF_MODE_READ, 0, 9 },
				  { 11, HF_EVENT_WAIT, HF_MODE_WRITE, 0, 9 },
				  { 11, HF_EVENT_RELEASE, HF_MODE_NONE, 0, 9 },
				  { 10, HF_EVENT_WAIT, HF_MODE_WRITE, 0, 9 });

	cr_expect_eq(got->finding_count, 0);
	report_free(got);
}

/* A flock of a parent, and an unlock of its child, through that descriptor. */
static void parent_does(enum hf_event_type type, enum hf_lockmode mode, int32_t fd)
{
	TELL({ 10, type, mode, 0, HF_EOF, HF_PRIM_FLOCK, .fd = fd });
}

static void child_unlocks(unsigned flags, int32_t fd)
{
	TELL({ 11, HF_EVENT_RELEASE, HF_MODE_NONE, 0, HF_EOF, HF_PRIM_FLOCK, flags, .fd = fd });
}

/* The child's first moment, with all that its parent has then. */
static void fork_child(void)
{
	process(11)->parent = 0 + 1;
}

/* A parent's flock, its child's unlock, and what the parent does at last. */
static struct report *child_unlocks_and(enum hf_lockmode parent_releases, unsigned flags)
{
	begin();
	parent_does(HF_EVENT_ACQUIRE, HF_MODE_WRITE, 3);
	fork_child();
	child_unlocks(flags, 3);
	parent_does(HF_EVENT_RELEASE, parent_releases, 3);
	return report();
}

Test(judge, a_child_that_unlocks_what_its_parent_unlocks_later_is_told, .timeout = 10)
{
	struct report *got = child_unlocks_and(HF_MODE_NONE, HF_EVENT_INHERITED);

	cr_assert_eq(got->finding_count, 1);
	cr_expect_str_eq(got->findings[0].kind->slug, "child-releases-parent");
	cr_expect_eq(got->findings[0].record->head.tid, 11);
	report_free(got);
}

Test(judge, a_parent_that_only_closes_may_have_handed_its_lock_over, .timeout = 10)
{
	struct report *got = child_unlocks_and(HF_MODE_WRITE, HF_EVENT_INHERITED);

	cr_expect_eq(got->finding_count, 0);
	report_free(got);
}

/*
 * The ring begins with the unlock of a child that took its own lock: that it did was overwritten.
 * It is noted down late, when the parent has got the lock already.
 */
Test(judge, an_unlock_whose_lock_the_ring_has_lost_took_nothing_away, .timeout = 10)
{
	struct report *got = child_unlocks_and(HF_MODE_NONE, 0);

	cr_expect_eq(got->finding_count, 0);
	report_free(got);
}

Test(judge, what_a_parent_took_after_the_fork_its_child_need_not_have, .timeout = 10)
{
	struct report *got;

	begin();
	(void)process(10);
	fork_child();
	parent_does(HF_EVENT_ACQUIRE, HF_MODE_WRITE, 3);
	child_unlocks(HF_EVENT_INHERITED, 3);
	parent_does(HF_EVENT_RELEASE, HF_MODE_NONE, 3);
	got = report();
	cr_expect_eq(got->finding_count, 0);
	report_free(got);
}

/* Of a process with two shared flocks on the file. If it is not the parent, its number is. */
static struct report *child_unlocks_one_of_two(int32_t fd, bool is_parent)
{
	begin();
	parent_does(HF_EVENT_ACQUIRE, HF_MODE_READ, 3);
	parent_does(HF_EVENT_ACQUIRE, HF_MODE_READ, 4);
	fork_child();
	if (!is_parent)
		process(11)->parent = 0;
	child_unlocks(HF_EVENT_INHERITED, fd);
	parent_does(HF_EVENT_RELEASE, HF_MODE_NONE, 3);
	parent_does(HF_EVENT_RELEASE, HF_MODE_NONE, 4);
	return report();
}

Test(judge, of_two_locks_of_the_parent_the_one_of_that_descriptor_was_released, .timeout = 10)
{
	struct report *got = child_unlocks_one_of_two(4, true);

	cr_assert_eq(got->finding_count, 1);
	cr_expect_eq(got->findings[0].record->fd, 4);
	report_free(got);
}

Test(judge, of_two_locks_of_the_parent_a_duplicate_names_none, .timeout = 10)
{
	struct report *got = child_unlocks_one_of_two(7, true);

	cr_expect_eq(got->finding_count, 0);
	report_free(got);
}

Test(judge, a_process_number_alone_makes_no_parent, .timeout = 10)
{
	struct report *got = child_unlocks_one_of_two(4, false);

	cr_expect_eq(got->finding_count, 0);
	report_free(got);
}

/* A parent in waitpid() with a lock; its child asks for it and is answered so. */
static struct report *wait_under_lock(enum hf_event_type answer, enum hf_primitive primitive)
{
	return TOLD({ 10, HF_EVENT_ACQUIRE, HF_MODE_WRITE, 0, 9, primitive },
		    { .pid = 10, .type = HF_EVENT_WAITPID, .fd = 11 },
		    { 11, HF_EVENT_WAIT, HF_MODE_READ, 0, 9, primitive },
		    { 11, answer, HF_MODE_READ, 0, 9, primitive });
}

Test(judge, a_parent_that_waits_for_a_child_that_waits_for_its_lock_is_told, .timeout = 10)
{
	struct report *got = wait_under_lock(HF_EVENT_EXIT, HF_PRIM_POSIX);

	cr_assert_eq(got->finding_count, 1);
	cr_expect_str_eq(got->findings[0].kind->slug, "wait-under-lock");
	report_free(got);
}

Test(judge, a_child_that_has_its_parents_description_does_not_wait_for_its_parent, .timeout = 10)
{
	struct report *got = wait_under_lock(HF_EVENT_EXIT, HF_PRIM_OFD);

	cr_expect_eq(got->finding_count, 0);
	report_free(got);
}

Test(judge, a_child_that_was_granted_the_lock_was_not_stuck, .timeout = 10)
{
	struct report *got = wait_under_lock(HF_EVENT_ACQUIRE, HF_PRIM_POSIX);

	cr_expect_eq(got->finding_count, 0);
	report_free(got);
}

static void name_the_file(uint32_t fs_type)
{
	struct hf_rec_file record = { .id = { 1, 1 }, .fs_type = fs_type };

	append(HF_RECORD_FILE, &record.head, sizeof(record));
}

#define EXT4_MAGIC 0xef53
#define NFS_MAGIC 0x6969

static void flocked(int32_t pid, enum hf_event_type type, enum hf_lockmode mode)
{
	TELL({ pid, type, mode, 0, HF_EOF, HF_PRIM_FLOCK });
}

/* A process with a flock, and another that gets a POSIX lock meanwhile. */
static struct report *mixed(uint32_t fs_type, bool started_under, bool takes_both,
			    bool flocks_later)
{
	begin();
	(void)process(20);
	name_the_file(fs_type);
	if (!started_under)
		(void)process(21);
	flocked(20, HF_EVENT_ACQUIRE, HF_MODE_WRITE);
	process(21)->ppid = started_under ? 20 : 10;
	if (takes_both)
		flocked(21, HF_EVENT_FAILED, HF_MODE_WRITE);
	TELL({ 21, HF_EVENT_ACQUIRE, HF_MODE_WRITE, 0, 9 });
	if (takes_both)
		flocked(21, HF_EVENT_FAILED, HF_MODE_WRITE);
	TELL({ 21, HF_EVENT_RELEASE, HF_MODE_NONE, 0, 9 });
	if (flocks_later)
		flocked(21, HF_EVENT_WAIT, HF_MODE_READ);
	flocked(20, HF_EVENT_RELEASE, HF_MODE_NONE);
	return report();
}

Test(judge, a_flock_and_a_posix_lock_of_two_processes_at_once_are_told, .timeout = 10)
{
	struct report *got = mixed(EXT4_MAGIC, false, false, false);

	cr_assert_eq(got->finding_count, 1);
	cr_expect_str_eq(got->findings[0].kind->slug, "mixed-primitives");
	cr_expect_eq(got->findings[0].level, HF_LEVEL_WARNING);
	cr_expect_eq(got->findings[0].record->head.tid, 21);
	cr_expect_eq(got->findings[0].record->holder_tid, 20);
	report_free(got);
}

Test(judge, who_asks_for_both_kinds_of_lock_mixes_nothing, .timeout = 10)
{
	struct report *got = mixed(EXT4_MAGIC, false, true, false);

	cr_expect_eq(got->finding_count, 0);
	report_free(got);
}

Test(judge, who_uses_both_kinds_at_different_times_may_have_two_purposes, .timeout = 10)
{
	struct report *got = mixed(EXT4_MAGIC, false, false, true);

	cr_assert_eq(got->finding_count, 1);
	cr_expect_eq(got->findings[0].level, HF_LEVEL_NOTE);
	report_free(got);
}

Test(judge, a_process_started_under_a_lock_works_for_its_holder, .timeout = 10)
{
	struct report *got = mixed(EXT4_MAGIC, true, false, false);

	cr_expect_eq(got->finding_count, 0);
	report_free(got);
}

Test(judge, on_a_network_file_system_a_flock_may_be_a_record_lock, .timeout = 10)
{
	struct report *got = mixed(NFS_MAGIC, false, false, false);

	cr_expect_eq(got->finding_count, 0);
	report_free(got);
}

/* What the shim took for its own OFD lock, after another process took one there, or did not. */
static struct report *survived(bool is_taken_meanwhile)
{
	struct hf_rec_finding record = { .kind = HF_KIND_LOCK_SURVIVES_CLOSE,
					 .primitive = HF_PRIM_OFD,
					 .mode = HF_MODE_WRITE,
					 .count = 1,
					 .id = { 1, 1 },
					 .end = 9 };

	begin();
	(void)process(21);
	(void)process(20);
	record.taken_time = now;
	now++;
	TELL({ is_taken_meanwhile ? 21 : 20, HF_EVENT_ACQUIRE, HF_MODE_WRITE, 0, 9, HF_PRIM_OFD });
	(void)process(20);
	append(HF_RECORD_FINDING, &record.head, sizeof(record));
	return report();
}

Test(judge, an_ofd_lock_that_another_process_took_is_not_ones_own, .timeout = 10)
{
	struct report *got = survived(true);

	cr_expect_eq(got->finding_count, 0);
	report_free(got);
}

Test(judge, an_ofd_lock_that_nobody_else_took_is_ones_own, .timeout = 10)
{
	struct report *got = survived(false);

	cr_assert_eq(got->finding_count, 1);
	cr_expect_str_eq(got->findings[0].kind->slug, "lock-survives-close");
	report_free(got);
}
