/* SPDX-License-Identifier: MIT */
/*
 * Requests that failed and were not noticed, and unlocks that missed what they were meant for.
 *
 * A refused lock is nothing; a file that is written all the same is. So all of these wait for the
 * write, or for the unlock of what was never got.
 */
#include <errno.h>
#include <fcntl.h>

#include "oracle.h"
#include "rawsys.h"
#include "recorder.h"
#include "rules.h"
#include "shim.h"
#include "systemlocks.h"

/* For whom the other holder's lock may be the reason of the refusal. */
struct opponent {
	const struct hf_rec_finding *finding;
	bool found;
};

static void see_opponent(const struct hf_proclock *lock, void *data)
{
	struct opponent *opponent = data;

	if (lock->primitive == HF_PRIM_FLOCK && !lock->waiting &&
	    hf_modes_conflict(lock->mode, opponent->finding->wanted))
		opponent->found = true;
}

/* Is whoever was in the way still there? Nobody hurts a file that has become free. */
static bool is_contended(const struct hf_rec_finding *finding)
{
	struct opponent opponent = { .finding = finding };
	struct hf_question question = {
		.primitive = finding->primitive,
		.mode = finding->wanted,
		.fd = finding->fd,
		.pid = hf_shim.pid,
		.start = finding->start,
		.end = finding->end,
		.id = finding->id,
	};

	if (finding->flags & HF_FINDING_UNASKED)
		return false; /* not known */
	if (finding->primitive == HF_PRIM_FLOCK) {
		hf_systemlocks_each(finding->id, see_opponent, &opponent);
		return opponent.found;
	}
	return hf_oracle_is_open(finding->fd, finding->id) && hf_oracle_stranger(&question) != 0;
}

static bool is_busy(int error)
{
	return error == EAGAIN || error == EACCES;
}

/* Something that this thread got, before or after, allows the write. */
static bool may_write(const struct hf_watch *watch)
{
	const struct hf_file *file = hf_ledger_find(&hf_shim.ledger, watch->finding.id);

	return file && hf_rules_may_write(file, 0, HF_EOF);
}

static bool unlocks_it(const struct hf_watch *watch, const struct hf_rec_consequence *then)
{
	return then->fd == watch->finding.fd && then->offset == watch->finding.start &&
	       then->bytes == watch->finding.end - watch->finding.start + 1;
}

/*
 * An unlock alone is often the common way out of a function. It weighs only if the thread has
 * changed other files since: those may be what the lock is for.
 */
static bool is_ignored(struct hf_watch *watch, const struct hf_rec_consequence *then)
{
	if (may_write(watch))
		return false;
	if (then->what == HF_THEN_UNLOCKED) {
		watch->finding.level =
			hf_thread.changes != watch->seen ? HF_LEVEL_WARNING : HF_LEVEL_NOTE;
		return unlocks_it(watch, then);
	}
	watch->finding.level = HF_LEVEL_ERROR;
	return !is_busy(watch->finding.error) || is_contended(&watch->finding);
}

static bool is_written_unlocked(struct hf_watch *watch, const struct hf_rec_consequence *then)
{
	(void)then;
	return !may_write(watch);
}

/* Worth a note for itself: SQLite asks so whether it may write. */
static bool is_bad_mode(struct hf_watch *watch, const struct hf_rec_consequence *then)
{
	watch->finding.level = then->what == HF_THEN_WRITTEN ? HF_LEVEL_WARNING : HF_LEVEL_NOTE;
	return !may_write(watch);
}

static bool is_watched(const struct hf_request *r, enum hf_kind kind)
{
	const struct hf_watch *watch;
	unsigned at = 0;

	while ((watch = hf_watch_next(kind, &at)))
		if (watch->only_tid == hf_tid() && watch->finding.fd == r->fd &&
		    hf_fileid_equal(watch->finding.id, hf_file_id(r->file)))
			return true;
	return false;
}

/*
 * Something was refused: the next lock that is granted on the bytes ends the matter. Reading is
 * what one does then, to learn from a pidfile who has the lock.
 */
static void watch_failure(const struct hf_request *r, int error, enum hf_kind kind, hf_judge *judge,
			  unsigned more)
{
	struct hf_watch watch = {
		.finding = hf_rules_finding(r, kind, HF_LEVEL_NONE, NULL, NULL),
		.unasked = true,
		.any_retakes = true,
		.report_on = HF_THEN_BIT(HF_THEN_WRITTEN) | more,
		.end_on = HF_THEN_BIT(HF_THEN_WRITTEN) | HF_THEN_BIT(HF_THEN_UNLOCKED) |
			  HF_THEN_BIT(HF_THEN_RETAKEN) | HF_THEN_BIT(HF_THEN_TEARDOWN),
		.only_tid = hf_tid(),
		.seen = hf_thread.changes,
		.judge = judge,
	};

	if (is_watched(r, kind))
		return;
	watch.finding.error = error;
	watch.finding.proof = HF_PROOF_RESULT;
	hf_watch_add(&watch);
}

static bool lacks_access(const struct hf_request *r)
{
	int mode = raw_fcntl(r->fd, F_GETFL, 0);

	if (mode < 0 || (mode & O_PATH))
		return false;
	return (mode & O_ACCMODE) == (r->mode == HF_MODE_WRITE ? O_RDONLY : O_WRONLY);
}

void hf_failure_refused(const struct hf_request *r, int error)
{
	unsigned unlock = HF_THEN_BIT(HF_THEN_UNLOCKED), closed = HF_THEN_BIT(HF_THEN_TEARDOWN);

	switch (error) {
	case EAGAIN:
	case EACCES:
	case ENOLCK:
	case EDEADLK:
		watch_failure(r, error, HF_KIND_FAILED_LOCK_IGNORED, is_ignored, unlock);
		break;
	case EINTR:
		watch_failure(r, error, HF_KIND_EINTR_NOT_RETRIED, is_written_unlocked, 0);
		break;
	case EBADF:
		if (lacks_access(r))
			watch_failure(r, error, HF_KIND_BAD_ACCESS_MODE, is_bad_mode, closed);
		break;
	default:
		break;
	}
}

void hf_rules_bad_arguments(struct hf_request *r, int error)
{
	struct hf_rec_finding finding;
	struct hf_section section;

	if (hf_section_enter(&section) != HF_ENTERED)
		return;
	r->file = hf_fd_file(r->fd);
	if (r->file) {
		r->stack = hf_stack_here();
		finding = hf_rules_finding(r, HF_KIND_BAD_ARGUMENTS, HF_LEVEL_NONE, NULL, NULL);
		finding.error = error;
		finding.proof = HF_PROOF_RESULT;
		hf_recorder_file(finding.id, r->fd, 0);
		hf_rules_record(&finding);
	}
	hf_section_leave(&section);
}

/* Counted from where the file position was then and is now, the same call names other bytes. */
static bool is_moved(const struct hf_request *r, const struct hf_range *held)
{
	bool both_open = held->end == HF_EOF && r->end == HF_EOF;

	return (held->hold.flags & HF_HOLD_RELATIVE) && held->hold.fd == r->fd &&
	       held->start != r->start &&
	       (both_open || held->end - held->start == r->end - r->start);
}

/* What is left of held after the unlock: its lower end, or all of it. */
static void watch_residue(const struct hf_request *r, const struct hf_range *held)
{
	struct hf_watch watch = {
		.finding =
			hf_rules_finding(r, HF_KIND_UNLOCK_MISMATCH, HF_LEVEL_NONE, r->owner, held),
		.unasked = true,
		.any_retakes = true,
		.report_on = HF_THEN_BIT(HF_THEN_TEARDOWN),
		.end_on = HF_THEN_BIT(HF_THEN_UNLOCKED) | HF_THEN_BIT(HF_THEN_RETAKEN) |
			  HF_THEN_BIT(HF_THEN_TEARDOWN),
	};

	watch.finding.proof = HF_PROOF_RESULT;
	watch.finding.here = hf_stack_here();
	watch.finding.start =
		r->start <= held->start && r->end >= held->start ? r->end + 1 : held->start;
	watch.finding.end =
		r->start > held->start && r->start <= held->end ? r->start - 1 : held->end;
	if (watch.finding.start <= watch.finding.end)
		hf_watch_add(&watch);
}

void hf_failure_released(const struct hf_request *r)
{
	struct hf_range *held = NULL;

	if (r->relative)
		held = hf_rangeset_first(&r->owner->ranges, 0, HF_EOF);
	while (held && !is_moved(r, held))
		held = hf_rangeset_next(held, HF_EOF);
	if (held)
		watch_residue(r, held);
}
