/* SPDX-License-Identifier: MIT */
/*
 * Asking the kernel whether a hold is still there.
 *
 * F_OFD_GETLK with F_UNLCK tells what this description itself holds, one range per call; kernels
 * before 6.6 or so refuse it. The "lock:" lines of /proc/self/fdinfo tell the same. For a POSIX
 * lock neither serves - fdinfo names it only under the one descriptor that took it first - and the
 * line of this process in /proc/locks has to do.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "lock.h"
#include "path.h"
#include "procfs.h"
#include "setlk.h"
#include "sys.h"

#define LOOKS 4

/* What is asked about: the hold as it was when it was looked up. */
struct question {
	const struct hf_lock *lock;
	uint64_t from; /* the first byte not yet seen to be locked */
	uint64_t end;
	bool exclusive;
	struct hf_fileid id; /* as /proc prints it */
	pid_t pid;
};

static bool is_strong_enough(const struct question *question, bool write)
{
	return write || !question->exclusive;
}

/* The bytes start..end are locked. Returns whether that was the last that was to be known. */
static bool confirm(struct question *question, uint64_t start, uint64_t end)
{
	if (start > question->from || end < question->from)
		return false;
	if (end >= question->end)
		return true;
	question->from = end + 1;
	return false;
}

static uint64_t flock_end(const struct flock *range)
{
	return range->l_len ? (uint64_t)(range->l_start + range->l_len - 1) : HF_EOF;
}

/* 0, -EIDRM, or what the kernel has against the question. */
static int ask_description(struct question *question)
{
	for (;;) {
		struct flock range = hf_flock_of(F_UNLCK, question->from, question->end);
		uint64_t before = question->from;
		int ret = hf_sys.setlk(question->lock->fd, F_OFD_GETLK, &range);

		if (ret)
			return ret;
		if (range.l_type == F_UNLCK || !is_strong_enough(question, range.l_type == F_WRLCK))
			return -EIDRM;
		if (confirm(question, (uint64_t)range.l_start, flock_end(&range)))
			return 0;
		if (question->from == before)
			return -EIDRM; /* the first byte is not among those that are locked */
	}
}

/* The lines of /proc come sorted by nothing in particular, but for one owner and file by offset. */
static int see_fdinfo_line(const struct hf_proclock *line, void *arg)
{
	struct question *question = arg;

	return line->primitive == HF_PRIM_OFD && !line->waiting &&
	       is_strong_enough(question, line->mode == HF_MODE_WRITE) &&
	       confirm(question, line->start, line->end);
}

static int see_locks_line(const struct hf_proclock *line, void *arg)
{
	struct question *question = arg;

	return line->primitive == HF_PRIM_POSIX && !line->waiting && line->pid == question->pid &&
	       hf_fileid_equal(line->id, question->id) &&
	       is_strong_enough(question, line->mode == HF_MODE_WRITE) &&
	       confirm(question, line->start, line->end);
}

static int outcome(int walked)
{
	if (walked < 0)
		return -EOPNOTSUPP;
	return walked ? 0 : -EIDRM;
}

static int ask_fdinfo(struct question *question)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", question->lock->fd);
	return outcome(hf_proc_each_lock(name, see_fdinfo_line, question));
}

/*
 * /proc/locks is read in pieces, and moves when somebody locks in between: a line can then be
 * missed. So what is missed is looked for again before it is called lost.
 */
static int ask_locks(struct question *question)
{
	struct question again;
	int looks = LOOKS;
	int ret;

	if (hf_proc_fileid(question->lock, &question->id))
		return -EOPNOTSUPP;
	question->pid = getpid();
	do {
		again = *question;
		ret = outcome(hf_proc_each_lock("/proc/locks", see_locks_line, &again));
	} while (ret == -EIDRM && --looks > 0);
	return ret;
}

static int ask(struct question *question, bool posix)
{
	struct question again = *question;
	int ret;

	if (posix)
		return ask_locks(question);
	ret = ask_description(question);
	return ret == -EINVAL ? ask_fdinfo(&again) : ret;
}

/* 0 with the question filled in, or -EPERM. */
static int look_up(const struct hf_lock *lock, struct question *ret, bool *posix)
{
	const struct hf_claim *claim;
	int error = -EPERM;

	hf_held_enter();
	claim = hf_claim_mine(lock);
	if (claim && claim->state == HF_CLAIM_HELD) {
		*ret = (struct question){ .lock = lock,
					  .from = claim->start,
					  .end = claim->end,
					  .exclusive = claim->mode == HF_EXCLUSIVE };
		*posix = claim->posix;
		error = 0;
	}
	hf_held_leave();
	/* The gate byte is not part of a shared hold; other readers of this owner may lack it too.
	 */
	if (!error && ret->end == HF_GATE && !ret->exclusive && ret->from < HF_GATE)
		ret->end = HF_GATE - 1;
	return error;
}

static int verify(struct hf_lock *lock)
{
	struct question question;
	bool posix;
	int ret = look_up(lock, &question, &posix);

	if (!ret)
		ret = hf_lock_check_borrowed(lock);
	if (!ret)
		ret = ask(&question, posix);
	if (ret || !lock->path)
		return ret;
	return hf_path_check(lock->dirfd, lock->path, lock->flags, lock->file->key.id);
}

int hf_lock_verify(hf_lock *lock)
{
	int cancel, ret;

	if (!lock)
		return -EINVAL;
	if (hf_lock_is_forked(lock))
		return -EPERM;
	cancel = hf_cancel_off();
	ret = verify(lock);
	hf_cancel_restore(cancel);
	return ret;
}
