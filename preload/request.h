/* SPDX-License-Identifier: MIT */
/* A lock request of the program, whichever function made it. */
#ifndef HF_PRELOAD_REQUEST_H
#define HF_PRELOAD_REQUEST_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>

#include "hooks.h"
#include "ledger.h"
#include "record.h"

/* hf_hold.flags: the bytes were counted from the file position or the end of the file. */
#define HF_HOLD_RELATIVE 1u

enum hf_how { HF_HOW_FCNTL, HF_HOW_LOCKF, HF_HOW_FLOCK };

struct hf_request {
	/* The call as it was made. */
	enum hf_how how;
	int fd;
	int command;   /* of fcntl or lockf; the operation of flock */
	uintptr_t arg; /* of fcntl; the length of lockf */
	void *real;
	const char *via;

	/* What it asks for. */
	enum hf_primitive primitive;
	enum hf_lockmode mode; /* NONE: unlock */
	bool blocking;
	bool relative; /* to the file position or the end of the file */
	uint64_t start;
	uint64_t end;

	/* Known once the section was entered. */
	struct hf_file *file;
	struct hf_owner *owner; /* that has ranges already; NULL */
	hf_ref stack;
	unsigned overlap; /* HF_OVER_...: what the owner holds of the bytes, see hf_rules_look() */

	struct hf_wait *wait; /* of a request that had to; else NULL */
};

/*
 * The call as it was made, everything else 0: field by field, because what is longer than 80 bytes
 * is cleared by a string instruction, which takes as long as a look at the clock.
 */
static inline void hf_request_begin(struct hf_request *r, enum hf_how how, int fd, int command,
				    uintptr_t arg, void *real, const char *via)
{
	r->how = how;
	r->fd = fd;
	r->command = command;
	r->arg = arg;
	r->real = real;
	r->via = via;
	r->primitive = HF_PRIM_POSIX;
	r->mode = HF_MODE_NONE;
	r->blocking = r->relative = false;
	r->start = r->end = 0;
	r->file = NULL;
	r->owner = NULL;
	r->stack = 0;
	r->overlap = 0;
	r->wait = NULL;
}

struct hf_wait {
	uint64_t began;
	hf_ref doubted; /* a finding that is wrong if the wait is short */
	int blocker;	/* the process that was in the way, as hf_oracle_stranger() tells it */
	char blocker_name[HF_NAME_LENGTH];
};

/*
 * request.c: fill in mode and range from the arguments; fd and blocking are set, and blocking is
 * cleared for an unlock. False when the kernel will refuse the arguments.
 */
bool hf_request_read_flock(struct hf_request *request, const struct flock *lock);
bool hf_request_read_length(struct hf_request *request, off_t length); /* of lockf */

/* The real call: as the program made it, and as one that does not wait. */
int hf_request_call(const struct hf_request *request);
int hf_request_try(const struct hf_request *request);

/*
 * The calls that libc makes cancellation points, granted at once or not, and even when they unlock.
 * A flock never is one, and F_OFD_SETLKW is not with musl.
 */
bool hf_request_is_cancellation_point(const struct hf_request *request);

/* rules*.c: everything that may be said about a request. All need the section. */

/* A blocking request is about to wait: what is wrong must be said now. And it is back. */
void hf_rules_before_wait(struct hf_request *request);
void hf_rules_after_wait(const struct hf_request *request);

/*
 * What the owner of a request holds of its bytes, found in one walk for all rules. Most requests
 * find nothing, or one range with none of these, and most rules have no more to ask.
 */
enum {
	HF_OVER_READ = 1,
	HF_OVER_WRITE = 2,
	HF_OVER_OTHER_FD = 4,	  /* taken through another descriptor */
	HF_OVER_OTHER_THREAD = 8, /* taken by another thread */
	HF_OVER_NESTED = 16,	  /* taken more than once by this thread */
	HF_OVER_EDGE = 32	  /* it sticks out of the request's bytes */
};

void hf_rules_look(struct hf_request *request);

/* The kernel granted it; the ledger still holds what was before. */
void hf_rules_granted(const struct hf_request *request);

/* The kernel refused it with that errno. */
void hf_rules_refused(const struct hf_request *request, int error);

/* It unlocks and the kernel did; the ledger still holds what was before. It has an owner. */
void hf_rules_released(const struct hf_request *request);

/* How deep this thread is in the range once the request is granted: 1, or more after re-entry. */
uint32_t hf_rules_depth(const struct hf_request *request);

/* The kernel refused the arguments themselves. Enters the section on its own. */
void hf_rules_bad_arguments(struct hf_request *request, int error);

#endif
