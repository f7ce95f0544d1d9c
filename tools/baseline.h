/* SPDX-License-Identifier: MIT */
/* --baseline: a JSON report of an earlier run, whose findings are not news. */
#ifndef HF_TOOLS_BASELINE_H
#define HF_TOOLS_BASELINE_H

#include "report.h"

struct baseline;

/* NULL when the file cannot be read or is no JSON report; *ret_error is then a sentence to be
 * freed. */
struct baseline *baseline_read(const char *path, char **ret_error);
void baseline_free(struct baseline *baseline);

/* Mutes the findings that the baseline has. report_count() is then due. */
void baseline_apply(const struct baseline *baseline, struct report *report);

#endif
