/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "alloc.h"
#include "record.h"
#include "recording.h"

/* Room for the execs of a large build, tens of thousands of different stacks, and a long timeline.
 */
#define IMAGE_SLOTS 16384
#define LOG_SIZE (UINT64_C(16) << 20)
#define RING_CELLS (UINT32_C(1) << 17)

static uint64_t now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

/* An absolute path: programs change their working directory before they open it. */
static char *absolute(const char *path)
{
	char *cwd, *ret;

	if (*path == '/')
		return alloc_string(path);
	cwd = getcwd(NULL, 0);
	ret = cwd ? alloc_format("%s/%s", cwd, path) : alloc_string(path);
	free(cwd);
	return ret;
}

/*
 * A folder in memory, if there is one with room: the first store of every process into a page of a
 * file on disk updates the file's times in the journal, which is a tenth of what an exec costs.
 */
static const char *default_base(void)
{
	static const char memory[] = "/dev/shm";
	struct statvfs fs;

	if (access(memory, W_OK | X_OK) < 0 || statvfs(memory, &fs) < 0 ||
	    (uint64_t)fs.f_bavail * fs.f_frsize < 2 * LOG_SIZE)
		return "/tmp";
	return memory;
}

static char *secret_path(void)
{
	const char *tmp = getenv("TMPDIR");
	char *base = absolute(tmp && *tmp ? tmp : default_base());
	uint64_t secret[2];
	char *ret = NULL;

	if (getrandom(secret, sizeof(secret), 0) == sizeof(secret))
		ret = alloc_format("%s/holdfast-%016" PRIx64 "%016" PRIx64, base, secret[0],
				   secret[1]);
	free(base);
	return ret;
}

static int make_folder(const char *path, bool may_exist)
{
	if (mkdir(path, 0700) < 0 && !(may_exist && errno == EEXIST))
		return -errno;
	if (chmod(path, 0711) < 0) /* whatever the umask */
		return -errno;
	return 0;
}

static int write_header(int fd, const struct hf_pool *layout)
{
	ssize_t n = pwrite(fd, layout, sizeof(*layout), 0);

	if (n < 0)
		return -errno;
	return n == sizeof(*layout) ? 0 : -ENOSPC;
}

static int fill_pool(int fd)
{
	struct hf_pool layout;
	uint64_t size = hf_pool_layout(&layout, IMAGE_SLOTS, LOG_SIZE, RING_CELLS);
	int ret;

	layout.start_realtime = now(CLOCK_REALTIME);
	layout.start_monotonic = now(CLOCK_MONOTONIC);
	if (fchmod(fd, 0666) < 0)
		return -errno;
	ret = -posix_fallocate(fd, 0, (off_t)size);
	return ret ? ret : write_header(fd, &layout);
}

static int make_pool(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int ret;

	if (fd < 0)
		return -errno;
	ret = fill_pool(fd);
	close(fd);
	if (ret)
		unlink(path);
	return ret;
}

int rundir_make(const char *keep, struct rundir *ret)
{
	int error;

	ret->kept = keep != NULL;
	ret->path = keep ? absolute(keep) : secret_path();
	ret->pool = NULL;
	if (!ret->path)
		return -errno;
	error = make_folder(ret->path, ret->kept);
	if (error)
		return error;
	ret->pool = alloc_format("%s/" RECORDING_POOL, ret->path);
	error = make_pool(ret->pool);
	if (error && error != -EEXIST)
		rmdir(ret->path);
	return error;
}

void rundir_finish(struct rundir *rundir)
{
	if (rundir->kept) {
		(void)chmod(rundir->pool, 0644);
		(void)chmod(rundir->path, 0755);
		return;
	}
	(void)unlink(rundir->pool);
	(void)rmdir(rundir->path);
}

void rundir_free(struct rundir *rundir)
{
	free(rundir->path);
	free(rundir->pool);
	memset(rundir, 0, sizeof(*rundir));
}
