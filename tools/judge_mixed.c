/* SPDX-License-Identifier: MIT */
/*
 * mixed-primitives between processes: one relies on a flock, another on a record lock (POSIX or
 * OFD) of the same file, at the same time, in modes that are meant to exclude each other. (Between
 * the threads of one process the shim sees it.)
 *
 * What looks like it and is none:
 *   - whoever takes both kinds keeps out, and is kept out by, the users of either. Mail boxes are
 *     locked so, and where the two are not released in reverse order they overlap.
 *   - a process that was started under a lock works for the one who holds it: "flock FILE sqlite3
 *     FILE". It, and what it starts in turn, needs no lock of the holder's kind.
 *   - a process that uses both kinds at different times may have two purposes for them: a note.
 *   - on network and FUSE file systems flock may be a record lock in disguise: then the kernel has
 *     seen to it, and what overlaps here is the moment between a release and its record.
 *
 * What a process holds that was killed is taken to last as long as something was heard of it.
 */
#include "config.h"

#include "judge.h"

#include <stdlib.h>
#include <string.h>

#include "fold.h"
#include "fstype.h"

/* Of holders of one file at the same time, so many of each family are looked at: the newest. */
#define ACTIVE_MAX 64

struct process {
	int32_t pid;
	const struct hf_image *image; /* the last of that number */
	UT_hash_handle hh;
};

/* What a process takes on a file at one time or another. */
struct habit {
	struct {
		int64_t pid;
		struct hf_fileid id;
	} key;
	bool families[2]; /* [is_flock] */
	UT_hash_handle hh;
};

/* The locks of one family that are held at the moment of the sweep. */
struct family {
	const struct timeline_span *holds[ACTIVE_MAX];
	size_t count;
	size_t next; /* the oldest, once all places are taken */
};

struct mixed {
	struct judge *judge;
	const struct timeline_span **holds; /* by file, then by beginning */
	size_t hold_count;
	struct timeline_unlock *unlocks; /* by file, then by time */
	size_t unlock_count;
	uint64_t *last_seen; /* of each image: its last event */
	struct process *processes;
	struct habit *habits;
	struct family families[2]; /* [is_flock] */
};

static bool is_flock(const struct timeline_span *span)
{
	return span->primitive == HF_PRIM_FLOCK;
}

static int compare_ids(struct hf_fileid a, struct hf_fileid b)
{
	int ret = (a.ino > b.ino) - (a.ino < b.ino);

	return ret ? ret : (a.dev > b.dev) - (a.dev < b.dev);
}

static int compare_times(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_holds(const void *first, const void *second, void *data)
{
	const struct timeline_row *rows = data;
	const struct timeline_span *a = *(const struct timeline_span *const *)first;
	const struct timeline_span *b = *(const struct timeline_span *const *)second;
	int ret = compare_ids(rows[a->row].id, rows[b->row].id);

	if (!ret)
		ret = compare_times(a->from, b->from);
	return ret ? ret : (a > b) - (a < b);
}

static int compare_unlocks(const void *first, const void *second)
{
	const struct timeline_unlock *a = first, *b = second;
	int ret = compare_ids(a->id, b->id);

	return ret ? ret : compare_times(a->time, b->time);
}

/* When a lock was lost is not known, only when it was noticed. */
static bool is_candidate(const struct mixed *mixed, const struct timeline_span *span)
{
	return span->kind == TIMELINE_HOLD && span->end != TIMELINE_LOST && !span->both_families &&
	       recording_image(mixed->judge->recording, span->image);
}

static void collect_holds(struct mixed *mixed)
{
	const struct timeline *timeline = &mixed->judge->timeline;

	mixed->holds = alloc_zeroed(timeline->span_count, sizeof(*mixed->holds));
	for (size_t i = 0; i < timeline->span_count; i++)
		if (is_candidate(mixed, &timeline->spans[i]))
			mixed->holds[mixed->hold_count++] = &timeline->spans[i];
	qsort_r(mixed->holds, mixed->hold_count, sizeof(*mixed->holds), compare_holds,
		timeline->rows);
}

static struct habit *habit_of(struct mixed *mixed, const struct timeline_span *span)
{
	struct habit *habit, wanted = { 0 };

	wanted.key.pid = judge_row(mixed->judge, span)->pid;
	wanted.key.id = judge_row(mixed->judge, span)->id;
	HASH_FIND(hh, mixed->habits, &wanted.key, sizeof(wanted.key), habit);
	if (habit)
		return habit;
	habit = alloc_bytes(sizeof(*habit));
	*habit = wanted;
	HASH_ADD(hh, mixed->habits, key, sizeof(habit->key), habit);
	return habit;
}

static void collect_habits(struct mixed *mixed)
{
	const struct timeline *timeline = &mixed->judge->timeline;

	for (size_t i = 0; i < timeline->span_count; i++) {
		const struct timeline_span *span = &timeline->spans[i];

		habit_of(mixed, span)->families[is_flock(span)] = true;
	}
}

static void collect_unlocks(struct mixed *mixed)
{
	const struct timeline *timeline = &mixed->judge->timeline;

	mixed->unlock_count = timeline->unlock_count;
	mixed->unlocks = alloc_zeroed(mixed->unlock_count, sizeof(*mixed->unlocks));
	if (mixed->unlock_count)
		memcpy(mixed->unlocks, timeline->unlocks,
		       mixed->unlock_count * sizeof(*mixed->unlocks));
	qsort(mixed->unlocks, mixed->unlock_count, sizeof(*mixed->unlocks), compare_unlocks);
}

static void collect_signs_of_life(struct mixed *mixed)
{
	const struct hf_pool_view *view = &mixed->judge->recording->view;

	mixed->last_seen = alloc_zeroed(view->image_count, sizeof(*mixed->last_seen));
	for (uint64_t i = view->event_first; i < view->event_next; i++) {
		const struct hf_event *event = hf_event_at(view, i);

		if (event && event->image < view->image_count &&
		    event->time > mixed->last_seen[event->image])
			mixed->last_seen[event->image] = event->time;
	}
}

static void collect_processes(struct mixed *mixed)
{
	const struct recording *recording = mixed->judge->recording;

	for (uint32_t i = 0; i < recording->view.image_count; i++) {
		const struct hf_image *image = recording_image(recording, i);
		struct process *process;

		if (!image)
			continue;
		HASH_FIND(hh, mixed->processes, &image->pid, sizeof(image->pid), process);
		if (!process) {
			process = alloc_zeroed(1, sizeof(*process));
			process->pid = image->pid;
			HASH_ADD(hh, mixed->processes, pid, sizeof(process->pid), process);
		}
		process->image = image;
	}
}

static uint64_t end_of(const struct mixed *mixed, const struct timeline_span *hold)
{
	return hold->end == TIMELINE_OPEN ? mixed->last_seen[hold->image] : hold->to;
}

/* The command itself is no image of the recording: what it started has no parent here. */
static bool is_root(const struct mixed *mixed, const struct hf_image *image)
{
	const struct hf_image *first = recording_image(mixed->judge->recording, 0);

	return first && image->ppid == first->ppid;
}

static const struct hf_image *parent_of(const struct mixed *mixed, const struct hf_image *image)
{
	struct process *process;

	if (image->kind == HF_IMAGE_FORK && image->parent)
		return recording_image(mixed->judge->recording, image->parent - 1);
	HASH_FIND(hh, mixed->processes, &image->ppid, sizeof(image->ppid), process);
	return process && process->image->pid != image->pid ? process->image : NULL;
}

/*
 * Was that process started under the hold, by its holder or by somebody whom that one started? If
 * its ancestors are not all known it may have been, when it is younger than the hold.
 */
static bool is_started_under(const struct mixed *mixed, const struct timeline_span *hold,
			     const struct hf_image *image)
{
	int32_t holder = judge_row(mixed->judge, hold)->pid;

	for (unsigned generation = 0; generation < ACTIVE_MAX; generation++) {
		const struct hf_image *parent = parent_of(mixed, image);

		if (image->ppid == holder || (parent && parent->pid == holder))
			return image->start_time >= hold->from;
		if (!parent)
			return !is_root(mixed, image) && image->start_time >= hold->from;
		image = parent;
	}
	return true;
}

/* By a process that has the description from another: its lock ended then, whoever took it. */
static bool is_unlocked_between(const struct mixed *mixed, const struct timeline_span *hold,
				uint64_t time)
{
	struct hf_fileid id = judge_row(mixed->judge, hold)->id;
	struct timeline_unlock wanted = { .id = id, .time = hold->from };
	size_t low = 0, high = mixed->unlock_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_unlocks(&mixed->unlocks[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < mixed->unlock_count && hf_fileid_equal(mixed->unlocks[low].id, id) &&
	       mixed->unlocks[low].time < time;
}

static bool is_rival(const struct mixed *mixed, const struct timeline_span *hold,
		     const struct timeline_span *later)
{
	return judge_row(mixed->judge, hold)->pid != judge_row(mixed->judge, later)->pid &&
	       hf_modes_conflict(hold->mode, later->mode) && end_of(mixed, hold) > later->from &&
	       !is_unlocked_between(mixed, hold, later->from) &&
	       !is_started_under(mixed, hold,
				 recording_image(mixed->judge->recording, later->image));
}

static bool uses_both(struct mixed *mixed, const struct timeline_span *span)
{
	const struct habit *habit = habit_of(mixed, span);

	return habit->families[0] && habit->families[1];
}

static void tell(struct mixed *mixed, const struct timeline_span *hold,
		 const struct timeline_span *later)
{
	struct hf_rec_finding record = judge_about(mixed->judge, HF_KIND_MIXED_PRIMITIVES, hold);

	if (uses_both(mixed, hold) || uses_both(mixed, later))
		record.level = HF_LEVEL_NOTE;
	judge_want(&record, later);
	record.start = later->first;
	record.end = later->last;
	record.head.image = later->image;
	record.head.tid = judge_row(mixed->judge, later)->tid;
	record.head.time = later->from;
	judge_tell(mixed->judge, &record, later->stack, hold->stack);
}

static void put(struct mixed *mixed, const struct timeline_span *hold)
{
	struct family *family = &mixed->families[is_flock(hold)];

	for (size_t i = family->count; i-- > 0;)
		if (end_of(mixed, family->holds[i]) <= hold->from)
			family->holds[i] = family->holds[--family->count];
	if (family->count < ACTIVE_MAX)
		family->holds[family->count++] = hold;
	else
		family->holds[family->next++ % ACTIVE_MAX] = hold;
}

static void take(struct mixed *mixed, const struct timeline_span *hold)
{
	const struct family *others = &mixed->families[!is_flock(hold)];

	for (size_t i = 0; i < others->count; i++)
		if (is_rival(mixed, others->holds[i], hold)) {
			tell(mixed, others->holds[i], hold);
			break;
		}
	put(mixed, hold);
}

static bool is_remote(const struct mixed *mixed, struct hf_fileid id)
{
	const struct fold_file *file = fold_file(mixed->judge->report->fold, id);

	return !file || hf_fstype_is_remote(file->fs_type);
}

/* One file after the other, each from its first hold to the last. */
static void sweep(struct mixed *mixed)
{
	struct hf_fileid id = { 0 };
	bool skipped = true;

	for (size_t i = 0; i < mixed->hold_count; i++) {
		const struct timeline_span *hold = mixed->holds[i];

		if (i == 0 || !hf_fileid_equal(id, judge_row(mixed->judge, hold)->id)) {
			id = judge_row(mixed->judge, hold)->id;
			skipped = is_remote(mixed, id);
			memset(mixed->families, 0, sizeof(mixed->families));
		}
		if (!skipped)
			take(mixed, hold);
	}
}

/* Most programs know one family only. */
static bool has_both_families(const struct timeline *timeline)
{
	bool found[2] = { false, false };

	for (size_t i = 0; i < timeline->span_count; i++)
		found[is_flock(&timeline->spans[i])] = true;
	return found[0] && found[1];
}

static void free_mixed(struct mixed *mixed)
{
	struct process *process, *next;
	struct habit *habit, *next_habit;

	HASH_ITER (hh, mixed->habits, habit, next_habit) {
		HASH_DEL(mixed->habits, habit);
		free(habit);
	}
	HASH_ITER (hh, mixed->processes, process, next) {
		HASH_DEL(mixed->processes, process);
		free(process);
	}
	free(mixed->holds);
	free(mixed->unlocks);
	free(mixed->last_seen);
}

void judge_mixed_primitives(struct judge *judge)
{
	struct mixed mixed = { .judge = judge };

	if (!has_both_families(&judge->timeline))
		return;
	collect_holds(&mixed);
	collect_habits(&mixed);
	collect_unlocks(&mixed);
	collect_signs_of_life(&mixed);
	collect_processes(&mixed);
	sweep(&mixed);
	free_mixed(&mixed);
}
