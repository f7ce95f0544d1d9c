/* SPDX-License-Identifier: MIT */
/*
 * Changing the mode of a hold.
 *
 * Two holders of a shared lock that both ask for the exclusive one wait for each other for ever,
 * and for OFD locks the kernel never notices. So the second is refused. Inside a process the claims
 * tell; another process's upgrade can only be seen in /proc, which upgraders.c looks through.
 */
#include "config.h"

#include <errno.h>

#include "holdfast-annotate.h"
#include "lock.h"
#include "setlk.h"
#include "sys.h"
#include "wait.h"

/* This thread's settled hold; NULL. Within enter. */
static struct hf_claim *held_claim(const struct hf_lock *lock)
{
	struct hf_claim *claim = hf_claim_mine(lock);

	return claim && claim->state == HF_CLAIM_HELD && !claim->upgrading ? claim : NULL;
}

/* The kernel's lock as a shared hold has it. It only ever gets weaker, so nothing is in the way. */
static int settle_shared(const struct hf_claim *claim)
{
	int ret;

	if (!(claim->lock->flags & HF_WRITERS_FIRST))
		return hf_setlk(claim, F_RDLCK, claim->start, claim->end);
	/* The gate is left alone here: a waiting writer may have it. */
	ret = hf_setlk(claim, F_RDLCK, claim->start, HF_GATE - 1);
	return ret ? ret : hf_setlk(claim, F_UNLCK, HF_GATE, HF_GATE);
}

static int downgrade(struct hf_claim *claim)
{
	int ret = hf_lock_recheck(claim->lock, false);

	if (!ret)
		ret = settle_shared(claim);
	hf_held_enter();
	if (!ret)
		claim->mode = HF_SHARED;
	hf_claim_set(claim, HF_CLAIM_HELD);
	hf_held_leave();
	return ret;
}

static int wait_for_upgrade(struct hf_attempt *attempt, struct hf_claim *claim)
{
	int cancel = hf_cancel_off();
	int ret;

	hf_held_enter();
	hf_claim_set(claim, HF_CLAIM_WAITING);
	hf_held_leave();
	ret = hf_attempt_begin(attempt);
	if (!ret && !claim->posix && hf_is_upgrade_elsewhere(claim->lock))
		ret = -EDEADLK;
	/* Keeps new readers out if no other writer does so already. */
	if (!ret && claim->lock->flags & HF_WRITERS_FIRST)
		(void)hf_setlk(claim, F_WRLCK, HF_GATE, HF_GATE);
	if (!ret)
		ret = hf_wait_granted(attempt, claim, F_WRLCK, claim->start, claim->end);
	hf_cancel_restore(cancel);
	return ret;
}

/* claim is the owner's only one on its bytes, and stands as TAKING and HF_EXCLUSIVE. */
static int finish_upgrade(struct hf_attempt *attempt, struct hf_claim *claim)
{
	int ret = hf_setlk(claim, F_WRLCK, claim->start, claim->end);

	if (ret == -EBUSY && attempt->timeout != HF_NOWAIT)
		ret = wait_for_upgrade(attempt, claim);
	if (!ret)
		ret = hf_lock_recheck(claim->lock, attempt->waited);
	if (ret)
		(void)settle_shared(claim);
	hf_held_enter();
	claim->upgrading = false;
	claim->mode = ret ? HF_SHARED : HF_EXCLUSIVE;
	hf_claim_set(claim, HF_CLAIM_HELD);
	hf_held_leave();
	return ret;
}

/* Whatever this asks the kernel for, it has some of it: that is no re-entry, nor a deadlock. */
static int upgrade(struct hf_attempt *attempt, struct hf_claim *claim)
{
	int ret;

	if (holdfast_annotate_guarded)
		holdfast_annotate_guarded(claim->lock->fd);
	ret = finish_upgrade(attempt, claim);
	if (holdfast_annotate_guarded)
		holdfast_annotate_guarded(-1);
	return ret;
}

/* Within enter, which it leaves. */
static int convert_claim(struct hf_attempt *attempt, struct hf_claim *claim)
{
	int ret = 0;

	if (claim->mode == attempt->mode) {
		hf_held_leave();
		return 0;
	}
	if (attempt->mode == HF_SHARED) {
		claim->state = HF_CLAIM_TAKING;
		hf_held_leave();
		return downgrade(claim);
	}
	ret = hf_claim_begin_upgrade(attempt, claim);
	hf_held_leave();
	return ret ? ret : upgrade(attempt, claim);
}

int hf_lock_convert(hf_lock *lock, hf_mode mode, int64_t timeout_ns)
{
	struct hf_attempt attempt;
	struct hf_claim *claim;
	int ret;

	if (!lock || !hf_mode_is_valid(mode) || timeout_ns < 0)
		return -EINVAL;
	if (hf_lock_is_forked(lock))
		return -EPERM;
	ret = hf_lock_check_borrowed(lock);
	if (ret)
		return ret;
	hf_attempt_init(&attempt, lock, mode, timeout_ns);
	hf_held_enter();
	claim = held_claim(lock);
	if (!claim) {
		hf_held_leave();
		return -EPERM;
	}
	return convert_claim(&attempt, claim);
}
