/* SPDX-License-Identifier: MIT */
/* From records to findings: folding, levels, what was not watched, the timeline. */
#include "config.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "blind.h"
#include "fold.h"
#include "made_recording.h"
#include "report.h"
#include "suppress.h"
#include "timeline.h"
#include "utf8.h"

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

Test(report, a_program_that_could_have_been_watched_may_have_ended_before, .timeout = 10)
{
	struct report *got;

	begin();
	image(HF_IMAGE_EXEC, 10);
	exec(INT32_MAX, "/bin/sh");
	got = report();
	cr_assert_eq(got->blind_count, 1);
	cr_expect(strstr(got->blind[0].reason, "may have ended"));
	report_free(got);
}

Test(report, a_program_that_is_loading_the_checker_is_watched, .timeout = 10)
{
	char folder[] = "/tmp/holdfast-unit-XXXXXX", name[64];
	struct report *got;
	int fd;

	cr_assert_not_null(mkdtemp(folder));
	snprintf(name, sizeof(name), "%s/libholdfast-check.so", folder);
	fd = open(name, O_RDWR | O_CREAT, 0600);
	cr_assert_eq(ftruncate(fd, 4096), 0);
	cr_assert_neq(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0), MAP_FAILED);
	begin();
	image(HF_IMAGE_EXEC, 10);
	exec(getpid(), "/bin/sh");
	got = report();
	cr_expect_eq(got->blind_count, 0);
	report_free(got);
	unlink(name);
	rmdir(folder);
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
