/* SPDX-License-Identifier: MIT */
/* What the differential test does with locks and descriptors in one thread. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "children.h"
#include "slots.h"

enum outcome outcome_of(int ret)
{
	if (ret >= 0)
		return DONE;
	switch (errno) {
	case EAGAIN:
	case EACCES:
		return REFUSED;
	case EINTR:
		return INTERRUPTED;
	case EDEADLK:
		return DEADLOCK;
	default:
		return FAILED;
	}
}

static struct flock flock_of(const struct op *op, short type)
{
	uint64_t start, end;

	op_range(op, &start, &end);
	return (struct flock){
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = (off_t)start,
		.l_len = end == HF_EOF ? 0 : (off_t)(end - start + 1),
	};
}

static int fcntl_via(unsigned via, int fd, int command, uintptr_t arg)
{
	switch (via % 4) {
	case 0:
		return calls.fcntl(fd, command, arg);
	case 1:
		return calls.fcntl64(fd, command, arg);
	case 2:
		return calls.__fcntl(fd, command, arg);
	default:
		return (int)calls.syscall(SYS_fcntl, fd, command, (long)arg, 0, 0, 0);
	}
}

static int flock_via(unsigned via, int fd, int operation)
{
	return via % 3 ? calls.flock(fd, operation)
		       : (int)calls.syscall(SYS_flock, fd, operation, 0, 0, 0, 0);
}

/* mode NONE: unlock. */
int request(const struct op *op, int fd, enum hf_lockmode mode, bool wait)
{
	static const short types[] = { F_UNLCK, F_RDLCK, F_WRLCK };
	static const int operations[] = { LOCK_UN, LOCK_SH, LOCK_EX };
	struct flock lock = flock_of(op, types[mode]);

	switch (op->primitive) {
	case HF_PRIM_POSIX:
		return fcntl_via(op->via, fd, wait ? F_SETLKW : F_SETLK, (uintptr_t)&lock);
	case HF_PRIM_OFD:
		return fcntl_via(op->via, fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, (uintptr_t)&lock);
	default:
		return flock_via(op->via, fd, operations[mode] | (wait ? 0 : LOCK_NB));
	}
}

/*
 * What a child takes or converts through a description that it shares with its parent, the parent
 * cannot know: a child only gives back, and all of it.
 */
static bool is_for_both(const struct op *op, const struct slot *slot)
{
	return slot->inherited && op->primitive != HF_PRIM_POSIX;
}

static enum outcome request_now(const struct op *op, enum hf_lockmode mode)
{
	struct slot *slot = slot_used(op->a);
	struct op whole = *op;
	enum outcome outcome;

	if (!slot || (is_for_both(op, slot) && mode != HF_MODE_NONE))
		return NOTHING;
	if (is_for_both(op, slot))
		whole.from = whole.to = 0;
	outcome = outcome_of(request(&whole, slot->fd, mode, false));
	count(&tally->locks[op->primitive][mode][outcome]);
	return outcome;
}

enum outcome do_lock(const struct op *op)
{
	return request_now(op, (enum hf_lockmode)op->mode);
}

enum outcome do_unlock(const struct op *op)
{
	return request_now(op, HF_MODE_NONE);
}

static int lockf_via(unsigned via, int fd, int command, off_t length)
{
	return via % 2 ? calls.lockf(fd, command, length) : calls.lockf64(fd, command, length);
}

/* From the position of the descriptor, wherever earlier operations have left it; backwards too. */
static enum outcome lockf_with(const struct op *op, int command)
{
	struct slot *slot = slot_used(op->a);
	off_t length = op->to ? (off_t)edge(op->to) : 0;

	if (!slot || op->to == EDGES - 1)
		return NOTHING;
	return outcome_of(lockf_via(op->via, slot->fd, command, op->b % 4 ? length : -length));
}

enum outcome do_lockf(const struct op *op)
{
	return lockf_with(op, F_TLOCK);
}

enum outcome do_lockf_unlock(const struct op *op)
{
	return lockf_with(op, F_ULOCK);
}

static int close_fd_via(unsigned via, int fd)
{
	switch (via % 4) {
	case 0:
		return calls.close(fd);
	case 1:
		return calls.__close(fd);
	case 2:
		return calls.mq_close(fd);
	default:
		return (int)calls.syscall(SYS_close, fd, 0, 0, 0, 0, 0);
	}
}

static int close_slot(struct slot *slot, unsigned via)
{
	switch (slot->kind) {
	case SLOT_STREAM:
		if (slot->mount_table)
			return via % 2 ? calls.endmntent(slot->object)
				       : calls.__endmntent(slot->object);
		return via % 2 ? calls.fclose(slot->object) : calls._IO_fclose(slot->object);
	case SLOT_DIR:
		return calls.closedir(slot->object);
	case SLOT_FTS:
		return slot->wide ? calls.fts64_close(slot->object)
				  : calls.fts_close(slot->object);
	default:
		return close_fd_via(via, slot->fd);
	}
}

/* What a close says (a stream on a replaced descriptor may not flush) is not the question here. */
enum outcome do_close(const struct op *op)
{
	struct slot *slot = slot_used(op->a);

	if (!slot)
		return NOTHING;
	(void)close_slot(slot, op->via);
	slot_clear(slot);
	return DONE;
}

enum outcome do_close_twice(const struct op *op)
{
	struct slot *slot = slot_of(SLOT_FD, op->a);
	int fd;

	if (!slot)
		return NOTHING;
	fd = slot->fd;
	(void)close_fd_via(op->via, fd);
	slot_clear(slot);
	return outcome_of(close_fd_via(op->via + 1, fd));
}

static enum outcome new_copy(const struct slot *slot, int fd)
{
	struct slot *copy;

	if (fd < 0)
		return FAILED;
	copy = slot_fill(SLOT_FD, fd, NULL);
	copy->path_only = slot->path_only;
	copy->inherited = slot->inherited;
	return DONE;
}

enum outcome do_dup(const struct op *op)
{
	struct slot *slot = slot_used(op->a);

	if (!slot || !slot_free())
		return NOTHING;
	return new_copy(slot, op->via % 3 ? calls.dup(slot->fd)
					  : (int)calls.syscall(SYS_dup, slot->fd, 0, 0, 0, 0, 0));
}

enum outcome do_dupfd(const struct op *op)
{
	struct slot *slot = slot_used(op->a);

	if (!slot || !slot_free())
		return NOTHING;
	return new_copy(slot, fcntl_via(op->via, slot->fd, op->b % 2 ? F_DUPFD : F_DUPFD_CLOEXEC,
					100 + op->b));
}

static int dup2_via(unsigned via, int fd, int target)
{
	switch (via % 3) {
	case 0:
		return calls.dup2(fd, target);
	case 1:
		return calls.__dup2(fd, target);
	default:
		return (int)calls.syscall(SYS_dup2, fd, target, 0, 0, 0, 0);
	}
}

static int dup3_via(unsigned via, int fd, int target)
{
	return via % 3 ? calls.dup3(fd, target, O_CLOEXEC)
		       : (int)calls.syscall(SYS_dup3, fd, target, O_CLOEXEC, 0, 0, 0);
}

/* Over another slot's descriptor, which is a copy of the source from then on. */
static enum outcome replace(const struct op *op, int (*dup)(unsigned, int, int))
{
	struct slot *slot = slot_used(op->a), *target = slot_used(op->b);

	if (!slot || !target)
		return NOTHING;
	if (slot->fd == target->fd && dup == dup3_via)
		return NOTHING;
	if (dup(op->via, slot->fd, target->fd) < 0)
		return FAILED;
	target->file = slot->file;
	target->path_only = slot->path_only;
	target->inherited = slot->inherited;
	return DONE;
}

enum outcome do_dup2(const struct op *op)
{
	return replace(op, dup2_via);
}

enum outcome do_dup3(const struct op *op)
{
	return replace(op, dup3_via);
}

/* A source that is not open leaves the target as it was. */
enum outcome do_dup2_bad(const struct op *op)
{
	struct slot *target = slot_used(op->b);

	if (!target)
		return NOTHING;
	return outcome_of(dup2_via(op->via, op->a % 2 ? -1 : 5000, target->fd));
}

enum outcome close_slots(const struct op *op, int flags)
{
	struct slot *a = slot_used(op->a), *b = slot_used(op->b);
	int first, last;

	if (!a)
		return NOTHING;
	first = a->fd < b->fd ? a->fd : b->fd;
	last = first + op->from < b->fd ? first + op->from : b->fd;
	if (last < first)
		last = first;
	if (op->via % 3)
		(void)calls.close_range((unsigned)first, (unsigned)last, flags);
	else
		(void)calls.syscall(SYS_close_range, first, last, flags, 0, 0, 0);
	slots_closed(first, last);
	return DONE;
}

enum outcome do_close_range(const struct op *op)
{
	return close_slots(op, 0);
}

/* Marks them to be closed at an exec: nothing is closed. */
enum outcome do_close_range_cloexec(const struct op *op)
{
	struct slot *slot = slot_used(op->a);
	enum { CLOEXEC = 4 };

	if (!slot)
		return NOTHING;
	return outcome_of(calls.close_range((unsigned)slot->fd, ~0u, CLOEXEC));
}

enum outcome do_closefrom(const struct op *op)
{
	struct slot *slot = slot_used(op->a);
	int first;

	if (!slot)
		return NOTHING;
	first = slot->fd;
	calls.closefrom(first);
	slots_closed(first, INT32_MAX);
	return DONE;
}

/* The same file again, another one of ours, or none of ours. */
enum outcome do_freopen(const struct op *op)
{
	struct slot *slot = slot_of(SLOT_STREAM, op->a);
	const char *path = op->b % 3 == 0 ? "/dev/null" : file_path(op->file % DIRECTORY);
	void *stream;

	if (!slot || slot->mount_table)
		return NOTHING;
	stream = op->via % 2 ? calls.freopen(path, "r+e", slot->object)
			     : calls.freopen64(path, "r+e", slot->object);
	if (!stream) {
		slot_clear(slot);
		return FAILED;
	}
	slot->fd = fileno(stream);
	slot->file = file_of(slot->fd);
	slot->path_only = slot->inherited = false;
	return DONE;
}

/* A pipe can be locked like any other file. */
enum outcome do_pclose(const struct op *op)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	FILE *pipe = popen(":", "re");

	(void)op;
	if (!pipe)
		return FAILED;
	(void)calls.fcntl(fileno(pipe), F_SETLK, (uintptr_t)&lock);
	(void)calls.flock(fileno(pipe), LOCK_EX | LOCK_NB);
	(void)calls.pclose(pipe);
	return DONE;
}

enum outcome do_write(const struct op *op)
{
	struct slot *slot = slot_used(op->a);

	if (!slot)
		return NOTHING;
	return calls.write(slot->fd, "w", 1) < 0 ? FAILED : DONE;
}

enum outcome do_seek(const struct op *op)
{
	struct slot *slot = slot_used(op->a);

	if (!slot)
		return NOTHING;
	(void)lseek(slot->fd, (off_t)edge(op->from % (EDGES - 1)), SEEK_SET);
	return DONE;
}

/* A name that meant one of the files means another one. */
enum outcome do_rename(const struct op *op)
{
	char spare[300];

	snprintf(spare, sizeof(spare), "%s.spare", file_alias(0));
	(void)op;
	(void)calls.rename(file_alias(0), spare);
	(void)calls.rename(file_alias(1), file_alias(0));
	(void)calls.rename(spare, file_alias(1));
	return DONE;
}
