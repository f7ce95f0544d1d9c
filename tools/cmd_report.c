/* SPDX-License-Identifier: MIT */
/* holdfast report RUN...: prints recordings again, in any format; several become one report. */
#include "config.h"

#include <getopt.h>
#include <stdio.h>

#include "command.h"
#include "report.h"
#include "reporting.h"

static const struct cmd_option options[] = { REPORTING_OPTIONS, CMD_OPTIONS_END };

static const struct cmd_usage usage = {
	.synopsis = "[options] RUN...",
	.about = "Prints what `holdfast check --keep` recorded. RUN is the folder it kept, or the\n"
		 "recording in it; several are merged. A run that is still going on can be read "
		 "too.\n",
	.options = options,
	.notes = "Formats: "
#define HF_FORMAT(NAME, HELP) "\n  " #NAME "\t" HELP
#include "formats.def"
#undef HF_FORMAT
		 "\nEach --format may have its -o; without one it goes to standard output.\n"
		 "Exit status: 0, 1 when findings reach --fail-on or a RUN is cut short, 2 when\n"
		 "one cannot be read.\n",
};

static int read_all(struct report *report, int argc, char **argv)
{
	for (int i = optind; i < argc; i++) {
		int status = reporting_read(report, argv[i], CMD_USAGE);

		if (status != CMD_OK)
			return status;
	}
	return CMD_OK;
}

static int print_report(struct reporting *reporting, int argc, char **argv)
{
	struct report *report = report_new(&reporting->model);
	int status = read_all(report, argc, argv);

	if (status == CMD_OK)
		status = reporting_open(reporting, CMD_USAGE);
	if (status == CMD_OK) {
		report_finish(report);
		status = reporting_print(reporting, report, stdout, CMD_USAGE);
	}
	if (status == CMD_OK && (report->incomplete || reporting_fails(reporting, report)))
		status = CMD_PROBLEM;
	report_free(report);
	return status;
}

static int read_options(struct reporting *reporting, int argc, char **argv)
{
	bool taken;
	int key, status;

	while ((key = cmd_next_option(argc, argv, &usage)) != -1) {
		status = reporting_option(reporting, key, optarg, &taken);
		if (status != CMD_OK)
			return status;
	}
	if (optind == argc)
		return cmd_usage_error("no RUN given");
	return reporting->output_count ? CMD_OK : reporting_option(reporting, 'f', "text", &taken);
}

int cmd_report(int argc, char **argv)
{
	struct reporting reporting;
	int status;

	reporting_init(&reporting);
	status = read_options(&reporting, argc, argv);
	if (status == CMD_OK)
		status = print_report(&reporting, argc, argv);
	reporting_free(&reporting);
	return status;
}
