/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "format.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
