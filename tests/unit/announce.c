/* SPDX-License-Identifier: MIT */
/* What the checker says on stderr, and what it does without a run. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recording_fixture.h"

TestSuite(announce, .init = make_folder, .fini = remove_folder, .timeout = 30);

/* Runs body in a child whose fd 2 is the file "stderr"; returns its status and what it said. */
static int status_of(void (*body)(void), char *said, size_t size)
{
	pid_t child = fork();
	int fd, status;
	ssize_t length;

	if (child == 0) {
		fd = open(in_folder("stderr"), O_WRONLY | O_CREAT | O_APPEND, 0600);
		dup2(fd, STDERR_FILENO);
		body();
		_exit(0);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	fd = open(in_folder("stderr"), O_RDONLY);
	length = read(fd, said, size - 1);
	close(fd);
	said[length > 0 ? length : 0] = '\0';
	return status;
}

static void find_twice_and_use(void)
{
	struct hf_rec_finding finding;
	struct hf_rec_consequence then = {
		.what = HF_THEN_WRITTEN, .fd = 3, .bytes = 8, .offset = 512, .via = "write"
	};

	start(NULL, NULL);
	checker.file((struct hf_fileid){ 1, 2 }, STDERR_FILENO, 0);
	finding = a_finding(here());
	then.finding = checker.finding(&finding);
	checker.finding(&finding);
	checker.consequence(&then);
	checker.consequence(&then);
}

static unsigned occurrences(const char *text, const char *word)
{
	unsigned n = 0;

	for (; (text = strstr(text, word)); text++)
		n++;
	return n;
}

Test(announce, without_a_run_a_finding_is_told_once_on_stderr_and_so_is_the_rise_of_its_level)
{
	char said[4000];

	cr_expect_eq(status_of(find_twice_and_use, said, sizeof(said)), 0);
	cr_expect_eq(occurrences(said, "holdfast: warning: lock lost by close [close-drops-lock]"),
		     1);
	cr_expect_eq(occurrences(said, "/stderr: the write lock is gone; fd 3"), 1);
	cr_expect_eq(occurrences(said, "close() closed fd 4"), 1);
	cr_expect_geq(occurrences(said, "/announce+0x"), 1, "%s", said);
	cr_expect_eq(occurrences(said, "holdfast: error: lock lost by close"), 1);
	cr_expect_eq(occurrences(said, "written without the lock: write(), 8 bytes at 512, fd 3"),
		     1);
}

static void find_after_fd_2_became_a_file(void)
{
	struct hf_rec_finding finding = a_finding(0);

	start(NULL, NULL);
	dup2(open(in_folder("data"), O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
	checker.finding(&finding);
}

Test(announce, a_file_that_was_given_number_2_is_not_written_to)
{
	char said[100];
	struct stat st;

	cr_expect_eq(status_of(find_after_fd_2_became_a_file, said, sizeof(said)), 0);
	cr_assert_eq(stat(in_folder("data"), &st), 0);
	cr_expect_eq(st.st_size, 0);
	cr_expect_str_empty(said);
}

static void find_in_a_run(void)
{
	struct hf_rec_finding finding = a_finding(0);

	start(in_folder("pool"), NULL);
	checker.finding(&finding);
}

Test(announce, a_run_collects_findings_silently)
{
	struct hf_pool *pool = new_pool(4096);
	char said[1000];

	cr_expect_eq(status_of(find_in_a_run, said, sizeof(said)), 0);
	cr_expect_str_empty(said);
	cr_expect_eq(contents_of(pool).count[HF_RECORD_FINDING], 1);
}

Test(announce, a_run_that_cannot_be_had_is_named_and_findings_go_to_stderr)
{
	char said[1000];

	cr_expect_eq(status_of(find_in_a_run, said, sizeof(said)), 0);
	cr_expect_eq(occurrences(said, "/pool: nothing is recorded there: ENOENT\n"), 1);
	cr_expect_eq(occurrences(said, "[close-drops-lock]"), 1);
}

static void find_and_halt(void)
{
	struct hf_rec_finding finding = a_finding(0);

	start(in_folder("pool"), "halt_on=warning");
	signal(SIGABRT, SIG_DFL);
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 });
	checker.finding(&finding);
}

Test(announce, halt_on_aborts_at_the_finding_after_it_is_recorded)
{
	struct hf_pool *pool = new_pool(4096);
	char said[1000];
	int status = status_of(find_and_halt, said, sizeof(said));

	cr_assert(WIFSIGNALED(status));
	cr_expect_eq(WTERMSIG(status), SIGABRT);
	cr_expect_eq(contents_of(pool).count[HF_RECORD_FINDING], 1);
}

static void find_and_keep(void)
{
	char options[100];
	struct hf_rec_finding finding = a_finding(0);

	snprintf(options, sizeof(options), "record=%s:stderr=0", folder);
	start(NULL, options);
	checker.finding(&finding);
}

Test(announce, a_recording_is_kept_where_the_options_say)
{
	char said[1000], data[300 * 1024], pattern[100];
	FILE *file;
	size_t size;

	cr_expect_eq(status_of(find_and_keep, said, sizeof(said)), 0);
	cr_expect_str_empty(said);
	snprintf(pattern, sizeof(pattern), "cat %s/holdfast.*.0.rec", folder);
	file = popen(pattern, "r");
	size = fread(data, 1, sizeof(data), file);
	pclose(file);
	cr_expect_leq(size, 256 * 1024);
	cr_expect_eq(read_pool(data, size).count[HF_RECORD_FINDING], 1);
}

static void find_and_keep_nothing(void)
{
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 1000, 1000 });
	find_and_keep();
}

Test(announce, a_limit_on_file_sizes_is_said_and_kills_nobody)
{
	char said[1000];

	cr_expect_eq(status_of(find_and_keep_nothing, said, sizeof(said)), 0);
	cr_expect_eq(occurrences(said, "no recording is kept there: EFBIG\n"), 1, "%s", said);
}

static void find_a_note(const char *options)
{
	struct hf_rec_finding finding = a_finding(0);

	start(NULL, options);
	finding.kind = HF_KIND_UPGRADE;
	finding.level = HF_LEVEL_NOTE;
	checker.finding(&finding);
}

static void find_a_note_by_default(void)
{
	find_a_note(NULL);
}

static void find_a_note_that_is_wanted(void)
{
	find_a_note("notes=1");
}

Test(announce, a_note_is_told_only_to_those_who_want_notes)
{
	char said[1000];

	cr_expect_eq(status_of(find_a_note_by_default, said, sizeof(said)), 0);
	cr_expect_str_empty(said);
	cr_expect_eq(status_of(find_a_note_that_is_wanted, said, sizeof(said)), 0);
	cr_expect_eq(occurrences(said, "holdfast: note: "), 1, "%s", said);
}
