/* SPDX-License-Identifier: MIT */
/*
 * The kinds of misuse that take several processes: no one of them can see it, the recording of all can.
 * kinds.def says COMMAND for them; each has a judge_<kind>() here.
 */
#ifndef HF_TOOLS_JUDGE_H
#define HF_TOOLS_JUDGE_H

#include "report.h"

/* Adds what the events of a recording show to the report's fold. */
void judge_recording(struct report *report, const struct recording *recording);

#endif
