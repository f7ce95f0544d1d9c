/* SPDX-License-Identifier: MIT */
/*
 * The file is allocated in full before it is mapped: a store into a sparse one on a full disk would
 * be a SIGBUS in the program. And RLIMIT_FSIZE is looked at before that: beyond it the kernel does
 * not only refuse, it sends SIGXFSZ.
 */
#include "own_pool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "clock.h"
#include "message.h"
#include "options.h"
#include "pool.h"
#include "rawsys.h"
#include "recorder.h"

#define IMAGE_SLOTS 64
#define LOG_SIZE (192 * 1024)
#define RING_CELLS 512 /* together a little under 256 KiB */
#define NAMES_TRIED 1000

/* Bytes 0 to size, for file systems that know no fallocate(). */
static int write_zeros(int fd, uint64_t size)
{
	static const char zeros[4096];
	ssize_t written;

	for (uint64_t at = 0; at < size; at += (uint64_t)written) {
		written = raw_write(fd, zeros, sizeof(zeros));
		if (written <= 0)
			return written < 0 ? (int)written : -ENOSPC;
	}
	return 0;
}

static int allocate(int fd, uint64_t size)
{
	struct rlimit limit;
	int ret;

	if (raw_prlimit(RLIMIT_FSIZE, NULL, &limit) == 0 && limit.rlim_cur < size)
		return -EFBIG;
	ret = raw_fallocate(fd, 0, 0, (off_t)size);
	return ret == -EOPNOTSUPP || ret == -ENOSYS ? write_zeros(fd, size) : ret;
}

static void add_name(struct hf_text *path, unsigned n)
{
	path->used = 0;
	hf_text_add_bytes(path, hf_options.record, hf_options.record_length);
	hf_text_add(path, "/holdfast.");
	hf_text_add_number(path, (uint64_t)raw_getpid(), 10);
	hf_text_add(path, ".");
	hf_text_add_number(path, n, 10);
	hf_text_add(path, ".rec");
}

/* Makes a file that was not there; its name is in path. */
static int create(struct hf_text *path)
{
	int fd = -EEXIST;

	for (unsigned n = 0; fd == -EEXIST && n < NAMES_TRIED; n++) {
		add_name(path, n);
		fd = raw_openat(AT_FDCWD, path->data, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	}
	return fd;
}

/* The mapping or, as raw_mmap, an error. */
static void *map_new_file(struct hf_text *path, uint64_t size)
{
	int fd = create(path);
	int ret;
	void *data;

	if (fd < 0)
		return (void *)(intptr_t)fd;
	ret = allocate(fd, size);
	data = ret < 0 ? (void *)(intptr_t)ret
		       : raw_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (raw_is_error(data))
		(void)raw_unlinkat(AT_FDCWD, path->data, 0);
	(void)raw_close(fd);
	return data;
}

static void *map_kept(uint64_t size)
{
	char name[4096], reason[32];
	struct hf_text path = hf_text_in(name, sizeof(name));
	struct hf_text why = hf_text_in(reason, sizeof(reason));
	void *data = map_new_file(&path, size);

	if (!raw_is_error(data))
		return data;
	hf_text_add_errno(&why, -(int)(intptr_t)data);
	hf_recorder_say("%s: no recording is kept there: %s", name, reason);
	return NULL;
}

static void *map_memory(uint64_t size)
{
	void *data =
		raw_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (!raw_is_error(data))
		return data;
	hf_recorder_say("no memory for a recording: findings are told without their stacks");
	return NULL;
}

void *hf_own_pool_map(uint64_t *ret_size)
{
	struct hf_pool layout;
	struct hf_pool *pool = NULL;

	*ret_size = hf_pool_layout(&layout, IMAGE_SLOTS, LOG_SIZE, RING_CELLS);
	if (hf_options.record)
		pool = map_kept(*ret_size);
	if (!pool)
		pool = map_memory(*ret_size);
	if (!pool)
		return NULL;
	*pool = layout;
	pool->start_realtime = hf_clock_realtime();
	pool->start_monotonic = hf_pool_now();
	return pool;
}
