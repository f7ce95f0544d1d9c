/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "reporting.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"

/* --fail-on never: above every level. */
#define FAIL_NEVER (HF_LEVEL_ERROR + 1)

void reporting_init(struct reporting *reporting)
{
	memset(reporting, 0, sizeof(*reporting));
	reporting->fail_on = HF_LEVEL_WARNING;
	reporting->cwd = getcwd(NULL, 0);
	reporting->model.strip_prefix = reporting->cwd;
}

void reporting_free(struct reporting *reporting)
{
	for (size_t i = 0; i < reporting->output_count; i++)
		if (reporting->outputs[i].path && reporting->outputs[i].file)
			fclose(reporting->outputs[i].file);
	suppress_free(reporting->suppressions);
	baseline_free(reporting->baseline);
	free(reporting->cwd);
}

static int add_output(struct reporting *reporting, const char *name)
{
	const struct format *format = format_find(name);

	if (!format)
		return cmd_usage_error("%s: no such format; there are %s", name, format_names());
	if (reporting->output_count == REPORTING_MAX_OUTPUTS)
		return cmd_usage_error("more than %d formats", REPORTING_MAX_OUTPUTS);
	reporting->outputs[reporting->output_count++] =
		(struct reporting_output){ format, NULL, NULL };
	return CMD_OK;
}

static int set_path(struct reporting *reporting, const char *path)
{
	if (!reporting->output_count && add_output(reporting, "text") != CMD_OK)
		return CMD_USAGE;
	if (reporting->outputs[reporting->output_count - 1].path)
		return cmd_usage_error("-o %s: name a --format before it", path);
	reporting->outputs[reporting->output_count - 1].path = path;
	return CMD_OK;
}

static int set_fail_on(struct reporting *reporting, const char *name)
{
	for (unsigned level = HF_LEVEL_NOTE; level <= HF_LEVEL_ERROR; level++) {
		if (!strcmp(name, hf_level_name((enum hf_level)level))) {
			reporting->fail_on = (enum hf_level)level;
			return CMD_OK;
		}
	}
	if (strcmp(name, "never") != 0)
		return cmd_usage_error("--fail-on %s: must be note, warning, error or never", name);
	reporting->fail_on = (enum hf_level)FAIL_NEVER;
	return CMD_OK;
}

int reporting_option(struct reporting *reporting, int key, const char *argument, bool *ret_taken)
{
	*ret_taken = true;
	switch (key) {
	case 'f':
		return add_output(reporting, argument);
	case 'o':
		return set_path(reporting, argument);
	case REPORTING_FAIL_ON:
		return set_fail_on(reporting, argument);
	case REPORTING_NOTES:
		reporting->model.notes = true;
		return CMD_OK;
	case REPORTING_STRICT:
		reporting->model.strict = true;
		return CMD_OK;
	case REPORTING_STRIP_PREFIX:
		reporting->model.strip_prefix = argument;
		return CMD_OK;
	case REPORTING_SUPPRESSIONS:
		reporting->suppressions_path = argument;
		return CMD_OK;
	case REPORTING_BASELINE:
		reporting->baseline_path = argument;
		return CMD_OK;
	default:
		*ret_taken = false;
		return CMD_OK;
	}
}

static int read_muting(struct reporting *reporting, enum cmd_status failed)
{
	char *error = NULL;

	if (reporting->suppressions_path)
		reporting->suppressions = suppress_read(reporting->suppressions_path, &error);
	if (!error && reporting->baseline_path)
		reporting->baseline = baseline_read(reporting->baseline_path, &error);
	if (!error)
		return CMD_OK;
	(void)cmd_error(failed, "%s", error);
	free(error);
	return failed;
}

int reporting_open(struct reporting *reporting, enum cmd_status failed)
{
	if (read_muting(reporting, failed) != CMD_OK)
		return failed;
	for (size_t i = 0; i < reporting->output_count; i++) {
		struct reporting_output *output = &reporting->outputs[i];

		if (!output->path)
			continue;
		output->file = fopen(output->path, "we");
		if (!output->file)
			return cmd_error(failed, "%s: %s", output->path, strerror(errno));
	}
	return CMD_OK;
}

int reporting_read(struct report *report, const char *path, enum cmd_status failed)
{
	struct recording recording;
	int error = recording_open(path, &recording);

	if (error)
		return cmd_error(failed, "%s: %s", path, recording_strerror(error));
	report_add(report, &recording);
	return CMD_OK;
}

static int print_one(struct reporting_output *output, const struct report *report, FILE *standard,
		     enum cmd_status failed)
{
	FILE *file = output->path ? output->file : standard;
	struct format_how how = { .colour = format_wants_colour(fileno(file)) };
	bool bad;

	output->format->print(report, file, &how);
	bad = fflush(file) || ferror(file);
	if (output->path) {
		bad |= fclose(file) != 0;
		output->file = NULL;
	}
	if (bad)
		return cmd_error(failed, "%s: %s", output->path ? output->path : "output",
				 strerror(errno));
	return CMD_OK;
}

static void mute(struct reporting *reporting, struct report *report)
{
	if (reporting->suppressions)
		suppress_apply(reporting->suppressions, report);
	if (reporting->baseline)
		baseline_apply(reporting->baseline, report);
	report_count(report);
}

int reporting_print(struct reporting *reporting, struct report *report, FILE *standard,
		    enum cmd_status failed)
{
	int ret = CMD_OK;

	mute(reporting, report);
	for (size_t i = 0; i < reporting->output_count; i++)
		if (print_one(&reporting->outputs[i], report, standard, failed) != CMD_OK)
			ret = failed;
	return ret;
}

bool reporting_fails(const struct reporting *reporting, const struct report *report)
{
	return report_worst(report) >= reporting->fail_on;
}
