/* SPDX-License-Identifier: MIT */
/*
 * What the files of rules share. One file per theme:
 *
 *   rules.c          re-entry, upgrades, waiting for oneself
 *   rules_exclude.c  locks that were granted and do not exclude
 *   rules_thread.c   locks that one user of the process takes from another
 *   rules_process.c  what forks, execs and daemon() do to locks
 *   rules_arrived.c what a program has of the locks that its predecessor took
 *   rules_deadlock.c what the kernel refuses because it would wait for ever
 *   rules_failure.c  requests that failed, and unlocks that missed
 *   rules_access.c   what is done to the file, against what is held
 *   rules_inode.c    locks on a file that is not, or no longer, the one meant
 *   rules_stdio.c    what streams hold back when their file is unlocked
 *   rules_survive.c  locks that outlive the close that was meant to end them
 *   rules_wait.c     waits that take long
 *   rules_remote.c   locks on file systems that cannot be asked
 *
 * All need the section, where nothing else is said.
 */
#ifndef HF_PRELOAD_RULES_H
#define HF_PRELOAD_RULES_H

#include "audit.h"
#include "kinds.h"
#include "request.h"
#include "watch.h"

/* A finding about a hold of the ledger: what is known of it there. */
struct hf_rec_finding hf_finding_about(enum hf_kind kind, const struct hf_file *file,
				       const struct hf_owner *owner, const struct hf_range *held);

/* Tells the command about the hold that a finding is about, for its timeline. */
void hf_finding_event(const struct hf_rec_finding *finding, enum hf_event_type type, int fd);

/*
 * A finding about the request. held is what stood in the ledger and is spoken of; NULL when there
 * is only the request.
 */
struct hf_rec_finding hf_rules_finding(const struct hf_request *request, enum hf_kind kind,
				       enum hf_level level, const struct hf_owner *owner,
				       const struct hf_range *held);

void hf_rules_record(struct hf_rec_finding *finding);

/* Only the bytes that the request and the hold have in common. */
void hf_finding_narrow(struct hf_rec_finding *finding, const struct hf_range *held);

/* Are the descriptors of the request and of the hold open on the file? Else nothing may be said. */
bool hf_is_still_so(const struct hf_request *request, const struct hf_owner *owner,
		    const struct hf_range *held);

/* Was the lock taken by the calling thread? */
bool hf_is_mine(const struct hf_range *held);

/* Every byte of the request is held in that mode by this thread, through the same description. */
bool hf_rules_reenters(const struct hf_request *request);

/* May somebody other than this thread release what owner holds? */
bool hf_rules_may_be_released(const struct hf_owner *owner);

/* Does this thread hold any of the bytes, by whatever primitive, for writing? */
bool hf_rules_may_write(const struct hf_file *file, uint64_t start, uint64_t end);

void hf_exclude_before_wait(const struct hf_request *request);
void hf_exclude_granted(const struct hf_request *request);
void hf_exclude_refused(const struct hf_request *request, int error);
void hf_exclude_released(const struct hf_request *request);

void hf_thread_granted(const struct hf_request *request);
void hf_thread_released(const struct hf_request *request);

/* A lock goes with the descriptor that took it, which via is about to close. */
void hf_thread_closing(struct hf_file *file, struct hf_owner *owner, const struct hf_range *held,
		       const char *via);

/* The unlock goes to a descriptor that is not open. */
void hf_thread_missed(const struct hf_request *request);

/* A hook, without the section: this thread opened a file anew, and begins anew with it. */
void hf_thread_opened(int fd);

void hf_deadlock_refused(const struct hf_request *request, int error);

void hf_failure_refused(const struct hf_request *request, int error);
void hf_failure_released(const struct hf_request *request);

/*
 * Without the section: can a write through fd concern what is read-locked? at is -1 when the place
 * is not known.
 */
bool hf_access_matters(int fd, int64_t at, uint64_t bytes);
void hf_access_granted(const struct hf_request *request);

/* Bytes were written through fd. */
void hf_access_written(int fd, uint64_t at, uint64_t bytes, const char *via);

/* F_GETLK answered that nobody is in the way. Enters the section on its own. */
void hf_access_asked(struct hf_request *request);

/* Somebody is in the way of the request, which waits or was refused. */
void hf_inode_in_the_way(const struct hf_request *request);
void hf_inode_granted(const struct hf_request *request);

/* Of hooks; they enter the section on their own. */
void hf_inode_looked(void);
void hf_inode_before_truncation(int dir, const char *path);
void hf_inode_opened(int fd);
void hf_inode_before_unlink(void);
void hf_inode_unlinked(const char *via);

/* The last descriptor of a description that holds locks is closed by via. */
void hf_survive_closing(struct hf_file *file, const struct hf_owner *owner, int fd,
			const char *via);

/* The request cannot be granted at once. */
void hf_survive_refused(const struct hf_request *request);
void hf_survive_forked(void);

/*
 * The process whose record lock is in the request's way, as hf_oracle_stranger() tells it; 0 where
 * nobody can be asked.
 */
int hf_wait_blocker(const struct hf_request *request);

/* A wait begins, and ended after that many milliseconds. */
void hf_wait_begins(struct hf_request *request);
void hf_wait_ended(const struct hf_request *request, uint64_t ms);

void hf_remote_granted(const struct hf_request *request);

/*
 * Around a call that closes culprit->fd, once everything else about it was prepared: before, while
 * the descriptor can be looked at, and afterwards, of a range of a remote file.
 */
void hf_remote_before_close(struct hf_culprit *culprit);
bool hf_remote_is_dropped(const struct hf_file *file, const struct hf_owner *owner,
			  const struct hf_range *range, const struct hf_culprit *culprit);

/* Streams. Of hooks, without the section: one was opened on fd, is flushed, or will be closed. */
void hf_stdio_opened(int fd, void *stream);
void hf_stdio_flushing(void *stream, const char *via); /* NULL: all */
void hf_stdio_closing(void *stream, int fd);
void hf_stdio_granted(const struct hf_request *request);
void hf_stdio_released(const struct hf_request *request);
void hf_stdio_forked(void);

#endif
