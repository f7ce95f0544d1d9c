/* SPDX-License-Identifier: MIT */
#include "announce.h"

#include <stdbool.h>
#include <string.h>

#include "large.h"
#include "message.h"
#include "pool.h"
#include "rawsys.h"
#include "say.h"

#define FRAMES_SHOWN 8
#define LONG_TEXT 8192
#define SHORT_TEXT 1024
#define MESSAGE_TEXT 1024

/*
 * A text with three stacks is too long for a signal stack. So it is put together in one static
 * buffer, and by who finds that taken in a small one of its own, where the text may be cut.
 */
static char long_text[LONG_TEXT] HF_LARGE;
static bool long_text_taken; /* atomic */

void hf_announce_forked(void)
{
	__atomic_store_n(&long_text_taken, false, __ATOMIC_RELAXED);
}

static void add_title(struct hf_text *text, const struct hf_rec_finding *finding,
		      enum hf_level level)
{
	const struct hf_kind_info *info = hf_kind_info(finding->kind);

	hf_text_format(text, "holdfast: %s: %s [%s], pid %d, thread %d\n", hf_level_name(level),
		       info ? info->title : "unknown kind of misuse", info ? info->slug : "?",
		       raw_getpid(), hf_pool_tid());
}

/* The message's lines, each indented. */
static void add_what(struct hf_text *text, const struct hf_rec_finding *finding, const char *file)
{
	char data[MESSAGE_TEXT];
	struct hf_text message = hf_text_in(data, sizeof(data));

	hf_message_what(&message, finding, file);
	for (const char *line = data, *end; *line; line = end + (*end == '\n')) {
		end = strchrnul(line, '\n');
		hf_text_format(text, "  %.*s\n", (int)(end - line), line);
	}
}

static void add_frame(struct hf_text *text, const struct hf_frame *frame)
{
	const struct hf_rec_module *module = hf_pool_record(frame->module, HF_RECORD_MODULE);

	if (module)
		hf_text_format(text, "    %.*s+0x%lx\n",
			       (int)(hf_record_size(&module->head) - sizeof(*module)), module->path,
			       (unsigned long)frame->offset);
	else
		hf_text_format(text, "    0x%lx\n", (unsigned long)frame->offset);
}

static void add_stack(struct hf_text *text, const char *title, hf_ref ref)
{
	const struct hf_rec_stack *stack = hf_pool_record(ref, HF_RECORD_STACK);

	if (!stack || stack->count == 0)
		return;
	hf_text_format(text, "  %s\n", title);
	for (uint32_t i = 0; i < stack->count && i < FRAMES_SHOWN; i++)
		add_frame(text, &stack->frames[i]);
	if (stack->count > FRAMES_SHOWN)
		hf_text_format(text, "    (%u more)\n", stack->count - FRAMES_SHOWN);
}

static void write_finding(struct hf_text *text, const struct hf_rec_finding *finding,
			  const char *file)
{
	add_title(text, finding, hf_finding_level(finding, 0));
	add_what(text, finding, file);
	add_stack(text, "here:", finding->here);
	add_stack(text, "taken here:", finding->taken);
	add_stack(text, "the other descriptor was opened here:", finding->opened);
	hf_say_text(text);
}

static void write_short_finding(const struct hf_rec_finding *finding, const char *file)
{
	char data[SHORT_TEXT];
	struct hf_text text = hf_text_in(data, sizeof(data));

	write_finding(&text, finding, file);
}

void hf_announce_finding(const struct hf_rec_finding *finding, const char *file)
{
	struct hf_text text;

	if (__atomic_exchange_n(&long_text_taken, true, __ATOMIC_ACQUIRE)) {
		write_short_finding(finding, file);
		return;
	}
	text = hf_text_in(long_text, sizeof(long_text));
	write_finding(&text, finding, file);
	__atomic_store_n(&long_text_taken, false, __ATOMIC_RELEASE);
}

void hf_announce_rise(const struct hf_rec_finding *finding, enum hf_level level,
		      const struct hf_rec_consequence *why)
{
	char data[SHORT_TEXT];
	struct hf_text text = hf_text_in(data, sizeof(data));

	add_title(&text, finding, level);
	text.used--; /* one line: its end comes after the reason */
	hf_text_add(&text, ": ");
	hf_message_then(&text, why);
	hf_text_add(&text, "\n");
	hf_say_text(&text);
}
