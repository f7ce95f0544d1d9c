/* SPDX-License-Identifier: MIT */
/*
 * The kinds of misuse that take several processes: no one of them can see it, the recording of all
 * can. kinds.def says COMMAND for them; each has a judge_<kind>() here.
 */
#ifndef HF_TOOLS_JUDGE_H
#define HF_TOOLS_JUDGE_H

#include "report.h"
#include "timeline.h"

/* One recording while it is judged. */
struct judge {
	struct report *report;
	const struct recording *recording;
	struct timeline timeline;
	const struct timeline_span *
		*upgrades; /* waits that upgrade, in the order of their beginning */
	size_t upgrade_count;
};

/* Adds what the events of a recording show to the report's fold. */
void judge_recording(struct report *report, const struct recording *recording);

/* judge_leak.c */
void judge_leak_to_exec(struct judge *judge);

#endif
