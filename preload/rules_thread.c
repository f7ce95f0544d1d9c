/* SPDX-License-Identifier: MIT */
/*
 * Locks that one user of the process takes away from another, or from itself: POSIX locks belong to
 * the process, so every thread and every descriptor changes the same one.
 *
 * None of it is a misuse when it happens: work is handed from thread to thread, a library converts
 * through whatever descriptor it has, records are unlocked one by one. It becomes one when whoever
 * took the lock goes on as if it was there. So each of these is a watch, and nothing is said until
 * the lock that is not there any more is used.
 */
#include "options.h"
#include "oracle.h"
#include "rules.h"

#define WRITTEN HF_THEN_BIT(HF_THEN_WRITTEN)
#define READ HF_THEN_BIT(HF_THEN_READ)
#define UNLOCKED HF_THEN_BIT(HF_THEN_UNLOCKED)
#define LEAVES (HF_THEN_BIT(HF_THEN_RETAKEN) | HF_THEN_BIT(HF_THEN_TEARDOWN))

/* A watch over the bytes that the request and the hold have in common. */
static struct hf_watch watch_for(const struct hf_request *r, enum hf_kind kind,
				 const struct hf_range *held)
{
	struct hf_watch watch = {
		.finding = hf_rules_finding(r, kind, HF_LEVEL_NONE, r->owner, held),
		.report_on = WRITTEN,
		.end_on = WRITTEN | UNLOCKED | LEAVES,
		.exact = true,
		.unasked = true,
		.any_retakes = true,
	};

	hf_finding_narrow(&watch.finding, held);
	watch.finding.proof = HF_PROOF_RESULT;
	if (!watch.finding.here)
		watch.finding.here = hf_stack_here();
	return watch;
}

/* One per kind and file is enough, and leaves room for others. */
static void add(const struct hf_request *r, const struct hf_range *held,
		const struct hf_watch *watch)
{
	if (!hf_options.enabled[watch->finding.kind] || !hf_is_still_so(r, r->owner, held))
		return;
	hf_watch_end(watch->finding.kind, watch->finding.id);
	hf_watch_add(watch);
}

static bool is_through(const struct hf_request *r, const struct hf_range *held)
{
	return held->hold.fd == r->fd ||
	       hf_oracle_same_description(held->hold.fd, r->fd, hf_shim.pid) == 1;
}

/*
 * A read lock over an own write lock: meant by the one who took the write lock, a surprise if it
 * came through another descriptor or from another thread.
 */
static void check_silent_downgrade(const struct hf_request *r)
{
	struct hf_range *held;
	struct hf_watch watch;

	held = hf_rangeset_first(&r->owner->ranges, r->start, r->end);
	while (held && (held->mode != HF_MODE_WRITE || (hf_is_mine(held) && is_through(r, held))))
		held = hf_rangeset_next(held, r->end);
	if (!held)
		return;
	watch = watch_for(r, HF_KIND_SILENT_DOWNGRADE, held);
	if (hf_is_mine(held))
		watch.same_fd = true;
	else
		watch.only_tid = held->hold.tid;
	add(r, held, &watch);
}

void hf_thread_granted(const struct hf_request *r)
{
	if (r->primitive == HF_PRIM_POSIX && r->mode == HF_MODE_READ &&
	    (r->overlap & HF_OVER_WRITE) &&
	    (r->overlap & (HF_OVER_OTHER_FD | HF_OVER_OTHER_THREAD)))
		check_silent_downgrade(r);
}

/* Does this thread hold any of the bytes, or somebody who may have handed them over? */
static bool may_read(const struct hf_file *file, const struct hf_rec_finding *finding)
{
	struct hf_owner *owner;
	struct hf_range *held;

	for (owner = hf_file_owners(file); owner; owner = owner->next)
		for (held = hf_rangeset_first(&owner->ranges, finding->start, finding->end); held;
		     held = hf_rangeset_next(held, finding->end))
			if (hf_is_mine(held) || owner->inherited || !held->hold.tid)
				return true;
	return false;
}

/*
 * That it unlocks in vain is worth less than that it writes. Another lock may allow the write.
 *
 * That it reads says nothing: whoever gave its work away may read the result. But if it unlocks
 * afterwards it believed, and what it read was not protected.
 */
static bool judge_other_thread(struct hf_watch *watch, const struct hf_rec_consequence *then)
{
	const struct hf_file *file = hf_ledger_find(&hf_shim.ledger, watch->finding.id);
	const struct hf_rec_finding *finding = &watch->finding;

	if (then->what == HF_THEN_READ) {
		if (!file || !may_read(file, finding))
			watch->read = *then;
		return false;
	}
	if (then->what == HF_THEN_WRITTEN && file &&
	    hf_rules_may_write(file, finding->start, finding->end))
		return false;
	watch->finding.level = then->what == HF_THEN_WRITTEN || watch->read.what ? HF_LEVEL_ERROR
										 : HF_LEVEL_WARNING;
	return true;
}

/* What the judge has seen: the lock went with its descriptor. */
#define BY_CLOSE 1

void hf_thread_closing(struct hf_file *file, struct hf_owner *owner, const struct hf_range *held,
		       const char *via)
{
	struct hf_request close = {
		.fd = held->hold.fd,
		.via = via,
		.primitive = HF_PRIM_POSIX,
		.start = held->start,
		.end = held->end,
		.file = file,
		.owner = owner,
	};
	struct hf_watch watch;

	if (hf_is_mine(held) || !held->hold.tid || !*via)
		return;
	watch = watch_for(&close, HF_KIND_RELEASED_BY_OTHER_THREAD, held);
	watch.report_on |= UNLOCKED;
	watch.end_on = WRITTEN | UNLOCKED | HF_THEN_BIT(HF_THEN_RETAKEN);
	watch.only_tid = held->hold.tid;
	watch.seen = BY_CLOSE;
	watch.judge = judge_other_thread;
	add(&close, held, &watch);
}

static const struct hf_watch *closed_under_me(unsigned *at)
{
	const struct hf_watch *watch;

	while ((watch = hf_watch_next(HF_KIND_RELEASED_BY_OTHER_THREAD, at)))
		if (watch->seen == BY_CLOSE && watch->only_tid == hf_tid())
			return watch;
	return NULL;
}

void hf_thread_missed(const struct hf_request *r)
{
	const struct hf_watch *watch;
	unsigned at = 0;

	while ((watch = closed_under_me(&at)))
		if (watch->finding.fd == r->fd)
			hf_watch_unlocked(watch->finding.id, r->start, r->end, r->via, r->fd);
}

void hf_thread_opened(int fd)
{
	const struct hf_watch *watch;
	struct hf_section section;
	unsigned at = 0;

	if (hf_section_enter(&section) != HF_ENTERED)
		return;
	while ((watch = closed_under_me(&at)))
		if (hf_oracle_is_open(fd, watch->finding.id))
			hf_watch_end(HF_KIND_RELEASED_BY_OTHER_THREAD, watch->finding.id);
	hf_section_leave(&section);
}

static void check_released_by_other_thread(const struct hf_request *r)
{
	struct hf_range *held = hf_rangeset_first(&r->owner->ranges, r->start, r->end);
	struct hf_watch watch;

	while (held && (hf_is_mine(held) || !held->hold.tid)) /* 0: it was handed over */
		held = hf_rangeset_next(held, r->end);
	if (!held)
		return;
	watch = watch_for(r, HF_KIND_RELEASED_BY_OTHER_THREAD, held);
	watch.report_on |= UNLOCKED | READ;
	watch.reads = true;
	watch.only_tid = held->hold.tid;
	watch.judge = judge_other_thread;
	add(r, held, &watch);
}

/*
 * The part of a hold that is unlocked while the rest stays. Whoever unlocks it knows that, and may
 * read it, to look who is there: only a write says that it was meant to be kept.
 */
static void check_range_shrunk(const struct hf_request *r)
{
	struct hf_range *held = hf_rangeset_first(&r->owner->ranges, r->start, r->end);
	struct hf_watch watch;

	while (held && (!hf_is_mine(held) || held->mode != HF_MODE_WRITE ||
			(r->start <= held->start && r->end >= held->end)))
		held = hf_rangeset_next(held, r->end);
	if (!held)
		return;
	watch = watch_for(r, HF_KIND_RANGE_SHRUNK, held);
	watch.same_fd = true;
	watch.only_tid = held->hold.tid;
	add(r, held, &watch);
}

/* Is nothing left of what the owner holds on the file? */
static bool is_last(const struct hf_request *r)
{
	struct hf_range *held = hf_rangeset_first(&r->owner->ranges, 0, HF_EOF);

	while (held && r->start <= held->start && r->end >= held->end)
		held = hf_rangeset_next(held, HF_EOF);
	return !held;
}

void hf_thread_released(const struct hf_request *r)
{
	if (r->primitive == HF_PRIM_FLOCK)
		return;
	if (r->overlap & HF_OVER_EDGE)
		check_range_shrunk(r);
	else if (hf_watching() && is_last(r))
		hf_watch_end(HF_KIND_RANGE_SHRUNK, hf_file_id(r->file));
	if (r->primitive == HF_PRIM_POSIX && (r->overlap & HF_OVER_OTHER_THREAD))
		check_released_by_other_thread(r);
}
