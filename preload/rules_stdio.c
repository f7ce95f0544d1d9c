/* SPDX-License-Identifier: MIT */
/*
 * What a stream still has in its buffer when the file is unlocked reaches the file without the
 * lock.
 *
 * Streams are known by the descriptors that they were opened with. libc frees a stream in fclose(),
 * which is hooked, and no one is looked at whose descriptor is not the expected one any more.
 */
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "rawsys.h"
#include "recorder.h"
#include "rules.h"
#include "shim.h"

#define STREAMS 1024
#define LATE 8

/* By descriptor; words are stored and loaded whole, without the section. */
static FILE *streams[STREAMS];

/* Streams with output from before an unlock. Guarded by the section, the count may be read without.
 */
static struct late {
	FILE *stream;
	hf_ref finding;
	struct hf_fileid id;
	int fd;
} late[LATE];
static uint32_t late_count;

static void set_stream(int fd, FILE *stream)
{
	if ((unsigned)fd < STREAMS)
		__atomic_store_n(&streams[fd], stream, __ATOMIC_RELAXED);
}

void hf_stdio_opened(int fd, void *stream)
{
	set_stream(fd, stream);
}

static FILE *stream_of(int fd)
{
	FILE *stream = NULL;

	if ((unsigned)fd < STREAMS)
		stream = __atomic_load_n(&streams[fd], __ATOMIC_RELAXED);
	if (!stream && fd == STDOUT_FILENO)
		stream = stdout;
	return stream && fileno(stream) == fd ? stream : NULL;
}

static void drop(struct late *entry)
{
	entry->stream = NULL;
	__atomic_store_n(&late_count, late_count - 1, __ATOMIC_RELAXED);
}

static void remember(FILE *stream, const struct hf_rec_finding *finding, hf_ref recorded)
{
	for (struct late *entry = late; entry < late + LATE; entry++) {
		if (entry->stream)
			continue;
		*entry = (struct late){ stream, recorded, finding->id, finding->other_fd };
		__atomic_store_n(&late_count, late_count + 1, __ATOMIC_RELAXED);
		return;
	}
}

void hf_stdio_released(const struct hf_request *r)
{
	FILE *stream = r->overlap & HF_OVER_WRITE ? stream_of(r->fd) : NULL;
	struct hf_range *held;
	struct hf_rec_finding finding;
	hf_ref recorded;

	if (!stream || !__fpending(stream) || !hf_options.enabled[HF_KIND_FLUSH_AFTER_UNLOCK])
		return;
	held = hf_rangeset_first(&r->owner->ranges, r->start, r->end);
	if (held->mode != HF_MODE_WRITE)
		return;
	finding = hf_rules_finding(r, HF_KIND_FLUSH_AFTER_UNLOCK, HF_LEVEL_WARNING, r->owner, held);
	finding.here = hf_stack_here();
	recorded = hf_recorder_finding(&finding);
	if (recorded)
		remember(stream, &finding, recorded);
}

/* Locked again before it was flushed: late for the readers in between, but not unprotected. */
void hf_stdio_granted(const struct hf_request *r)
{
	for (struct late *entry = late; late_count && entry < late + LATE; entry++)
		if (entry->stream && hf_fileid_equal(entry->id, hf_file_id(r->file)))
			drop(entry);
}

static void flushes(struct late *entry, const char *via)
{
	struct hf_rec_consequence written = {
		.finding = entry->finding,
		.what = HF_THEN_WRITTEN,
		.fd = entry->fd,
		.bytes = __fpending(entry->stream),
	};

	if (written.bytes) {
		written.here = hf_stack_here();
		memcpy(written.via, via, strlen(via));
		hf_recorder_consequence(&written);
	}
	drop(entry);
}

/* libc writes it by a call of its own, that no hook sees. */
static void tell_watches(FILE *stream, const char *via)
{
	size_t bytes = __fpending(stream);
	int fd = bytes ? fileno(stream) : HF_NO_FD;
	off_t at = fd < 0 ? 0 : raw_lseek(fd, 0, SEEK_CUR);

	if (fd > STDERR_FILENO)
		hf_watch_accessed(fd, HF_THEN_WRITTEN, at < 0 ? 0 : (uint64_t)at, bytes, via);
}

static void tell_all_watches(const char *via)
{
	for (int fd = 0; fd < STREAMS; fd++) {
		FILE *stream = stream_of(fd);

		if (stream)
			tell_watches(stream, via);
	}
}

void hf_stdio_flushing(void *stream, const char *via)
{
	struct hf_section section;

	if ((!__atomic_load_n(&late_count, __ATOMIC_RELAXED) && !hf_watching()) ||
	    hf_section_enter(&section) != HF_ENTERED)
		return;
	if (hf_watching() && stream)
		tell_watches(stream, via);
	else if (hf_watching())
		tell_all_watches(via);
	for (struct late *entry = late; entry < late + LATE; entry++)
		if (entry->stream && (!stream || entry->stream == stream))
			flushes(entry, via);
	hf_section_leave(&section);
}

void hf_stdio_closing(void *stream, int fd)
{
	if (stream_of(fd) == stream)
		set_stream(fd, NULL);
}

void hf_stdio_forked(void)
{
	memset(late, 0, sizeof(late));
	late_count = 0;
}
