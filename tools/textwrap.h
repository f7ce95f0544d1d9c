/* SPDX-License-Identifier: MIT */
/* Paragraphs of plain text for a terminal. */
#ifndef HF_TOOLS_TEXTWRAP_H
#define HF_TOOLS_TEXTWRAP_H

#include <stdio.h>

#define TEXT_WIDTH 80

/*
 * Prints text on lines of at most TEXT_WIDTH columns, each indented by indent blanks; a newline in
 * text ends a line. A word longer than a line stands on its own. Always ends with a newline.
 */
void text_wrap(FILE *out, const char *text, unsigned indent);

/* The same, with lead (a bullet, a label) in the indentation of the first line. */
void text_wrap_lead(FILE *out, const char *lead, const char *text, unsigned indent);

#endif
