/* SPDX-License-Identifier: MIT */
/*
 * Locks that the kernel granted and that exclude nobody, because what the program takes for two
 * holders is one to the kernel, or two kinds of lock that do not see each other.
 *
 * That two users of one lock overlap is not yet a misuse: SQLite has one thread take the lock
 * through its descriptor and another convert or release it through a second one, and keeps the
 * books itself. So most of this is reported only when the one who was there first shows that it
 * still believes: it unlocks, or both write.
 */
#include <errno.h>

#include "rules.h"
#include "shim.h"

enum {
	HOLDER_WROTE = 1,
	OTHER_WROTE = 2,
	ENDED = 4 /* whoever came second has released: the first believer holds nothing */
};

static unsigned wrote(const struct hf_watch *watch)
{
	if (hf_tid() == watch->finding.holder_tid)
		return HOLDER_WROTE;
	return hf_tid() == watch->other_tid ? OTHER_WROTE : 0;
}

static bool both_wrote(const struct hf_watch *watch)
{
	return (watch->seen & (HOLDER_WROTE | OTHER_WROTE)) == (HOLDER_WROTE | OTHER_WROTE);
}

/*
 * One has read what the other one wrote, or wrote what that has read. Only while both believe, and
 * each through the descriptor of its own lock: threads may take turns with one descriptor, and a
 * thread may serve the other descriptor's user. That leaves two users of one file, each with a
 * lock, whose work meets.
 */
static bool has_met(struct hf_watch *watch, const struct hf_rec_consequence *then)
{
	bool by_holder = wrote(watch) == HOLDER_WROTE, written = then->what == HF_THEN_WRITTEN;
	struct hf_watch_access *reads = watch->accesses, *writes = watch->accesses + 2;
	const struct hf_watch_access *theirs = (written ? reads : writes) + by_holder;

	if (watch->finding.fd == watch->finding.other_fd || (watch->seen & ENDED) ||
	    then->fd != (by_holder ? watch->finding.fd : watch->finding.other_fd))
		return false;
	(written ? writes : reads)[!by_holder] =
		(struct hf_watch_access){ then->offset, then->bytes };
	return theirs->at < then->offset + then->bytes && then->offset < theirs->at + theirs->bytes;
}

/* The first holder releases, through the descriptor with which it took the lock. */
static bool is_believer(const struct hf_watch *watch, const struct hf_rec_consequence *then)
{
	return hf_tid() == watch->finding.holder_tid && then->fd == watch->finding.fd;
}

static bool is_two_threads_hold(struct hf_watch *watch, const struct hf_rec_consequence *then)
{
	if (then->what == HF_THEN_UNLOCKED && is_believer(watch, then)) {
		watch->finding.level = HF_LEVEL_ERROR;
		return true;
	}
	if (then->what != HF_THEN_UNLOCKED && wrote(watch) && has_met(watch, then)) {
		watch->finding.level = HF_LEVEL_ERROR;
		return true;
	}
	if (then->what == HF_THEN_UNLOCKED)
		watch->seen |= ENDED;
	else if (then->what == HF_THEN_WRITTEN)
		watch->seen |= wrote(watch);
	if (!both_wrote(watch) && (watch->seen & (HOLDER_WROTE | ENDED)) != (HOLDER_WROTE | ENDED))
		return false;
	watch->finding.level = both_wrote(watch) ? HF_LEVEL_ERROR : HF_LEVEL_WARNING;
	return true;
}

/*
 * Through one descriptor only write over write says that two threads each want it for themselves:
 * a thread that upgrades or downgrades what another took may have been handed it.
 */
static bool is_rival(const struct hf_request *r, const struct hf_range *held)
{
	if (!held->hold.tid || hf_is_mine(held) || !hf_modes_conflict(held->mode, r->mode))
		return false;
	return held->hold.fd != r->fd || (held->mode == HF_MODE_WRITE && r->mode == HF_MODE_WRITE);
}

static void watch_overlap(const struct hf_request *r, enum hf_kind kind, hf_judge *judge,
			  const struct hf_owner *owner, const struct hf_range *held)
{
	struct hf_watch watch = {
		.finding = hf_rules_finding(r, kind, HF_LEVEL_NONE, owner, held),
		.exact = true,
		.unasked = true,
		.any_retakes = true,
		.report_on = HF_THEN_BIT(HF_THEN_UNLOCKED) | HF_THEN_BIT(HF_THEN_WRITTEN),
		.end_on = HF_THEN_BIT(HF_THEN_RETAKEN) | HF_THEN_BIT(HF_THEN_TEARDOWN),
		.other_tid = hf_tid(),
		.judge = judge,
	};

	if (kind == HF_KIND_TWO_THREADS_HOLD && watch.finding.fd != watch.finding.other_fd) {
		watch.reads = true;
		watch.report_on |= HF_THEN_BIT(HF_THEN_READ);
	}
	watch.finding.proof = HF_PROOF_RESULT;
	hf_finding_narrow(&watch.finding, held);
	hf_watch_add(&watch);
}

static void check_two_threads_hold(const struct hf_request *r)
{
	struct hf_range *held;

	if (r->owner->inherited)
		return;
	held = hf_rangeset_first(&r->owner->ranges, r->start, r->end);
	while (held && !is_rival(r, held))
		held = hf_rangeset_next(held, r->end);
	if (held)
		watch_overlap(r, HF_KIND_TWO_THREADS_HOLD, is_two_threads_hold, r->owner, held);
}

uint32_t hf_rules_depth(const struct hf_request *r)
{
	if (!hf_rules_reenters(r))
		return 1;
	return hf_rangeset_first(&r->owner->ranges, r->start, r->end)->hold.depth + 1;
}

/* The second unlock shows that the first was meant to leave the lock in place. */
static bool is_nested_release(struct hf_watch *watch, const struct hf_rec_consequence *then)
{
	if (then->what == HF_THEN_READ)
		watch->read = *then;
	else if (then->what == HF_THEN_WRITTEN)
		watch->seen = HOLDER_WROTE;
	if (then->what != HF_THEN_UNLOCKED)
		return false;
	watch->finding.level = watch->seen || watch->read.what ? HF_LEVEL_ERROR : HF_LEVEL_WARNING;
	return true;
}

static void check_nested_release(const struct hf_request *r)
{
	struct hf_range *held = hf_rangeset_first(&r->owner->ranges, r->start, r->end);
	struct hf_watch watch = {
		.exact = true,
		.reads = true,
		.unasked = true,
		.any_retakes = true,
		.report_on = HF_THEN_BIT(HF_THEN_UNLOCKED) | HF_THEN_BIT(HF_THEN_WRITTEN) |
			     HF_THEN_BIT(HF_THEN_READ),
		.end_on = HF_THEN_BIT(HF_THEN_UNLOCKED) | HF_THEN_BIT(HF_THEN_RETAKEN) |
			  HF_THEN_BIT(HF_THEN_TEARDOWN),
		.only_tid = hf_tid(),
		.judge = is_nested_release,
	};

	while (held && (held->hold.depth < 2 || !hf_is_mine(held)))
		held = hf_rangeset_next(held, r->end);
	if (!held)
		return;
	watch.finding = hf_rules_finding(r, HF_KIND_NESTED_RELEASE, HF_LEVEL_NONE, r->owner, held);
	watch.finding.proof = HF_PROOF_RESULT;
	watch.finding.here = hf_stack_here();
	hf_watch_add(&watch);
}

static bool is_record(enum hf_primitive primitive)
{
	return primitive == HF_PRIM_POSIX || primitive == HF_PRIM_OFD;
}

/*
 * Both kinds of lock around the same work are a custom (mail boxes are locked so): then the one
 * that was taken first is released last. Two users who each rely on one of them do not nest.
 */
static bool is_mixed(struct hf_watch *watch, const struct hf_rec_consequence *then)
{
	if (then->what == HF_THEN_WRITTEN)
		watch->seen |= wrote(watch);
	else if (then->fd == watch->finding.other_fd)
		watch->seen |= ENDED;
	if (both_wrote(watch))
		return true;
	return then->what == HF_THEN_UNLOCKED && is_believer(watch, then) && !(watch->seen & ENDED);
}

/* Another thread's lock of a kind that this request does not see. */
static void check_mixed_primitives(const struct hf_request *r)
{
	struct hf_owner *owner;
	struct hf_range *held;

	for (owner = hf_file_owners(r->file); owner; owner = owner->next) {
		if (owner->inherited || is_record(owner->primitive) == is_record(r->primitive))
			continue;
		held = hf_rangeset_conflict(&owner->ranges, r->start, r->end, r->mode);
		if (held && held->hold.tid && !hf_is_mine(held)) {
			watch_overlap(r, HF_KIND_MIXED_PRIMITIVES, is_mixed, owner, held);
			return;
		}
	}
}

/* POSIX against OFD: the process is in its own way. */
static void check_ofd_posix_mix(const struct hf_request *r, bool waits)
{
	struct hf_rec_finding finding;
	struct hf_owner *owner;
	struct hf_range *held;

	for (owner = hf_file_owners(r->file); owner; owner = owner->next) {
		if (owner->inherited || !is_record(owner->primitive) ||
		    owner->primitive == r->primitive)
			continue;
		held = hf_rangeset_conflict(&owner->ranges, r->start, r->end, r->mode);
		if (!held)
			continue;
		finding = hf_rules_finding(r, HF_KIND_OFD_POSIX_MIX, HF_LEVEL_WARNING, owner, held);
		if (waits && hf_is_mine(held) && !hf_rules_may_be_released(owner))
			finding.level = HF_LEVEL_ERROR;
		finding.proof = HF_PROOF_RESULT;
		hf_rules_record(&finding);
		return;
	}
}

void hf_exclude_before_wait(const struct hf_request *r)
{
	/* What may block is asked without a look at whether it would: nothing is in the way yet. */
	if (is_record(r->primitive) && !hf_file_is_remote(r->file))
		check_ofd_posix_mix(r, true);
}

void hf_exclude_granted(const struct hf_request *r)
{
	if (r->overlap & HF_OVER_OTHER_THREAD)
		check_two_threads_hold(r);
	if (hf_file_has_others(r->file, r->owner))
		check_mixed_primitives(r);
}

void hf_exclude_refused(const struct hf_request *r, int error)
{
	if (is_record(r->primitive) && !r->blocking && (error == EAGAIN || error == EACCES))
		check_ofd_posix_mix(r, false);
}

void hf_exclude_released(const struct hf_request *r)
{
	if (r->overlap & HF_OVER_NESTED)
		check_nested_release(r);
}
