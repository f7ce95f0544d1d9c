/* SPDX-License-Identifier: MIT */
#include "watch.h"

#include <string.h>

#include "identify.h"
#include "large.h"
#include "oracle.h"
#include "options.h"
#include "rawsys.h"
#include "recorder.h"

#define WATCHES 64

static struct hf_watch watches[WATCHES] HF_LARGE;
static unsigned next_place;

uint64_t hf_watched_reads;

#define FOR_EACH_WATCH(watch)                                                                      \
	for (struct hf_watch *watch = watches; watch < watches + WATCHES; watch++)                 \
		if (watch->used)

static int64_t nanoseconds(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

static uint64_t bit_of(int fd)
{
	return UINT64_C(1) << ((unsigned)fd % 64);
}

/* Of a watch with two parties the other one's descriptor counts as well. */
static void publish_reads(void)
{
	uint64_t wanted = 0;

	FOR_EACH_WATCH(watch)
	{
		if (!watch->reads)
			continue;
		wanted |= bit_of(watch->finding.fd);
		if (watch->other_tid)
			wanted |= bit_of(watch->finding.other_fd);
	}
	__atomic_store_n(&hf_watched_reads, wanted, __ATOMIC_RELAXED);
}

static void want_no_reads(struct hf_watch *watch)
{
	if (!watch->reads)
		return;
	watch->reads = false;
	publish_reads();
}

static void forget(struct hf_watch *watch)
{
	want_no_reads(watch);
	watch->used = false;
	__atomic_store_n(&hf_shim.watching, hf_shim.watching - 1, __ATOMIC_RELAXED);
}

void hf_watch_add(const struct hf_watch *watch)
{
	struct hf_watch *place = &watches[next_place++ % WATCHES];
	struct stat st;

	if (place->used)
		forget(place);
	*place = *watch;
	place->used = true;
	if (watch->finding.flags & HF_FINDING_UNASKED) {
		place->unasked = true;
	} else if (raw_fstat(watch->finding.fd, &st) == 0) {
		place->size = st.st_size;
		place->mtime = nanoseconds(&st);
	}
	if (place->reads)
		publish_reads();
	__atomic_store_n(&hf_shim.watching, hf_shim.watching + 1, __ATOMIC_RELAXED);
}

const struct hf_watch *hf_watch_next(enum hf_kind kind, unsigned *at)
{
	while (*at < WATCHES) {
		const struct hf_watch *watch = &watches[(*at)++];

		if (watch->used && watch->finding.kind == kind)
			return watch;
	}
	return NULL;
}

void hf_watch_end(enum hf_kind kind, struct hf_fileid id)
{
	FOR_EACH_WATCH(watch)
	if (watch->finding.kind == kind && hf_fileid_equal(watch->finding.id, id))
		forget(watch);
}

void hf_watch_end_own(enum hf_kind kind)
{
	FOR_EACH_WATCH(watch)
	if (watch->finding.kind == kind && watch->only_tid == hf_tid())
		forget(watch);
}

static bool is_misuse(struct hf_watch *watch, const struct hf_rec_consequence *then)
{
	return (watch->report_on & HF_THEN_BIT(then->what)) &&
	       (!watch->judge || watch->judge(watch, then)) &&
	       hf_options.enabled[watch->finding.kind];
}

/* A finding without a place of its own is about the call that proves it. */
static void record_finding(struct hf_watch *watch, const char *via)
{
	if (!watch->finding.here) {
		watch->finding.here = hf_stack_here();
		hf_via_put(watch->finding.via, via);
	}
	watch->recorded = hf_recorder_finding(&watch->finding);
}

static void locate(struct hf_rec_consequence *then, const char *via)
{
	then->here = hf_stack_here();
	hf_via_put(then->via, via);
}

static void record_consequence(const struct hf_watch *watch, struct hf_rec_consequence *then)
{
	then->finding = watch->recorded;
	hf_recorder_consequence(then);
}

/* They say that nothing was used in between. */
static bool says_unused(enum hf_consequence what)
{
	return what == HF_THEN_TEARDOWN || what == HF_THEN_RETAKEN;
}

/* If this is what the finding waited for, it is recorded; then what happened, as its consequence.
 */
static void record(struct hf_watch *watch, struct hf_rec_consequence *then, const char *via)
{
	if (!watch->recorded && is_misuse(watch, then)) {
		record_finding(watch, via);
		if (watch->recorded && watch->read.what)
			record_consequence(watch, &watch->read);
	}
	if (!watch->recorded || (watch->read.what && says_unused(then->what)))
		return;
	locate(then, via);
	record_consequence(watch, then);
}

/* Size or time moved although no hook saw a write: stdio inside libc, or a mapping. */
static void check_changed(struct hf_watch *watch)
{
	struct hf_rec_consequence changed = { .what = HF_THEN_CHANGED, .fd = watch->finding.fd };
	struct stat st;

	if (hf_oracle_is_open(watch->finding.fd, watch->finding.id) &&
	    raw_fstat(watch->finding.fd, &st) == 0 &&
	    (st.st_size != watch->size || nanoseconds(&st) != watch->mtime))
		record(watch, &changed, "");
}

static void check_taken(struct hf_watch *watch)
{
	const struct hf_rec_finding *finding = &watch->finding;
	struct hf_question question = {
		.primitive = finding->primitive,
		.mode = finding->mode,
		.fd = finding->fd,
		.pid = hf_shim.pid,
		.start = finding->start,
		.end = finding->end,
		.id = finding->id,
	};
	struct hf_rec_consequence taken = { .what = HF_THEN_TAKEN, .fd = finding->fd };

	if (finding->primitive == HF_PRIM_FLOCK || !hf_oracle_is_open(finding->fd, finding->id))
		return;
	taken.pid = hf_oracle_stranger(&question);
	if (taken.pid)
		record(watch, &taken, "");
}

static void settle(struct hf_watch *watch)
{
	if (watch->unasked)
		return;
	check_taken(watch);
	check_changed(watch);
}

static bool concerns_thread(const struct hf_watch *watch)
{
	return !watch->only_tid || watch->only_tid == hf_tid();
}

static bool touches(const struct hf_watch *watch, uint64_t start, uint64_t end)
{
	return watch->finding.start <= end && start <= watch->finding.end;
}

static bool concerns(const struct hf_watch *watch, struct hf_fileid id, uint64_t start,
		     uint64_t end)
{
	return hf_fileid_equal(watch->finding.id, id) && touches(watch, start, end);
}

/* Whoever reads through another descriptor may know nothing of the lock. */
static bool concerns_read(const struct hf_watch *watch, int fd)
{
	return watch->reads &&
	       (fd == watch->finding.fd || (watch->other_tid && fd == watch->finding.other_fd));
}

static bool concerns_access(const struct hf_watch *watch, const struct hf_rec_consequence *access)
{
	uint64_t last = access->offset + (access->bytes ? access->bytes - 1 : 0);

	return (access->what != HF_THEN_READ || concerns_read(watch, access->fd)) &&
	       concerns_thread(watch) && (!watch->same_fd || access->fd == watch->finding.fd) &&
	       (!watch->exact || touches(watch, access->offset, last));
}

static void end_if(struct hf_watch *watch, enum hf_consequence what)
{
	if (watch->end_on & HF_THEN_BIT(what))
		forget(watch);
}

void hf_watch_unlocked(struct hf_fileid id, uint64_t start, uint64_t end, const char *via, int fd)
{
	FOR_EACH_WATCH(watch)
	{
		struct hf_rec_consequence unlocked = { .what = HF_THEN_UNLOCKED,
						       .fd = fd,
						       .offset = start,
						       .bytes = end - start + 1 };

		if (!concerns(watch, id, start, end) || !concerns_thread(watch))
			continue;
		settle(watch);
		record(watch, &unlocked, via);
		end_if(watch, HF_THEN_UNLOCKED);
	}
}

void hf_watch_locked(struct hf_fileid id, uint64_t start, uint64_t end, int fd)
{
	FOR_EACH_WATCH(watch)
	{
		struct hf_rec_consequence retaken = { .what = HF_THEN_RETAKEN, .fd = fd };

		if (!concerns(watch, id, start, end) ||
		    !(watch->any_retakes || concerns_thread(watch)))
			continue;
		record(watch, &retaken, "");
		end_if(watch, HF_THEN_RETAKEN);
	}
}

/* The first read that counts is kept, recorded or not, and no other is looked at. */
static void record_read(struct hf_watch *watch, struct hf_rec_consequence *access, const char *via)
{
	record(watch, access, via);
	if (watch->recorded)
		watch->read = *access;
	else if (watch->read.what)
		locate(&watch->read, via);
	if (watch->read.what)
		want_no_reads(watch);
}

void hf_watch_accessed(int fd, enum hf_consequence what, uint64_t offset, uint64_t bytes,
		       const char *via)
{
	struct hf_fileid id;

	if (!hf_identify(fd, &id))
		return;
	FOR_EACH_WATCH(watch)
	{
		struct hf_rec_consequence access = {
			.what = (uint16_t)what, .fd = fd, .bytes = bytes, .offset = offset
		};

		if (!hf_fileid_equal(watch->finding.id, id) || !concerns_access(watch, &access))
			continue;
		if (what == HF_THEN_READ)
			record_read(watch, &access, via);
		else
			record(watch, &access, via);
		if (!watch->unasked)
			check_taken(watch);
		end_if(watch, what);
	}
}

void hf_watch_closed(int first, int last, const char *via)
{
	FOR_EACH_WATCH(watch)
	{
		struct hf_rec_consequence closed = { .what = HF_THEN_TEARDOWN,
						     .fd = watch->finding.fd };

		if (watch->finding.fd < first || watch->finding.fd > last)
			continue;
		settle(watch);
		record(watch, &closed, via);
		end_if(watch, HF_THEN_TEARDOWN);
	}
}

void hf_watch_settle(void)
{
	FOR_EACH_WATCH(watch)
	{
		settle(watch);
		forget(watch);
	}
}

void hf_watch_ending(void)
{
	FOR_EACH_WATCH(watch)
	{
		struct hf_rec_consequence closed = { .what = HF_THEN_TEARDOWN,
						     .fd = watch->finding.fd };

		if (!watch->recorded && (watch->report_on & HF_THEN_BIT(HF_THEN_TEARDOWN)))
			record(watch, &closed, "exit");
	}
}

void hf_watch_forked(void)
{
	memset(watches, 0, sizeof(watches));
	hf_shim.watching = 0;
	hf_watched_reads = 0;
}
