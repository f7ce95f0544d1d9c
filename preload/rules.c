/* SPDX-License-Identifier: MIT */
/*
 * Judges requests: one check per kind of misuse. (Losses are judged in audit.c, where they are
 * seen.)
 *
 * A check is a fact about what the ledger held when the kernel answered, so it needs no oracle:
 * that the ledger is right is the oracle's business at every unlock and close.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "handler.h"
#include "kinds.h"
#include "options.h"
#include "oracle.h"
#include "rawsys.h"
#include "recorder.h"
#include "request.h"
#include "rules.h"
#include "shim.h"

/*
 * The cache of descriptors may be stale, and a descriptor that took a lock may have been closed
 * behind our back: nothing is said about a file before both are seen to be open on it.
 */
bool hf_is_still_so(const struct hf_request *r, const struct hf_owner *owner,
		    const struct hf_range *held)
{
	struct hf_fileid id = hf_file_id(r->file);

	if (!hf_oracle_is_open(r->fd, id)) {
		hf_fd_forget(r->fd);
		return false;
	}
	return owner->primitive != HF_PRIM_POSIX || held->hold.fd == r->fd ||
	       hf_oracle_is_open(held->hold.fd, id);
}

struct hf_rec_finding hf_finding_about(enum hf_kind kind, const struct hf_file *file,
				       const struct hf_owner *owner, const struct hf_range *held)
{
	return (struct hf_rec_finding){
		.kind = (uint16_t)kind,
		.primitive = (uint8_t)owner->primitive,
		.mode = (uint8_t)held->mode,
		.fd = held->hold.fd,
		.other_fd = HF_NO_FD,
		.flags = hf_file_is_remote(file) ? HF_FINDING_UNASKED : 0,
		.holder_tid = held->hold.tid,
		.taken_time = held->hold.time,
		.id = hf_file_id(file),
		.start = held->start,
		.end = held->end,
		.taken = held->hold.stack,
	};
}

void hf_finding_event(const struct hf_rec_finding *finding, enum hf_event_type type, int fd)
{
	struct hf_event event = {
		.type = (uint8_t)type,
		.primitive = finding->primitive,
		.mode = finding->mode,
		.id = finding->id,
		.start = finding->start,
		.end = finding->end,
		.stack = finding->taken,
		.fd = fd,
	};

	hf_recorder_event(&event);
}

/* level: of this case of the kind, for those whose cases weigh differently. */
struct hf_rec_finding hf_rules_finding(const struct hf_request *r, enum hf_kind kind,
				       enum hf_level level, const struct hf_owner *owner,
				       const struct hf_range *held)
{
	struct hf_rec_finding finding = { .kind = (uint16_t)kind, .fd = r->fd };

	if (held)
		finding = hf_finding_about(kind, r->file, owner, held);
	finding.flags = hf_file_is_remote(r->file) ? HF_FINDING_UNASKED : 0;
	finding.level = (uint8_t)level;
	finding.primitive = (uint8_t)(owner ? owner->primitive : r->primitive);
	finding.mode = (uint8_t)(held ? held->mode : r->mode);
	finding.wanted = (uint8_t)r->mode;
	finding.wanted_primitive = (uint8_t)r->primitive;
	finding.other_fd = r->fd;
	finding.id = hf_file_id(r->file);
	finding.start = r->start;
	finding.end = r->end;
	finding.here = r->stack;
	hf_via_put(finding.via, r->via);
	return finding;
}

void hf_finding_narrow(struct hf_rec_finding *finding, const struct hf_range *held)
{
	if (held->start > finding->start)
		finding->start = held->start;
	if (held->end < finding->end)
		finding->end = held->end;
}

void hf_rules_record(struct hf_rec_finding *finding)
{
	if (hf_options.enabled[finding->kind])
		(void)hf_recorder_finding(finding);
}

/*
 * A note about the same two places that was proven once: what is said again is only counted, and
 * that costs no system call. SQLite converts its read lock in every transaction.
 */
static struct {
	hf_ref recorded;
	uint32_t *count; /* NULL: there is none, or one that stops the program each time */
	hf_ref here, taken;
	struct hf_fileid id;
	enum hf_kind kind;
} proven;

static bool is_proven(const struct hf_request *r, enum hf_kind kind, const struct hf_range *held)
{
	return proven.count && proven.kind == kind && proven.here == r->stack &&
	       proven.taken == held->hold.stack && hf_fileid_equal(proven.id, hf_file_id(r->file));
}

static void remember_proven(const struct hf_rec_finding *finding, hf_ref recorded)
{
	if (finding->level != HF_LEVEL_NOTE)
		return;
	proven.recorded = recorded;
	proven.count = hf_options.halt_on == HF_LEVEL_NONE ? hf_recorder_counter(recorded) : NULL;
	proven.kind = finding->kind;
	proven.here = finding->here;
	proven.taken = finding->taken;
	proven.id = finding->id;
}

static hf_ref report(const struct hf_request *r, enum hf_kind kind, enum hf_level level,
		     const struct hf_owner *owner, const struct hf_range *held, enum hf_proof proof)
{
	struct hf_rec_finding finding;
	hf_ref ret;

	if (level == HF_LEVEL_NOTE && is_proven(r, kind, held)) {
		__atomic_fetch_add(proven.count, 1, __ATOMIC_RELAXED);
		return proven.recorded;
	}
	if (!hf_options.enabled[kind] || !hf_is_still_so(r, owner, held))
		return 0;
	finding = hf_rules_finding(r, kind, level, owner, held);
	finding.proof = (uint8_t)proof;
	ret = hf_recorder_finding(&finding);
	remember_proven(&finding, ret);
	return ret;
}

bool hf_is_mine(const struct hf_range *held)
{
	return held->hold.tid == hf_tid();
}

/* Its maker keeps books on the descriptor and said so: see lib/holdfast-annotate.h. */
static bool is_guarded(const struct hf_request *r)
{
	return hf_thread.guarded == r->fd + 1;
}

static unsigned look_at(const struct hf_request *r, const struct hf_range *held)
{
	unsigned ret = held->mode == HF_MODE_WRITE ? HF_OVER_WRITE : HF_OVER_READ;

	if (held->hold.fd != r->fd)
		ret |= HF_OVER_OTHER_FD;
	if (!hf_is_mine(held))
		ret |= HF_OVER_OTHER_THREAD;
	else if (held->hold.depth > 1)
		ret |= HF_OVER_NESTED;
	if (held->start < r->start || held->end > r->end)
		ret |= HF_OVER_EDGE;
	return ret;
}

void hf_rules_look(struct hf_request *r)
{
	struct hf_range *held =
		r->owner ? hf_rangeset_first(&r->owner->ranges, r->start, r->end) : NULL;

	for (r->overlap = 0; held; held = hf_rangeset_next(held, r->end))
		r->overlap |= look_at(r, held);
}

bool hf_rules_reenters(const struct hf_request *r)
{
	uint64_t at = r->start;
	struct hf_range *held;

	if (!(r->overlap & (r->mode == HF_MODE_WRITE ? HF_OVER_WRITE : HF_OVER_READ)) ||
	    is_guarded(r))
		return false;
	held = hf_rangeset_first(&r->owner->ranges, r->start, r->end);
	for (; held && held->start <= at; held = hf_rangeset_next(held, r->end)) {
		if (held->mode != r->mode || !hf_is_mine(held) ||
		    (r->primitive == HF_PRIM_POSIX && held->hold.fd != r->fd))
			return false;
		if (held->end >= r->end)
			return true;
		at = held->end + 1;
	}
	return false;
}

/* What a request for one's own lock is, if it may wait: worse in a handler, which cannot. */
static enum hf_kind unless_in_handler(const struct hf_request *r, enum hf_kind kind)
{
	return r->blocking && hf_in_signal_handler() ? HF_KIND_LOCK_IN_SIGNAL_HANDLER : kind;
}

static void check_reentrant_acquire(const struct hf_request *r)
{
	if (hf_rules_reenters(r))
		(void)report(r, unless_in_handler(r, HF_KIND_REENTRANT_ACQUIRE), HF_LEVEL_NONE,
			     r->owner, hf_rangeset_first(&r->owner->ranges, r->start, r->end),
			     HF_PROOF_RESULT);
}

/*
 * Only write over write is never seen in a correct program: SQLite converts through any descriptor
 * of the file, and takes read over read and read over write.
 */
static void check_relock_other_fd(const struct hf_request *r)
{
	struct hf_range *held;

	if (r->primitive != HF_PRIM_POSIX || !(r->overlap & HF_OVER_OTHER_FD))
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

/* In place, and with nobody to wait for each other, it is atomic and nothing is lost: a note. */
static void check_upgrade(const struct hf_request *r)
{
	bool may_deadlock = r->blocking && !is_guarded(r);
	struct hf_range *held;

	if (r->mode != HF_MODE_WRITE || !(r->overlap & HF_OVER_READ) ||
	    r->primitive == HF_PRIM_FLOCK)
		return;
	held = hf_rangeset_first(&r->owner->ranges, r->start, r->end);
	while (held && held->mode != HF_MODE_READ)
		held = hf_rangeset_next(held, r->end);
	if (held)
		(void)report(r, HF_KIND_UPGRADE, may_deadlock ? HF_LEVEL_WARNING : HF_LEVEL_NOTE,
			     r->owner, held, HF_PROOF_NONE);
}

/* That it waited is not known, so this is no more than a note: others may have had the file
 * between. */
static void check_flock_upgrade_gap(const struct hf_request *r)
{
	struct hf_range *held;

	if (r->primitive != HF_PRIM_FLOCK || !r->owner || !r->blocking || r->mode != HF_MODE_WRITE)
		return;
	held = hf_rangeset_first(&r->owner->ranges, 0, HF_EOF);
	if (held->mode == HF_MODE_READ)
		(void)report(r, HF_KIND_FLOCK_UPGRADE_GAP, HF_LEVEL_NONE, r->owner, held,
			     HF_PROOF_NONE);
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
		if (held && hf_is_mine(held)) {
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

bool hf_rules_may_be_released(const struct hf_owner *owner)
{
	return owner->shared || has_other_threads();
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
	certain = !hf_file_is_remote(r->file) && !hf_rules_may_be_released(owner);
	r->wait->doubted =
		report(r, unless_in_handler(r, HF_KIND_SELF_DEADLOCK),
		       certain ? HF_LEVEL_ERROR : HF_LEVEL_WARNING, owner, held, HF_PROOF_RESULT);
	if (certain)
		r->wait->doubted = 0;
}

bool hf_rules_may_write(const struct hf_file *file, uint64_t start, uint64_t end)
{
	struct hf_owner *owner;
	struct hf_range *held;

	for (owner = hf_file_owners(file); owner; owner = owner->next)
		for (held = hf_rangeset_first(&owner->ranges, start, end); held;
		     held = hf_rangeset_next(held, end))
			if (held->mode == HF_MODE_WRITE &&
			    (hf_is_mine(held) || owner->inherited || !held->hold.tid))
				return true;
	return false;
}

static uint64_t waited_ms(const struct hf_request *r)
{
	return (hf_recorder_now() - r->wait->began) / 1000000;
}

void hf_rules_before_wait(struct hf_request *r)
{
	hf_rules_look(r);
	hf_wait_begins(r);
	check_self_deadlock(r);
	check_upgrade(r);
	hf_exclude_before_wait(r);
	hf_survive_refused(r);
	hf_inode_in_the_way(r);
}

void hf_rules_after_wait(const struct hf_request *r)
{
	struct hf_rec_consequence returned = {
		.finding = r->wait->doubted,
		.what = HF_THEN_RETURNED,
		.fd = r->fd,
	};

	if (r->wait->doubted && waited_ms(r) < hf_options.wait_report_ms)
		hf_recorder_consequence(&returned);
	hf_wait_ended(r, waited_ms(r));
}

void hf_rules_granted(const struct hf_request *r)
{
	if (r->overlap) {
		check_reentrant_acquire(r);
		check_relock_other_fd(r);
		if (!r->wait)
			check_upgrade(r);
		check_flock_upgrade_gap(r);
		hf_thread_granted(r);
	}
	hf_exclude_granted(r);
	hf_inode_granted(r);
	hf_access_granted(r);
	hf_stdio_granted(r);
	if (hf_file_is_remote(r->file))
		hf_remote_granted(r);
}

void hf_rules_refused(const struct hf_request *r, int error)
{
	if (error == EAGAIN || error == EACCES) {
		hf_inode_in_the_way(r);
		hf_survive_refused(r);
	}
	hf_exclude_refused(r, error);
	hf_deadlock_refused(r, error);
	hf_failure_refused(r, error);
}

void hf_rules_released(const struct hf_request *r)
{
	hf_exclude_released(r);
	hf_thread_released(r);
	hf_failure_released(r);
	hf_stdio_released(r);
}
