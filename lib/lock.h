/* SPDX-License-Identifier: MIT */
/* What a handle is inside the library; lock.c has the public calls on it. */
#ifndef HF_LOCK_H
#define HF_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "fileid.h"
#include "held.h"
#include "holdfast.h"
#include "locktypes.h"

/* The byte that HF_WRITERS_FIRST uses as a gate: the last one, which a whole-file lock covers. */
#define HF_GATE HF_EOF

/*
 * Set at open and constant: flags, borrowed, path, dirfd, start, end, generation.
 * Guarded by the held mutex: file, owner, links, claims, cancels, waiters.
 * fd: written by the thread whose claim is in transition (see held.h), or by a forked child.
 */
struct hf_lock {
	struct hf_file *file;
	const void *owner; /* equal for handles that are one lock owner to the kernel */
	int fd;
	int dirfd;  /* what path is relative to: AT_FDCWD for an absolute one */
	char *path; /* NULL: borrowed, or never looked at again (HF_NO_RECHECK) */
	unsigned flags;
	bool borrowed;
	bool own_dirfd;
	uint64_t start;
	uint64_t end;
	uint64_t generation;
	struct hf_claim first; /* so that the first holder costs no allocation */
	unsigned cancels;      /* how often hf_lock_cancel was called */
	unsigned waiters;      /* threads that a cancel would wake */
	hf_wait_fn *on_wait;
	void *on_wait_arg;
	struct hf_lock *prev, *next; /* of the same file */
};

static inline bool hf_lock_is_forked(const struct hf_lock *lock)
{
	return lock->generation != hf_generation;
}

static inline bool hf_mode_is_valid(hf_mode mode)
{
	return mode == HF_SHARED || mode == HF_EXCLUSIVE;
}

/* acquire and release for other bytes than the handle's own: a lockset merges. Arguments are good.
 */
struct hf_attempt;
int hf_lock_take(struct hf_attempt *attempt, uint64_t start, uint64_t end);
int hf_lock_drop(struct hf_lock *lock);

/* 0; -ESTALE: the locked file is gone, or (after a wait) no longer what the path names; -errno. */
int hf_lock_recheck(struct hf_lock *lock, bool waited);

/* 0, or -EBADF when a borrowed descriptor names another file than when it was lent. */
int hf_lock_check_borrowed(struct hf_lock *lock);

/* Is another process, by what /proc shows, upgrading the same bytes? */
bool hf_is_upgrade_elsewhere(const struct hf_lock *lock);

#endif
