/* SPDX-License-Identifier: MIT */
/* The timeline's part of the HTML page: its controls, and its data for tools/html/page.js. */
#ifndef HF_TOOLS_HTML_TIMELINE_H
#define HF_TOOLS_HTML_TIMELINE_H

#include <stdio.h>

#include "report.h"

void html_print_timeline(const struct report *report, FILE *out);

#endif
