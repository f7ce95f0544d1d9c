/* SPDX-License-Identifier: MIT */
#include "config.h"

#define HASH_NONFATAL_OOM 1 /* uthash would end the process when an allocation fails */
#include "held.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <utlist.h>

#include "lock.h"
#include "sys.h"

pthread_mutex_t hf_held_mutex = PTHREAD_MUTEX_INITIALIZER;
pthread_rwlock_t hf_opening = PTHREAD_RWLOCK_INITIALIZER;
uint64_t hf_generation = 1;

static unsigned parked_count;
static struct hf_file *files; /* also those from before a fork, with an older generation */

/* ---- fork ---- */

static void before_fork(void)
{
	(void)pthread_rwlock_wrlock(&hf_opening);
	hf_held_enter();
}

static void after_fork_in_parent(void)
{
	hf_held_leave();
	(void)pthread_rwlock_unlock(&hf_opening);
}

static void close_copies(struct hf_lock *lock)
{
	if (!lock->borrowed && lock->fd >= 0)
		(void)hf_sys.close(lock->fd);
	if (lock->own_dirfd && lock->dirfd >= 0)
		(void)hf_sys.close(lock->dirfd);
	lock->fd = -1;
	lock->dirfd = -1;
}

/*
 * The child's copies of the descriptors would keep the parent's locks alive after the parent's
 * death. Closing a copy never unlocks. The old table stays where it is, unmatched, as the old
 * handles still point into it; other threads may have died in the middle of changing a claim.
 */
static void after_fork_in_child(void)
{
	struct hf_file *file, *next;
	struct hf_lock *lock;
	struct hf_parked *parked;

	HASH_ITER (hh, files, file, next) {
		if (file->key.generation != hf_generation)
			continue;
		DL_FOREACH(file->locks, lock)
		close_copies(lock);
		LL_FOREACH(file->parked, parked)
		(void)hf_sys.close(parked->fd);
	}
	hf_generation++;
	(void)pthread_mutex_init(&hf_held_mutex, NULL);
	(void)pthread_rwlock_init(&hf_opening, NULL);
}

static int init_error;

static void install_handlers(void)
{
	init_error = -pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

int hf_held_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, install_handlers);
	return init_error;
}

/* ---- files ---- */

_Thread_local uint64_t hf_thread_number __attribute__((tls_model("initial-exec")));

uint64_t hf_thread_enroll(void)
{
	static uint64_t last;

	hf_thread_number = __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
	return hf_thread_number;
}

static struct hf_file *find_file(struct hf_fileid id)
{
	struct hf_file_key key = { .id = id, .generation = hf_generation };
	struct hf_file *file;

	HASH_FIND(hh, files, &key, sizeof(key), file);
	return file;
}

static void init_changed(struct hf_file *file)
{
	pthread_condattr_t attr;

	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&file->changed, &attr);
	(void)pthread_condattr_destroy(&attr);
}

static struct hf_file *get_file(struct hf_fileid id)
{
	struct hf_file *file = find_file(id);

	if (file) {
		hf_file_get(file);
		return file;
	}
	file = calloc(1, sizeof(*file));
	if (!file)
		return NULL;
	file->key = (struct hf_file_key){ .id = id, .generation = hf_generation };
	HASH_ADD(hh, files, key, sizeof(file->key), file);
	if (!file->hh.tbl) {
		free(file);
		return NULL;
	}
	init_changed(file);
	file->refs = 1;
#ifdef HF_DISABLE_OFD
	file->posix = true;
#endif
	return file;
}

void hf_file_get(struct hf_file *file)
{
	file->refs++;
}

void hf_file_put(struct hf_file *file)
{
	if (--file->refs > 0)
		return;
	HASH_DEL(files, file);
	(void)pthread_cond_destroy(&file->changed);
	free(file);
}

void hf_file_changed(struct hf_file *file)
{
	if (file->sleepers)
		(void)pthread_cond_broadcast(&file->changed);
	else if (file->watched)
		__atomic_store_n(&file->watched, false, __ATOMIC_SEQ_CST);
}

int hf_file_sleep(struct hf_file *file, uint64_t deadline)
{
	struct timespec until = { .tv_sec = (time_t)(deadline / 1000000000u),
				  .tv_nsec = (long)(deadline % 1000000000u) };
	int cancel = hf_cancel_off();
	int ret;

	hf_file_get(file);
	file->sleepers++;
	if (deadline == UINT64_MAX)
		ret = pthread_cond_wait(&file->changed, &hf_held_mutex);
	else
		ret = pthread_cond_timedwait(&file->changed, &hf_held_mutex, &until);
	file->sleepers--;
	hf_file_put(file);
	hf_cancel_restore(cancel);
	return -ret;
}

/* ---- handles ---- */

/* The borrowed descriptor may be a duplicate of one that another handle locks through. */
static const void *find_owner(const struct hf_lock *lock, const struct hf_file *file)
{
	const struct hf_lock *other;

	if (file->posix)
		return file;
	DL_FOREACH(file->locks, other)
	{
		if (other->fd == lock->fd)
			return other->owner;
		if (lock->borrowed && hf_sys.same_description(lock->fd, other->fd) == 1)
			return other->owner;
	}
	return lock;
}

int hf_held_add(struct hf_lock *lock, struct hf_fileid id)
{
	struct hf_file *file;

	hf_held_enter();
	file = get_file(id);
	if (file) {
		lock->owner = find_owner(lock, file);
		lock->file = file;
		DL_APPEND(file->locks, lock);
	}
	hf_held_leave();
	return file ? 0 : -ENOMEM;
}

/* An owner is named after one of its handles; when that one goes, another gives its name. */
static void leave_file(struct hf_lock *lock)
{
	struct hf_lock *other;
	const void *heir = NULL;

	DL_DELETE(lock->file->locks, lock);
	if (lock->owner != lock)
		return;
	DL_FOREACH(lock->file->locks, other)
	{
		if (other->owner != lock)
			continue;
		heir = heir ? heir : other;
		other->owner = heir;
	}
}

static bool park(struct hf_file *file, int fd)
{
	struct hf_parked *parked = malloc(sizeof(*parked));

	if (!parked)
		return false;
	parked->fd = fd;
	LL_PREPEND(file->parked, parked);
	__atomic_add_fetch(&parked_count, 1, __ATOMIC_RELAXED);
	return true;
}

static void close_parked(struct hf_parked *list)
{
	struct hf_parked *parked, *next;
	int cancel = hf_cancel_off();

	LL_FOREACH_SAFE(list, parked, next)
	{
		(void)hf_sys.close(parked->fd);
		__atomic_sub_fetch(&parked_count, 1, __ATOMIC_RELAXED);
		free(parked);
	}
	hf_cancel_restore(cancel);
}

bool hf_held_has_parked(void)
{
	return __atomic_load_n(&parked_count, __ATOMIC_RELAXED) > 0;
}

/* Sleeps until no other thread closes descriptors of the file. */
static void begin_closing(struct hf_file *file)
{
	while (file->closing)
		(void)hf_file_sleep(file, UINT64_MAX);
	file->closing = true;
}

static void end_closing(struct hf_file *file)
{
	file->closing = false;
	hf_file_changed(file);
}

/*
 * Closes a descriptor of file that no handle uses any more. With POSIX locks that waits until no
 * claim is left, and no claim may begin while it happens. Parking needs memory; without any, the
 * descriptor is left open for good, which costs less than a lost lock. Within enter, and left.
 */
static void retire(struct hf_file *file, int fd)
{
	if (file->posix) {
		begin_closing(file);
		if (file->claims) {
			(void)park(file, fd);
			end_closing(file);
			return;
		}
	}
	hf_held_leave();
	(void)hf_sys.close(fd);
	hf_held_enter();
	if (file->posix)
		end_closing(file);
}

void hf_held_remove(struct hf_lock *lock)
{
	struct hf_file *file = lock->file;

	hf_held_enter();
	leave_file(lock);
	if (!lock->borrowed)
		retire(file, lock->fd);
	hf_file_put(file);
	hf_held_leave();
}

/* The new description behind the old number, so that hf_lock_fd()'s answer stays true. */
static int keep_number(const struct hf_lock *lock, int fd)
{
	int ret = hf_sys.dup3(fd, lock->fd);

	(void)hf_sys.close(fd);
	return ret < 0 ? ret : 0;
}

int hf_held_move(struct hf_claim *claim, struct hf_fileid id, int fd)
{
	struct hf_lock *lock = claim->lock;
	struct hf_file *old = lock->file;
	struct hf_file *file;
	int old_fd = lock->fd;
	int ret = 0;

	hf_held_enter();
	file = get_file(id);
	hf_held_leave();
	if (!file) {
		(void)hf_sys.close(fd);
		return -ENOMEM;
	}
	if (!claim->posix)
		ret = keep_number(lock, fd);
	hf_held_enter();
	if (ret) {
		hf_file_put(file);
		hf_held_leave();
		return ret;
	}
	leave_file(lock);
	hf_claim_set(claim, HF_CLAIM_NONE);
	if (claim->posix)
		lock->fd = fd;
	lock->file = file;
	lock->owner = file->posix ? (const void *)file : lock;
	DL_APPEND(file->locks, lock);
	if (claim->posix)
		retire(old, old_fd);
	hf_file_put(old);
	hf_held_leave();
	return 0;
}

void hf_held_finish(struct hf_claim *claim)
{
	struct hf_file *file = claim->lock->file;
	struct hf_parked *parked = NULL;

	hf_held_enter();
	if (file->parked && !claim->next && file->claims == claim && !file->closing) {
		file->closing = true;
		hf_file_get(file);
		parked = file->parked;
		file->parked = NULL;
	}
	hf_claim_set(claim, HF_CLAIM_NONE);
	hf_held_leave();
	if (!parked)
		return;
	close_parked(parked);
	hf_held_enter();
	end_closing(file);
	hf_file_put(file);
	hf_held_leave();
}

int hf_held_unpark(struct hf_fileid id, int access)
{
	struct hf_file *file;
	struct hf_parked *parked = NULL;
	int fd = -1;

	hf_held_enter();
	file = find_file(id);
	if (file)
		LL_FOREACH(file->parked, parked)
	if ((fcntl(parked->fd, F_GETFL) & O_ACCMODE) == access)
		break;
	if (parked) {
		LL_DELETE(file->parked, parked);
		__atomic_sub_fetch(&parked_count, 1, __ATOMIC_RELAXED);
		fd = parked->fd;
	}
	hf_held_leave();
	free(parked);
	return fd;
}

void hf_held_use_posix(struct hf_lock *lock)
{
	struct hf_lock *other;

	hf_held_enter();
	lock->file->posix = true;
	DL_FOREACH(lock->file->locks, other)
	other->owner = lock->file;
	hf_held_leave();
}
