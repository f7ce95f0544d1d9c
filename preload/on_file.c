/* SPDX-License-Identifier: MIT */
/*
 * Hooks that open, duplicate, rename and write.
 *
 * None of them is needed to notice a loss. Opening tells where the descriptor that dropped a lock
 * came from, and spares the close of every other file its fstat. Writing tells what a program did
 * with a lock that it had lost.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "identify.h"
#include "hooks.h"
#include "large.h"
#include "watch.h"
#include "oracle.h"
#include "rawsys.h"
#include "recorder.h"
#include "rules.h"
#include "shim.h"

#define OPENED_FDS 1024
#define KNOWN_PATHS 256

/* Where descriptors of held files were opened, while they were held. */
static hf_ref opened[OPENED_FDS] HF_LARGE;

hf_ref hf_opened_at(int fd)
{
	return (unsigned)fd < OPENED_FDS ? __atomic_load_n(&opened[fd], __ATOMIC_RELAXED) : 0;
}

static void set_opened(int fd, hf_ref stack)
{
	if ((unsigned)fd < OPENED_FDS && __atomic_load_n(&opened[fd], __ATOMIC_RELAXED) != stack)
		__atomic_store_n(&opened[fd], stack, __ATOMIC_RELAXED);
}

/*
 * Paths that led to no file of the ledger: path and era in one word, so that no reader sees half of
 * an entry. A path means something else after a rename, a link or a chdir of this process: all are
 * forgotten. Not after an unlink: then it leads to nothing, and next to a file that is new. One
 * that another process renames can hide an "opened here" and lets a loss be found late.
 */
static uint64_t known_paths[KNOWN_PATHS] HF_LARGE;
static uint32_t names_moved;

static uint64_t hash_of_path(const char *path, uint32_t era)
{
	uint64_t h = era * UINT64_C(0x9e3779b97f4a7c15) +
		     __atomic_load_n(&names_moved, __ATOMIC_RELAXED);

	for (; *path; path++)
		h = (h ^ (unsigned char)*path) * UINT64_C(0x100000001b3);
	return h ^ h >> 29;
}

static bool is_known_elsewhere(uint64_t hash)
{
	return __atomic_load_n(&known_paths[hash % KNOWN_PATHS], __ATOMIC_RELAXED) == hash;
}

static void remember_elsewhere(uint64_t hash)
{
	if (hash)
		__atomic_store_n(&known_paths[hash % KNOWN_PATHS], hash, __ATOMIC_RELAXED);
}

/* Something is held, and fd is new. path NULL: it says nothing. */
static __attribute__((noinline)) void look_at(int fd, const char *path)
{
	uint32_t era = hf_fd_era(); /* before the look: a file that enters the ledger ends it */
	uint64_t hash = path ? hash_of_path(path, era) : 0;
	struct hf_fileid id;

	if (hf_is_foreign())
		return;
	if (hash && is_known_elsewhere(hash)) {
		hf_fd_opened_elsewhere(fd, era);
		return;
	}
	if (!hf_identify(fd, &id))
		return;
	if (hf_ledger_maybe_holds(&hf_shim.ledger, id)) {
		set_opened(fd, hf_stack_here());
		hf_closed_unseen(fd);
	} else if (!hf_ledger_maybe_has(&hf_shim.ledger, id)) {
		hf_fd_opened_elsewhere(fd, era);
		remember_elsewhere(hash);
	}
}

static int opened_through(const char *path, int fd)
{
	hf_inode_opened(fd);
	if (fd < 0)
		return fd;
	hf_fd_opened_alone(fd);
	set_opened(fd, 0);
	if (hf_watching())
		hf_thread_opened(fd);
	if (hf_anything_held())
		look_at(fd, path);
	return fd;
}

void hf_before_open(int dir, const char *path, int flags)
{
	if (flags & O_TRUNC)
		hf_inode_before_truncation(dir, path);
}

void hf_before_fopen(const char *path, const char *mode)
{
	if (*mode == 'w')
		hf_inode_before_truncation(AT_FDCWD, path);
}

int hf_on_open(const char *path, int fd)
{
	return opened_through(path, fd);
}

/* A relative path means something only together with its folder, and that number may be reused. */
int hf_on_openat(int dir, const char *path, int fd)
{
	return opened_through(fd >= 0 && (dir == AT_FDCWD || *path == '/') ? path : NULL, fd);
}

int hf_on_new_fd(int fd)
{
	return opened_through(NULL, fd);
}

void *hf_on_fopen(const char *path, void *stream)
{
	if (!stream) {
		hf_inode_opened(-1);
		return stream;
	}
	(void)opened_through(path, fileno(stream));
	hf_stdio_opened(fileno(stream), stream);
	return stream;
}

void *hf_on_fdopen(int fd, void *stream)
{
	if (stream)
		hf_stdio_opened(fd, stream);
	return stream;
}

int hf_on_fflush(void *stream, hf_object_fn *real)
{
	hf_stdio_flushing(stream, "fflush");
	return real(stream);
}

void *hf_on_new_stream(void *stream)
{
	return hf_on_fopen(NULL, stream);
}

void *hf_on_opendir(void *dir)
{
	if (dir)
		(void)opened_through(NULL, dirfd(dir));
	return dir;
}

/* copy refers to the description of fd from now on. */
void hf_duplicated(int fd, int copy)
{
	struct hf_section section;
	struct hf_owner *owner;
	struct hf_file *file;

	if (copy < 0)
		return;
	hf_fd_forget(copy);
	hf_fd_not_alone(fd);
	set_opened(copy, 0);
	if (!hf_anything_held() || !hf_fd_maybe_held(fd) ||
	    hf_section_enter(&section) != HF_ENTERED)
		return;
	file = hf_fd_held_file(fd);
	if (file)
		set_opened(copy, hf_stack_here());
	for (owner = file ? hf_file_owners(file) : NULL; owner; owner = owner->next)
		if (hf_owner_has_fd(owner, fd))
			hf_owner_add_fd(owner, copy);
	hf_section_leave(&section);
}

int hf_on_dup(int fd, int (*real)(int))
{
	int copy = real(fd);

	hf_duplicated(fd, copy);
	return copy;
}

static int names_changed(int ret)
{
	if (ret == 0 && hf_watching())
		hf_thread.changes++;
	return ret;
}

int hf_on_paths_moved(int ret)
{
	__atomic_store_n(&names_moved, names_moved + 1, __ATOMIC_RELAXED);
	return names_changed(ret);
}

/* Is it a string, as far as can be told without a second look at memory that may be none? */
static bool is_readable_path(const char *path)
{
	size_t room = HF_PAGE - ((uintptr_t)path & (HF_PAGE - 1));

	return hf_readable(path, 1) && strnlen(path, room) < room;
}

/*
 * A name that leads to no file of the ledger leads to no held one. The kernel has not looked at it
 * yet: it may be a bad address.
 */
static bool is_named_elsewhere(int dir, const char *path)
{
	return is_readable_path(path) && (dir == AT_FDCWD || *path == '/') &&
	       is_known_elsewhere(hash_of_path(path, hf_fd_era()));
}

/* Most names that go were never locked: one look spares both sections. */
void hf_before_unlink(int dir, const char *path)
{
	struct stat st;
	struct hf_fileid id;

	hf_thread.unlinking = false;
	if (!hf_anything_held() || hf_is_foreign() || is_named_elsewhere(dir, path) ||
	    raw_fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	id.dev = st.st_dev;
	id.ino = st.st_ino;
	if (!hf_ledger_maybe_holds(&hf_shim.ledger, id))
		return;
	hf_thread.unlinking = true;
	hf_inode_before_unlink();
}

int hf_on_unlinked(int ret, const char *via)
{
	if (ret == 0 && hf_thread.unlinking)
		hf_inode_unlinked(via);
	return names_changed(ret);
}

int hf_on_renamed(int ret, const char *via)
{
	(void)hf_on_unlinked(ret, via);
	__atomic_store_n(&names_moved, names_moved + 1, __ATOMIC_RELAXED);
	return ret;
}

int hf_on_looked(int ret)
{
	if (hf_watching())
		hf_inode_looked();
	return ret;
}

static void written(int fd, off_t at, uint64_t bytes, const char *via)
{
	if (at < 0)
		at = raw_lseek(fd, 0, SEEK_CUR) - (off_t)bytes;
	if (at < 0)
		at = 0;
	if (hf_watching())
		hf_watch_accessed(fd, HF_THEN_WRITTEN, (uint64_t)at, bytes, via);
	hf_access_written(fd, (uint64_t)at, bytes, via);
}

/* at: where it was written, -1 for the file position before the call. */
ssize_t hf_on_written(int fd, off_t at, ssize_t ret, const char *via)
{
	struct hf_section section;

	if (ret < 0 || (!hf_watching() && !hf_access_matters(fd, at, (uint64_t)ret)))
		return ret;
	if (fd > STDERR_FILENO)
		hf_thread.changes++;
	if (hf_section_enter(&section) != HF_ENTERED)
		return ret;
	written(fd, at, (uint64_t)ret, via);
	hf_section_leave(&section);
	return ret;
}

bool hf_is_open(int fd)
{
	return raw_fcntl(fd, F_GETFD, 0) >= 0;
}
