/* SPDX-License-Identifier: MIT */
/*
 * Judges requests: one check per kind of misuse. (Losses are judged in audit.c, where they are
 * seen.)
 *
 * A check is a fact about what the ledger held when the kernel answered, so it needs no oracle:
 * that the ledger is right is the oracle's business at every unlock and close.
 */
#include <fcntl.h>
#include <string.h>

#include "kinds.h"
#include "options.h"
#include "oracle.h"
#include "rawsys.h"
#include "recorder.h"
#include "request.h"
#include "shim.h"

/*
 * The cache of descriptors may be stale, and a descriptor that took a lock may have been closed
 * behind our back: nothing is said about a file before both are seen to be open on it.
 */
static bool is_still_so(const struct hf_request *r, const struct hf_owner *owner,
			const struct hf_range *held)
{
	struct hf_fileid id = hf_file_id(r->file);

	if (!hf_oracle_is_open(r->fd, id)) {
		hf_fd_forget(r->fd);
		return false;
	}
	return owner->primitive != HF_PRIM_POSIX || hf_oracle_is_open(held->hold.fd, id);
}

/* level: HF_LEVEL_NONE for the kind's own. */
static hf_ref report(const struct hf_request *r, enum hf_kind kind, enum hf_level level,
		     const struct hf_owner *owner, const struct hf_range *held, enum hf_proof proof)
{
	struct hf_rec_finding finding = {
		.kind = (uint16_t)kind,
		.proof = (uint8_t)proof,
		.level = (uint8_t)level,
		.primitive = (uint8_t)owner->primitive,
		.mode = (uint8_t)held->mode,
		.wanted = (uint8_t)r->mode,
		.wanted_primitive = (uint8_t)r->primitive,
		.fd = held->hold.fd,
		.other_fd = r->fd,
		.holder_tid = held->hold.tid,
		.taken_time = held->hold.time,
		.id = hf_file_id(r->file),
		.start = r->start,
		.end = r->end,
		.here = r->stack,
		.taken = held->hold.stack,
	};
	size_t length = strlen(r->via);

	if (!hf_options.enabled[kind] || !is_still_so(r, owner, held))
		return 0;
	memcpy(finding.via, r->via, length < HF_VIA_LENGTH ? length : HF_VIA_LENGTH);
	return hf_recorder_finding(&finding);
}

static bool is_mine(const struct hf_range *held)
{
	return held->hold.tid == hf_tid();
}

/* Every byte of the request is held in that mode by this thread, through the same description. */
static bool holds_all_already(const struct hf_request *r)
{
	uint64_t at = r->start;
	struct hf_range *held = hf_rangeset_first(&r->owner->ranges, r->start, r->end);

	for (; held && held->start <= at; held = hf_rangeset_next(held, r->end)) {
		if (held->mode != r->mode || !is_mine(held) ||
		    (r->primitive == HF_PRIM_POSIX && held->hold.fd != r->fd))
			return false;
		if (held->end >= r->end)
			return true;
		at = held->end + 1;
	}
	return false;
}

static void check_reentrant_acquire(const struct hf_request *r)
{
	if (r->owner && holds_all_already(r))
		(void)report(r, HF_KIND_REENTRANT_ACQUIRE, HF_LEVEL_NONE, r->owner,
			     hf_rangeset_first(&r->owner->ranges, r->start, r->end),
			     HF_PROOF_RESULT);
}

/*
 * Only write over write is never seen in a correct program: SQLite converts through any descriptor
 * of the file, and takes read over read and read over write.
 */
static void check_relock_other_fd(const struct hf_request *r)
{
	struct hf_range *held;

	if (r->primitive != HF_PRIM_POSIX || !r->owner)
		return;
	held = hf_rangeset_conflict(&r->owner->ranges, r->start, r->end, r->mode);
	while (held && held->hold.fd == r->fd)
		held = hf_rangeset_next(held, r->end);
	if (!held || hf_oracle_same_description(held->hold.fd, r->fd, hf_shim.pid) == 1)
		return;
	(void)report(r, HF_KIND_RELOCK_OTHER_FD,
		     held->mode == HF_MODE_WRITE && r->mode == HF_MODE_WRITE ? HF_LEVEL_WARNING
									     : HF_LEVEL_NOTE,
		     r->owner, held, HF_PROOF_RESULT);
}

/* In place and without blocking it is atomic and nothing is lost: worth a note. */
static void check_upgrade(const struct hf_request *r)
{
	struct hf_range *held;

	if (r->mode != HF_MODE_WRITE || !r->owner || r->primitive == HF_PRIM_FLOCK)
		return;
	held = hf_rangeset_first(&r->owner->ranges, r->start, r->end);
	while (held && held->mode != HF_MODE_READ)
		held = hf_rangeset_next(held, r->end);
	if (held)
		(void)report(r, HF_KIND_UPGRADE, r->blocking ? HF_LEVEL_WARNING : HF_LEVEL_NOTE,
			     r->owner, held, HF_PROOF_NONE);
}

/* Another description of this process is in the way, and this thread took its lock. */
static struct hf_range *own_conflict(const struct hf_request *r, struct hf_owner **ret)
{
	struct hf_owner *owner;
	struct hf_range *held;

	for (owner = hf_file_owners(r->file); owner; owner = owner->next) {
		if (owner == r->owner || owner->primitive != r->primitive || owner->inherited)
			continue;
		held = hf_rangeset_conflict(&owner->ranges, r->start, r->end, r->mode);
		if (held && is_mine(held)) {
			*ret = owner;
			return held;
		}
	}
	return NULL;
}

/* Each thread is a folder of /proc/self/task, and a folder has a link from each of its folders. */
static bool has_other_threads(void)
{
	struct stat st;

	return raw_fstatat(AT_FDCWD, "/proc/self/task", &st, 0) < 0 || st.st_nlink != 3;
}

/*
 * Nobody can end it when this thread is alone and the description is its own: an error, certain.
 * Else another thread, or a process that shares the description, may: a warning, withdrawn if the
 * request comes back soon.
 */
static void check_self_deadlock(struct hf_request *r)
{
	struct hf_owner *owner;
	struct hf_range *held;
	bool certain;

	if (r->primitive == HF_PRIM_POSIX)
		return;
	held = own_conflict(r, &owner);
	if (!held)
		return;
	certain = !owner->shared && !has_other_threads();
	r->doubted = report(r, HF_KIND_SELF_DEADLOCK, certain ? HF_LEVEL_ERROR : HF_LEVEL_WARNING,
			    owner, held, HF_PROOF_RESULT);
	if (certain)
		r->doubted = 0;
}

void hf_rules_before_wait(struct hf_request *r)
{
	r->wait_began = hf_recorder_now();
	check_self_deadlock(r);
	check_upgrade(r);
}

void hf_rules_after_wait(const struct hf_request *r)
{
	struct hf_rec_consequence returned = {
		.finding = r->doubted,
		.what = HF_THEN_RETURNED,
		.fd = r->fd,
	};

	if (r->doubted &&
	    hf_recorder_now() - r->wait_began < (uint64_t)hf_options.wait_report_ms * 1000000)
		hf_recorder_consequence(&returned);
}

void hf_rules_granted(const struct hf_request *r)
{
	check_reentrant_acquire(r);
	check_relock_other_fd(r);
	if (!r->wait_began)
		check_upgrade(r);
}

void hf_rules_refused(const struct hf_request *r, int error)
{
	(void)r, (void)error;
}
