/* SPDX-License-Identifier: MIT */
/*
 * A report for programs: one JSON object per line, findings first, the summary last. The objects
 * are described by docs/report.schema.json; what is there stays there, with its meaning.
 */
#include "config.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "format.h"
#include "jsontext.h"
#include "message.h"

static json_t *frame_object(const struct report_frame *frame)
{
	json_t *object = json_object();

	if (frame->function)
		json_add(object, "function", json_text(frame->function));
	if (frame->file) {
		json_add(object, "file", json_text(frame->file));
		json_add(object, "line", json_integer(frame->line));
	}
	if (frame->file && frame->column)
		json_add(object, "column", json_integer(frame->column));
	if (*frame->module)
		json_add(object, "module", json_text(frame->module));
	if (!frame->function)
		json_add(object, "offset", json_integer((json_int_t)frame->offset));
	if (frame->inlined)
		json_add(object, "inlined", json_true());
	json_add(object, "own", json_boolean(frame->own));
	return object;
}

static json_t *frame_array(const struct report_stack *stack)
{
	json_t *array = json_array();

	for (size_t i = 0; stack && i < stack->count; i++)
		json_append(array, frame_object(&stack->frames[i]));
	return array;
}

static void add_stack(json_t *array, const char *role, const struct report_stack *stack)
{
	json_t *object;

	if (!stack)
		return;
	object = json_object();
	json_add(object, "role", json_text(role));
	json_add(object, "title", json_text(stack->title));
	json_add(object, "frames", frame_array(stack));
	json_append(array, object);
}

static json_t *stack_array(const struct report_finding *finding)
{
	json_t *array = json_array();

	add_stack(array, "here", finding->here);
	add_stack(array, "taken", finding->taken);
	add_stack(array, "opened", finding->opened);
	return array;
}

static const char *then_name(unsigned what)
{
	static const char *const names[] = {
		[HF_THEN_WRITTEN] = "written",	  [HF_THEN_READ] = "read",
		[HF_THEN_UNLOCKED] = "unlocked",  [HF_THEN_TAKEN] = "taken",
		[HF_THEN_TEARDOWN] = "torn-down", [HF_THEN_RETAKEN] = "retaken",
		[HF_THEN_CHANGED] = "changed",	  [HF_THEN_WITHDRAWN] = "withdrawn",
		[HF_THEN_RETURNED] = "returned",  [HF_THEN_CONFIRMED] = "confirmed",
	};

	return what < sizeof(names) / sizeof(names[0]) && names[what] ? names[what] : "unknown";
}

static json_t *then_array(const struct report_finding *finding)
{
	json_t *array = json_array();

	for (size_t i = 0; i < finding->then_count; i++) {
		json_t *object = json_object();

		json_add(object, "what", json_text(then_name(finding->then[i].record->what)));
		json_add(object, "text", json_text(finding->then[i].sentence));
		json_add(object, "frames", frame_array(finding->then[i].here));
		json_append(array, object);
	}
	return array;
}

static json_t *where_object(const struct report_frame *frame)
{
	return frame ? frame_object(frame) : json_null();
}

static json_t *range_object(const struct hf_rec_finding *record)
{
	json_t *object = json_object();

	json_add(object, "start", json_integer((json_int_t)record->start));
	json_add(object, "end",
		 record->end >= HF_EOF ? json_null() : json_integer((json_int_t)record->end));
	return object;
}

static void add_descriptor(json_t *object, const char *name, int fd)
{
	if (fd >= 0)
		json_add(object, name, json_integer(fd));
}

/* The lock: what was held, and through which descriptors. */
static void add_lock(json_t *object, const struct hf_rec_finding *record)
{
	json_add(object, "primitive", json_text(hf_primitive_name(record->primitive)));
	json_add(object, "mode", json_text(hf_mode_name(record->mode, record->primitive)));
	json_add(object, "range", range_object(record));
	add_descriptor(object, "fd", record->fd);
	add_descriptor(object, "other_fd", record->other_fd);
}

/* What only some findings have. */
static void add_circumstances(json_t *object, const struct hf_rec_finding *record)
{
	if (record->holder_pid > 0)
		json_add(object, "holder_pid", json_integer(record->holder_pid));
	if (record->holder_pid > 0 && record->name[0])
		json_add(object, "holder_program", json_text_of(record->name, HF_NAME_LENGTH));
	if (record->flags & HF_FINDING_MAY_BE_SPURIOUS)
		json_add(object, "may_be_spurious", json_true());
	if (record->flags & HF_FINDING_UNASKED)
		json_add(object, "unasked", json_true());
}

static void add_process(json_t *object, const struct report_finding *finding)
{
	if (finding->image) {
		json_add(object, "pid", json_integer(finding->image->pid));
		json_add(object, "program",
			 json_text_of(finding->image->name, sizeof(finding->image->name)));
	}
	json_add(object, "tid", json_integer(finding->record->head.tid));
}

static json_t *finding_object(const struct report_finding *finding)
{
	json_t *object = json_object();

	json_add(object, "type", json_text("finding"));
	json_add(object, "id", json_text(finding->id));
	json_add(object, "kind", json_text(finding->kind->slug));
	json_add(object, "level", json_text(hf_level_name(finding->level)));
	json_add(object, "title", json_text(finding->kind->title));
	json_add(object, "message", json_text(finding->message));
	json_add(object, "file", json_text(finding->path));
	add_process(object, finding);
	json_add(object, "call", json_text_of(finding->record->via, HF_VIA_LENGTH));
	add_lock(object, finding->record);
	add_circumstances(object, finding->record);
	json_add(object, "where", where_object(finding->where));
	json_add(object, "stacks", stack_array(finding));
	json_add(object, "then", then_array(finding));
	json_add(object, "proof", json_text(finding->proof));
	json_add(object, "cwe", json_numbers(finding->kind->cwe));
	json_add(object, "repair", json_alternatives(finding->kind->repair));
	json_add(object, "count", json_integer((json_int_t)finding->count));
	return object;
}

static json_t *blind_array(const struct report *report)
{
	json_t *array = json_array();

	for (size_t i = 0; i < report->blind_count; i++) {
		json_t *object = json_object();

		json_add(object, "program", json_text(report->blind[i].path));
		json_add(object, "reason", json_text(report->blind[i].reason));
		json_append(array, object);
	}
	return array;
}

static json_t *remark_array(const struct report *report)
{
	json_t *array = json_array();

	for (size_t i = 0; i < report->remark_count; i++)
		json_append(array, json_text(report->remarks[i]));
	return array;
}

static void add_count(json_t *object, const char *name, uint64_t number)
{
	json_add(object, name, json_integer((json_int_t)number));
}

static json_t *summary_object(const struct report *report)
{
	const struct report_summary *sum = &report->summary;
	json_t *object = json_object();

	json_add(object, "type", json_text("summary"));
	add_count(object, "errors", sum->errors);
	add_count(object, "warnings", sum->warnings);
	add_count(object, "notes", sum->notes);
	add_count(object, "suppressed", sum->suppressed);
	add_count(object, "baseline", sum->known);
	add_count(object, "processes", sum->processes);
	add_count(object, "locks", sum->locks);
	add_count(object, "files", sum->files);
	add_count(object, "findings_lost", sum->findings_lost);
	add_count(object, "events_lost", sum->events_lost);
	json_add(object, "not_watched", blind_array(report));
	json_add(object, "remarks", remark_array(report));
	return object;
}

static void print_line(FILE *out, json_t *object)
{
	json_print(out, object, JSON_COMPACT);
	putc('\n', out);
}

void format_json(const struct report *report, FILE *out, const struct format_how *how)
{
	(void)how;
	for (size_t i = 0; i < report->finding_count; i++)
		if (report_shows(report, &report->findings[i]))
			print_line(out, finding_object(&report->findings[i]));
	print_line(out, summary_object(report));
}
