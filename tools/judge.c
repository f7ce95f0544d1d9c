/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "judge.h"

#include <stdlib.h>
#include <string.h>

#include "fold.h"
#include "fstype.h"
#include "timeline.h"

const struct timeline_row *judge_row(const struct judge *judge, const struct timeline_span *span)
{
	return &judge->timeline.rows[span->row];
}

/*
 * The owner of a POSIX lock is a process, that of another an open file description, which a fork, a
 * dup or a message on a socket gives several descriptors and processes. Two that were each opened
 * by their own process are two.
 */
static bool are_different_owners(const struct judge *judge, const struct timeline_span *a,
				 const struct timeline_span *b)
{
	if (a->primitive != b->primitive)
		return true;
	if (a->primitive == HF_PRIM_POSIX)
		return judge_row(judge, a)->pid != judge_row(judge, b)->pid;
	return a->unshared && b->unshared &&
	       (judge_row(judge, a)->pid != judge_row(judge, b)->pid || a->fd != b->fd);
}

static bool overlap(const struct timeline_span *a, const struct timeline_span *b)
{
	return a->first <= b->last && b->first <= a->last;
}

uint64_t judge_end(const struct timeline_span *span)
{
	return span->end == TIMELINE_OPEN ? UINT64_MAX : span->to;
}

/*
 * A wait that was cancelled or jumped out of has no end of its own: it is over at the latest with
 * the read lock that it meant to upgrade.
 */
static uint64_t end_of_upgrade(const struct judge *judge, const struct timeline_span *wait)
{
	uint64_t gone = judge_end(&judge->timeline.spans[wait->upgrades]);

	return gone < judge_end(wait) ? gone : judge_end(wait);
}

/*
 * Two waits that last at the same time, each for bytes of which the other's owner keeps a read
 * lock: neither can be granted before the other gives up. The one that ended first must not have
 * been granted, or the locks were not what they seem (descriptions shared between processes).
 */
static bool are_deadlocked(const struct judge *judge, const struct timeline_span *a,
			   const struct timeline_span *b)
{
	const struct timeline_span *spans = judge->timeline.spans;
	const struct timeline_span *first = judge_end(a) <= judge_end(b) ? a : b;

	return b->from < end_of_upgrade(judge, a) && first->end != TIMELINE_RELEASED &&
	       hf_fileid_equal(judge_row(judge, a)->id, judge_row(judge, b)->id) &&
	       are_different_owners(judge, a, b) && overlap(a, &spans[b->upgrades]) &&
	       overlap(b, &spans[a->upgrades]);
}

struct hf_rec_finding judge_about(const struct judge *judge, enum hf_kind kind,
				  const struct timeline_span *hold)
{
	const struct fold_file *file = fold_file(judge->report->fold, judge_row(judge, hold)->id);

	return (struct hf_rec_finding){
		.kind = (uint16_t)kind,
		.flags = file && hf_fstype_is_remote(file->fs_type) ? HF_FINDING_UNASKED : 0,
		.proof = HF_PROOF_NONE,
		.primitive = hold->primitive,
		.mode = hold->mode,
		.fd = hold->fd,
		.holder_tid = judge_row(judge, hold)->tid,
		.taken_time = hold->from,
		.id = judge_row(judge, hold)->id,
		.start = hold->first,
		.end = hold->last,
		.count = 1,
	};
}

void judge_want(struct hf_rec_finding *record, const struct timeline_span *wait)
{
	record->wanted = wait->mode;
	record->wanted_primitive = wait->primitive;
	record->other_fd = wait->fd;
}

bool judge_is_wanted(const struct judge *judge, const struct hf_rec_finding *record)
{
	const struct hf_image *image = recording_image(judge->recording, record->head.image);

	return !image || !(image->kinds_off >> record->kind & 1);
}

void judge_tell(struct judge *judge, const struct hf_rec_finding *record, uint32_t here,
		uint32_t taken)
{
	if (judge_is_wanted(judge, record) &&
	    !fold_judged_again(judge->report->fold, record, here, taken))
		fold_judged(judge->report->fold, judge->recording,
			    store_bytes(&judge->report->memory, record, sizeof(*record)), here,
			    taken);
}

/* The later one closed the circle: it is told, and the read lock that it runs into. */
static void tell_upgrade_deadlock(struct judge *judge, const struct timeline_span *wait,
				  const struct timeline_span *other)
{
	const struct timeline_span *hold = &judge->timeline.spans[other->upgrades];
	struct hf_rec_finding record = judge_about(judge, HF_KIND_UPGRADE_DEADLOCK, hold);

	judge_want(&record, wait);
	record.start = wait->first;
	record.end = wait->last;
	record.head.image = wait->image;
	record.head.tid = judge_row(judge, wait)->tid;
	record.head.time = wait->from;
	judge_tell(judge, &record, wait->stack, hold->stack);
}

static void judge_upgrade_deadlock(struct judge *judge)
{
	for (size_t i = 0; i < judge->upgrade_count; i++)
		for (size_t j = i + 1; j < judge->upgrade_count &&
				       judge->upgrades[j]->from < judge_end(judge->upgrades[i]);
		     j++)
			if (are_deadlocked(judge, judge->upgrades[i], judge->upgrades[j]))
				tell_upgrade_deadlock(judge, judge->upgrades[j],
						      judge->upgrades[i]);
}

static int compare_beginnings(const void *first, const void *second)
{
	const struct timeline_span *a = *(const struct timeline_span *const *)first;
	const struct timeline_span *b = *(const struct timeline_span *const *)second;

	return (a->from > b->from) - (a->from < b->from);
}

static void find_upgrades(struct judge *judge)
{
	const struct timeline *timeline = &judge->timeline;

	judge->upgrades = alloc_zeroed(timeline->span_count, sizeof(*judge->upgrades));
	for (size_t i = 0; i < timeline->span_count; i++)
		if (timeline->spans[i].upgrades != TIMELINE_NONE)
			judge->upgrades[judge->upgrade_count++] = &timeline->spans[i];
	qsort(judge->upgrades, judge->upgrade_count, sizeof(*judge->upgrades), compare_beginnings);
}

bool judge_exclude_each_other(const struct timeline_span *hold, const struct timeline_span *wait)
{
	bool is_flock = hold->primitive == HF_PRIM_FLOCK;

	return is_flock == (wait->primitive == HF_PRIM_FLOCK) &&
	       (wait->unshared || wait->primitive == HF_PRIM_POSIX ||
		wait->primitive != hold->primitive) &&
	       hf_modes_conflict(hold->mode, wait->mode) && overlap(hold, wait);
}

/* The lock of that process that this wait runs into and that is held as long as it lasts. */
static const struct timeline_span *find_blocker(const struct judge *judge, int32_t pid,
						const struct timeline_span *wait)
{
	for (size_t i = 0; i < judge->timeline.span_count; i++) {
		const struct timeline_span *hold = &judge->timeline.spans[i];

		if (hold->kind == TIMELINE_HOLD && judge_row(judge, hold)->pid == pid &&
		    hf_fileid_equal(judge_row(judge, hold)->id, judge_row(judge, wait)->id) &&
		    judge_exclude_each_other(hold, wait) && hold->from <= wait->from &&
		    judge_end(hold) >= judge_end(wait))
			return hold;
	}
	return NULL;
}

static void tell_wait_under_lock(struct judge *judge, const struct timeline_childwait *childwait,
				 const struct timeline_span *hold, const struct timeline_span *wait)
{
	struct hf_rec_finding record = judge_about(judge, HF_KIND_WAIT_UNDER_LOCK, hold);

	judge_want(&record, wait);
	record.head.image = childwait->image;
	record.head.tid = childwait->tid;
	record.head.time = childwait->from;
	judge_tell(judge, &record, childwait->stack, hold->stack);
}

static int32_t parent_of(const struct judge *judge, const struct timeline_span *span)
{
	const struct hf_image *image = recording_image(judge->recording, span->image);

	return image ? image->ppid : 0;
}

static bool waits_for(const struct judge *judge, const struct timeline_childwait *childwait,
		      const struct timeline_span *wait)
{
	int32_t child = judge_row(judge, wait)->pid;

	return childwait->pid == parent_of(judge, wait) &&
	       (childwait->child == child || childwait->child < 0) &&
	       childwait->from < judge_end(wait) && wait->from < childwait->to &&
	       judge_end(wait) <= childwait->to;
}

/*
 * A child waits for a lock of its parent, which waits for the child: until somebody ended the
 * child, nothing moved. A wait that was granted was no such thing.
 */
static void judge_wait_under_lock(struct judge *judge)
{
	const struct timeline *timeline = &judge->timeline;

	for (size_t i = 0; timeline->childwait_count && i < timeline->span_count; i++) {
		const struct timeline_span *wait = &timeline->spans[i], *hold;

		if (wait->kind != TIMELINE_WAIT || wait->end == TIMELINE_RELEASED)
			continue;
		for (size_t j = 0; j < timeline->childwait_count; j++) {
			const struct timeline_childwait *childwait = &timeline->childwaits[j];

			if (!waits_for(judge, childwait, wait))
				continue;
			hold = find_blocker(judge, childwait->pid, wait);
			if (hold)
				tell_wait_under_lock(judge, childwait, hold, wait);
		}
	}
}

/*
 * What the parent took since may be on a description that the child does not have. And events are
 * recorded a moment after what they tell of: an unlock from before may seem to fall into a hold
 * that only began then.
 */
static bool is_from_before_fork(const struct hf_image *child, const struct timeline_span *hold)
{
	return child->kind == HF_IMAGE_FORK && child->parent == hold->image + 1 &&
	       hold->from <= child->start_time;
}

/* Did that process go on believing: did it unlock itself, or was the loss noticed when it did? */
static bool is_taken_away(const struct judge *judge, const struct timeline_span *hold,
			  const struct timeline_unlock *unlock)
{
	return hold->kind == TIMELINE_HOLD && hold->primitive == unlock->primitive &&
	       hf_fileid_equal(judge_row(judge, hold)->id, unlock->id) &&
	       hold->from < unlock->time && unlock->time < hold->to &&
	       hold->first <= unlock->last && unlock->first <= hold->last &&
	       (hold->end == TIMELINE_RELEASED || hold->end == TIMELINE_LOST);
}

/*
 * The parent's hold that went with the unlock. Its description is known by the number that took it,
 * or, when the child unlocked a duplicate, by being the only one. NULL: there is none, or several.
 */
static const struct timeline_span *find_taken_away(const struct judge *judge,
						   const struct timeline_unlock *unlock)
{
	const struct hf_image *child = recording_image(judge->recording, unlock->image);
	const struct timeline_span *found = NULL;
	unsigned count = 0;

	for (size_t i = 0; child && i < judge->timeline.span_count; i++) {
		const struct timeline_span *hold = &judge->timeline.spans[i];

		if (!is_taken_away(judge, hold, unlock) || !is_from_before_fork(child, hold))
			continue;
		if (hold->fd == unlock->fd)
			return hold;
		found = hold;
		count++;
	}
	return count == 1 ? found : NULL;
}

static void tell_child_releases_parent(struct judge *judge, const struct timeline_unlock *unlock,
				       const struct timeline_span *hold)
{
	struct hf_rec_finding record = judge_about(judge, HF_KIND_CHILD_RELEASES_PARENT, hold);

	record.other_fd = unlock->fd;
	record.head.image = unlock->image;
	record.head.tid = unlock->tid;
	record.head.time = unlock->time;
	judge_tell(judge, &record, unlock->stack, hold->stack);
	/* The loser noticed it too, and did not know how it came about. */
	if (hold->end == TIMELINE_LOST)
		fold_withdraw_late(judge->report->fold, unlock->id, hold->stack);
}

static void judge_child_releases_parent(struct judge *judge)
{
	for (size_t i = 0; i < judge->timeline.unlock_count; i++) {
		const struct timeline_unlock *unlock = &judge->timeline.unlocks[i];
		/* That no acquisition came before proves nothing: the ring may have lost it. */
		const struct timeline_span *hold =
			unlock->inherited ? find_taken_away(judge, unlock) : NULL;

		if (hold)
			tell_child_releases_parent(judge, unlock, hold);
	}
}

/* One process alone can do nothing of this; most recordings are of one. */
static bool has_processes(const struct recording *recording)
{
	unsigned count = 0;

	for (uint32_t i = 0; i < recording->view.image_count && count < 2; i++)
		count += recording_image(recording, i) != NULL;
	return count > 1;
}

void judge_recording(struct report *report, const struct recording *recording)
{
	struct judge judge = { .report = report, .recording = recording };

	if (!has_processes(recording))
		return;
	timeline_add(report, recording, &judge.timeline);
	find_upgrades(&judge);
	judge_upgrade_deadlock(&judge);
	judge_wait_under_lock(&judge);
	judge_child_releases_parent(&judge);
	judge_survived_ofd(&judge);
	judge_leak_to_exec(&judge);
	judge_fd_lost(&judge);
	judge_long_waits(&judge);
	judge_mixed_primitives(&judge);
	free(judge.upgrades);
	timeline_free(&judge.timeline);
}
