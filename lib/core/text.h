/* SPDX-License-Identifier: MIT */
/*
 * Text put together in a caller's buffer, where stdio cannot be used: a preloaded checker formats
 * inside other people's signal handlers and allocators.
 *
 * The buffer always holds a string: what does not fit is cut off, and used never passes size - 1.
 */
#ifndef HF_CORE_TEXT_H
#define HF_CORE_TEXT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct hf_text {
	char *data;
	size_t size; /* of data, at least 1 */
	size_t used; /* without the NUL */
};

/* An empty text in that buffer; size is not 0. */
struct hf_text hf_text_in(char *data, size_t size);

void hf_text_add_bytes(struct hf_text *text, const char *bytes, size_t length);
void hf_text_add(struct hf_text *text, const char *string);
void hf_text_add_number(struct hf_text *text, uint64_t number, unsigned base);
void hf_text_add_signed(struct hf_text *text, int64_t number);

/*
 * As printf, of which it knows %s %.*s %c %d %u %x %% and the lengths l, ll and z. Control
 * characters in a %s come out as question marks.
 */
void hf_text_format(struct hf_text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void hf_text_vformat(struct hf_text *text, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

#endif
