/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "sarif_location.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "jsontext.h"
#include "source.h"

static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       strchr("-._~/+@,=", c);
}

/* A path as a URI reference: absolute ones get a scheme, others are relative to the source root. */
static char *uri_of(const char *path)
{
	char *ret = alloc_bytes(strlen(path) * 3 + sizeof("file://")), *to = ret;

	if (*path == '/')
		to = stpcpy(to, "file://");
	for (; *path; path++)
		if (is_unreserved(*path))
			*to++ = *path;
		else
			to += sprintf(to, "%%%02X", (unsigned char)*path);
	*to = '\0';
	return ret;
}

static json_t *artifact_object(const char *path)
{
	json_t *object = json_object();
	char *uri = uri_of(path);

	json_add(object, "uri", json_text(uri));
	if (*path != '/')
		json_add(object, "uriBaseId", json_text("%SRCROOT%"));
	free(uri);
	return object;
}

static int count_characters(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static void add_snippet(json_t *region, const char *line)
{
	json_t *snippet = json_object();

	json_add(snippet, "text", json_text(line));
	json_add(region, "snippet", snippet);
}

/* From the call to the end of its line; without the source the line alone. */
static json_t *region_object(const struct report_frame *frame)
{
	json_t *object = json_object();
	char *line = source_line(frame->source, frame->line);
	int start = frame->column > 0 ? frame->column : 1;

	json_add(object, "startLine", json_integer(frame->line));
	json_add(object, "startColumn", json_integer(start));
	json_add(object, "endLine", json_integer(frame->line));
	if (line) {
		int end = count_characters(line) + 1;

		json_add(object, "endColumn", json_integer(end > start ? end : start + 1));
		add_snippet(object, line);
	} else {
		json_add(object, "endColumn", json_integer(start + 1));
	}
	free(line);
	return object;
}

static void add_logical(json_t *location, const struct report_frame *frame)
{
	json_t *array = json_array(), *object = json_object();
	char *name = frame->function ? alloc_string(frame->function)
				     : alloc_format("%s+0x%" PRIx64, frame->module, frame->offset);

	json_add(object, "fullyQualifiedName", json_text(name));
	json_add(object, "kind", json_text("function"));
	json_append(array, object);
	json_add(location, "logicalLocations", array);
	free(name);
}

static void add_physical(json_t *location, const struct report_frame *frame)
{
	json_t *object = json_object();

	json_add(object, "artifactLocation", artifact_object(frame->file));
	if (frame->line)
		json_add(object, "region", region_object(frame));
	json_add(location, "physicalLocation", object);
}

json_t *sarif_location(const struct report_frame *frame, const char *title)
{
	json_t *object = json_object();

	if (frame->file)
		add_physical(object, frame);
	add_logical(object, frame);
	if (title) {
		json_t *message = json_object();

		json_add(message, "text", json_text(title));
		json_add(object, "message", message);
	}
	return object;
}

json_t *sarif_primary(const struct report_finding *finding)
{
	json_t *object, *physical;

	if (finding->where)
		return sarif_location(finding->where, NULL);
	object = json_object();
	physical = json_object();
	json_add(physical, "artifactLocation",
		 artifact_object(*finding->path ? finding->path : "unknown"));
	json_add(object, "physicalLocation", physical);
	return object;
}

static void add_step(struct sarif_steps *steps, const struct report_stack *stack, const char *title)
{
	const struct report_frame *found = NULL;

	for (size_t i = 0; stack && i < stack->count; i++)
		if (stack->frames[i].line && (!found || (stack->frames[i].own && !found->own)))
			found = &stack->frames[i];
	if (found)
		steps->step[steps->count++] = (struct sarif_step){ found, title };
}

void sarif_find_steps(const struct report_finding *finding, struct sarif_steps *ret)
{
	ret->count = 0;
	if (finding->taken)
		add_step(ret, finding->taken, finding->taken->title);
	if (finding->opened)
		add_step(ret, finding->opened, finding->opened->title);
	add_step(ret, finding->here, finding->here->title);
	for (size_t i = 0; i < finding->then_count; i++)
		add_step(ret, finding->then[i].here, finding->then[i].sentence);
}
