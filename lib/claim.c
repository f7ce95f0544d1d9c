/* SPDX-License-Identifier: MIT */
/*
 * The claims on a file: held.h tells what they are. Everything here is within hf_held_enter(), but
 * for hf_claim_hold(), which every grant goes through: a state may become HELD at any time.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#ifdef HAVE_SYS_SINGLE_THREADED_H
#include <sys/single_threaded.h>
#endif
#include <utlist.h>

#include "held.h"
#include "lock.h"
#include "sys.h"
#include "wait.h"

/* What one claim means for another that wants to begin; the greatest over all claims counts. */
enum verdict {
	GO,
	SOON, /* out of the way in a moment */
	BUSY,
	REENTRY /* the same thread's: waiting would be for itself */
};

static bool overlap(const struct hf_claim *a, const struct hf_claim *b)
{
	return a->start <= b->end && b->start <= a->end;
}

static bool same_owner(const struct hf_claim *a, const struct hf_claim *b)
{
	return a->lock->owner == b->lock->owner;
}

static enum hf_claim_state state_of(const struct hf_claim *claim)
{
	return __atomic_load_n(&claim->state, __ATOMIC_SEQ_CST);
}

static bool is_in_passing(enum hf_claim_state state)
{
	return state == HF_CLAIM_TAKING || state == HF_CLAIM_DROPPING;
}

static enum verdict judge(const struct hf_claim *wanted, const struct hf_claim *other)
{
	if (!overlap(wanted, other))
		return GO;
	if (wanted->thread && wanted->thread == other->thread)
		return REENTRY;
	if (!same_owner(wanted, other))
		return GO; /* the kernel tells them apart */
	if (is_in_passing(state_of(other)))
		return SOON;
	if (wanted->mode == HF_EXCLUSIVE || other->mode == HF_EXCLUSIVE || other->upgrading)
		return BUSY;
	return state_of(other) == HF_CLAIM_WAITING && other->lock == wanted->lock ? BUSY : GO;
}

/* With HF_WRITERS_FIRST a reader does not overtake a writer that sleeps for the same owner's bytes.
 */
static bool must_queue(const struct hf_claim *wanted)
{
	struct hf_claim *writer;

	if (wanted->mode != HF_SHARED || !(wanted->lock->flags & HF_WRITERS_FIRST))
		return false;
	DL_FOREACH(wanted->lock->file->queue, writer)
	if (same_owner(wanted, writer))
		return true;
	return false;
}

/* self is the claim that wanted is to become, or NULL. */
static enum verdict judge_all(const struct hf_claim *wanted, const struct hf_claim *self)
{
	const struct hf_file *file = wanted->lock->file;
	enum verdict worst = must_queue(wanted) ? BUSY : file->closing ? SOON : GO;
	struct hf_claim *other;

	DL_FOREACH(file->claims, other)
	{
		enum verdict verdict = other == self ? GO : judge(wanted, other);

		if (verdict > worst)
			worst = verdict;
	}
	return worst;
}

/* One turn of waiting, as attempt allows. The world may have changed completely afterwards. */
static int wait_a_turn(struct hf_attempt *attempt)
{
	int cancel = hf_cancel_off(); /* the program's callback is called */
	int ret;

	hf_held_leave();
	ret = hf_attempt_begin(attempt);
	hf_held_enter();
	hf_cancel_restore(cancel);
	return ret;
}

/* The file may be another's by the time this returns, hence the reference. */
static int sleep_in_queue(struct hf_attempt *attempt, struct hf_claim *wanted)
{
	struct hf_file *file = wanted->lock->file;
	int ret;

	if (wanted->mode == HF_SHARED)
		return hf_attempt_sleep(attempt);
	hf_file_get(file);
	DL_APPEND(file->queue, wanted);
	ret = hf_attempt_sleep(attempt);
	DL_DELETE(file->queue, wanted);
	if (ret)
		hf_file_changed(file);
	hf_file_put(file);
	return ret;
}

/*
 * Sleeps until nothing is in wanted's way. hf_attempt_begin() runs without the mutex, so the
 * judgement is made again after it.
 */
static int await_go(struct hf_attempt *attempt, struct hf_claim *wanted,
		    const struct hf_claim *self)
{
	bool begun = false;
	int ret = 0;

	while (!ret) {
		/* Said before looking: either hf_claim_hold()'s change is seen, or it sees this. */
		__atomic_store_n(&wanted->lock->file->watched, true, __ATOMIC_SEQ_CST);
		switch (judge_all(wanted, self)) {
		case GO:
			return 0;
		case REENTRY:
			return -EDEADLK;
		case SOON:
			(void)hf_file_sleep(wanted->lock->file, UINT64_MAX);
			break;
		case BUSY:
			ret = begun ? sleep_in_queue(attempt, wanted) : wait_a_turn(attempt);
			begun = true;
			break;
		}
	}
	return ret;
}

static struct hf_claim *new_claim(struct hf_lock *lock)
{
	if (lock->first.state == HF_CLAIM_NONE)
		return &lock->first;
	return malloc(sizeof(struct hf_claim));
}

/*
 * Member by member: a struct put together elsewhere and copied is read back in larger pieces than
 * it was written in, which stalls the processor for a fifth of what the library adds to a lock.
 */
static void init_claim(struct hf_claim *claim, const struct hf_attempt *attempt, uint64_t start,
		       uint64_t end)
{
	struct hf_lock *lock = attempt->lock;

	claim->lock = lock;
	claim->thread = lock->flags & HF_ANY_THREAD ? 0 : hf_thread_self();
	claim->start = start;
	claim->end = end;
	claim->mode = attempt->mode;
	claim->state = HF_CLAIM_TAKING;
	claim->upgrading = false;
	claim->posix = lock->file->posix;
}

int hf_claim_begin(struct hf_attempt *attempt, uint64_t start, uint64_t end, struct hf_claim **ret)
{
	struct hf_lock *lock = attempt->lock;
	struct hf_claim *claim;
	int error;

	/* By far the most common: nothing else is going on with the file. */
	if (lock->file->claims || lock->file->queue || lock->file->closing) {
		struct hf_claim wanted;

		init_claim(&wanted, attempt, start, end);
		error = await_go(attempt, &wanted, NULL);
		if (error)
			return error;
		attempt->joined = true;
	}
	claim = new_claim(lock);
	if (!claim)
		return -ENOMEM;
	init_claim(claim, attempt, start, end);
	DL_APPEND(lock->file->claims, claim);
	*ret = claim;
	return 0;
}

static bool is_upgrade_pending(const struct hf_claim *claim)
{
	struct hf_claim *other;

	DL_FOREACH(claim->lock->file->claims, other)
	if (other->upgrading && overlap(claim, other))
		return true;
	return false;
}

int hf_claim_begin_upgrade(struct hf_attempt *attempt, struct hf_claim *claim)
{
	struct hf_claim wanted = *claim;
	int ret;

	if (is_upgrade_pending(claim))
		return -EDEADLK;
	wanted.mode = HF_EXCLUSIVE;
	/* New readers of the same owner wait from here on; who only tries is in nobody's way. */
	claim->upgrading = attempt->timeout != HF_NOWAIT;
	ret = await_go(attempt, &wanted, claim);
	if (ret) {
		claim->upgrading = false;
		hf_file_changed(claim->lock->file);
		return ret;
	}
	claim->mode = HF_EXCLUSIVE;
	claim->state = HF_CLAIM_TAKING;
	return 0;
}

static void end_claim(struct hf_claim *claim)
{
	DL_DELETE(claim->lock->file->claims, claim);
	if (claim == &claim->lock->first)
		claim->state = HF_CLAIM_NONE;
	else
		free(claim);
}

void hf_claim_set(struct hf_claim *claim, enum hf_claim_state state)
{
	struct hf_file *file = claim->lock->file;

	if (state == HF_CLAIM_NONE)
		end_claim(claim);
	else
		__atomic_store_n(&claim->state, state, __ATOMIC_SEQ_CST);
	hf_file_changed(file);
}

/* Is there no other thread that could look? It saves every acquire a barrier. */
static bool is_alone(void)
{
#ifdef HAVE_SYS_SINGLE_THREADED_H
	return __libc_single_threaded;
#else
	return false;
#endif
}

void hf_claim_hold(struct hf_claim *claim)
{
	struct hf_file *file = claim->lock->file;

	if (is_alone()) {
		claim->state = HF_CLAIM_HELD;
		return;
	}
	__atomic_store_n(&claim->state, HF_CLAIM_HELD, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&file->watched, __ATOMIC_SEQ_CST))
		return;
	hf_held_enter();
	hf_file_changed(file);
	hf_held_leave();
}

struct hf_claim *hf_claim_mine(const struct hf_lock *lock)
{
	uint64_t thread = lock->flags & HF_ANY_THREAD ? 0 : hf_thread_self();
	struct hf_claim *claim;

	DL_FOREACH(lock->file->claims, claim)
	if (claim->lock == lock && claim->thread == thread)
		return claim;
	return NULL;
}

struct hf_claim *hf_claim_any(const struct hf_lock *lock)
{
	struct hf_claim *claim;

	DL_FOREACH(lock->file->claims, claim)
	if (claim->lock == lock)
		return claim;
	return NULL;
}

bool hf_claim_is_joined(const struct hf_claim *claim)
{
	struct hf_claim *other;

	DL_FOREACH(claim->lock->file->claims, other)
	if (other != claim && other->lock == claim->lock)
		return true;
	return false;
}

static bool covers(const struct hf_claim *other, const struct hf_claim *claim)
{
	return other != claim && same_owner(other, claim) && state_of(other) != HF_CLAIM_DROPPING;
}

/* The last byte of the run of covered bytes at position, or position - 1 when it is not covered. */
static uint64_t covered_until(const struct hf_claim *claim, uint64_t position)
{
	struct hf_claim *other;

	DL_FOREACH(claim->lock->file->claims, other)
	if (covers(other, claim) && other->start <= position && position <= other->end)
		return other->end;
	return position - 1;
}

bool hf_claim_uncovered(const struct hf_claim *claim, uint64_t from, uint64_t *start, uint64_t *end)
{
	struct hf_claim *other;
	uint64_t until;

	while ((until = covered_until(claim, from)) + 1 != from) {
		if (until >= claim->end)
			return false;
		from = until + 1;
	}
	*start = from;
	*end = claim->end;
	DL_FOREACH(claim->lock->file->claims, other)
	if (covers(other, claim) && other->start > from && other->start <= *end)
		*end = other->start - 1;
	return true;
}
