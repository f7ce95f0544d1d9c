/* SPDX-License-Identifier: MIT */
/*
 * fd-lost: a function that locks returned on its error path and left the descriptor open.
 *
 * The trap: flock(1) and every daemon with a pidfile also take a lock, never release it, and have
 * somebody who waits for it. No call tells a lock that was forgotten from one that is meant to last
 * as long as the process. So what is told is a habit that was broken, seen whole in the events:
 *
 *	lock A, release A;   lock B, release B;   lock A;   lock B, release B;   the end
 *
 * all in one thread of one program and with the very same stack. The first round shows that the
 * lock of this very file is released there, and that the work goes from file to file, never with
 * two of them: so one that is still held while another is taken there was left behind. Daemons,
 * retries and elections lack the first round. Caches of locks are kept more than once. Documents
 * and sessions, whose life the data decide, overlap; so does what a script does under its lock, all
 * of whose lines are one place in the interpreter's stack. And somebody must have waited for just
 * this lock, long, and not have got it while it was held.
 */
#include "config.h"

#include "judge.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "timeline.h"

#define NS_PER_MS UINT64_C(1000000)

/* A hold that nobody released, and what else its thread took at that place. */
struct habit {
	const struct judge *judge;
	const struct timeline_span *hold;
	uint64_t over;	   /* when the last of the others was released */
	bool has_released; /* a lock of this file, before */
	bool has_gone_on;  /* to another file, after that */
	bool has_left;	   /* for another file, after the hold began */
};

static bool is_kept(const struct timeline_span *span)
{
	return span->kind == TIMELINE_HOLD && span->stack && !span->rest &&
	       (span->end == TIMELINE_EXIT || span->end == TIMELINE_OPEN);
}

static bool was_released(const struct timeline_span *span)
{
	return !span->rest && (span->end == TIMELINE_RELEASED || span->end == TIMELINE_CLOSED);
}

/* A program that took this one's place, or a child that began meanwhile, may be meant to have it.
 */
static bool has_heirs(const struct judge *judge, const struct timeline_span *hold)
{
	int32_t pid = judge_row(judge, hold)->pid;

	for (uint32_t i = 0; i < judge->recording->view.image_count; i++) {
		const struct hf_image *image = recording_image(judge->recording, i);

		if (image && image->start_time > hold->from &&
		    (image->pid == pid ||
		     (hold->primitive != HF_PRIM_POSIX &&
		      (image->ppid == pid || image->parent == hold->image + 1))))
			return true;
	}
	return false;
}

/* Through a duplicate of the descriptor: which lock that released, the events do not tell. */
static bool is_unlocked_elsewhere(const struct judge *judge, const struct timeline_span *hold)
{
	for (size_t i = 0; i < judge->timeline.unlock_count; i++) {
		const struct timeline_unlock *unlock = &judge->timeline.unlocks[i];

		if (unlock->pid == judge_row(judge, hold)->pid && unlock->time > hold->from &&
		    hf_fileid_equal(unlock->id, judge_row(judge, hold)->id))
			return true;
	}
	return false;
}

/* Nobody but its process can have released it. */
static bool is_its_own(const struct judge *judge, const struct timeline_span *hold)
{
	if (has_heirs(judge, hold))
		return false;
	return hold->primitive == HF_PRIM_POSIX ||
	       (hold->unshared && !hold->inherited && !is_unlocked_elsewhere(judge, hold));
}

static bool is_same_thread(const struct judge *judge, const struct timeline_span *a,
			   const struct timeline_span *b)
{
	return a->image == b->image && judge_row(judge, a)->tid == judge_row(judge, b)->tid;
}

/* The next of the others, in the order of their beginning. False: two are held at a time. */
static bool follow(struct habit *habit, const struct timeline_span *other)
{
	bool is_before = other->from < habit->hold->from;
	bool is_same_file = hf_fileid_equal(judge_row(habit->judge, other)->id,
					    judge_row(habit->judge, habit->hold)->id);

	if (other->from < habit->over || (is_before && other->to > habit->hold->from))
		return false;
	habit->over = other->to;
	if (is_same_file)
		habit->has_released |= is_before;
	else if (is_before)
		habit->has_gone_on |= habit->has_released;
	else
		habit->has_left = true;
	return true;
}

/* One more that is kept, by whatever thread or process, and it is the rule there. */
static bool breaks_habit(const struct judge *judge, const struct timeline_span *hold)
{
	struct habit habit = { .judge = judge, .hold = hold };

	for (size_t i = 0; i < judge->timeline.span_count; i++) {
		const struct timeline_span *other = &judge->timeline.spans[i];

		if (other == hold || other->kind != TIMELINE_HOLD || other->stack != hold->stack)
			continue;
		if (!was_released(other) ||
		    (is_same_thread(judge, other, hold) && !follow(&habit, other)))
			return false;
	}
	return habit.has_gone_on && habit.has_left;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* How long the hold was in the way of the wait. One that was granted meanwhile shows it was not. */
static uint64_t delay(const struct judge *judge, const struct timeline_span *hold,
		      const struct timeline_span *wait)
{
	uint64_t from = later(hold->from, wait->from);
	uint64_t to = wait->to < judge_end(hold) ? wait->to : judge_end(hold);

	if (judge_row(judge, hold)->pid == judge_row(judge, wait)->pid ||
	    !hf_fileid_equal(judge_row(judge, hold)->id, judge_row(judge, wait)->id) ||
	    !judge_exclude_each_other(hold, wait) || to <= from ||
	    (wait->end == TIMELINE_RELEASED && wait->to < judge_end(hold)))
		return 0;
	return to - from;
}

static bool is_long(const struct judge *judge, const struct timeline_span *wait, uint64_t ns)
{
	const struct hf_image *image = recording_image(judge->recording, wait->image);

	return image && ns && ns / NS_PER_MS >= image->wait_report_ms;
}

/* Waits that may be told: long, and known to have lasted until their end. */
struct waits {
	const struct timeline_span **spans;
	size_t count;
};

static struct waits find_long_waits(const struct judge *judge)
{
	struct waits ret = { .spans =
				     alloc_zeroed(judge->timeline.span_count + 1, sizeof(void *)) };

	for (size_t i = 0; i < judge->timeline.span_count; i++) {
		const struct timeline_span *span = &judge->timeline.spans[i];

		if (span->kind == TIMELINE_WAIT && span->answered &&
		    is_long(judge, span, span->to - span->from))
			ret.spans[ret.count++] = span;
	}
	return ret;
}

static const struct timeline_span *find_victim(const struct judge *judge, const struct waits *waits,
					       const struct timeline_span *hold)
{
	for (size_t i = 0; i < waits->count; i++)
		if (is_long(judge, waits->spans[i], delay(judge, hold, waits->spans[i])))
			return waits->spans[i];
	return NULL;
}

static void tell(struct judge *judge, const struct timeline_span *hold,
		 const struct timeline_span *wait)
{
	struct hf_rec_finding record = judge_about(judge, HF_KIND_FD_LOST, hold);

	judge_name_process(&record, judge_row(judge, wait));
	record.wanted = wait->mode;
	record.wanted_primitive = wait->primitive;
	record.other_fd = HF_NO_FD;
	record.head.image = hold->image;
	record.head.tid = judge_row(judge, hold)->tid;
	record.head.time = hold->from;
	judge_tell(judge, &record, hold->stack, 0);
}

void judge_fd_lost(struct judge *judge)
{
	struct waits waits;

	if (judge->recording->view.event_first > 0) /* a release may have been overwritten */
		return;
	waits = find_long_waits(judge);
	for (size_t i = 0; waits.count && i < judge->timeline.span_count; i++) {
		const struct timeline_span *hold = &judge->timeline.spans[i], *victim;

		if (!is_kept(hold) || !(victim = find_victim(judge, &waits, hold)) ||
		    !is_its_own(judge, hold) || !breaks_habit(judge, hold))
			continue;
		tell(judge, hold, victim);
	}
	free(waits.spans);
}
