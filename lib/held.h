/* SPDX-License-Identifier: MIT */
/*
 * What this process has locked, by inode: who may go on to ask the kernel, who must wait for
 * another thread, who would wait for itself, and what a forked child must let go.
 *
 * Two levels exclude. Handles with descriptions of their own are kept apart by the kernel. Handles
 * that are one owner to the kernel (struct hf_lock.owner: one handle used by several threads,
 * borrowed duplicates of one description, every handle of a file with POSIX locks) are kept apart
 * here. Re-entry by one thread is found here in both cases.
 *
 * One mutex guards all of it, hf_held_enter() to hf_held_leave(). It is never held across a call
 * that can block, nor a callback; there is no other lock to take in any order with, but for
 * hf_opening, which is always taken first.
 */
#ifndef HF_HELD_H
#define HF_HELD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>

#include "fileid.h"
#include "holdfast.h"

struct hf_attempt;

/*
 * One thread's hold through one handle, or its way there.
 *
 *   TAKING    in a call that cannot block: over in a moment, so others wait even with HF_NOWAIT
 *   WAITING   asleep until the kernel grants it
 *   HELD
 *   DROPPING  as TAKING, on the way out
 *
 * In the list of its file while it is one of these. At most one claim of a handle is TAKING,
 * WAITING or DROPPING, so a handle's file and descriptor change only in the hands of that one
 * thread.
 */
enum hf_claim_state {
	HF_CLAIM_NONE,
	HF_CLAIM_TAKING,
	HF_CLAIM_WAITING,
	HF_CLAIM_HELD,
	HF_CLAIM_DROPPING
};

struct hf_claim {
	struct hf_lock *lock;
	uint64_t thread; /* hf_thread_self(), or 0: the process's */
	uint64_t start;
	uint64_t end; /* inclusive */
	enum hf_mode mode;
	enum hf_claim_state state;
	bool upgrading; /* HF_SHARED is held, HF_EXCLUSIVE is waited for */
	bool posix;	/* the kernel is asked with F_SETLK; fixed while the claim lives */
	struct hf_claim *prev, *next;
};

struct hf_parked {
	int fd;
	struct hf_parked *next;
};

/* A locked, or lockable, inode. Lives as long as a handle on it. */
struct hf_file {
	struct hf_file_key {
		struct hf_fileid id;
		uint64_t generation; /* of the process: after a fork the old ones match no more */
	} key;
	bool posix; /* this file system, or this build, has POSIX locks only */
	struct hf_claim *claims;
	struct hf_claim *queue; /* exclusive ones that sleep for another of their owner's */
	struct hf_lock *locks;
	/*
	 * POSIX only: descriptors of closed handles, kept while a claim lives, because closing any
	 * descriptor of the inode would drop the process's locks on it.
	 */
	struct hf_parked *parked;
	bool closing;  /* POSIX only: such a close is under way, nobody may begin a claim */
	unsigned refs; /* handles, sleepers, and who is closing */
	unsigned sleepers;
	bool watched; /* a claim's state was looked at and may be slept for */
	pthread_cond_t changed;
	UT_hash_handle hh;
};

extern pthread_mutex_t hf_held_mutex;
extern uint64_t hf_generation; /* grows in each forked child */

/*
 * Read-locked from before a descriptor is opened until the handle that owns it is in the table:
 * a fork waits for that, else the child would keep a copy that nobody knows of.
 */
extern pthread_rwlock_t hf_opening;

static inline void hf_held_enter(void)
{
	(void)pthread_mutex_lock(&hf_held_mutex);
}

static inline void hf_held_leave(void)
{
	(void)pthread_mutex_unlock(&hf_held_mutex);
}

/* Installs the fork handlers, once. 0 or -ENOMEM. */
int hf_held_init(void);

extern _Thread_local uint64_t hf_thread_number __attribute__((tls_model("initial-exec")));
uint64_t hf_thread_enroll(void);

/*
 * A number that no other thread of the process has or will have; never 0. Not pthread_self(): a
 * later thread gets the number of one that ended holding a lock.
 */
static inline uint64_t hf_thread_self(void)
{
	return hf_thread_number ? hf_thread_number : hf_thread_enroll();
}

/* Enters lock, which has a descriptor, under id. 0 or -ENOMEM. Not within enter. */
int hf_held_add(struct hf_lock *lock, struct hf_fileid id);

/*
 * Takes lock out and closes its descriptor - or parks it, where closing would drop another handle's
 * lock. The lock has no claim. Not within enter.
 */
void hf_held_remove(struct hf_lock *lock);

/*
 * claim's handle goes over to another inode, opened as fd, which it owns from now on. The claim,
 * its only one, is TAKING, and ends. The handle keeps its descriptor number where there are OFD
 * locks. 0, or -errno and then only fd has been closed. Not within enter.
 */
int hf_held_move(struct hf_claim *claim, struct hf_fileid id, int fd);

/*
 * Ends claim after the kernel has let it go; with the last one of its file also the parked
 * descriptors. Not within enter.
 */
void hf_held_finish(struct hf_claim *claim);

/* Is there any parked descriptor? A hint, without a lock. */
bool hf_held_has_parked(void);

/* A parked descriptor of that inode, opened with access (O_RDWR, O_RDONLY), or -1. Not within
 * enter. */
int hf_held_unpark(struct hf_fileid id, int access);

/* From now on, POSIX locks for lock's file. Not within enter. */
void hf_held_use_posix(struct hf_lock *lock);

/*
 * claim is held from now on. The one change of state that needs no mutex, as every acquire makes
 * it. Not within enter.
 */
void hf_claim_hold(struct hf_claim *claim);

/* ---- all of the following: within enter ---- */

/* This thread's claim through lock, in any state but NONE; NULL. */
struct hf_claim *hf_claim_mine(const struct hf_lock *lock);

/* The handle's first claim, by whatever thread; NULL. */
struct hf_claim *hf_claim_any(const struct hf_lock *lock);

/* Does another claim of the same handle exist? */
bool hf_claim_is_joined(const struct hf_claim *claim);

/*
 * Enters a claim as TAKING, once nothing of the same owner is in its way; waits as attempt allows.
 * 0, -EDEADLK (this thread has these bytes), -ENOMEM, or what ended the wait.
 */
int hf_claim_begin(struct hf_attempt *attempt, uint64_t start, uint64_t end, struct hf_claim **ret);

/*
 * Waits until claim, which is HELD and HF_SHARED, is the owner's only one on its bytes, then makes
 * it TAKING and HF_EXCLUSIVE. 0, -EDEADLK (another upgrade), or what ended the wait.
 */
int hf_claim_begin_upgrade(struct hf_attempt *attempt, struct hf_claim *claim);

/* Changes the state and wakes whoever waits for that; NONE takes the claim out and frees it. */
void hf_claim_set(struct hf_claim *claim, enum hf_claim_state state);

/*
 * The first stretch of claim's bytes at or after *from that no other claim of the same owner
 * covers: what can be unlocked without taking it from another thread. false: none.
 */
bool hf_claim_uncovered(const struct hf_claim *claim, uint64_t from, uint64_t *start,
			uint64_t *end);

/* Keeps a file alive; its end when nothing does. */
void hf_file_get(struct hf_file *file);
void hf_file_put(struct hf_file *file);

/* Wakes every thread that waits for something on the file; sleeps until then, or the deadline. */
void hf_file_changed(struct hf_file *file);
int hf_file_sleep(struct hf_file *file, uint64_t deadline);

#endif
