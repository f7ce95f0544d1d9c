/* SPDX-License-Identifier: MIT */
/*
 * POSIX locks: F_OFD_GETLK asks as a stranger would, because an open file description is another
 * owner than the process. So it shows our own locks, which F_GETLK never does, with our pid. It
 * answers with one conflicting lock; when that is a stranger's, it may shadow ours, and the text of
 * fdinfo decides. fdinfo can list a joined range under another descriptor than the one that took
 * part of it: only all descriptors of the inode together prove that nothing is there.
 *
 * OFD locks: F_OFD_GETLK with F_UNLCK tells what the description itself holds, on kernels that know
 * it (Linux 6.6, about); else fdinfo. flock: fdinfo.
 */
#include "oracle.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <string.h>

#include "identify.h"
#include "proc.h"
#include "proclocks.h"
#include "rawsys.h"

#ifndef F_OFD_GETLK
#define F_OFD_GETLK 36
#endif
#define F_DUPFD_QUERY_LINUX 1027

#define TURNS_MAX 64

bool hf_oracle_is_open(int fd, struct hf_fileid id)
{
	struct hf_fileid now;

	return hf_identify(fd, &now) && hf_fileid_equal(now, id);
}

static struct flock request(short type, uint64_t start, uint64_t end)
{
	return (struct flock){
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = (off_t)start,
		.l_len = end == HF_EOF ? 0 : (off_t)(end - start + 1),
	};
}

static uint64_t end_of(const struct flock *lock)
{
	return lock->l_len ? (uint64_t)(lock->l_start + lock->l_len - 1) : HF_EOF;
}

/* Walks the range over the locks that F_OFD_GETLK shows, as long as they are ours. */
static enum hf_truth ask_getlk(const struct hf_question *q, short type, int own_pid)
{
	uint64_t at = q->start;

	for (;;) {
		struct flock lock = request(type, at, q->end);

		if (raw_fcntl(q->fd, F_OFD_GETLK, (long)&lock) < 0)
			return HF_TRUTH_UNKNOWN;
		if (lock.l_type == F_UNLCK)
			return HF_TRUTH_GONE;
		if (lock.l_pid != own_pid)
			return HF_TRUTH_UNKNOWN;
		if ((uint64_t)lock.l_start > at ||
		    (q->mode == HF_MODE_WRITE && lock.l_type != F_WRLCK))
			return HF_TRUTH_GONE;
		if (end_of(&lock) >= q->end)
			return HF_TRUTH_HELD;
		at = end_of(&lock) + 1;
	}
}

/*
 * How far the lines of fdinfo cover the question, from its start on. Each owner's ranges are listed
 * in ascending order, so one look at a descriptor takes in all that follow each other there; what a
 * duplicate lists again changes nothing.
 */
struct coverage {
	const struct hf_question *question;
	uint64_t at; /* every byte before it is covered */
	bool whole;
};

static void cover(struct coverage *c, const struct hf_proclock *lock)
{
	const struct hf_question *q = c->question;

	if (lock->primitive != q->primitive || lock->waiting || lock->id.ino != q->id.ino ||
	    (q->mode == HF_MODE_WRITE && lock->mode != HF_MODE_WRITE))
		return;
	if (lock->primitive == HF_PRIM_POSIX && lock->pid != q->pid)
		return;
	if (lock->start > c->at || lock->end < c->at)
		return;
	c->whole = c->whole || lock->end >= q->end;
	if (!c->whole)
		c->at = lock->end + 1;
}

static bool cover_line(void *ctx, const char *line, size_t length)
{
	struct hf_proclock lock;

	if (length > 5 && !memcmp(line, "lock:", 5) && hf_proclock_parse(line, length, &lock) == 0)
		cover(ctx, &lock);
	return true;
}

/* False when the descriptor's fdinfo could not be read to its end. */
static bool cover_fdinfo(struct coverage *c, int fd)
{
	char path[HF_FDINFO_PATH];

	hf_proc_fdinfo_path(path, fd);
	return hf_proc_each_line(path, cover_line, c);
}

static bool cover_sibling(void *ctx, int fd)
{
	struct coverage *c = ctx;

	if (hf_oracle_is_open(fd, c->question->id))
		(void)cover_fdinfo(c, fd);
	return true;
}

/*
 * Over every descriptor of the inode, again and again as long as that gets any further: ranges that
 * follow each other may be listed by turns.
 */
static enum hf_truth ask_siblings(struct coverage *c)
{
	uint64_t before;

	for (unsigned i = 0; i < TURNS_MAX; i++) {
		before = c->at;
		if (!hf_proc_each_fd(cover_sibling, c))
			return HF_TRUTH_UNKNOWN;
		if (c->whole)
			return HF_TRUTH_HELD;
		if (c->at == before)
			return HF_TRUTH_GONE;
	}
	return HF_TRUTH_UNKNOWN;
}

static enum hf_truth ask_fdinfo(const struct hf_question *q)
{
	struct coverage c = { .question = q, .at = q->start };

	if (!cover_fdinfo(&c, q->fd))
		return HF_TRUTH_UNKNOWN;
	if (c.whole)
		return HF_TRUTH_HELD;
	return q->primitive == HF_PRIM_POSIX ? ask_siblings(&c) : HF_TRUTH_GONE;
}

/* On kernels without it the query is EINVAL each time: UNKNOWN, and fdinfo is asked. */
static enum hf_truth ask_quick(const struct hf_question *q)
{
	if (q->primitive == HF_PRIM_POSIX)
		return ask_getlk(q, F_WRLCK, q->pid);
	if (q->primitive == HF_PRIM_OFD)
		return ask_getlk(q, F_UNLCK, -1);
	return HF_TRUTH_UNKNOWN;
}

enum hf_truth hf_oracle_ask(const struct hf_question *question, enum hf_proof *proof)
{
	enum hf_truth truth = ask_quick(question);
	enum hf_proof how = HF_PROOF_GETLK;

	if (truth == HF_TRUTH_UNKNOWN) {
		truth = ask_fdinfo(question);
		how = HF_PROOF_FDINFO;
	}
	if (proof)
		*proof = truth == HF_TRUTH_UNKNOWN ? HF_PROOF_NONE : how;
	return truth;
}

int hf_oracle_same_description(int a, int b, int pid)
{
	int ret;

	if (a == b)
		return 1;
	ret = raw_fcntl(a, F_DUPFD_QUERY_LINUX, b);
	if (ret >= 0)
		return ret;
	ret = raw_kcmp(pid, pid, KCMP_FILE, (unsigned long)a, (unsigned long)b);
	return ret < 0 ? -1 : ret == 0;
}

int hf_oracle_stranger(const struct hf_question *q)
{
	struct flock lock = request(q->mode == HF_MODE_WRITE ? F_WRLCK : F_RDLCK, q->start, q->end);

	if (raw_fcntl(q->fd, F_OFD_GETLK, (long)&lock) < 0 || lock.l_type == F_UNLCK ||
	    lock.l_pid == q->pid)
		return 0;
	return lock.l_pid;
}

bool hf_oracle_is_in_the_way(const struct hf_question *q, const struct hf_proclock *lock)
{
	struct flock seen = request(q->mode == HF_MODE_WRITE ? F_WRLCK : F_RDLCK, q->start, q->end);

	return raw_fcntl(q->fd, F_OFD_GETLK, (long)&seen) == 0 && seen.l_pid == -1 &&
	       seen.l_type == (lock->mode == HF_MODE_WRITE ? F_WRLCK : F_RDLCK) &&
	       (uint64_t)seen.l_start == lock->start && end_of(&seen) == lock->end;
}
