/* SPDX-License-Identifier: MIT */
#include "tracefs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rawsys.h"

#define PREFIX "holdfast-"
#define TRIES 10

static const char *const events[] = { "posix_lock_inode", "flock_lock_inode",
				      "locks_remove_posix" };

#define EVENTS (sizeof(events) / sizeof(events[0]))

static char root[300], instance[400];
static bool mounted;
static int pipe_fd = -1;

static bool put(const char *file, const char *text)
{
	char path[500];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", instance, file);
	fd = raw_openat(AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return false;
	n = raw_write(fd, text, strlen(text));
	(void)raw_close(fd);
	return n == (ssize_t)strlen(text);
}

/* In a mount namespace of this process; where that is not allowed, the system's own mount will do.
 */
static void find_root(const char *folder)
{
	snprintf(root, sizeof(root), "%s", folder);
	mounted = unshare(CLONE_NEWNS) == 0 &&
		  mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		  mount("tracefs", folder, "tracefs", 0, NULL) == 0;
	if (!mounted)
		snprintf(root, sizeof(root), "/sys/kernel/tracing");
}

/* Of runs that were killed. One that somebody reads is busy, and stays. */
static void sweep(void)
{
	char path[700];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/instances", root);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/instances/%s", root, entry->d_name);
		(void)rmdir(path);
	}
	if (dir)
		(void)closedir(dir);
}

/* Another run may sweep it away before it is open. */
static bool make_instance(void)
{
	char path[500];

	snprintf(instance, sizeof(instance), "%s/instances/" PREFIX "%d", root, (int)getpid());
	snprintf(path, sizeof(path), "%s/trace_pipe", instance);
	for (unsigned i = 0; i < TRIES && pipe_fd < 0; i++) {
		if (mkdir(instance, 0700) && errno != EEXIST)
			return false;
		pipe_fd = raw_openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
	}
	return pipe_fd >= 0;
}

static bool enable(const char *event, const uint64_t *inodes, unsigned count)
{
	char file[100], filter[500];
	size_t at;

	at = (size_t)snprintf(filter, sizeof(filter), "comm != \"" UNTRACED_NAME "\" && (");
	for (unsigned i = 0; i < count; i++)
		at += (size_t)snprintf(filter + at, sizeof(filter) - at, "%si_ino == %llu",
				       i ? " || " : "", (unsigned long long)inodes[i]);
	snprintf(filter + at, sizeof(filter) - at, ")");
	snprintf(file, sizeof(file), "events/filelock/%s/filter", event);
	if (!put(file, filter))
		return false;
	snprintf(file, sizeof(file), "events/filelock/%s/enable", event);
	return put(file, "1");
}

bool tracefs_start(const char *folder, const uint64_t *inodes, unsigned count, const char **why)
{
	find_root(folder);
	sweep();
	*why = "tracefs cannot be mounted, or not be written";
	if (!make_instance())
		return false;
	*why = "the kernel has no counter as a clock for traces";
	if (!put("trace_clock", "counter")) /* several processors, and one order */
		return false;
	*why = "the kernel has no tracepoints about locks";
	for (unsigned i = 0; i < EVENTS; i++)
		if (!enable(events[i], inodes, count))
			return false;
	*why = NULL;
	return true;
}

void tracefs_stop(void)
{
	if (pipe_fd >= 0)
		(void)raw_close(pipe_fd);
	pipe_fd = -1;
	if (instance[0])
		(void)rmdir(instance);
	if (mounted)
		(void)umount2(root, MNT_DETACH);
}

/* The kernel gives whole lines, but does not say where a read's last one ends. */
bool tracefs_read(trace_line *visit, void *ctx)
{
	static char text[64 * 1024];
	size_t kept = 0;
	char *line, *newline;
	ssize_t n;

	while ((n = raw_read(pipe_fd, text + kept, sizeof(text) - 1 - kept)) > 0) {
		text[kept + (size_t)n] = '\0';
		for (line = text; (newline = strchr(line, '\n')); line = newline + 1) {
			*newline = '\0';
			visit(ctx, line);
		}
		kept = strlen(line);
		memmove(text, line, kept);
	}
	return n == -EAGAIN || n == -EINTR;
}
