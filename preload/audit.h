/* SPDX-License-Identifier: MIT */
/*
 * Belief against truth: asks the oracle about what the ledger says is held, reports what is gone,
 * and takes it out of the ledger. Everything here needs the section.
 */
#ifndef HF_PRELOAD_AUDIT_H
#define HF_PRELOAD_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "kinds.h"
#include "ledger.h"
#include "record.h"

/* A call that may release locks by the way. */
struct hf_culprit {
	const char *via;
	int fd; /* the descriptor that it closes, HF_NO_FD when it closes several */
	int tid;
	hf_ref here;	   /* its stack; 0 until somebody needs it */
	enum hf_kind kind; /* of the misuse that this is; 0: the lock was dropped by a close */
	enum hf_lockmode wanted; /* the mode it asked for, if it was a request */
	struct hf_fileid closes; /* rules_remote.c's: the remote file that fd is open on, */
	uint64_t time;		 /* and when that was; 0: on none */
};

/*
 * Asks about every held range of the file, or of all files. With a culprit, what is gone was
 * released by it: the caller asked before the call and everything was there. Without one, a closing
 * call of another thread that is under way is the culprit, else the loss is reported as late: found
 * now, without saying who did it. Returns the number of ranges that were gone.
 */
unsigned hf_audit_file(struct hf_file *file, struct hf_culprit *culprit);
unsigned hf_audit_files(struct hf_culprit *culprit);
void hf_audit_all(void);

/* All ranges of one owner; with a culprit, as above. */
unsigned hf_audit_owner(struct hf_file *file, struct hf_owner *owner, struct hf_culprit *culprit);

/* Only the ranges of one owner that overlap start..end: before an unlock. */
unsigned hf_audit_range(struct hf_file *file, struct hf_owner *owner, uint64_t start, uint64_t end);

/*
 * Calls under way that cannot be made inside the section, because they may block. A closing call
 * is there to be found by audits of other threads; a blocking request keeps its file.
 *
 * A slot is given back by hf_inflight_end(). One that was left by siglongjmp is found when its
 * thread comes again with a stack that has been unwound past it; one of a cancelled thread when the
 * table is full. No slot: the call is made all the same, and what it does is found late.
 */
struct hf_inflight {
	int tid;		     /* 0: free */
	uintptr_t frame;	     /* of the hook: deeper frames are lower */
	struct hf_file *file;	     /* of a blocking request */
	struct hf_culprit culprit;   /* of a closing call: via is set */
	struct hf_culprit closed_by; /* of a blocking request: who closed its file meanwhile */
};

struct hf_inflight *hf_inflight_close(const struct hf_culprit *culprit);
struct hf_inflight *hf_inflight_request(struct hf_file *file);
void hf_inflight_end(struct hf_inflight *slot);

/* A closing call looks at file: requests that are under way remember it. */
void hf_inflight_mark_closed(struct hf_file *file, const struct hf_culprit *culprit);

/* In a fresh fork child: nothing is under way here. */
void hf_audit_forked(void);

#endif
