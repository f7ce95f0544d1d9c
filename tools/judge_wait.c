/* SPDX-License-Identifier: MIT */
/*
 * long-wait: the shim has told that a wait was long and, where the kernel says it, for whose lock.
 * If the holder was watched too, the recording tells where it took the lock; of an OFD lock only
 * the recording tells whose it was.
 */
#include "config.h"

#include "judge.h"

#include <string.h>

#include "fold.h"
#include "timeline.h"

/* The wait that the finding is about: it was written just before the event that ends it. */
static const struct timeline_span *find_wait(const struct judge *judge,
					     const struct hf_rec_finding *record)
{
	const struct timeline_span *found = NULL;

	for (size_t i = 0; i < judge->timeline.span_count; i++) {
		const struct timeline_span *span = &judge->timeline.spans[i];

		if (span->kind == TIMELINE_WAIT &&
		    judge_row(judge, span)->tid == record->head.tid &&
		    span->image == record->head.image && span->from <= record->head.time &&
		    judge_end(span) >= record->head.time &&
		    hf_fileid_equal(judge_row(judge, span)->id, record->id))
			found = span;
	}
	return found;
}

static bool is_in_the_way(const struct judge *judge, const struct timeline_span *hold,
			  const struct timeline_span *wait)
{
	return hold->kind == TIMELINE_HOLD &&
	       hf_fileid_equal(judge_row(judge, hold)->id, judge_row(judge, wait)->id) &&
	       judge_row(judge, hold)->pid != judge_row(judge, wait)->pid &&
	       judge_exclude_each_other(hold, wait) && hold->from <= wait->from &&
	       judge_end(hold) > wait->from;
}

/* Of several readers the one that the kernel named, or else the one that kept it longest. */
static const struct timeline_span *find_holder(const struct judge *judge,
					       const struct timeline_span *wait, int32_t pid)
{
	const struct timeline_span *found = NULL;

	for (size_t i = 0; i < judge->timeline.span_count; i++) {
		const struct timeline_span *hold = &judge->timeline.spans[i];

		if (is_in_the_way(judge, hold, wait) &&
		    (!pid || judge_row(judge, hold)->pid == pid) &&
		    (!found || judge_end(hold) > judge_end(found)))
			found = hold;
	}
	return found;
}

void judge_name_process(struct hf_rec_finding *record, const struct timeline_row *row)
{
	record->holder_pid = row->pid;
	if (!row->image)
		return;
	memset(record->name, 0, sizeof(record->name));
	memcpy(record->name, row->image->name, strnlen(row->image->name, sizeof(record->name) - 1));
}

static void tell_holder(struct judge *judge, struct fold_finding *finding,
			const struct timeline_span *hold)
{
	struct hf_rec_finding record = judge_about(judge, HF_KIND_LONG_WAIT, hold);
	struct hf_rec_finding told = *finding->record;

	judge_name_process(&told, judge_row(judge, hold));
	told.primitive = record.primitive;
	told.mode = record.mode;
	told.holder_tid = record.holder_tid;
	told.taken_time = record.taken_time;
	finding->record = store_bytes(&judge->report->memory, &told, sizeof(told));
	finding->holder = hold->stack;
}

void judge_long_waits(struct judge *judge)
{
	struct fold_finding *finding, *next;

	HASH_ITER (hh, judge->report->fold->findings, finding, next) {
		const struct timeline_span *wait, *hold;

		if (finding->key.kind != HF_KIND_LONG_WAIT ||
		    finding->recording != judge->recording)
			continue;
		wait = find_wait(judge, finding->record);
		hold = wait ? find_holder(judge, wait, finding->record->holder_pid) : NULL;
		if (hold)
			tell_holder(judge, finding, hold);
	}
}
