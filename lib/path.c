/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "held.h"
#include "holdfast.h"
#include "sys.h"

#define FILE_MODE 0666
#define FOLDER_MODE 0777
#define RACES 8 /* how often somebody may remove a folder that was just made */

static struct hf_fileid fileid_of(const struct stat *st)
{
	return (struct hf_fileid){ .dev = st->st_dev, .ino = st->st_ino };
}

/* Makes the folders above the last component; each may be there already, or be made by others. */
static int make_parents(int dirfd, const char *path)
{
	char *folder = strdup(path);
	char *slash;
	int ret = 0;

	if (!folder)
		return -ENOMEM;
	for (slash = strchr(folder + 1, '/'); slash && !ret; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		ret = hf_sys.mkdirat(dirfd, folder, FOLDER_MODE);
		/* A folder that is there may be in a place where none may be made. */
		if (ret == -EEXIST || ret == -EACCES || ret == -EROFS || ret == -EPERM)
			ret = 0;
		*slash = '/';
	}
	free(folder);
	return ret;
}

/* Not to get 0, 1 or 2 in a program that closed those: its output would go into the lock file. */
static int above_stdio(int fd)
{
	int ret;

	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	ret = hf_sys.dup(fd);
	(void)hf_sys.close(fd);
	return ret;
}

static int open_flags(unsigned flags)
{
	int ret = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

	ret |= flags & HF_READONLY ? O_RDONLY : O_RDWR;
	ret |= flags & HF_NO_CREATE ? 0 : O_CREAT;
	ret |= flags & HF_FOLLOW ? 0 : O_NOFOLLOW;
	return ret;
}

/*
 * O_NONBLOCK only keeps open() from sleeping for ever on a fifo; on a file under a lease it gives
 * EAGAIN, and then waiting is right. O_CREAT on another user's file in a sticky folder is EACCES
 * (fs.protected_regular) although the file may be opened.
 */
static int open_once(int dirfd, const char *path, int how)
{
	int fd = hf_sys.openat(dirfd, path, how, FILE_MODE);

	if (fd == -EAGAIN)
		fd = hf_sys.openat(dirfd, path, how & ~O_NONBLOCK, FILE_MODE);
	if (fd == -EACCES && how & O_CREAT) {
		fd = hf_sys.openat(dirfd, path, how & ~O_CREAT, FILE_MODE);
		if (fd == -ENOENT)
			fd = -EACCES;
	}
	return above_stdio(fd);
}

/* With POSIX locks a descriptor that waits to be closed is better than one more to close. */
static int reuse(int dirfd, const char *path, unsigned flags)
{
	struct stat st;

	if (hf_sys.fstatat(dirfd, path, &st, flags & HF_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW))
		return -1;
	return hf_held_unpark(fileid_of(&st), flags & HF_READONLY ? O_RDONLY : O_RDWR);
}

int hf_path_open(int dirfd, const char *path, unsigned flags)
{
	int fd = hf_held_has_parked() ? reuse(dirfd, path, flags) : -1;
	int races = RACES;
	int ret;

	if (fd >= 0)
		return fd;
	for (;;) {
		fd = open_once(dirfd, path, open_flags(flags));
		if (fd != -ENOENT || !(flags & HF_PARENTS) || races-- == 0)
			return fd;
		ret = make_parents(dirfd, path);
		if (ret && ret != -ENOENT)
			return ret;
	}
}

int hf_path_base(int dirfd)
{
	if (dirfd != AT_FDCWD)
		return hf_sys.dup(dirfd);
	return above_stdio(hf_sys.openat(AT_FDCWD, ".", O_PATH | O_DIRECTORY | O_CLOEXEC, 0));
}

int hf_fd_fileid(int fd, struct hf_fileid *ret)
{
	struct stat st;
	int error = hf_sys.fstat(fd, &st);

	if (!error)
		*ret = fileid_of(&st);
	return error;
}

int hf_path_check(int dirfd, const char *path, unsigned flags, struct hf_fileid id)
{
	struct stat st;
	int ret = hf_sys.fstatat(dirfd, path, &st, flags & HF_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW);

	if (ret == -ENOENT || ret == -ENOTDIR || ret == -ELOOP)
		return -ESTALE;
	if (ret)
		return ret;
	return hf_fileid_equal(fileid_of(&st), id) ? 0 : -ESTALE;
}
