/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "describe.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "message.h"

const char *describe(struct store *memory, const char *format, ...)
{
	va_list args;
	char *text, *ret;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		alloc_failed();
	va_end(args);
	ret = store_text(memory, text, strlen(text));
	free(text);
	return ret;
}

/* Long enough for any sentence with a path in it; a longer one is cut. */
#define TEXT_SIZE 8192

static const char *kept(struct store *memory, const struct hf_text *text)
{
	return store_text(memory, text->data, text->used);
}

/* A file's name may hold anything; a sentence is one line of printable text. */
static const char *printable(struct store *memory, const char *path)
{
	char *ret = store_text(memory, path, strlen(path));

	for (char *c = ret; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	return ret;
}

const char *describe_message(struct store *memory, const struct report_finding *finding)
{
	const char *path = *finding->path ? printable(memory, finding->path) : NULL;
	char data[TEXT_SIZE];
	struct hf_text text = hf_text_in(data, sizeof(data));

	hf_message_what(&text, finding->record, path);
	return kept(memory, &text);
}

const char *describe_here(struct store *memory, const struct report_finding *finding)
{
	const char *verb = "Here";

	if (finding->record->proof == HF_PROOF_LATE)
		verb = "Found to be gone here";
	else if (finding->kind->level == HF_LEVEL_OF_CONSEQUENCE)
		verb = "Lost here";
	return describe(memory, "%s, thread %d", verb, finding->record->head.tid);
}

const char *describe_taken(struct store *memory, const struct report_finding *finding)
{
	const struct hf_rec_finding *record = finding->record;
	uint64_t now = record->head.time;
	char data[256];
	struct hf_text text = hf_text_in(data, sizeof(data));

	hf_text_add(&text, "Taken here, ");
	if (record->holder_tid) /* 0: handed over, it is no thread's any more */
		hf_text_format(&text, "thread %d, ", record->holder_tid);
	hf_text_add_duration(&text, record->taken_time < now ? now - record->taken_time : 0);
	hf_text_format(&text, " earlier: %s lock, bytes ",
		       hf_mode_name(record->mode, record->primitive));
	hf_text_add_range(&text, record->start, record->end);
	if (record->fd >= 0)
		hf_text_format(&text, ", fd %d", record->fd);
	return kept(memory, &text);
}

const char *describe_holder(struct store *memory, const struct report_finding *finding)
{
	const struct hf_rec_finding *record = finding->record;
	uint64_t now = record->head.time;
	char data[256];
	struct hf_text text = hf_text_in(data, sizeof(data));

	hf_text_format(&text, "Taken here by process %d (%.*s), thread %d, ", record->holder_pid,
		       HF_NAME_LENGTH, record->name, record->holder_tid);
	hf_text_add_duration(&text, record->taken_time < now ? now - record->taken_time : 0);
	hf_text_format(&text, " earlier: %s lock", hf_mode_name(record->mode, record->primitive));
	return kept(memory, &text);
}

const char *describe_opened(struct store *memory, const struct report_finding *finding)
{
	return describe(memory, "fd %d was opened here", finding->record->other_fd);
}

const char *describe_place(struct store *memory, const struct report_frame *frame)
{
	if (!frame || !frame->file)
		return "";
	return describe(memory, "%s:%d", frame->file, frame->line);
}

const char *describe_function(struct store *memory, const struct report_frame *frame)
{
	if (frame->function)
		return frame->function;
	if (*frame->module)
		return describe(memory, "%s+0x%" PRIx64, frame->module, frame->offset);
	return describe(memory, "0x%" PRIx64, frame->offset);
}

/* Where the program did it: the innermost line of its own. */
static const char *then_place(struct store *memory, const struct report_then *then)
{
	for (size_t i = 0; then->here && i < then->here->count; i++)
		if (then->here->frames[i].own && then->here->frames[i].file)
			return describe_place(memory, &then->here->frames[i]);
	return "";
}

const char *describe_then(struct store *memory, const struct report_finding *finding,
			  const struct report_then *then)
{
	uint64_t from = finding->record->head.time, to = then->record->head.time;
	const char *place = then_place(memory, then);
	char data[TEXT_SIZE];
	struct hf_text text = hf_text_in(data, sizeof(data));

	hf_text_add(&text, "Then ");
	hf_message_then(&text, then->record);
	hf_text_format(&text, "%s%s, ", *place ? ", " : "", place);
	hf_text_add_duration(&text, to > from ? to - from : 0);
	hf_text_add(&text, " later");
	return kept(memory, &text);
}
