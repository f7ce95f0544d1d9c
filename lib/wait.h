/* SPDX-License-Identifier: MIT */
/*
 * Waiting with a deadline, without polling and without signals.
 *
 * Linux has no file lock with a timeout. A helper thread sleeps in the blocking call; its caller
 * sleeps on a condition variable with the deadline, and cancels and joins the helper when it is
 * over.
 */
#ifndef HF_WAIT_H
#define HF_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "holdfast.h"

struct hf_claim;
struct hf_lock;

/* One call of acquire or convert, which may wait several times under one deadline. */
struct hf_attempt {
	struct hf_lock *lock;
	hf_mode mode;
	int64_t timeout;   /* as given by the caller */
	uint64_t deadline; /* CLOCK_MONOTONIC; UINT64_MAX: never; 0: set it at the first wait */
	unsigned cancels;  /* the handle's count at the first wait */
	bool begun;	   /* both are set */
	bool announced;	   /* on_wait was called */
	bool refused;	   /* and ended the attempt: the result is its own, no code of ours */
	bool joined; /* other claims were there: the kernel may have given the bytes already */
	bool waited; /* slept since the last grant: the file may have been replaced */
};

/* The moment timeout from now, UINT64_MAX for one that is as good as never. */
uint64_t hf_deadline_after(int64_t timeout);

void hf_attempt_init(struct hf_attempt *attempt, struct hf_lock *lock, hf_mode mode,
		     int64_t timeout);

/*
 * Whether to wait at all: -EBUSY for HF_NOWAIT, else 0, having called the handle's on_wait if that
 * was still to do (its result, if not 0). Not within enter.
 */
int hf_attempt_begin(struct hf_attempt *attempt);

/* Has the deadline passed? */
bool hf_attempt_is_over(const struct hf_attempt *attempt);

/* Sleeps until the handle's file changes: 0, -ETIMEDOUT or -ECANCELED. Within enter. */
int hf_attempt_sleep(struct hf_attempt *attempt);

/*
 * Sleeps until the kernel grants type (F_RDLCK, F_WRLCK) on start..end. 0; -ETIMEDOUT, -ECANCELED
 * or the kernel's error, and then some of it may nevertheless be locked: the caller puts it back.
 * attempt has begun. Not within enter.
 */
int hf_wait_granted(struct hf_attempt *attempt, const struct hf_claim *claim, short type,
		    uint64_t start, uint64_t end);

#endif
