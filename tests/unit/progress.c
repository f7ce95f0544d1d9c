/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "progress.h"

TestSuite(progress, .timeout = 10);

/* A terminal: what is written to *ret is to be read from the returned descriptor. */
static int open_terminal(FILE **ret)
{
	int master, slave;

	if (openpty(&master, &slave, NULL, NULL, NULL) != 0)
		cr_skip_test("no pseudo-terminals here");
	*ret = fdopen(slave, "w");
	setenv("TERM", "xterm", 1);
	return master;
}

/* As much as is expected: what was written in parts may be read in parts. */
static void expect_text(int fd, const char *expected)
{
	char text[200] = "";
	size_t length = 0;
	ssize_t n;

	while (length < strlen(expected)) {
		n = read(fd, text + length, sizeof(text) - 1 - length);
		cr_assert_gt(n, 0);
		length += (size_t)n;
	}
	cr_expect_str_eq(text, expected);
}

Test(progress, a_terminal_sees_how_far_the_work_is)
{
	struct progress progress;
	FILE *out;
	int fd = open_terminal(&out);

	progress_begin_on(&progress, out, 0, "reading", 200);
	progress_update(&progress, 50);
	expect_text(fd, "\r\033[Kholdfast: reading: 50 of 200 (25%)");
}

Test(progress, the_line_is_erased_at_the_end_and_only_once)
{
	struct progress progress;
	FILE *out;
	int fd = open_terminal(&out);

	progress_begin_on(&progress, out, 0, "reading", 0);
	progress_update(&progress, 7);
	progress_end(&progress);
	progress_end(&progress);
	expect_text(fd, "\r\033[Kholdfast: reading: 7\r\033[K");
}

Test(progress, work_that_ends_before_the_delay_shows_nothing)
{
	struct progress progress;
	FILE *out;
	int fd = open_terminal(&out);

	progress_begin_on(&progress, out, INT64_MAX / 2, "reading", 10);
	progress_update(&progress, 5);
	progress_end(&progress);
	fputs("end", out);
	fflush(out);
	expect_text(fd, "end");
}

Test(progress, a_pipe_sees_nothing)
{
	struct progress progress;
	char *text = NULL;
	int ends[2];
	FILE *out;

	cr_assert_eq(pipe(ends), 0);
	out = fdopen(ends[1], "w");
	progress_begin_on(&progress, out, 0, "reading", 10);
	progress_update(&progress, 5);
	progress_end(&progress);
	fclose(out);
	cr_expect_eq(read(ends[0], &text, 1), 0);
}

Test(progress, a_dumb_terminal_sees_nothing)
{
	struct progress progress;
	FILE *out;
	int fd = open_terminal(&out);

	setenv("TERM", "dumb", 1);
	progress_begin_on(&progress, out, 0, "reading", 10);
	progress_update(&progress, 5);
	fputs("end", out);
	fflush(out);
	expect_text(fd, "end");
}
