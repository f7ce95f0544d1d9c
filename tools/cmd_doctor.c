/* SPDX-License-Identifier: MIT */
/* holdfast doctor PROGRAM...: can the checker see it, and if not, why and what to do. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "doctor.h"

static const struct cmd_option options[] = { CMD_OPTIONS_END };

static const struct cmd_usage usage = {
	.synopsis = "PROGRAM...",
	.about = "Tells whether the checker gets into PROGRAM, if not why, and what to do. PROGRAM "
		 "is\n"
		 "looked up in PATH, and a script is judged by its interpreter. Nothing is run.\n",
	.options = options,
	.notes = "Exit status: 0 all can be watched, 1 one cannot, 2 usage.\n",
	.has_command = true,
};

static int judge(const char *program)
{
	struct hf_verdict verdict;
	int status = hf_doctor_verdict(program, &verdict);

	if (status < 0)
		return cmd_error(CMD_PROBLEM, "%s: %s", program, strerror(-status));
	hf_verdict_print(stdout, program, &verdict);
	return verdict.can_see ? CMD_OK : CMD_PROBLEM;
}

int cmd_doctor(int argc, char **argv)
{
	int status = CMD_OK;

	while (cmd_next_option(argc, argv, &usage) != -1)
		;
	if (optind == argc)
		return cmd_usage_error("no PROGRAM given");
	for (; optind < argc; optind++)
		if (judge(argv[optind]) != CMD_OK)
			status = CMD_PROBLEM;
	return status;
}
