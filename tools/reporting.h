/* SPDX-License-Identifier: MIT */
/* What the verbs check and report share: the options of a report, and printing it where they say.
 */
#ifndef HF_TOOLS_REPORTING_H
#define HF_TOOLS_REPORTING_H

#include <stdbool.h>
#include <stdio.h>

#include "baseline.h"
#include "command.h"
#include "format.h"
#include "report.h"
#include "suppress.h"

#define REPORTING_MAX_OUTPUTS 16

struct reporting_output {
	const struct format *format;
	const char *path; /* NULL: the verb's default stream */
	FILE *file;
};

struct reporting {
	struct report_options model;
	struct reporting_output outputs[REPORTING_MAX_OUTPUTS];
	size_t output_count;
	enum hf_level fail_on;
	const char *suppressions_path;
	const char *baseline_path;
	struct suppressions *suppressions; /* NULL: none */
	struct baseline *baseline;	   /* NULL: none */
	char *cwd;			   /* the default of model.strip_prefix */
};

enum reporting_key {
	REPORTING_NOTES = CMD_LONG_ONLY + 1,
	REPORTING_STRICT,
	REPORTING_FAIL_ON,
	REPORTING_STRIP_PREFIX,
	REPORTING_SUPPRESSIONS,
	REPORTING_BASELINE,
	REPORTING_LAST
};

/* The options, for the verb's table. */
#define REPORTING_OPTIONS                                                                          \
	{ 'f', "format", "FORMAT", "print the report as FORMAT; may be repeated, see below" },     \
		{ 'o', "output", "FILE", "write the format named before to FILE" },                \
		{ REPORTING_FAIL_ON, "fail-on", "LEVEL",                                           \
		  "fail on findings of LEVEL (note, warning, error) and above, or never; default " \
		  "warning" },                                                                     \
		{ REPORTING_NOTES, "notes", NULL, "print notes too" },                             \
		{ REPORTING_STRICT, "strict", NULL, "treat notes as warnings" },                   \
		{ REPORTING_STRIP_PREFIX, "strip-prefix", "DIR",                                   \
		  "shorten paths below DIR; default the working directory" },                      \
		{ REPORTING_SUPPRESSIONS, "suppressions", "FILE",                                  \
		  "mute the findings that a rule in FILE matches" },                               \
	{                                                                                          \
		REPORTING_BASELINE, "baseline", "FILE",                                            \
			"mute the findings of FILE, an earlier report in the format json"          \
	}

void reporting_init(struct reporting *reporting);
void reporting_free(struct reporting *reporting);

/*
 * Takes an option of REPORTING_OPTIONS. CMD_OK, or CMD_USAGE after saying what is wrong with it;
 * *ret_taken is false for a key of somebody else's.
 */
int reporting_option(struct reporting *reporting, int key, const char *argument, bool *ret_taken);

/* Reads suppressions and baseline and opens all outputs, before anything is run: CMD_OK or, after a
 * line, failed. */
int reporting_open(struct reporting *reporting, enum cmd_status failed);

/* Reads a recording into the report; CMD_OK, or failed after a line. */
int reporting_read(struct report *report, const char *path, enum cmd_status failed);

/* Mutes, prints everywhere, closes. CMD_OK, or failed after a line. */
int reporting_print(struct reporting *reporting, struct report *report, FILE *standard,
		    enum cmd_status failed);

/* Is there a finding that --fail-on is about? */
bool reporting_fails(const struct reporting *reporting, const struct report *report);

#endif
