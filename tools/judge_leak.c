/* SPDX-License-Identifier: MIT */
/*
 * lock-survives-close of an OFD lock: the kernel does not tell whose it is. It is not what the
 * shim took it for when another process of the run got an OFD lock there meanwhile.
 *
 * leak-to-exec: the shim has seen that a lock survived the close that was to release it, and asked
 * the kernel. Who keeps it, only the recording of all processes tells: a program that a child
 * became, with the locked description open.
 */
#include "config.h"

#include "judge.h"

#include <string.h>

#include "fold.h"
#include "timeline.h"

/* Was the child seen to end before that moment? A wait for any child may have been for this one. */
static bool has_ended(const struct timeline *timeline, const struct timeline_leak *leak,
		      uint64_t time)
{
	for (size_t i = 0; i < timeline->childwait_count; i++) {
		const struct timeline_childwait *wait = &timeline->childwaits[i];

		if ((wait->child == leak->pid || wait->child < 0) && wait->to < time &&
		    wait->to > leak->time)
			return true;
	}
	return false;
}

static bool is_kept_by(const struct judge *judge, const struct timeline_leak *leak,
		       const struct hf_rec_finding *survived)
{
	const struct hf_image *child = recording_image(judge->recording, leak->image);
	const struct hf_image *parent = recording_image(judge->recording, survived->head.image);

	return child && parent && child->ppid == parent->pid &&
	       leak->primitive == survived->primitive && hf_fileid_equal(leak->id, survived->id) &&
	       leak->time > survived->taken_time && leak->time < survived->head.time &&
	       !has_ended(&judge->timeline, leak, survived->head.time);
}

/* Somebody who asks for the file afterwards and does not get it makes a hazard a fact. */
static bool has_victim(const struct judge *judge, const struct hf_rec_finding *survived)
{
	const struct timeline *timeline = &judge->timeline;

	for (size_t i = 0; i < timeline->span_count; i++) {
		const struct timeline_span *span = &timeline->spans[i];

		if (span->kind == TIMELINE_WAIT && span->end != TIMELINE_RELEASED &&
		    span->from > survived->head.time &&
		    hf_fileid_equal(timeline->rows[span->row].id, survived->id))
			return true;
	}
	return false;
}

static void tell(struct judge *judge, struct fold_finding *finding)
{
	struct hf_rec_finding record = *finding->record;

	record.kind = HF_KIND_LEAK_TO_EXEC;
	record.count = 1;
	record.level = has_victim(judge, finding->record) ? HF_LEVEL_ERROR : HF_LEVEL_NONE;
	fold_withdraw(finding);
	if (judge_is_wanted(judge, &record))
		fold_judged(judge->report->fold, judge->recording,
			    store_bytes(&judge->report->memory, &record, sizeof(record)),
			    finding->key.here, finding->key.taken);
}

static const struct timeline_leak *find_leak(const struct judge *judge,
					     const struct fold_finding *finding)
{
	if (finding->key.kind != HF_KIND_LOCK_SURVIVES_CLOSE ||
	    finding->recording != judge->recording)
		return NULL;
	for (size_t i = 0; i < judge->timeline.leak_count; i++)
		if (is_kept_by(judge, &judge->timeline.leaks[i], finding->record))
			return &judge->timeline.leaks[i];
	return NULL;
}

static bool is_taken_meanwhile(const struct judge *judge, const struct timeline_span *hold,
			       const struct hf_rec_finding *survived)
{
	const struct hf_image *own = recording_image(judge->recording, survived->head.image);

	return hold->kind == TIMELINE_HOLD && hold->primitive == HF_PRIM_OFD &&
	       hf_fileid_equal(judge_row(judge, hold)->id, survived->id) &&
	       hold->first <= survived->end && survived->start <= hold->last &&
	       hold->from > survived->taken_time && hold->from < survived->head.time &&
	       (!own || own->pid != judge_row(judge, hold)->pid);
}

static bool is_explained(const struct judge *judge, const struct hf_rec_finding *survived)
{
	if (judge->recording->view.event_first > 0) /* who knows what was overwritten */
		return true;
	for (size_t i = 0; i < judge->timeline.span_count; i++)
		if (is_taken_meanwhile(judge, &judge->timeline.spans[i], survived))
			return true;
	return false;
}

void judge_survived_ofd(struct judge *judge)
{
	struct fold_finding *finding, *next;

	HASH_ITER (hh, judge->report->fold->findings, finding, next) {
		if (finding->key.kind != HF_KIND_LOCK_SURVIVES_CLOSE ||
		    finding->recording != judge->recording ||
		    finding->record->primitive != HF_PRIM_OFD ||
		    !is_explained(judge, finding->record))
			continue;
		while (fold_level(finding) != HF_LEVEL_NONE)
			fold_withdraw(finding);
	}
}

void judge_leak_to_exec(struct judge *judge)
{
	struct fold_finding *finding, *next;

	if (!judge->timeline.leak_count)
		return;
	HASH_ITER (hh, judge->report->fold->findings, finding, next) {
		if (fold_level(finding) != HF_LEVEL_NONE && find_leak(judge, finding))
			tell(judge, finding);
	}
}
