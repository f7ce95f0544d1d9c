/* SPDX-License-Identifier: MIT */
/*
 * The events of a report's recordings as bars: who held or waited for which file, from when to
 * when.
 *
 * A hold begins with an acquisition and ends with the release of its bytes, their loss, or the end
 * of the process. Events that the ring has lost leave holds without a beginning out and make others
 * look longer than they were: summary.events_lost says whether that can be.
 */
#ifndef HF_TOOLS_TIMELINE_H
#define HF_TOOLS_TIMELINE_H

#include <stddef.h>
#include <stdint.h>

#include "report.h"

/* One lane: a thread of a process, and one of the files that it locks. */
struct timeline_row {
	int32_t pid;
	int32_t tid;
	const struct hf_image *image; /* NULL: its slot was lost */
	struct hf_fileid id;
	const char *path; /* "" when it is not known */
};

enum timeline_kind { TIMELINE_HOLD, TIMELINE_WAIT };

enum timeline_end {
	TIMELINE_RELEASED, /* by an unlock; a wait: granted */
	TIMELINE_LOST,
	TIMELINE_FAILED, /* a wait that was refused */
	TIMELINE_OPEN,	 /* until the end of the recording */
	TIMELINE_EXIT,	 /* with its process */
	TIMELINE_CLOSED, /* by closing the descriptor that took it */
	TIMELINE_CONVERTED
};

#define TIMELINE_NONE SIZE_MAX

struct timeline_span {
	size_t row;
	uint32_t image; /* of the event that began it */
	uint64_t from;	/* ns, on the clock of the records */
	uint64_t to;
	enum timeline_kind kind;
	enum timeline_end end;
	uint8_t mode;
	uint8_t primitive;
	int32_t fd;
	uint64_t first; /* bytes */
	uint64_t last;
	uint32_t stack; /* report_stack_at() */
	/*
	 * A wait for a write lock: the read lock on some of its bytes that the same owner keeps
	 * meanwhile, as an index of spans before timeline_sort(). TIMELINE_NONE: there is none.
	 */
	size_t upgrades;
	/*
	 * Meanwhile the same process held, or asked for, a lock of the other family on the file:
	 * the two families, flock and record locks, do not see each other.
	 */
	bool both_families;
	bool unshared;	/* HF_EVENT_UNSHARED */
	bool rest;	/* what an unlock of other bytes left of a hold */
	bool inherited; /* a child was made meanwhile, which has the descriptor too */
	bool answered;	/* a wait: what ended it was its own answer, and not the next request */
};

/* A thread that waits for a child to end. That it goes on only shows in its next event. */
struct timeline_childwait {
	int32_t pid;
	int32_t tid;
	int32_t child; /* -1: any */
	uint32_t image;
	uint64_t from;
	uint64_t to; /* UINT64_MAX: nothing was heard of the thread afterwards */
	uint32_t stack;
};

/* An unlock, not of a POSIX lock, of what this process was not seen to lock. */
struct timeline_unlock {
	int32_t pid;
	int32_t tid;
	uint32_t image;
	struct hf_fileid id;
	uint8_t primitive;
	bool inherited; /* its description came locked from the parent, with the fork */
	int32_t fd;
	uint64_t first;
	uint64_t last;
	uint64_t time;
	uint32_t stack;
};

/* An exec that gave the new program a descriptor whose description was locked. */
struct timeline_leak {
	int32_t pid;
	uint32_t image;
	struct hf_fileid id;
	uint8_t primitive;
	uint64_t time;
};

/* Zeroed: empty. */
struct timeline {
	struct timeline_row *rows; /* sorted: by process, thread, path */
	size_t row_count;
	struct timeline_span *spans; /* sorted: by row, then by beginning */
	size_t span_count;
	struct timeline_childwait *childwaits;
	size_t childwait_count;
	struct timeline_unlock *unlocks;
	size_t unlock_count;
	struct timeline_leak *leaks;
	size_t leak_count;
	uint64_t begin; /* of the first event; 0 when there is none */
	uint64_t end;
};

/* Adds the events of a recording; rows and spans are in the order in which they began. */
void timeline_add(const struct report *report, const struct recording *recording,
		  struct timeline *timeline);

/* Brings rows and spans into the order that struct timeline tells. */
void timeline_sort(struct timeline *timeline);
void timeline_free(struct timeline *timeline);

/* The row of that thread and file; timeline->row_count when there is none. */
size_t timeline_find_row(const struct timeline *timeline, int32_t pid, int32_t tid,
			 struct hf_fileid id);

#endif
