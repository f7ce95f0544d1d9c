/* SPDX-License-Identifier: MIT */
#include "textwrap.h"

#include <string.h>

/* The bytes of the longest piece of text that ends at a blank and fits into width. */
static size_t piece_length(const char *text, size_t length, size_t width)
{
	size_t fits = 0;

	if (length <= width)
		return length;
	for (size_t i = 0; i < length && (i <= width || !fits); i++)
		if (text[i] == ' ')
			fits = i;
	return fits ? fits : length;
}

void text_wrap_lead(FILE *out, const char *lead, const char *text, unsigned indent)
{
	size_t width = TEXT_WIDTH - indent;

	do {
		size_t line = strcspn(text, "\n");
		size_t piece = piece_length(text, line, width);

		fprintf(out, "%-*s%.*s\n", (int)indent, lead, (int)piece, text);
		lead = "";
		text += piece;
		text += strspn(text, " ");
		text += *text == '\n';
	} while (*text);
}

void text_wrap(FILE *out, const char *text, unsigned indent)
{
	text_wrap_lead(out, "", text, indent);
}
