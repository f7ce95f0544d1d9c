/* SPDX-License-Identifier: MIT */
/*
 * Hooks that read. Reading tells whether a program uses a lock that it has lost; it is only looked
 * at while a watch waits for that (watch.h).
 *
 * A stream reads from its buffer, and what is in there may have been read while the lock was held.
 * So not the call counts but what it has taken from the file, which is how far the file position
 * moved.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "hooks.h"
#include "rawsys.h"
#include "shim.h"
#include "watch.h"

static void tell(int fd, off_t at, uint64_t bytes, const char *via)
{
	struct hf_section section;

	if (hf_section_enter(&section) != HF_ENTERED)
		return;
	if (at < 0)
		at = raw_lseek(fd, 0, SEEK_CUR) - (off_t)bytes;
	if (at >= 0) /* else there are no bytes to be locked */
		hf_watch_accessed(fd, HF_THEN_READ, (uint64_t)at, bytes, via);
	hf_section_leave(&section);
}

ssize_t hf_on_read(int fd, off_t at, ssize_t ret, const char *via)
{
	if (ret > 0)
		tell(fd, at, (uint64_t)ret, via);
	return ret;
}

ssize_t hf_on_copied(int in, const void *at, ssize_t ret, const char *via)
{
	if (ret > 0 && hf_watching_reads_of(in))
		tell(in, at ? *(const off_t *)at - ret : -1, (uint64_t)ret, via);
	return ret;
}

/* Of memory and of a pipe it is not known. */
static off_t position(void *stream, int *ret_fd)
{
	int error = errno;

	*ret_fd = fileno(stream);
	errno = error;
	if (*ret_fd < 0 || !hf_watching_reads_of(*ret_fd) || hf_is_foreign())
		return -1;
	return raw_lseek(*ret_fd, 0, SEEK_CUR);
}

off_t hf_before_stream_read(void *stream)
{
	int fd;

	return position(stream, &fd);
}

void hf_after_stream_read(void *stream, off_t before, const char *via)
{
	int fd;
	off_t after = before < 0 ? -1 : position(stream, &fd);

	if (after > before)
		tell(fd, before, (uint64_t)(after - before), via);
}
