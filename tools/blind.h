/* SPDX-License-Identifier: MIT */
/*
 * The programs that a run started and the checker did not see: an exec was recorded and the new
 * image never said hello (a static, Go or setuid program), or an image stopped being watched.
 */
#ifndef HF_TOOLS_BLIND_H
#define HF_TOOLS_BLIND_H

#include "report.h"

/* Appends to report->blind, one entry per program. The recordings of report are all there. */
void blind_find(struct report *report);

/* Did any image of the run load the checker? */
bool blind_is_total(const struct report *report);

/* Appends one, unless that program and reason are there already. */
void blind_add(struct report *report, const char *path, const char *reason, int32_t pid);

/* The same, with doctor's reason where it has one. */
void blind_add_program(struct report *report, const char *path, int32_t pid);

#endif
