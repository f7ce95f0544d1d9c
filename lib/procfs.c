/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "procfs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lock.h"
#include "path.h"
#include "sys.h"

/* Longer than any line that is looked for; a longer one is cut, and then makes no sense. */
#define LINE_SIZE 4096

typedef int line_fn(const char *line, size_t length, void *arg);

static int open_for_reading(const char *name)
{
	return hf_sys.openat(AT_FDCWD, name, O_RDONLY | O_CLOEXEC, 0);
}

/* Hands on the whole lines among buffer's *used bytes and keeps the rest. */
static int hand_on(char *buffer, size_t *used, line_fn *fn, void *arg)
{
	char *line = buffer;
	char *newline;
	int ret = 0;

	while (!ret && (newline = memchr(line, '\n', *used - (size_t)(line - buffer)))) {
		*newline = '\0';
		ret = fn(line, (size_t)(newline - line), arg);
		line = newline + 1;
	}
	*used -= (size_t)(line - buffer);
	memmove(buffer, line, *used);
	if (*used == LINE_SIZE)
		*used = 0;
	return ret;
}

static int each_line_of(int fd, line_fn *fn, void *arg)
{
	char buffer[LINE_SIZE];
	size_t used = 0;
	ssize_t count;
	int ret = 0;

	while (!ret) {
		count = hf_sys.read(fd, buffer + used, sizeof(buffer) - used);
		if (count == -EINTR)
			continue;
		if (count <= 0)
			return (int)count;
		used += (size_t)count;
		ret = hand_on(buffer, &used, fn, arg);
	}
	return ret;
}

static int each_line(const char *name, line_fn *fn, void *arg)
{
	int fd = open_for_reading(name);
	int ret;

	if (fd < 0)
		return fd;
	ret = each_line_of(fd, fn, arg);
	(void)hf_sys.close(fd);
	return ret;
}

struct lock_walk {
	hf_proc_lock_fn *fn;
	void *arg;
};

static int see_line(const char *line, size_t length, void *arg)
{
	struct lock_walk *walk = arg;
	struct hf_proclock lock;

	if (hf_proclock_parse(line, length, &lock))
		return 0;
	return walk->fn(&lock, walk->arg);
}

int hf_proc_each_lock(const char *name, hf_proc_lock_fn *fn, void *arg)
{
	struct lock_walk walk = { fn, arg };

	return each_line(name, see_line, &walk);
}

int hf_proc_each_entry(const char *name, hf_proc_entry_fn *fn, void *arg)
{
	int fd = hf_sys.openat(AT_FDCWD, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	char *end;
	int ret = 0;

	if (!dir) {
		if (fd >= 0)
			(void)hf_sys.close(fd);
		return fd < 0 ? fd : -ENOMEM;
	}
	while (!ret && (entry = readdir(dir))) {
		long number = strtol(entry->d_name, &end, 10);

		if (end != entry->d_name && !*end && number >= 0)
			ret = fn(number, arg);
	}
	(void)closedir(dir);
	return ret;
}

ssize_t hf_proc_read(const char *name, char *buffer, size_t size)
{
	int fd = open_for_reading(name);
	ssize_t count;

	if (fd < 0)
		return fd;
	do
		count = hf_sys.read(fd, buffer, size - 1);
	while (count == -EINTR);
	(void)hf_sys.close(fd);
	if (count >= 0)
		buffer[count] = '\0';
	return count;
}

bool hf_proc_is_on(long pid, long fd, struct hf_fileid id)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "/proc/%ld/fd/%ld", pid, fd);
	return hf_path_check(AT_FDCWD, name, HF_FOLLOW, id) == 0;
}

/* ---- which device /proc/locks prints ---- */

struct mount {
	long id;
	dev_t dev;
};

static int see_mnt_id(const char *line, size_t length, void *arg)
{
	(void)length;
	return sscanf(line, "mnt_id: %ld", (long *)arg) == 1;
}

/* "ID PARENT MAJOR:MINOR ROOT ..." */
static int see_mount(const char *line, size_t length, void *arg)
{
	struct mount *mount = arg;
	unsigned major, minor;
	long id;

	(void)length;
	if (sscanf(line, "%ld %*d %u:%u", &id, &major, &minor) != 3 || id != mount->id)
		return 0;
	mount->dev = makedev(major, minor);
	return 1;
}

int hf_proc_fileid(const struct hf_lock *lock, struct hf_fileid *ret)
{
	struct mount mount = { .id = -1 };
	char name[64];
	int found;

	*ret = lock->file->key.id;
	(void)snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", lock->fd);
	found = each_line(name, see_mnt_id, &mount.id);
	if (found == 1)
		found = each_line("/proc/self/mountinfo", see_mount, &mount);
	if (found == 1)
		ret->dev = mount.dev;
	/* No such mount any more, or not in this namespace: stat's answer is the best there is. */
	return found < 0 ? found : 0;
}
