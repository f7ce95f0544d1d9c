/* SPDX-License-Identifier: MIT */
/* The ways to open a file. */
#include <dirent.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "differential.h"
#include "slots.h"

/* A directory can be opened for reading only. */
static int access_of(unsigned file)
{
	return file == DIRECTORY ? O_RDONLY : O_RDWR;
}

static const char *name_of(const struct op *op)
{
	return op->b % 4 ? file_path(op->file) : file_alias(op->file);
}

static int open_via(unsigned via, const char *path, int flags)
{
	switch (via % 4) {
	case 0:
		return calls.open(path, flags, 0);
	case 1:
		return calls.open64(path, flags, 0);
	case 2:
		return calls.openat(AT_FDCWD, path, flags, 0);
	default:
		return (int)calls.syscall(SYS_openat, AT_FDCWD, (long)path, flags, 0, 0, 0);
	}
}

static enum outcome open_with(const struct op *op, int flags)
{
	struct slot *slot;
	int fd;

	if (!slot_free())
		return NOTHING;
	fd = open_via(op->via, name_of(op), flags | O_CLOEXEC);
	if (fd < 0)
		return FAILED;
	slot = slot_fill(SLOT_FD, fd, NULL);
	slot->path_only = flags & O_PATH;
	return DONE;
}

enum outcome do_open(const struct op *op)
{
	return open_with(op, access_of(op->file));
}

enum outcome do_open_read_only(const struct op *op)
{
	return open_with(op, O_RDONLY);
}

enum outcome do_open_path(const struct op *op)
{
	return open_with(op, O_PATH);
}

enum outcome do_fopen(const struct op *op)
{
	unsigned file = op->file % DIRECTORY;
	FILE *stream;

	if (!slot_free())
		return NOTHING;
	stream = op->via % 2 ? calls.fopen(file_path(file), "r+e") : calls.fopen64(file_path(file), "re");
	if (!stream)
		return FAILED;
	(void)slot_fill(SLOT_STREAM, fileno(stream), stream);
	return DONE;
}

enum outcome do_opendir(const struct op *op)
{
	DIR *dir;

	(void)op;
	if (!slot_free())
		return NOTHING;
	dir = calls.opendir(file_path(DIRECTORY));
	if (!dir)
		return FAILED;
	(void)slot_fill(SLOT_DIR, dirfd(dir), dir);
	return DONE;
}

/* Not hooked, like everything that opens inside libc. */
enum outcome do_setmntent(const struct op *op)
{
	extern FILE *setmntent(const char *, const char *);
	unsigned file = op->file % DIRECTORY;
	FILE *table;

	if (!slot_free())
		return NOTHING;
	table = setmntent(file_path(file), "r+");
	if (!table)
		return FAILED;
	slot_fill(SLOT_STREAM, fileno(table), table)->mount_table = true;
	return DONE;
}

/* It keeps a descriptor of the working directory, which is DIRECTORY. */
enum outcome do_fts_open(const struct op *op)
{
	char *paths[] = { (char *)(uintptr_t)file_path(DIRECTORY), NULL };
	FTS64 *wide = NULL;
	FTS *fts = NULL;
	bool is_wide = op->via % 2;

	if (!slot_free())
		return NOTHING;
	if (is_wide)
		wide = fts64_open(paths, FTS_PHYSICAL, NULL);
	else
		fts = fts_open(paths, FTS_PHYSICAL, NULL);
	if (!wide && !fts)
		return FAILED;
	if (is_wide)
		slot_fill(SLOT_FTS, wide->fts_rfd, wide)->wide = true;
	else
		(void)slot_fill(SLOT_FTS, fts->fts_rfd, fts);
	return DONE;
}
