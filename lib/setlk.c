/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "setlk.h"

#include <errno.h>

#include "held.h"
#include "lock.h"
#include "locktypes.h"
#include "sys.h"

struct flock hf_flock_of(short type, uint64_t start, uint64_t end)
{
	struct flock range = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = (off_t)start,
		.l_len = end == HF_EOF ? 0 : (off_t)(end - start + 1),
	};

	return range;
}

short hf_flock_type(int mode)
{
	return mode == HF_EXCLUSIVE ? F_WRLCK : F_RDLCK;
}

int hf_setlkw_command(const struct hf_claim *claim)
{
	return claim->posix ? F_SETLKW : F_OFD_SETLKW;
}

int hf_setlk(const struct hf_claim *claim, short type, uint64_t start, uint64_t end)
{
	struct flock range = hf_flock_of(type, start, end);
	int ret;

	do
		ret = hf_sys.setlk(claim->lock->fd, claim->posix ? F_SETLK : F_OFD_SETLK, &range);
	while (ret == -EINTR);
	if (ret == -EAGAIN || ret == -EACCES)
		return -EBUSY;
	/* The range is good, so this says that the command is unknown. */
	if (ret == -EINVAL && !claim->posix)
		return -EAGAIN;
	return ret;
}

int hf_unlock(const struct hf_claim *claim)
{
	uint64_t from = claim->start;
	uint64_t start, end;
	bool some;
	int ret;

	for (;;) {
		hf_held_enter();
		some = hf_claim_uncovered(claim, from, &start, &end);
		hf_held_leave();
		if (!some)
			return 0;
		ret = hf_setlk(claim, F_UNLCK, start, end);
		if (ret || end == claim->end)
			return ret;
		from = end + 1;
	}
}
