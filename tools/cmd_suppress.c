/* SPDX-License-Identifier: MIT */
/* holdfast suppress RUN [ID]...: suppressions, ready to paste into a --suppressions file. */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "report.h"
#include "reporting.h"
#include "suppress.h"

static const struct cmd_option options[] = { { 'a', "all", NULL, "notes too" }, CMD_OPTIONS_END };

static const struct cmd_usage usage = {
	.synopsis = "[-a] RUN [ID]...",
	.about =
		"Prints a suppression for each finding of the recording RUN, or for those that ID\n"
		"names, ready for a file that check and report take with --suppressions.\n",
	.options = options,
	.notes = "Exit status: 0, 1 when there is no finding of that ID, 2 usage.\n",
};

static const struct report_finding *find_id(const struct report *report, const char *id)
{
	for (size_t i = 0; i < report->finding_count; i++)
		if (!strcmp(report->findings[i].id, id))
			return &report->findings[i];
	return NULL;
}

static int print_ids(const struct report *report, char **ids)
{
	int status = CMD_OK;

	for (; *ids; ids++) {
		const struct report_finding *finding = find_id(report, *ids);

		if (finding)
			suppress_print(finding, stdout);
		else
			status = cmd_error(CMD_PROBLEM,
					   "%s: the recording has no finding of that id", *ids);
	}
	return status;
}

static int print_all(const struct report *report)
{
	for (size_t i = 0; i < report->finding_count; i++)
		if (report_shows(report, &report->findings[i]))
			suppress_print(&report->findings[i], stdout);
	return CMD_OK;
}

int cmd_suppress(int argc, char **argv)
{
	struct report_options model = { 0 };
	struct report *report;
	int status;

	while (cmd_next_option(argc, argv, &usage) != -1)
		model.notes = true;
	if (optind == argc)
		return cmd_usage_error("no RUN given");
	report = report_new(&model);
	status = reporting_read(report, argv[optind], CMD_USAGE);
	if (status == CMD_OK) {
		report_finish(report);
		status = optind + 1 < argc ? print_ids(report, argv + optind + 1)
					   : print_all(report);
	}
	report_free(report);
	return status;
}
