/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "format.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "utf8.h"

static const struct format formats[] = {
#define HF_FORMAT(NAME, HELP) { #NAME, HELP, format_##NAME },
#include "formats.def"
#undef HF_FORMAT
};

#define FORMAT_COUNT (sizeof(formats) / sizeof(formats[0]))

const struct format *format_find(const char *name)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++)
		if (!strcmp(formats[i].name, name))
			return &formats[i];
	return NULL;
}

const char *format_names(void)
{
#define HF_FORMAT(NAME, HELP) ", " #NAME
	static const char names[] =
#include "formats.def"
		;
#undef HF_FORMAT

	return names + 2;
}

bool format_wants_colour(int fd)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fd) && !(no_colour && *no_colour) && term && strcmp(term, "dumb") != 0;
}

static const char *markup_of(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static bool xml_holds(const char *text, size_t length)
{
	if (length == 1)
		return (unsigned char)*text >= ' ' || *text == '\n' || *text == '\t';
	/* U+FFFE and U+FFFF are no characters */
	return length && !(length == 3 && !memcmp(text, "\xef\xbf", 2) && text[2] >= '\xbe');
}

void format_markup(FILE *out, const char *text)
{
	while (*text) {
		size_t length = utf8_length(text);
		const char *markup = markup_of(*text);

		if (markup)
			fputs(markup, out);
		else if (xml_holds(text, length))
			fwrite(text, length, 1, out);
		else
			fputs("\xef\xbf\xbd", out);
		text += length ? length : 1;
	}
}
