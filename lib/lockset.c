/* SPDX-License-Identifier: MIT */
/*
 * hf_lockset: several locks, all or none.
 *
 * Everybody takes them in one order, so that no two sets wait for each other. The order is that of
 * the files, which a reopened lock file changes: then all is given back and planned anew.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "lock.h"
#include "sys.h"
#include "wait.h"

/* A member as added; or a part of the plan, which may stand for several members. */
struct member {
	struct hf_lock *lock;
	hf_mode mode;
	struct hf_fileid id;
	uint64_t start;
	uint64_t end;
};

/* members and plan have the same room. plan[0 .. taken) is held. */
struct hf_lockset {
	struct member *members;
	struct member *plan;
	size_t count;
	size_t room;
	size_t planned;
	size_t taken;
	uint64_t thread; /* that took it */
	bool held;
};

int hf_lockset_new(hf_lockset **ret)
{
	struct hf_lockset *set;

	if (!ret)
		return -EINVAL;
	set = calloc(1, sizeof(*set));
	if (!set)
		return -ENOMEM;
	*ret = set;
	return 0;
}

void hf_lockset_free(hf_lockset *set)
{
	if (!set)
		return;
	if (set->held)
		(void)hf_lockset_release(set);
	free(set->members);
	free(set->plan);
	free(set);
}

static int make_room(struct hf_lockset *set)
{
	size_t room = set->room ? set->room * 2 : 8;
	struct member *members, *plan;

	if (set->count < set->room)
		return 0;
	members = realloc(set->members, room * sizeof(*members));
	if (!members)
		return -ENOMEM;
	set->members = members;
	plan = realloc(set->plan, room * sizeof(*plan));
	if (!plan)
		return -ENOMEM;
	set->plan = plan;
	set->room = room;
	return 0;
}

int hf_lockset_add(hf_lockset *set, hf_lock *lock, hf_mode mode)
{
	int ret;

	if (!set || !lock || !hf_mode_is_valid(mode))
		return -EINVAL;
	if (set->held)
		return -EBUSY;
	ret = make_room(set);
	if (!ret)
		set->members[set->count++] = (struct member){ .lock = lock, .mode = mode };
	return ret;
}

/* ---- the plan ---- */

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_place(const void *left, const void *right)
{
	const struct member *a = left, *b = right;
	int ret = compare(a->id.dev, b->id.dev);

	if (!ret)
		ret = compare(a->id.ino, b->id.ino);
	return ret ? ret : compare(a->start, b->start);
}

static struct hf_fileid current_id(const struct hf_lock *lock)
{
	struct hf_fileid ret;

	hf_held_enter();
	ret = lock->file->key.id;
	hf_held_leave();
	return ret;
}

/* The handle with the stronger mode takes the bytes of both: the other may be open read-only. */
static void merge(struct member *into, const struct member *from)
{
	if (from->mode > into->mode) {
		into->mode = from->mode;
		into->lock = from->lock;
	}
	if (from->end > into->end)
		into->end = from->end;
}

static void make_plan(struct hf_lockset *set)
{
	size_t i, last = 0;

	for (i = 0; i < set->count; i++) {
		struct member *part = &set->plan[i];

		*part = set->members[i];
		part->id = current_id(part->lock);
		part->start = part->lock->start;
		part->end = part->lock->end;
	}
	if (set->count)
		qsort(set->plan, set->count, sizeof(*set->plan), by_place);
	for (i = 1; i < set->count; i++) {
		if (hf_fileid_equal(set->plan[i].id, set->plan[last].id) &&
		    set->plan[i].start <= set->plan[last].end)
			merge(&set->plan[last], &set->plan[i]);
		else
			set->plan[++last] = set->plan[i];
	}
	set->planned = set->count ? last + 1 : 0;
}

/* ---- taking and giving ---- */

static int give_back(struct hf_lockset *set)
{
	int ret = 0;

	while (set->taken > 0) {
		int error = hf_lock_release(set->plan[--set->taken].lock);

		ret = ret ? ret : error;
	}
	return ret;
}

static int check_members(const struct hf_lockset *set)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < set->count && !ret; i++) {
		ret = hf_lock_is_forked(set->members[i].lock) ? -EPERM : 0;
		ret = ret ? ret : hf_lock_check_borrowed(set->members[i].lock);
	}
	return ret;
}

/* All of the plan. *moved: one of the files was replaced, so the plan is no good any more. */
static int take_planned(struct hf_lockset *set, int64_t timeout, uint64_t deadline, bool *moved)
{
	struct hf_attempt attempt;
	struct member *part;
	int ret = 0;

	*moved = false;
	while (!ret && !*moved && set->taken < set->planned) {
		part = &set->plan[set->taken];
		hf_attempt_init(&attempt, part->lock, part->mode, timeout);
		attempt.deadline = deadline;
		ret = hf_lock_take(&attempt, part->start, part->end);
		if (ret)
			break;
		set->taken++;
		*moved = !hf_fileid_equal(current_id(part->lock), part->id);
	}
	if (ret || *moved)
		(void)give_back(set);
	return ret;
}

int hf_lockset_acquire(hf_lockset *set, int64_t timeout_ns)
{
	uint64_t deadline;
	bool moved;
	int ret;

	if (!set || timeout_ns < 0)
		return -EINVAL;
	if (set->held)
		return -EDEADLK;
	ret = check_members(set);
	if (ret)
		return ret;
	deadline = timeout_ns == HF_NOWAIT ? 0 : hf_deadline_after(timeout_ns);
	do {
		make_plan(set);
		ret = take_planned(set, timeout_ns, deadline, &moved);
	} while (!ret && moved);
	set->held = ret == 0;
	set->thread = hf_thread_self();
	return ret;
}

/* Another thread may give up only what any thread may. */
static bool is_anothers(const struct hf_lockset *set)
{
	size_t i;

	if (set->thread == hf_thread_self())
		return false;
	for (i = 0; i < set->taken; i++)
		if (!(set->plan[i].lock->flags & HF_ANY_THREAD))
			return true;
	return false;
}

int hf_lockset_release(hf_lockset *set)
{
	if (!set)
		return -EINVAL;
	if (!set->held || is_anothers(set))
		return -EPERM;
	set->held = false;
	return give_back(set);
}
