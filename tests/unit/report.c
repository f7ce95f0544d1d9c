/* SPDX-License-Identifier: MIT */
/* From records to findings: folding, levels, what was not watched, the timeline, the judge. */
#include "config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blind.h"
#include "fold.h"
#include "report.h"
#include "suppress.h"
#include "timeline.h"
#include "utf8.h"

static struct hf_pool *pool;
static uint64_t now = 1000;
static uint32_t now_image;
static int32_t now_tid = 10;

static void *part(uint64_t offset)
{
	return (unsigned char *)pool + offset;
}

static void begin(void)
{
	struct hf_pool layout;
	uint64_t size = hf_pool_layout(&layout, 16, 64 * 1024, 256);

	pool = calloc(1, size);
	*pool = layout;
}

static uint32_t image(enum hf_image_kind kind, int32_t pid)
{
	struct hf_image *ret = (struct hf_image *)part(pool->images_offset) + pool->images_next;

	ret->kind = kind;
	ret->pid = pid;
	ret->ppid = 10;
	ret->start_time = now++;
	return now_image = pool->images_next++;
}

static hf_ref append(enum hf_record_type type, struct hf_record *record, size_t size)
{
	uint64_t at = pool->log_tail;

	pool->log_tail += hf_record_room(size);
	record->word = hf_record_word(type, (uint32_t)size);
	record->image = now_image;
	record->tid = now_tid;
	record->time = now++;
	memcpy(part(pool->log_offset + at), record, size);
	return hf_ref_of(at);
}

static hf_ref stack(uint64_t offset)
{
	struct {
		struct hf_rec_stack head;
		struct hf_frame frame;
	} record = { .head.count = 1, .frame.offset = offset };

	return append(HF_RECORD_STACK, &record.head.head, sizeof(record));
}

static hf_ref loss(uint64_t here, uint64_t taken)
{
	struct hf_rec_finding record = { .kind = HF_KIND_CLOSE_DROPS_LOCK, .count = 1, .fd = 3,
					 .other_fd = 4, .here = stack(here), .taken = stack(taken) };

	return append(HF_RECORD_FINDING, &record.head, sizeof(record));
}

static void then(hf_ref finding, enum hf_consequence what)
{
	struct hf_rec_consequence record = { .finding = finding, .what = what };

	append(HF_RECORD_CONSEQUENCE, &record.head, sizeof(record));
}

static hf_ref exec(int32_t pid, const char *path)
{
	union {
		struct hf_rec_exec exec;
		char room[64];
	} record = { .exec = { .pid = pid } };

	strcpy(record.room + offsetof(struct hf_rec_exec, path), path);
	return append(HF_RECORD_EXEC, &record.exec.head,
		      offsetof(struct hf_rec_exec, path) + strlen(path));
}

static void event(enum hf_event_type type, enum hf_lockmode mode, uint64_t start, uint64_t end)
{
	struct hf_event *cell = (struct hf_event *)part(pool->ring_offset) + pool->ring_next++;

	*cell = (struct hf_event){ .sequence = (uint32_t)pool->ring_next, .type = type,
				   .primitive = HF_PRIM_POSIX, .mode = mode, .image = now_image,
				   .tid = now_tid, .time = now++, .id = { 1, 1 }, .start = start,
				   .end = end, .fd = 3 };
}

/* The report of what was written, read back from a file as the command does it. */
static struct report *report(void)
{
	char path[] = "/tmp/holdfast-unit-XXXXXX";
	int fd = mkstemp(path);
	struct report_options options = { .notes = true };
	struct report *ret = report_new(&options);
	struct recording recording;

	cr_assert_eq(write(fd, pool, pool->size), (ssize_t)pool->size);
	cr_assert_eq(recording_open(path, &recording), 0);
	report_add(ret, &recording);
	report_finish(ret);
	unlink(path);
	close(fd);
	free(pool);
	return ret;
}

Test(report, a_loss_that_nothing_followed_is_a_warning, .timeout = 10)
{
	struct report *got;

	begin();
	image(HF_IMAGE_EXEC, 10);
	loss(1, 2);
	got = report();
	cr_assert_eq(got->finding_count, 1);
	cr_expect_eq(got->findings[0].level, HF_LEVEL_WARNING);
	report_free(got);
}

Test(report, a_loss_that_was_used_is_an_error_and_one_torn_down_a_note, .timeout = 10)
{
	struct report *got;

	begin();
	image(HF_IMAGE_EXEC, 10);
	then(loss(1, 2), HF_THEN_WRITTEN);
	then(loss(3, 4), HF_THEN_TEARDOWN);
	got = report();
	cr_assert_eq(got->finding_count, 2);
	cr_expect_eq(got->findings[0].level, HF_LEVEL_ERROR);
	cr_expect_eq(got->findings[1].level, HF_LEVEL_NOTE);
	cr_expect_eq(got->summary.errors, 1);
	cr_expect_eq(got->summary.notes, 1);
	report_free(got);
}

Test(report, the_same_finding_of_two_processes_is_one_and_the_used_one_is_told, .timeout = 10)
{
	struct report *got;

	begin();
	image(HF_IMAGE_EXEC, 10);
	then(loss(1, 2), HF_THEN_TEARDOWN);
	image(HF_IMAGE_FORK, 11);
	then(loss(1, 2), HF_THEN_UNLOCKED);
	got = report();
	cr_assert_eq(got->finding_count, 1);
	cr_expect_eq(got->findings[0].level, HF_LEVEL_ERROR);
	cr_expect_eq(got->findings[0].count, 2);
	cr_expect_eq(got->findings[0].image->pid, 11);
	cr_expect_eq(got->findings[0].then_count, 1);
	report_free(got);
}

Test(report, what_was_used_is_not_excused_by_what_comes_later, .timeout = 10)
{
	struct report *got;
	hf_ref lost;

	begin();
	image(HF_IMAGE_EXEC, 10);
	lost = loss(1, 2);
	then(lost, HF_THEN_WRITTEN);
	then(lost, HF_THEN_TEARDOWN);
	got = report();
	cr_expect_eq(got->findings[0].level, HF_LEVEL_ERROR);
	report_free(got);
}

Test(report, what_was_withdrawn_is_not_reported, .timeout = 10)
{
	struct report *got;

	begin();
	image(HF_IMAGE_EXEC, 10);
	then(loss(1, 2), HF_THEN_WITHDRAWN);
	got = report();
	cr_expect_eq(got->finding_count, 0);
	report_free(got);
}

Test(report, two_calls_of_one_function_have_two_ids, .timeout = 10)
{
	struct report *got;

	begin();
	image(HF_IMAGE_EXEC, 10);
	loss(1, 2);
	loss(5, 2);
	got = report();
	cr_assert_eq(got->finding_count, 2);
	cr_expect_str_neq(got->findings[0].id, got->findings[1].id);
	report_free(got);
}

Test(report, an_exec_is_not_watched_unless_a_hello_or_its_caller_is_heard_afterwards, .timeout = 10)
{
	struct hf_rec_consequence failed = { .what = HF_THEN_WITHDRAWN };
	struct report *got;

	begin();
	image(HF_IMAGE_EXEC, 10);
	exec(20, "/bin/silent");
	exec(21, "/bin/answered");
	exec(22, "/bin/failed-and-lives");
	failed.finding = exec(23, "/bin/failed");
	append(HF_RECORD_CONSEQUENCE, &failed.head, sizeof(failed));
	image(HF_IMAGE_EXEC, 21);
	now_tid = 22;
	loss(1, 2);
	got = report();
	cr_assert_eq(got->blind_count, 1);
	cr_expect_str_eq(got->blind[0].path, "/bin/silent");
	report_free(got);
}

Test(timeline, a_release_of_the_middle_leaves_both_ends_held, .timeout = 10)
{
	struct timeline timeline = { 0 };
	struct report *got;

	begin();
	image(HF_IMAGE_EXEC, 10);
	event(HF_EVENT_ACQUIRE, HF_MODE_WRITE, 0, 99);
	event(HF_EVENT_RELEASE, HF_MODE_NONE, 40, 59);
	got = report();
	timeline_add(got, got->recordings[0], &timeline);
	cr_assert_eq(timeline.span_count, 3);
	cr_expect_eq(timeline.spans[0].end, TIMELINE_RELEASED);
	cr_expect_eq(timeline.spans[1].last, 39);
	cr_expect_eq(timeline.spans[2].first, 60);
	cr_expect_eq(timeline.spans[2].end, TIMELINE_OPEN);
	timeline_free(&timeline);
	report_free(got);
}

Test(timeline, an_exit_ends_what_its_process_held_and_nobody_elses, .timeout = 10)
{
	struct timeline timeline = { 0 };
	struct report *got;

	begin();
	image(HF_IMAGE_EXEC, 10);
	event(HF_EVENT_ACQUIRE, HF_MODE_READ, 0, 9);
	image(HF_IMAGE_EXEC, 11);
	event(HF_EVENT_ACQUIRE, HF_MODE_READ, 0, 9);
	event(HF_EVENT_EXIT, HF_MODE_NONE, 0, 0);
	got = report();
	timeline_add(got, got->recordings[0], &timeline);
	cr_assert_eq(timeline.span_count, 2);
	cr_expect_eq(timeline.spans[0].end, TIMELINE_OPEN);
	cr_expect_eq(timeline.spans[1].end, TIMELINE_EXIT);
	timeline_free(&timeline);
	report_free(got);
}

/* Two readers; each asks for more. The last answer is what tells a deadlock from a crowd. */
static struct report *two_upgrades(enum hf_event_type answer)
{
	begin();
	image(HF_IMAGE_EXEC, 10);
	event(HF_EVENT_ACQUIRE, HF_MODE_READ, 0, 9);
	image(HF_IMAGE_EXEC, 11);
	now_tid = 11;
	event(HF_EVENT_ACQUIRE, HF_MODE_READ, 5, 14);
	event(HF_EVENT_WAIT, HF_MODE_WRITE, 0, 9);
	now_image = 0;
	now_tid = 10;
	event(HF_EVENT_WAIT, HF_MODE_WRITE, 5, 9);
	if (answer)
		event(answer, HF_MODE_WRITE, 5, 9);
	return report();
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

Test(judge, two_upgrades_of_which_one_was_granted_are_none, .timeout = 10)
{
	struct report *got = two_upgrades(HF_EVENT_ACQUIRE);

	cr_expect_eq(got->finding_count, 0);
	report_free(got);
}

static void flocked(enum hf_event_type type, enum hf_lockmode mode)
{
	event(type, mode, 0, HF_EOF);
	((struct hf_event *)part(pool->ring_offset))[pool->ring_next - 1].primitive = HF_PRIM_FLOCK;
}

/* A parent's flock, its child's unlock, and what the parent does at last. */
static struct report *child_unlocks(enum hf_lockmode parent_releases)
{
	begin();
	image(HF_IMAGE_EXEC, 10);
	flocked(HF_EVENT_ACQUIRE, HF_MODE_WRITE);
	image(HF_IMAGE_FORK, 11);
	now_tid = 11;
	flocked(HF_EVENT_RELEASE, HF_MODE_NONE);
	now_image = 0;
	now_tid = 10;
	flocked(HF_EVENT_RELEASE, parent_releases);
	return report();
}

Test(judge, a_child_that_unlocks_what_its_parent_unlocks_later_is_told, .timeout = 10)
{
	struct report *got = child_unlocks(HF_MODE_NONE);

	cr_assert_eq(got->finding_count, 1);
	cr_expect_str_eq(got->findings[0].kind->slug, "child-releases-parent");
	cr_expect_eq(got->findings[0].record->head.tid, 11);
	report_free(got);
}

Test(judge, a_parent_that_only_closes_may_have_handed_its_lock_over, .timeout = 10)
{
	struct report *got = child_unlocks(HF_MODE_WRITE);

	cr_expect_eq(got->finding_count, 0);
	report_free(got);
}

/* A parent in waitpid() with a lock; its child asks for it and is answered so. */
static struct report *wait_under_lock(enum hf_event_type answer)
{
	begin();
	image(HF_IMAGE_EXEC, 10);
	event(HF_EVENT_ACQUIRE, HF_MODE_WRITE, 0, 9);
	event(HF_EVENT_WAITPID, HF_MODE_NONE, 0, 0);
	((struct hf_event *)part(pool->ring_offset))[pool->ring_next - 1].fd = 11;
	image(HF_IMAGE_FORK, 11);
	now_tid = 11;
	event(HF_EVENT_WAIT, HF_MODE_READ, 0, 9);
	event(answer, HF_MODE_READ, 0, 9);
	return report();
}

Test(judge, a_parent_that_waits_for_a_child_that_waits_for_its_lock_is_told, .timeout = 10)
{
	struct report *got = wait_under_lock(HF_EVENT_EXIT);

	cr_assert_eq(got->finding_count, 1);
	cr_expect_str_eq(got->findings[0].kind->slug, "wait-under-lock");
	report_free(got);
}

Test(judge, a_child_that_was_granted_the_lock_was_not_stuck, .timeout = 10)
{
	struct report *got = wait_under_lock(HF_EVENT_ACQUIRE);

	cr_expect_eq(got->finding_count, 0);
	report_free(got);
}

Test(suppress, a_line_that_is_no_rule_is_named_by_its_number, .timeout = 10)
{
	char text[] = "# fine\nkind:upgrade\n\nnonsense\n";
	char *error = NULL;

	cr_expect_null(suppress_parse(text, "rules", &error));
	cr_assert_not_null(error);
	cr_expect(!strncmp(error, "rules:4: ", 9), "got %s", error);
	free(error);
}

Test(suppress, an_empty_glob_and_an_unknown_key_are_refused, .timeout = 10)
{
	char empty[] = "kind:", unknown[] = "file:x";
	char *error = NULL;

	cr_expect_null(suppress_parse(empty, "rules", &error));
	free(error);
	cr_expect_null(suppress_parse(unknown, "rules", &error));
	free(error);
}

Test(utf8, bytes_that_are_no_utf8_become_replacement_characters, .timeout = 10)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{ "plain \xc3\xa9", "plain \xc3\xa9" },
		{ "\xff", "\xef\xbf\xbd" },
		{ "a\xc3", "a\xef\xbf\xbd" },			      /* cut short */
		{ "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd" },	      /* too long a form of a slash */
		{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" }, /* a surrogate */
		{ "\xf0\x9f\x94\x92", "\xf0\x9f\x94\x92" },
		{ "\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *got = utf8_clean(cases[i].from);

		cr_expect_str_eq(got, cases[i].to);
		free(got);
	}
}
