/* SPDX-License-Identifier: MIT */
/*
 * hf_lock: acquire and release. open.c has the beginning and the end of a handle, convert.c the
 * change of mode, claim.c who in this process comes first, setlk.c and wait.c the kernel's part.
 */
#include "config.h"

#include "lock.h"

#include <errno.h>

#include "holdfast-annotate.h"
#include "path.h"
#include "setlk.h"
#include "sys.h"
#include "wait.h"

static int refused(int error, const struct hf_lock *lock)
{
	if (error == -EDEADLK && holdfast_note_refused)
		holdfast_note_refused("hf_lock_acquire", lock->fd);
	return error;
}

/* ---- is what we were granted still the file that others will find? ---- */

int hf_lock_recheck(struct hf_lock *lock, bool waited)
{
	struct stat st;
	int ret;

	if (lock->flags & HF_NO_RECHECK)
		return 0;
	ret = hf_sys.fstat(lock->fd, &st);
	if (ret)
		return ret;
	if (st.st_nlink == 0)
		return -ESTALE;
	if (!waited && !(lock->flags & HF_RECHECK_PATH))
		return 0;
	return hf_path_check(lock->dirfd, lock->path, lock->flags, lock->file->key.id);
}

int hf_lock_check_borrowed(struct hf_lock *lock)
{
	struct hf_fileid id;
	int ret;

	if (!lock->borrowed)
		return 0;
	ret = hf_fd_fileid(lock->fd, &id);
	if (ret)
		return ret;
	return hf_fileid_equal(id, lock->file->key.id) ? 0 : -EBADF;
}

/* Opens the file that the path names now, in place of the dead one. claim ends. */
static int reopen(struct hf_claim *claim)
{
	struct hf_lock *lock = claim->lock;
	struct hf_fileid id;
	int fd, ret;

	fd = hf_path_open(lock->dirfd, lock->path, lock->flags);
	if (fd == -ENOENT && lock->flags & HF_NO_CREATE)
		return -ESTALE;
	if (fd < 0)
		return fd;
	ret = hf_fd_fileid(fd, &id);
	if (ret) {
		(void)hf_sys.close(fd);
		return ret;
	}
	return hf_held_move(claim, id, fd);
}

/* 0: the handle is on the file of its name now, and claim has ended; begin again. */
static int move_on(struct hf_claim *claim)
{
	int cancel = hf_cancel_off();
	bool joined;
	int ret;

	hf_held_enter();
	joined = hf_claim_is_joined(claim);
	hf_held_leave();
	if (joined) {
		ret = -ESTALE; /* another thread's hold cannot be moved */
	} else {
		(void)pthread_rwlock_rdlock(&hf_opening);
		ret = reopen(claim);
		(void)pthread_rwlock_unlock(&hf_opening);
	}
	hf_cancel_restore(cancel);
	return ret;
}

/* ---- acquire ---- */

/* A writer that waits at the gate lets no more readers in; then it waits for those inside. */
static int wait_in_turn(struct hf_attempt *attempt, const struct hf_claim *claim)
{
	int ret = 0;

	if (claim->lock->flags & HF_WRITERS_FIRST && claim->mode == HF_EXCLUSIVE)
		ret = hf_wait_granted(attempt, claim, F_WRLCK, HF_GATE, HF_GATE);
	if (ret)
		return ret;
	return hf_wait_granted(attempt, claim, hf_flock_type(claim->mode), claim->start,
			       claim->end);
}

static int wait_for_grant(struct hf_attempt *attempt, struct hf_claim *claim)
{
	int cancel = hf_cancel_off();
	int ret;

	hf_held_enter();
	hf_claim_set(claim, HF_CLAIM_WAITING);
	hf_held_leave();
	ret = hf_attempt_begin(attempt);
	if (!ret)
		ret = wait_in_turn(attempt, claim);
	hf_cancel_restore(cancel);
	return ret;
}

/*
 * What another thread holds through the same handle this one may have taken before it, and given up
 * since: the checker takes that for a re-entry.
 */
static int ask_once_more(const struct hf_claim *claim)
{
	int ret;

	holdfast_annotate_guarded(claim->lock->fd);
	ret = hf_setlk(claim, hf_flock_type(claim->mode), claim->start, claim->end);
	holdfast_annotate_guarded(-1);
	return ret;
}

static int be_granted(struct hf_attempt *attempt, struct hf_claim *claim)
{
	int ret = attempt->joined && holdfast_annotate_guarded
			  ? ask_once_more(claim)
			  : hf_setlk(claim, hf_flock_type(claim->mode), claim->start, claim->end);

	if (ret == -EBUSY && attempt->timeout != HF_NOWAIT)
		ret = wait_for_grant(attempt, claim);
	if (ret)
		return ret;
	if (claim->lock->flags & HF_WRITERS_FIRST && claim->mode == HF_SHARED)
		(void)hf_setlk(claim, F_UNLCK, HF_GATE, HF_GATE);
	ret = hf_lock_recheck(claim->lock, attempt->waited);
	if (ret)
		(void)hf_unlock(claim);
	return ret;
}

/* After a failure: undoes what a wait may have left. 0: the cause is gone, begin again. */
static int step_back(struct hf_attempt *attempt, struct hf_claim *claim, int error)
{
	struct hf_lock *lock = claim->lock;

	if (attempt->waited)
		(void)hf_unlock(claim);
	if (attempt->refused) {
		hf_held_finish(claim); /* the error is the program's, whatever it looks like */
		return error;
	}
	if (error == -ESTALE) {
		error = move_on(claim);
		if (!error)
			return hf_attempt_is_over(attempt) ? -ETIMEDOUT : 0;
	}
	if (error == -EINVAL && !claim->posix) {
		hf_held_use_posix(lock);
		error = 0;
	}
	hf_held_finish(claim);
	return error;
}

static inline int take(struct hf_attempt *attempt, uint64_t start, uint64_t end)
{
	struct hf_claim *claim;
	int ret;

	do {
		hf_held_enter();
		ret = hf_claim_begin(attempt, start, end, &claim);
		hf_held_leave();
		if (ret)
			return refused(ret, attempt->lock);
		ret = be_granted(attempt, claim);
		if (!ret) {
			hf_claim_hold(claim);
			return 0;
		}
		ret = step_back(attempt, claim, ret);
	} while (!ret);
	return ret;
}

int hf_lock_take(struct hf_attempt *attempt, uint64_t start, uint64_t end)
{
	return take(attempt, start, end);
}

int hf_lock_acquire(hf_lock *lock, hf_mode mode, int64_t timeout_ns)
{
	struct hf_attempt attempt;
	int ret;

	if (!lock || !hf_mode_is_valid(mode) || timeout_ns < 0)
		return -EINVAL;
	if (hf_lock_is_forked(lock))
		return -EPERM;
	ret = lock->borrowed ? hf_lock_check_borrowed(lock) : 0;
	if (ret)
		return ret;
	hf_attempt_init(&attempt, lock, mode, timeout_ns);
	return take(&attempt, lock->start, lock->end);
}

/* ---- release ---- */

/* Within enter. What is left to do: nothing to unlock, one range, or a search for ranges. */
static bool is_whole_uncovered(const struct hf_claim *claim)
{
	uint64_t start, end;

	if (claim->lock->file->claims == claim && !claim->next)
		return true;
	return hf_claim_uncovered(claim, claim->start, &start, &end) && start == claim->start &&
	       end == claim->end;
}

int hf_lock_drop(struct hf_lock *lock)
{
	struct hf_claim *claim;
	bool whole = false;
	int ret;

	hf_held_enter();
	claim = hf_claim_mine(lock);
	if (claim && claim->state == HF_CLAIM_HELD && !claim->upgrading) {
		whole = is_whole_uncovered(claim);
		claim->state = HF_CLAIM_DROPPING;
	} else {
		claim = NULL;
	}
	hf_held_leave();
	if (!claim)
		return -EPERM;
	ret = whole ? hf_setlk(claim, F_UNLCK, claim->start, claim->end) : hf_unlock(claim);
	if (!ret) {
		hf_held_finish(claim);
		return 0;
	}
	hf_held_enter();
	hf_claim_set(claim, HF_CLAIM_HELD);
	hf_held_leave();
	return ret;
}

int hf_lock_release(hf_lock *lock)
{
	if (!lock)
		return -EINVAL;
	return hf_lock_is_forked(lock) ? -EPERM : hf_lock_drop(lock);
}

/* ---- questions ---- */

int hf_lock_mode(const hf_lock *lock)
{
	const struct hf_claim *claim;
	int ret = 0;

	if (!lock)
		return -EINVAL;
	if (hf_lock_is_forked(lock))
		return -EPERM;
	hf_held_enter();
	claim = hf_claim_mine(lock);
	if (claim && claim->state == HF_CLAIM_HELD)
		ret = claim->mode;
	hf_held_leave();
	return ret;
}

int hf_lock_fd(const hf_lock *lock)
{
	if (!lock)
		return -EINVAL;
	return hf_lock_is_forked(lock) ? -EPERM : lock->fd;
}

int hf_lock_cancel(hf_lock *lock)
{
	int ret = -ESRCH;

	if (!lock)
		return -EINVAL;
	if (hf_lock_is_forked(lock))
		return -EPERM;
	hf_held_enter();
	if (lock->waiters) {
		lock->cancels++;
		hf_file_changed(lock->file);
		ret = 0;
	}
	hf_held_leave();
	return ret;
}

int hf_lock_on_wait(hf_lock *lock, hf_wait_fn *fn, void *arg)
{
	if (!lock)
		return -EINVAL;
	if (hf_lock_is_forked(lock))
		return -EPERM;
	lock->on_wait = fn;
	lock->on_wait_arg = arg;
	return 0;
}
