/* SPDX-License-Identifier: MIT */
/* holdfast check -- COMMAND...: runs it and its children under the checker, prints the report. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "blind.h"
#include "child.h"
#include "command.h"
#include "describe.h"
#include "doctor.h"
#include "options.h"
#include "report.h"
#include "reporting.h"
#include "rundir.h"

#define STATUS_FINDINGS 86
#define STATUS_TIMEOUT 124
#define STATUS_NO_EXEC 126
#define STATUS_NO_COMMAND 127

enum { KEY_EXITCODE = REPORTING_LAST, KEY_KEEP, KEY_TIMEOUT };

static const struct cmd_option options[] = {
	REPORTING_OPTIONS,
	{ KEY_EXITCODE, "exitcode", "N", "the exit status when there are findings; default 86" },
	{ KEY_KEEP, "keep", "DIR", "keep the recording in the new folder DIR" },
	{ 'q', "quiet", NULL, "no text on standard error" },
	{ KEY_TIMEOUT, "timeout", "SECONDS",
	  "end COMMAND after SECONDS; the exit status is then 124" },
	CMD_OPTIONS_END
};

static const struct cmd_usage usage = {
	.synopsis = "[options] [--] COMMAND [ARGUMENT]...",
	.about = "Runs COMMAND, and all that it starts, under the checker and reports how it lost "
		 "or\n"
		 "misused file locks. The report goes to standard error; COMMAND's own input and\n"
		 "output are its own.\n",
	.options = options,
	.notes = "Formats: "
#define HF_FORMAT(NAME, HELP) "\n  " #NAME "\t" HELP
#include "formats.def"
#undef HF_FORMAT
		 "\nA --format without its -o is printed on standard error, in the text's place.\n"
		 "Exit status: COMMAND's own, or 86 when findings reach --fail-on; 124 after a\n"
		 "timeout, 125 when holdfast failed or could watch nothing, 126 and 127 when "
		 "COMMAND\n"
		 "cannot be started, 128+N when signal N ended it.\n",
	.has_command = true,
};

struct check {
	struct reporting reporting;
	struct rundir rundir;
	struct child_plan plan;
	struct child_end end;
	const char *keep;
	bool quiet;
	int exitcode;
	struct report *report;
};

static int set_exitcode(struct check *check, const char *text)
{
	unsigned long long n;

	if (!cmd_read_number(text, 255, &n))
		return cmd_usage_error("--exitcode %s: must be a number from 0 to 255", text);
	check->exitcode = (int)n;
	return CMD_OK;
}

static int set_timeout(struct check *check, const char *text)
{
	if (!cmd_read_seconds(text, 1e9, &check->plan.timeout) || check->plan.timeout <= 0)
		return cmd_usage_error("--timeout %s: must be a number of seconds above 0", text);
	return CMD_OK;
}

static int take_option(struct check *check, int key, const char *argument)
{
	bool taken;
	int status = reporting_option(&check->reporting, key, argument, &taken);

	if (taken)
		return status;
	switch (key) {
	case KEY_EXITCODE:
		return set_exitcode(check, argument);
	case KEY_TIMEOUT:
		return set_timeout(check, argument);
	case KEY_KEEP:
		check->keep = argument;
		return CMD_OK;
	default:
		check->quiet = true;
		return CMD_OK;
	}
}

/* The text goes to standard error unless something else was asked for there, or nothing. */
static int add_default_output(struct check *check)
{
	bool taken;

	for (size_t i = 0; i < check->reporting.output_count; i++)
		if (!check->reporting.outputs[i].path)
			return CMD_OK;
	return check->quiet ? CMD_OK : reporting_option(&check->reporting, 'f', "text", &taken);
}

static int read_options(struct check *check, int argc, char **argv)
{
	int key, status;

	while ((key = cmd_next_option(argc, argv, &usage)) != -1) {
		status = take_option(check, key, optarg);
		if (status != CMD_OK)
			return status;
	}
	if (optind == argc)
		return cmd_usage_error("no COMMAND given");
	check->plan.argv = argv + optind;
	return add_default_output(check);
}

static void complain(void *ctx, const char *sentence)
{
	(void)ctx;
	cmd_warn("HOLDFAST_OPTIONS: %s", sentence);
}

static int verify_options(void)
{
	const char *text = getenv("HOLDFAST_OPTIONS");
	struct hf_options parsed;

	hf_options_default(&parsed, true);
	if (text)
		hf_options_parse(&parsed, text, complain, NULL);
	return parsed.unknown ? CMD_FAILED : CMD_OK;
}

static int find_checker(struct check *check)
{
	const char *path = getenv("HOLDFAST_CHECKER");

	if (!path || !*path)
		path = PKGLIBDIR "/libholdfast-check.so";
	if (access(path, R_OK) < 0)
		return cmd_error(CMD_FAILED, "%s: the checker cannot be read: %s", path,
				 strerror(errno));
	if (strpbrk(path, ": "))
		return cmd_error(CMD_FAILED,
				 "%s: the loader cannot preload a path with a blank or a "
				 "colon in it",
				 path);
	check->plan.checker = path;
	return CMD_OK;
}

static int make_rundir(struct check *check)
{
	int error = rundir_make(check->keep, &check->rundir);

	if (error == -EEXIST)
		return cmd_error(CMD_FAILED, "%s: is there already; --keep wants a new folder",
				 check->rundir.path);
	if (error)
		return cmd_error(CMD_FAILED, "%s: cannot make the recording: %s",
				 check->rundir.path ? check->rundir.path : "run folder",
				 strerror(-error));
	check->plan.pool = check->rundir.pool;
	return CMD_OK;
}

static int run_command(struct check *check)
{
	bool by_exec;
	int error = child_run(&check->plan, &check->end, &by_exec);
	int status = CMD_FAILED;

	if (!error)
		return CMD_OK;
	if (by_exec)
		status = error == -ENOENT ? STATUS_NO_COMMAND : STATUS_NO_EXEC;
	return cmd_error((enum cmd_status)status, "%s: %s", check->plan.argv[0], strerror(-error));
}

static bool said_hello(const struct report *report, pid_t pid)
{
	const struct recording *recording = report->recordings[0];

	for (uint32_t i = 0; i < recording->view.image_count; i++) {
		const struct hf_image *image = recording_image(recording, i);

		if (image && image->kind == HF_IMAGE_EXEC && image->pid == pid)
			return true;
	}
	return false;
}

/* The command's own exec is holdfast's: no record tells it. */
static void tell_unwatched_command(struct check *check)
{
	if (!said_hello(check->report, check->end.pid))
		blind_add_program(check->report, check->plan.argv[0], check->end.pid);
}

/* Does the process still have the pool mapped? Its maps name the file. */
static bool maps_pool(pid_t pid, const char *pool)
{
	char *path = alloc_format("/proc/%d/maps", pid);
	FILE *maps = fopen(path, "re");
	char line[4352];
	bool found = false;

	free(path);
	while (maps && !found && fgets(line, sizeof(line), maps))
		found = strstr(line, pool) != NULL;
	if (maps)
		fclose(maps);
	return found;
}

static void tell_left_behind(struct check *check)
{
	const struct recording *recording = check->report->recordings[0];

	for (uint32_t i = 0; i < recording->view.image_count; i++) {
		const struct hf_image *image = recording_image(recording, i);

		if (!image || kill(image->pid, 0) < 0 || !maps_pool(image->pid, check->rundir.pool))
			continue;
		report_remark(
			check->report,
			describe(&check->report->memory,
				 "process %d (%.*s) is still running; what it does from here on "
				 "is not in this report",
				 image->pid, (int)sizeof(image->name), image->name));
	}
}

static int status_of(const struct check *check)
{
	if (check->end.signalled && !check->end.timed_out)
		return check->end.status;
	if (reporting_fails(&check->reporting, check->report))
		return check->exitcode;
	return check->end.timed_out ? STATUS_TIMEOUT : check->end.status;
}

static int refuse_blindness(const struct check *check)
{
	struct hf_verdict verdict;
	const char *program = check->plan.argv[0];

	if (hf_doctor_verdict(program, &verdict) < 0 || verdict.can_see)
		return cmd_error(CMD_FAILED,
				 "%s: the checker was loaded nowhere: nothing was watched",
				 program);
	return cmd_error(CMD_FAILED, "%s: the checker was loaded nowhere: %s", program,
			 verdict.why);
}

static int print_report(struct check *check)
{
	int status = reporting_read(check->report, check->rundir.pool, CMD_FAILED);

	if (status != CMD_OK)
		return status;
	report_finish(check->report);
	tell_unwatched_command(check);
	tell_left_behind(check);
	status = reporting_print(&check->reporting, check->report, stderr, CMD_FAILED);
	if (status != CMD_OK)
		return status;
	return blind_is_total(check->report) ? refuse_blindness(check) : status_of(check);
}

static int run_and_report(struct check *check)
{
	int status = run_command(check);

	if (status == CMD_OK) {
		check->report = report_new(&check->reporting.model);
		status = print_report(check);
		report_free(check->report);
	}
	rundir_finish(&check->rundir);
	return status;
}

static int check_command(struct check *check, int argc, char **argv)
{
	int status = read_options(check, argc, argv);

	if (status == CMD_OK)
		status = verify_options();
	if (status == CMD_OK)
		status = find_checker(check);
	if (status == CMD_OK)
		status = reporting_open(&check->reporting, CMD_FAILED);
	if (status == CMD_OK)
		status = make_rundir(check);
	return status == CMD_OK ? run_and_report(check) : status;
}

int cmd_check(int argc, char **argv)
{
	struct check check = { .exitcode = STATUS_FINDINGS };
	int status;

	reporting_init(&check.reporting);
	status = check_command(&check, argc, argv);
	reporting_free(&check.reporting);
	rundir_free(&check.rundir);
	return status;
}
