/* SPDX-License-Identifier: MIT */
/*
 * What follows. Some misuses are proven when they happen and weigh more by what the program does
 * next (it uses a lock that it lost, or tears it down unused); others are only a misuse because of
 * what it does next (a refused lock is nothing until the file is written all the same).
 *
 * A watch waits for events on one file. An event of its report_on set records the finding, if that
 * was not done at once; every later event is a consequence record that refers to it; one of its
 * end_on set ends the watch.
 *
 * Where the event itself decides what kind of misuse it is, or how bad, or that it is none after
 * all, the watch has a judge.
 *
 * Reading is done everywhere, also by who knows nothing of the lock, and by right: so a read counts
 * only where the watch wants reads, only through the descriptors of the lock, and once. Every other
 * read costs one load.
 *
 * Needs the section, but for hf_watching(). Watches are few and searched one after the other; when
 * all places are taken the oldest gives way.
 */
#ifndef HF_PRELOAD_WATCH_H
#define HF_PRELOAD_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "fileid.h"
#include "message.h"
#include "record.h"
#include "shim.h"

struct hf_watch;

/*
 * Asked before the finding is recorded, for the event that is about to record it: may change kind
 * and level. False: this event is no misuse.
 */
typedef bool hf_judge(struct hf_watch *watch, const struct hf_rec_consequence *then);

/* Bytes that were read or written; none while it is all zeros. */
struct hf_watch_access {
	uint64_t at;
	uint64_t bytes;
};

struct hf_watch {
	bool used;
	bool exact;	  /* a write counts only if it touches the watched bytes */
	bool same_fd;	  /* only writes through finding.fd count */
	bool reads;	  /* reads count: stands until one was recorded, or kept in `read` */
	bool unasked;	  /* that others write to the file or lock it means nothing */
	bool any_retakes; /* a lock taken by any thread ends it, whatever only_tid says */
	hf_ref recorded;  /* of the finding, 0 before it is recorded */
	struct hf_rec_finding
		finding;    /* id, fd, primitive, mode, start and end say what is watched */
	unsigned report_on; /* HF_THEN_BIT()s */
	unsigned end_on;
	int only_tid;  /* events of this thread only; 0: of any */
	int pid;       /* for the judge: the process that took the lock */
	int other_tid; /* for the judge: the thread that was granted the same */
	unsigned seen; /* the judge's own: what has happened so far */
	hf_judge *judge;
	/* A read that weighs only if there is a finding: recorded with it. The judge's to fill. */
	struct hf_rec_consequence read;
	struct hf_watch_access accesses[4]; /* the judge's own */
	int64_t size; /* of the file at the start, to see writes that no hook sees */
	int64_t mtime;
};

static inline bool hf_watching(void)
{
	return __builtin_expect(__atomic_load_n(&hf_shim.watching, __ATOMIC_RELAXED) != 0, 0);
}

/* One bit for the descriptors of the watches that want reads, by the last six bits of each. */
extern uint64_t hf_watched_reads __attribute__((visibility("hidden")));

static inline bool hf_watching_reads(void)
{
	return __builtin_expect(__atomic_load_n(&hf_watched_reads, __ATOMIC_RELAXED) != 0, 0);
}

/* May be true of another descriptor, never false of one whose reads are wanted. */
static inline bool hf_watching_reads_of(int fd)
{
	uint64_t wanted = __atomic_load_n(&hf_watched_reads, __ATOMIC_RELAXED);

	return __builtin_expect(wanted >> ((unsigned)fd % 64) & 1, 0);
}

/* Copies the watch; size and mtime are looked up through finding.fd, where that cannot block. */
void hf_watch_add(const struct hf_watch *watch);

/* Ends the watches of that kind on the file. */
void hf_watch_end(enum hf_kind kind, struct hf_fileid id);

/* Ends the calling thread's watches of that kind. */
void hf_watch_end_own(enum hf_kind kind);

/* The watch of that kind at or after place *at, which becomes the place behind it; NULL: no more.
 */
const struct hf_watch *hf_watch_next(enum hf_kind kind, unsigned *at);

/* The program unlocks these bytes of the file. */
void hf_watch_unlocked(struct hf_fileid id, uint64_t start, uint64_t end, const char *via, int fd);

/* It got a lock on them. */
void hf_watch_locked(struct hf_fileid id, uint64_t start, uint64_t end, int fd);

/* It wrote or read through fd. */
void hf_watch_accessed(int fd, enum hf_consequence what, uint64_t offset, uint64_t bytes,
		       const char *via);

/* It closes descriptors first..last: the locks taken through them are torn down. */
void hf_watch_closed(int first, int last, const char *via);

/* Before an exec or the exit: writes that no hook saw, and whether somebody else got the lock. */
void hf_watch_settle(void);

/* The process ends: what waits for its descriptor to be closed has waited long enough. */
void hf_watch_ending(void);

/* In a fresh fork child: what the parent did is the parent's. */
void hf_watch_forked(void);

#endif
