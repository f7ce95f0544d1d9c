/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "html_timeline.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "describe.h"
#include "jsontext.h"
#include "message.h"
#include "timeline.h"

static const char controls[] =
	"<h2 id=\"timeline\">Timeline</h2>\n"
	"<p class=\"hint\">A lane for each process, thread and file. "
	"<kbd>\xe2\x86\x90</kbd> <kbd>\xe2\x86\x92</kbd> next bar, "
	"<kbd>\xe2\x86\x91</kbd> <kbd>\xe2\x86\x93</kbd> next lane, "
	"<kbd>+</kbd> <kbd>-</kbd> <kbd>0</kbd> zoom, <kbd>[</kbd> <kbd>]</kbd> move, "
	"<kbd>l</kbd> next finding or loss, <kbd>Enter</kbd> to the finding. With a mouse: point, "
	"drag, "
	"<kbd>Ctrl</kbd> and wheel.</p>\n"
	"<div class=\"tools\">\n"
	"<button type=\"button\" id=\"zoom-in\">Zoom in</button>\n"
	"<button type=\"button\" id=\"zoom-out\">Zoom out</button>\n"
	"<button type=\"button\" id=\"zoom-all\">All</button>\n"
	"<button type=\"button\" id=\"earlier\">Earlier</button>\n"
	"<button type=\"button\" id=\"later\">Later</button>\n"
	"<button type=\"button\" id=\"next-loss\">Next finding or loss</button>\n"
	"</div>\n"
	"<div class=\"legend\">\n"
	"<span><canvas id=\"legend-write\" width=\"44\" height=\"22\"></canvas>write lock "
	"held</span>\n"
	"<span><canvas id=\"legend-read\" width=\"44\" height=\"22\"></canvas>read lock "
	"held</span>\n"
	"<span><canvas id=\"legend-wait\" width=\"44\" height=\"22\"></canvas>waits</span>\n"
	"<span><canvas id=\"legend-lost\" width=\"44\" height=\"22\"></canvas>lost</span>\n"
	"<span>\xe2\x96\xbc finding</span>\n"
	"</div>\n"
	"<canvas id=\"lanes\" tabindex=\"0\" role=\"application\" aria-label=\"Timeline of locks; "
	"arrow keys "
	"move from bar to bar\" aria-describedby=\"details\"></canvas>\n"
	"<div class=\"details\" id=\"details\" role=\"status\" aria-live=\"polite\">Point at a "
	"bar, or focus "
	"the timeline and use the arrow keys.</div>\n"
	"<noscript><p>The timeline is drawn by a script, and scripts are off.</p></noscript>\n";

static json_t *process_name(const struct timeline_row *row)
{
	char *name = row->image ? alloc_format("%.*s %d", (int)sizeof(row->image->name),
					       row->image->name, row->pid)
				: alloc_format("process %d", row->pid);
	json_t *ret = json_text(name);

	free(name);
	return ret;
}

static json_t *row_array(const struct timeline *timeline)
{
	json_t *array = json_array();

	for (size_t i = 0; i < timeline->row_count; i++) {
		json_t *object = json_object();

		json_add(object, "process", process_name(&timeline->rows[i]));
		json_add(object, "tid", json_integer(timeline->rows[i].tid));
		json_add(object, "file", json_text(timeline->rows[i].path));
		json_append(array, object);
	}
	return array;
}

static void append_number(json_t *array, uint64_t number)
{
	json_append(array, json_integer((json_int_t)number));
}

static json_t *range_text(uint64_t first, uint64_t last)
{
	char data[64];
	struct hf_text text = hf_text_in(data, sizeof(data));

	hf_text_add_range(&text, first, last);
	return json_text(data);
}

static json_t *span_array(const struct timeline *timeline)
{
	json_t *array = json_array();

	for (size_t i = 0; i < timeline->span_count; i++) {
		const struct timeline_span *span = &timeline->spans[i];
		json_t *tuple = json_array();

		append_number(tuple, span->row);
		append_number(tuple, span->from - timeline->begin);
		append_number(tuple, span->to - timeline->begin);
		append_number(tuple, span->kind);
		append_number(tuple, span->end);
		json_append(tuple, json_text(hf_mode_name(span->mode, span->primitive)));
		json_append(tuple, json_text(hf_primitive_name(span->primitive)));
		json_append(tuple, json_integer(span->fd));
		json_append(tuple, range_text(span->first, span->last));
		append_number(tuple, span->stack);
		json_append(array, tuple);
	}
	return array;
}

static json_t *frame_lines(const struct report *report, const struct report_stack *stack)
{
	struct store *memory = (struct store *)&report->memory;
	json_t *array = json_array();

	for (size_t i = 0; i < stack->count; i++) {
		const struct report_frame *frame = &stack->frames[i];
		const char *place = describe_place(memory, frame);

		json_append(array,
			    json_text(describe(memory, "%s%s%s", describe_function(memory, frame),
					       *place ? "  " : "", place)));
	}
	return array;
}

static json_t *stack_object(const struct report *report, const struct timeline *timeline)
{
	json_t *object = json_object();

	for (size_t i = 0; i < timeline->span_count; i++) {
		const struct report_stack *stack =
			report_stack_at(report, timeline->spans[i].stack);
		char key[16];

		snprintf(key, sizeof(key), "%u", timeline->spans[i].stack);
		if (stack && !json_object_get(object, key))
			json_add(object, key, frame_lines(report, stack));
	}
	return object;
}

static bool is_in_time(const struct timeline *timeline, uint64_t time)
{
	return time >= timeline->begin && time <= timeline->end;
}

static json_t *mark_array(const struct report *report, const struct timeline *timeline)
{
	json_t *array = json_array();

	for (size_t i = 0; i < report->finding_count; i++) {
		const struct report_finding *finding = &report->findings[i];
		const struct hf_record *head = &finding->record->head;
		size_t row = timeline_find_row(timeline, finding->image ? finding->image->pid : 0,
					       head->tid, finding->record->id);
		json_t *tuple;

		if (row == timeline->row_count || !report_shows(report, finding) ||
		    !is_in_time(timeline, head->time))
			continue;
		tuple = json_array();
		append_number(tuple, row);
		append_number(tuple, head->time - timeline->begin);
		json_append(tuple, json_text(hf_level_name(finding->level)));
		json_append(tuple, json_text(finding->id));
		json_append(tuple, json_text(finding->kind->title));
		json_append(array, tuple);
	}
	return array;
}

/* A "<" could end the script element; in JSON it only stands in strings, where it can be written
 * so. */
static void print_data(FILE *out, json_t *data)
{
	char *text = data ? json_dumps(data, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;

	if (!text)
		alloc_failed();
	fputs("<script type=\"application/json\" id=\"data\">", out);
	for (const char *c = text; *c; c++)
		if (*c == '<')
			fputs("\\u003c", out);
		else
			putc(*c, out);
	fputs("</script>\n", out);
	free(text);
	json_decref(data);
}

static json_t *data_object(const struct report *report, const struct timeline *timeline)
{
	json_t *object = json_object();

	json_add(object, "end", json_integer((json_int_t)(timeline->end - timeline->begin)));
	json_add(object, "rows", row_array(timeline));
	json_add(object, "spans", span_array(timeline));
	json_add(object, "stacks", stack_object(report, timeline));
	json_add(object, "marks", mark_array(report, timeline));
	return object;
}

void html_print_timeline(const struct report *report, FILE *out)
{
	struct timeline timeline = { 0 };

	for (size_t i = 0; i < report->recording_count; i++)
		timeline_add(report, report->recordings[i], &timeline);
	timeline_sort(&timeline);
	fputs(controls, out);
	if (report->summary.events_lost)
		fprintf(out,
			"<p class=\"hint\">The recording kept the newest events; %" PRIu64
			" older ones are lost, so early bars may be missing.</p>\n",
			report->summary.events_lost);
	print_data(out, data_object(report, &timeline));
	timeline_free(&timeline);
}
