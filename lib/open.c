/* SPDX-License-Identifier: MIT */
/* From nothing to a handle, and back. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "holdfast.h"
#include "lock.h"
#include "path.h"
#include "setlk.h"
#include "sys.h"

#define FLAGS_ALL                                                                                  \
	(HF_NO_CREATE | HF_READONLY | HF_PARENTS | HF_FOLLOW | HF_NO_RECHECK | HF_RECHECK_PATH |   \
	 HF_WRITERS_FIRST | HF_ANY_THREAD | HF_CANCELLABLE)
#define FLAGS_OF_FD (HF_ANY_THREAD | HF_CANCELLABLE | HF_WRITERS_FIRST)

static bool flags_are_valid(unsigned flags)
{
	if (flags & ~(unsigned)FLAGS_ALL)
		return false;
	if (flags & HF_NO_RECHECK && flags & HF_RECHECK_PATH)
		return false;
	/* Parents are made to create the file in. */
	return !(flags & HF_PARENTS && flags & HF_NO_CREATE);
}

static struct hf_lock *new_lock(unsigned flags, uint64_t start, uint64_t end)
{
	struct hf_lock *lock = calloc(1, sizeof(*lock));

	if (!lock)
		return NULL;
	lock->fd = -1;
	lock->dirfd = AT_FDCWD;
	lock->flags = flags;
	lock->start = start;
	lock->end = end;
	lock->generation = hf_generation;
	return lock;
}

static void free_lock(struct hf_lock *lock)
{
	free(lock->path);
	free(lock);
}

/* What a later look at the path needs. Absolute paths need no folder. */
static int remember_path(struct hf_lock *lock, int dirfd, const char *path)
{
	int base;

	if (lock->flags & HF_NO_RECHECK)
		return 0;
	lock->path = strdup(path);
	if (!lock->path)
		return -ENOMEM;
	if (path[0] == '/')
		return 0;
	base = hf_path_base(dirfd);
	if (base < 0)
		return base;
	lock->dirfd = base;
	lock->own_dirfd = true;
	return 0;
}

static int enter_table(struct hf_lock *lock)
{
	struct hf_fileid id;
	int ret = hf_fd_fileid(lock->fd, &id);

	return ret ? ret : hf_held_add(lock, id);
}

static int open_path(struct hf_lock *lock, int dirfd, const char *path)
{
	int ret = remember_path(lock, dirfd, path);

	if (ret)
		return ret;
	lock->fd = hf_path_open(dirfd, path, lock->flags);
	if (lock->fd < 0)
		return lock->fd;
	ret = enter_table(lock);
	if (ret)
		(void)hf_sys.close(lock->fd);
	return ret;
}

static void close_dirfd(struct hf_lock *lock)
{
	if (lock->own_dirfd)
		(void)hf_sys.close(lock->dirfd);
}

static int open_named(int dirfd, const char *path, struct hf_lock *lock, hf_lock **ret)
{
	int cancel = hf_cancel_off();
	int error;

	(void)pthread_rwlock_rdlock(&hf_opening);
	error = open_path(lock, dirfd, path);
	if (error)
		close_dirfd(lock);
	(void)pthread_rwlock_unlock(&hf_opening);
	hf_cancel_restore(cancel);
	if (error)
		free_lock(lock);
	else
		*ret = lock;
	return error;
}

static int open_checked(int dirfd, const char *path, unsigned flags, uint64_t start, uint64_t end,
			hf_lock **ret)
{
	struct hf_lock *lock;
	int error;

	if (!path || !*path || !ret || !flags_are_valid(flags))
		return -EINVAL;
	error = hf_held_init();
	if (error)
		return error;
	lock = new_lock(flags, start, end);
	return lock ? open_named(dirfd, path, lock, ret) : -ENOMEM;
}

int hf_lock_open(const char *path, unsigned flags, hf_lock **ret)
{
	return open_checked(AT_FDCWD, path, flags, 0, HF_EOF, ret);
}

int hf_lock_open_at(int dirfd, const char *path, unsigned flags, hf_lock **ret)
{
	return open_checked(dirfd, path, flags, 0, HF_EOF, ret);
}

int hf_lock_open_range(const char *path, unsigned flags, uint64_t start, uint64_t length,
		       hf_lock **ret)
{
	uint64_t end = length ? start + (length - 1) : HF_EOF;

	if (start > HF_EOF || end > HF_EOF || end < start || flags & HF_WRITERS_FIRST)
		return -EINVAL;
	return open_checked(AT_FDCWD, path, flags, start, end, ret);
}

int hf_lock_open_fd(int fd, unsigned flags, hf_lock **ret)
{
	struct hf_lock *lock;
	int error;

	if (!ret || flags & ~(unsigned)FLAGS_OF_FD)
		return -EINVAL;
	error = hf_held_init();
	if (error)
		return error;
	lock = new_lock(flags | HF_NO_RECHECK, 0, HF_EOF);
	if (!lock)
		return -ENOMEM;
	lock->fd = fd;
	lock->borrowed = true;
	error = enter_table(lock);
	if (error)
		free_lock(lock);
	else
		*ret = lock;
	return error;
}

/* Every thread's hold through the handle. */
static void drop_claims(struct hf_lock *lock)
{
	struct hf_claim *claim;

	for (;;) {
		hf_held_enter();
		claim = hf_claim_any(lock);
		if (claim)
			hf_claim_set(claim, HF_CLAIM_DROPPING);
		hf_held_leave();
		if (!claim)
			return;
		(void)hf_unlock(claim);
		hf_held_finish(claim);
	}
}

void hf_lock_close(hf_lock *lock)
{
	int cancel;

	if (!lock)
		return;
	if (!hf_lock_is_forked(lock)) {
		cancel = hf_cancel_off();
		drop_claims(lock);
		hf_held_remove(lock);
		close_dirfd(lock);
		hf_cancel_restore(cancel);
	}
	free_lock(lock);
}
