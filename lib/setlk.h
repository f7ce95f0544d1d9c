/* SPDX-License-Identifier: MIT */
/*
 * The kernel's own lock calls, on a claim: which command, which range, which error.
 *
 * Inline, because every return on the way back from a system call is dear: the processor has often
 * lost track of where returns go by then.
 */
#ifndef HF_SETLK_H
#define HF_SETLK_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>

#include "lock.h"
#include "sys.h"

static inline struct flock hf_flock_of(short type, uint64_t start, uint64_t end)
{
	struct flock range = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = (off_t)start,
		.l_len = end == HF_EOF ? 0 : (off_t)(end - start + 1),
	};

	return range;
}

/* F_RDLCK or F_WRLCK for a mode. */
static inline short hf_flock_type(hf_mode mode)
{
	return mode == HF_EXCLUSIVE ? F_WRLCK : F_RDLCK;
}

/*
 * One non-blocking call. 0; -EBUSY, and only that for a conflict; else the kernel's. -EINVAL, for a
 * claim that is not posix, says that this file has no OFD locks, as the range is good.
 */
static inline int hf_setlk(const struct hf_claim *claim, short type, uint64_t start, uint64_t end)
{
	struct flock range = hf_flock_of(type, start, end);
	int ret;

	do
		ret = hf_sys.setlk(claim->lock->fd, claim->posix ? F_SETLK : F_OFD_SETLK, &range);
	while (ret == -EINTR);
	if (ret == -EAGAIN || ret == -EACCES)
		return -EBUSY;
	return ret;
}

/* The command that waits. */
static inline int hf_setlkw_command(const struct hf_claim *claim)
{
	return claim->posix ? F_SETLKW : F_OFD_SETLKW;
}

/*
 * Unlocks what only this claim covers. The claim is TAKING, WAITING or DROPPING, so that nobody of
 * the same owner comes in between. Not within enter.
 */
int hf_unlock(const struct hf_claim *claim);

#endif
