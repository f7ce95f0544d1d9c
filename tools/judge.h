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

/* The lane of a span: process, thread and file. */
const struct timeline_row *judge_row(const struct judge *judge, const struct timeline_span *span);

/* What a hold has to say, whatever it is that runs into it; and what runs into it. */
struct hf_rec_finding judge_about(const struct judge *judge, enum hf_kind kind,
				  const struct timeline_span *hold);
void judge_want(struct hf_rec_finding *record, const struct timeline_span *wait);

/* The other process that it is about: whose lock is in the way, or who waits for this one. */
void judge_name_process(struct hf_rec_finding *record, const struct timeline_row *row);

/*
 * Adds the finding, which is copied, with the stacks of these numbers; unless the process that it
 * is about was not to look for its kind.
 */
void judge_tell(struct judge *judge, const struct hf_rec_finding *record, uint32_t here,
		uint32_t taken);

/* Was the process that the record is about to look for that kind? If it is not known, yes. */
bool judge_is_wanted(const struct judge *judge, const struct hf_rec_finding *record);

/* When it was over; what has not ended lasts longer than what the recording saw. */
uint64_t judge_end(const struct timeline_span *span);

/*
 * Is the hold in the way of the wait? POSIX and OFD locks are one kind of lock to each other,
 * flocks another. A child that waits through a description that it did not open itself may have the
 * lock that seems to be in its way.
 */
bool judge_exclude_each_other(const struct timeline_span *hold, const struct timeline_span *wait);

/* judge_leak.c, judge_lost.c, judge_mixed.c, judge_wait.c */
void judge_survived_ofd(struct judge *judge);
void judge_leak_to_exec(struct judge *judge);
void judge_mixed_primitives(struct judge *judge);
void judge_fd_lost(struct judge *judge);
void judge_long_waits(struct judge *judge);

#endif
