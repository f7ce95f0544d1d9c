/* SPDX-License-Identifier: MIT */
/*
 * Prints a report. A format is a function and a line in formats.def; it only reads the model, so
 * the same recording gives the same bytes.
 */
#ifndef HF_TOOLS_FORMAT_H
#define HF_TOOLS_FORMAT_H

#include <stdbool.h>
#include <stdio.h>

#include "report.h"

struct format_how {
	bool colour; /* text: the output is a terminal that wants it */
};

typedef void format_function(const struct report *report, FILE *out, const struct format_how *how);

struct format {
	const char *name;
	const char *help;
	format_function *print;
};

/* NULL when there is no format of that name. */
const struct format *format_find(const char *name);

/* "text, json, ...", for help and errors. */
const char *format_names(void);

#define HF_FORMAT(NAME, HELP) format_function format_##NAME;
#include "formats.def"
#undef HF_FORMAT

/* One finding as format_text prints it, for formats that carry the text. */
void format_text_finding(const struct report_finding *finding, FILE *out,
			 const struct format_how *how);

/* The summary's line, without its newline. */
void format_text_summary(const struct report *report, FILE *out);

/* The colours a terminal gets: NO_COLOR and a dumb terminal turn them off. */
bool format_wants_colour(int fd);

/*
 * Writes text with the characters that HTML and XML give a meaning replaced, for content and quoted
 * attributes alike. What XML 1.0 cannot hold becomes U+FFFD.
 */
void format_markup(FILE *out, const char *text);

#endif
