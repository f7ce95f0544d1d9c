/* SPDX-License-Identifier: MIT */
#include "say.h"

#include <stdbool.h>

#include "rawsys.h"
#include "recorder.h"

#define STDERR 2
#define LINE_MAX_LENGTH 1024

/* What fd 2 was at start; written by the constructor only. */
static dev_t start_dev;
static ino_t start_ino;

static bool can_speak; /* atomic */

void hf_say_init(void)
{
	struct stat st;

	if (raw_fstat(STDERR, &st) != 0)
		return;
	start_dev = st.st_dev;
	start_ino = st.st_ino;
	__atomic_store_n(&can_speak, true, __ATOMIC_RELAXED);
}

void hf_say_stop(void)
{
	__atomic_store_n(&can_speak, false, __ATOMIC_RELAXED);
}

void hf_say_text(const struct hf_text *text)
{
	struct stat st;

	if (!__atomic_load_n(&can_speak, __ATOMIC_RELAXED) || raw_fstat(STDERR, &st) != 0 ||
	    st.st_dev != start_dev || st.st_ino != start_ino)
		return;
	(void)raw_write(STDERR, text->data, text->used);
}

void hf_recorder_say(const char *format, ...)
{
	char line[LINE_MAX_LENGTH];
	struct hf_text text = hf_text_in(line, sizeof(line) - 1); /* room for the newline */
	va_list args;

	hf_text_add(&text, "holdfast: ");
	va_start(args, format);
	hf_text_vformat(&text, format, args);
	va_end(args);
	text.size++;
	hf_text_add(&text, "\n");
	hf_say_text(&text);
}
