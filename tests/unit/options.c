/* SPDX-License-Identifier: MIT */
#include "core/options.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* What was complained about, a sentence per line. */
static char complaints[2000];

static void remember(void *ctx, const char *sentence)
{
	(void)ctx;
	strcat(strcat(complaints, sentence), "\n");
}

static struct hf_options parsed(const char *text)
{
	struct hf_options options;

	complaints[0] = '\0';
	hf_options_default(&options, false);
	hf_options_parse(&options, text, remember, NULL);
	return options;
}

Test(options, without_a_text_every_option_has_its_default, .timeout = 10)
{
	struct hf_options options = parsed("");

	cr_expect_eq(options.stack_depth, 16);
	cr_expect_eq(options.halt_on, HF_LEVEL_NONE);
	cr_expect(options.to_stderr);
	cr_expect_null(options.record);
	cr_expect_not(options.help);
	cr_expect_eq(options.unknown, 0);
	for (unsigned kind = 1; kind < HF_KIND_COUNT; kind++)
		cr_expect_eq(options.enabled[kind], hf_kind_info(kind)->on_by_default);
}

Test(options, a_run_that_collects_the_findings_silences_stderr, .timeout = 10)
{
	struct hf_options options;

	hf_options_default(&options, true);
	cr_expect_not(options.to_stderr);
	hf_options_parse(&options, "stderr=1", NULL, NULL);
	cr_expect(options.to_stderr);
}

Test(options, every_key_is_read, .timeout = 10)
{
	struct hf_options options = parsed("stack_depth=24:halt_on=error:record=/tmp/d:stderr=0:"
					   "wait_report_ms=7:long_hold_ms=8:help=1:checks=none");

	cr_expect_str_empty(complaints);
	cr_expect_eq(options.stack_depth, 24);
	cr_expect_eq(options.halt_on, HF_LEVEL_ERROR);
	cr_expect_eq(options.record_length, 6);
	cr_expect_eq(strncmp(options.record, "/tmp/d:", 7), 0);
	cr_expect_not(options.to_stderr);
	cr_expect_eq(options.wait_report_ms, 7);
	cr_expect_eq(options.long_hold_ms, 8);
	cr_expect(options.help);
	cr_expect_not(options.enabled[HF_KIND_UPGRADE]);
}

Test(options, checks_are_added_and_taken_away_from_left_to_right, .timeout = 10)
{
	struct hf_options options = parsed("checks=none,+upgrade,self-deadlock");

	cr_expect(options.enabled[HF_KIND_UPGRADE]);
	cr_expect(options.enabled[HF_KIND_SELF_DEADLOCK]);
	cr_expect_not(options.enabled[HF_KIND_CLOSE_DROPS_LOCK]);
	options = parsed("checks=-upgrade");
	cr_expect_not(options.enabled[HF_KIND_UPGRADE]);
	cr_expect(options.enabled[HF_KIND_CLOSE_DROPS_LOCK]);
	options = parsed("checks=-upgrade,all");
	cr_expect(options.enabled[HF_KIND_UPGRADE]);
	cr_expect_str_empty(complaints);
}

Test(options, the_kinds_that_are_off_are_a_set, .timeout = 10)
{
	struct hf_options options = parsed("checks=default");

	cr_expect_eq(hf_options_kinds_off(&options), 0);
	options = parsed("checks=-upgrade,-self-deadlock");
	cr_expect_eq(hf_options_kinds_off(&options),
		     UINT64_C(1) << HF_KIND_UPGRADE | UINT64_C(1) << HF_KIND_SELF_DEADLOCK);
}

Test(options, what_is_not_understood_is_named_and_the_rest_still_counts, .timeout = 10)
{
	struct hf_options options = parsed("colour=red:stack_depth=99:checks=none,nonsense:"
					   "halt_on=loud:stack_depth:stderr=yes:long_hold_ms=5");

	cr_expect_eq(options.unknown, 6);
	cr_expect_not_null(strstr(complaints, "\"colour\" is no key"));
	cr_expect_not_null(strstr(complaints, "stack_depth: \"99\" is no number from 1 to 32"));
	cr_expect_not_null(strstr(complaints, "checks: \"none,nonsense\" names a kind"));
	cr_expect_not_null(strstr(complaints, "halt_on: \"loud\" is none of"));
	cr_expect_not_null(strstr(complaints, "stack_depth needs a value"));
	cr_expect_not_null(strstr(complaints, "stderr: \"yes\" is neither"));
	cr_expect_eq(options.stack_depth, 16);
	cr_expect(options.enabled[HF_KIND_UPGRADE], "a list with a mistake changes nothing");
	cr_expect_eq(options.long_hold_ms, 5);
}

Test(options, numbers_at_their_limits, .timeout = 10)
{
	cr_expect_eq(parsed("stack_depth=32").stack_depth, 32);
	cr_expect_eq(parsed("stack_depth=0").unknown, 1);
	cr_expect_eq(parsed("long_hold_ms=2147483647").long_hold_ms, 2147483647);
	cr_expect_eq(parsed("long_hold_ms=2147483648").unknown, 1);
	cr_expect_eq(parsed("long_hold_ms=18446744073709551617").unknown, 1);
	cr_expect_eq(parsed("long_hold_ms=").unknown, 1);
	cr_expect_eq(parsed("long_hold_ms=-1").unknown, 1);
}

Test(options, a_complaint_is_one_line_whatever_the_key_holds, .timeout = 10)
{
	parsed("a\nb\033[31m=1::");
	cr_expect_str_eq(complaints, "\"a?b?[31m\" is no key that this checker knows\n");
}

Test(options, help_names_every_key_with_its_default, .timeout = 10)
{
	char line[200];
	struct hf_text text;
	unsigned lines = 0;

	while (text = hf_text_in(line, sizeof(line)), hf_options_help_line(lines, &text)) {
		cr_expect_gt(text.used, 20);
		lines++;
	}
	cr_expect_geq(lines, 8);
	text = hf_text_in(line, sizeof(line));
	cr_expect(hf_options_help_line(1, &text));
	cr_expect_str_eq(line, "stack_depth=1-32 (16): how many frames of a stack are kept");
}

/* Any bytes: nothing crashes, nothing is read beyond the text (run it under a sanitizer). */
Test(options, random_texts_are_survived, .timeout = 30)
{
	static const char pieces[][12] = { "checks=",	  "stderr=", ":",     ",",	 "=",
					   "-",		  "+",	     "all",   "upgrade", "1",
					   "99999999999", "record=", "\xff\n" };
	struct hf_options options;

	srand(7);
	for (int round = 0; round < 20000; round++) {
		char *text = calloc(1, 200);

		for (int i = rand() % 12; i > 0; i--)
			strcat(text, pieces[rand() % (int)(sizeof(pieces) / sizeof(pieces[0]))]);
		hf_options_default(&options, round & 1);
		hf_options_parse(&options, text, NULL, NULL);
		cr_assert(options.stack_depth >= 1 && options.stack_depth <= 32);
		free(text);
	}
}
