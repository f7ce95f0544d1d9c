/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "baseline.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

struct baseline {
	json_t *ids;   /* an object, used as a set */
	bool complete; /* the summary was there */
};

/* One line of the report. False when it is none that a report has. */
static bool take_object(struct baseline *baseline, const json_t *object)
{
	const char *type = json_string_value(json_object_get(object, "type"));
	const char *id = json_string_value(json_object_get(object, "id"));

	if (!type)
		return false;
	if (!strcmp(type, "finding") && id)
		return !json_object_set_new(baseline->ids, id, json_true());
	if (strcmp(type, "summary") != 0)
		return false;
	baseline->complete = true;
	return true;
}

static bool take_line(struct baseline *baseline, const char *line)
{
	json_t *object;
	bool ret;

	if (!line[strspn(line, " \t\r\n")])
		return true;
	object = json_loads(line, 0, NULL);
	ret = object && take_object(baseline, object);
	json_decref(object);
	return ret;
}

static char *read_lines(struct baseline *baseline, FILE *file, const char *path)
{
	char *line = NULL, *error = NULL;
	unsigned number = 0;
	size_t size = 0;

	while (!error && getline(&line, &size, file) >= 0) {
		number++;
		if (!take_line(baseline, line))
			error = alloc_format("%s:%u: is no line of a report in the format json",
					     path, number);
	}
	free(line);
	if (!error && !baseline->complete)
		error = alloc_format("%s: has no summary: it is no report in the format json, or "
				     "is cut short",
				     path);
	return error;
}

struct baseline *baseline_read(const char *path, char **ret_error)
{
	FILE *file = fopen(path, "re");
	struct baseline *baseline;

	if (!file) {
		*ret_error = alloc_format("%s: %s", path, strerror(errno));
		return NULL;
	}
	baseline = alloc_zeroed(1, sizeof(*baseline));
	baseline->ids = json_object();
	*ret_error = read_lines(baseline, file, path);
	fclose(file);
	if (!*ret_error)
		return baseline;
	baseline_free(baseline);
	return NULL;
}

void baseline_free(struct baseline *baseline)
{
	if (!baseline)
		return;
	json_decref(baseline->ids);
	free(baseline);
}

void baseline_apply(const struct baseline *baseline, struct report *report)
{
	for (size_t i = 0; i < report->finding_count; i++)
		if (report->findings[i].muted == REPORT_HEARD &&
		    json_object_get(baseline->ids, report->findings[i].id))
			report->findings[i].muted = REPORT_KNOWN;
}
