/* SPDX-License-Identifier: MIT */
#include "audit.h"

#include <errno.h>
#include <string.h>

#include "large.h"
#include "watch.h"
#include "oracle.h"
#include "options.h"
#include "rawsys.h"
#include "recorder.h"
#include "rules.h"
#include "shim.h"

#define INFLIGHT_SLOTS 64

static struct hf_inflight inflight[INFLIGHT_SLOTS] HF_LARGE;
static unsigned inflight_used; /* upper bound of the used slots: most audits look at none */
static uint64_t last_audit;

/*
 * A descriptor through which the owner's locks can be asked about, without a look at whether it is
 * still open on the file: if the kernel says "held", it is.
 */
static int likely_fd(const struct hf_owner *owner, const struct hf_range *range)
{
	return owner->primitive == HF_PRIM_POSIX || !owner->fd_count ? range->hold.fd
								     : owner->fds[0];
}

/* One that certainly is; -1 when there is none. */
static int open_fd(struct hf_file *file, const struct hf_owner *owner, const struct hf_range *range)
{
	struct hf_fileid id = hf_file_id(file);

	if (owner->primitive == HF_PRIM_POSIX)
		return hf_oracle_is_open(range->hold.fd, id) ? range->hold.fd : -1;
	for (unsigned i = 0; i < owner->fd_count; i++)
		if (hf_oracle_is_open(owner->fds[i], id))
			return owner->fds[i];
	return -1;
}

/* About the bytes from range->start to end, of range's mode. */
static enum hf_truth ask_until(struct hf_file *file, struct hf_owner *owner,
			       const struct hf_range *range, uint64_t end, int fd,
			       enum hf_proof *proof)
{
	struct hf_question question = {
		.primitive = owner->primitive,
		.mode = range->mode,
		.fd = fd,
		.pid = hf_shim.pid,
		.start = range->start,
		.end = end,
		.id = hf_file_id(file),
	};

	return hf_oracle_ask(&question, proof);
}

static enum hf_truth ask(struct hf_file *file, struct hf_owner *owner, const struct hf_range *range,
			 int fd, enum hf_proof *proof)
{
	return ask_until(file, owner, range, range->end, fd, proof);
}

static bool is_held(struct hf_file *file, struct hf_owner *owner, const struct hf_range *range,
		    uint64_t end)
{
	return ask_until(file, owner, range, end, likely_fd(owner, range), NULL) == HF_TRUTH_HELD;
}

static struct hf_culprit *closer_under_way(void)
{
	for (unsigned i = 0; i < inflight_used; i++)
		if (inflight[i].tid && inflight[i].culprit.via)
			return &inflight[i].culprit;
	return NULL;
}

static struct hf_rec_finding finding_of(struct hf_file *file, struct hf_owner *owner,
					const struct hf_range *range)
{
	struct hf_rec_finding finding =
		hf_finding_about(HF_KIND_CLOSE_DROPS_LOCK, file, owner, range);

	finding.proof = HF_PROOF_LATE;
	finding.since = last_audit > range->hold.time ? last_audit : range->hold.time;
	return finding;
}

static void blame(struct hf_rec_finding *finding, struct hf_culprit *culprit, enum hf_proof proof)
{
	if (!culprit) { /* the stack is where it was noticed, and is called so */
		finding->here = hf_stack_here();
		return;
	}
	if (!culprit->here)
		culprit->here = hf_stack_here();
	finding->proof = (uint8_t)proof;
	if (culprit->kind)
		finding->kind = (uint16_t)culprit->kind;
	finding->wanted = (uint8_t)culprit->wanted;
	finding->wanted_primitive = culprit->wanted ? finding->primitive : HF_PRIM_NONE;
	finding->other_fd = culprit->fd;
	finding->here = culprit->here;
	finding->opened = hf_opened_at(culprit->fd);
	hf_via_put(finding->via, culprit->via);
}

/* What the program does next with what it lost decides how much it weighs. */
static void watch_loss(const struct hf_rec_finding *finding, hf_ref recorded)
{
	struct hf_watch watch = {
		.recorded = recorded,
		.finding = *finding,
		.reads = true,
		.end_on = HF_THEN_BIT(HF_THEN_UNLOCKED) | HF_THEN_BIT(HF_THEN_RETAKEN) |
			  HF_THEN_BIT(HF_THEN_TEARDOWN) | HF_THEN_BIT(HF_THEN_WRITTEN),
	};

	if (recorded)
		hf_watch_add(&watch);
}

/* What one audit has found so far: a call that drops several ranges of a file is one finding. */
struct verdict {
	struct hf_culprit *culprit;
	hf_ref finding;
	unsigned gone;
};

/* Without a culprit it must be gone twice: another thread's release may be under way. */
static bool is_gone(struct hf_file *file, struct hf_owner *owner, const struct hf_range *range,
		    int fd, bool once, enum hf_proof *proof)
{
	return ask(file, owner, range, fd, proof) == HF_TRUTH_GONE &&
	       (once || ask(file, owner, range, fd, proof) == HF_TRUTH_GONE);
}

static void report(struct hf_rec_finding *finding, const struct hf_culprit *culprit,
		   struct verdict *verdict)
{
	if (verdict->finding || !hf_options.enabled[finding->kind])
		return;
	if (!culprit)
		hf_recorder_count_late();
	verdict->finding = hf_recorder_finding(finding);
}

/*
 * Closing a descriptor drops POSIX locks only. A lock of a description goes by an unlock through
 * it, here or in a process that shares it, or when the description is replaced under its own
 * number: a call on another descriptor is not to blame, whatever was lost meanwhile.
 */
static struct hf_culprit *to_blame(const struct hf_owner *owner, struct hf_culprit *culprit)
{
	if (!culprit)
		culprit = closer_under_way();
	if (culprit && owner->primitive != HF_PRIM_POSIX && !culprit->kind &&
	    !hf_owner_has_fd(owner, culprit->fd))
		return NULL;
	return culprit;
}

static void tell(struct hf_file *file, struct hf_owner *owner, const struct hf_range *range,
		 struct hf_culprit *culprit, enum hf_proof proof, struct verdict *verdict)
{
	struct hf_rec_finding finding = finding_of(file, owner, range);

	blame(&finding, culprit, proof);
	report(&finding, culprit, verdict);
	hf_finding_event(&finding, HF_EVENT_LOST, finding.fd);
	watch_loss(&finding, verdict->finding);
	verdict->gone++;
}

/* True when the range is gone and must be taken out. */
static bool audit_one(struct hf_file *file, struct hf_owner *owner, struct hf_range *range,
		      struct verdict *verdict)
{
	struct hf_culprit *culprit;
	enum hf_proof proof;
	int fd;

	if (is_held(file, owner, range, range->end))
		return false;
	fd = open_fd(file, owner, range);
	if (fd < 0)
		return true; /* its descriptor was closed by a path no hook sees: released */
	if (!is_gone(file, owner, range, fd, verdict->culprit != NULL, &proof))
		return false;
	culprit = to_blame(owner, verdict->culprit);
	/* From before a fork: the parent has the description too, and may release what it took. */
	if (!culprit && owner->inherited)
		return true;
	tell(file, owner, range, culprit, proof, verdict);
	return true;
}

/* Where nobody can be asked, the rule that a close obeys is all there is. */
static bool audit_remote(struct hf_file *file, struct hf_owner *owner, struct hf_range *range,
			 struct verdict *verdict)
{
	if (!hf_remote_is_dropped(file, owner, range, verdict->culprit))
		return false;
	tell(file, owner, range, verdict->culprit, HF_PROOF_NONE, verdict);
	return true;
}

/* The first range behind range that does not go on with its mode where the one before ends: *end.
 */
static struct hf_range *behind(struct hf_range *range, uint64_t limit, uint64_t *end)
{
	struct hf_range *next = hf_rangeset_next(range, limit);

	*end = range->end;
	while (next && next->mode == range->mode && next->start == *end + 1) {
		*end = next->end;
		next = hf_rangeset_next(next, limit);
	}
	return next;
}

/* Takes range out if it is gone. False when the owner went with it. */
static bool settle_one(struct hf_file *file, struct hf_owner *owner, struct hf_range *range,
		       struct verdict *verdict)
{
	bool last = owner->ranges.count == 1;
	bool gone = hf_file_is_remote(file) ? audit_remote(file, owner, range, verdict)
					    : audit_one(file, owner, range, verdict);

	if (gone)
		hf_ledger_drop_range(&hf_shim.ledger, file, owner, range);
	return !last;
}

/*
 * Ranges of one mode that follow each other are one lock to the kernel: one question is about all
 * of them. Only if they are not all held each is asked about.
 */
static void audit_owner(struct hf_file *file, struct hf_owner *owner, uint64_t start, uint64_t end,
			struct verdict *verdict)
{
	struct hf_range *range = hf_rangeset_first(&owner->ranges, start, end), *next;
	bool doubted = hf_file_is_remote(file);
	uint64_t until = HF_EOF;

	for (; range; range = next) {
		if (!doubted || range->start > until) {
			next = behind(range, end, &until);
			doubted = !is_held(file, owner, range, until);
			if (!doubted)
				continue;
		}
		next = hf_rangeset_next(range, end);
		if (!settle_one(file, owner, range, verdict))
			return;
	}
}

unsigned hf_audit_range(struct hf_file *file, struct hf_owner *owner, uint64_t start, uint64_t end)
{
	struct verdict verdict = { 0 };

	audit_owner(file, owner, start, end, &verdict);
	return verdict.gone;
}

unsigned hf_audit_owner(struct hf_file *file, struct hf_owner *owner, struct hf_culprit *culprit)
{
	struct verdict verdict = { .culprit = culprit };

	audit_owner(file, owner, 0, HF_EOF, &verdict);
	return verdict.gone;
}

unsigned hf_audit_file(struct hf_file *file, struct hf_culprit *culprit)
{
	struct verdict verdict = { .culprit = culprit };
	struct hf_owner *owner, *next;

	for (owner = hf_file_owners(file); owner; owner = next) {
		next = owner->next;
		audit_owner(file, owner, 0, HF_EOF, &verdict);
	}
	return verdict.gone;
}

unsigned hf_audit_files(struct hf_culprit *culprit)
{
	struct hf_file *file = NULL;
	unsigned gone = 0;

	while ((file = hf_ledger_next_held(&hf_shim.ledger, file)))
		gone += hf_audit_file(file, culprit);
	last_audit = hf_recorder_now();
	return gone;
}

void hf_audit_all(void)
{
	(void)hf_audit_files(NULL);
}

/* The stack grows down: a slot of this thread whose hook frame is not above ours was left. */
static bool was_left(const struct hf_inflight *slot, int tid, uintptr_t frame)
{
	return slot->tid == tid && slot->frame <= frame;
}

static struct hf_inflight *free_slot(int tid, uintptr_t frame)
{
	struct hf_inflight *slot, *found = NULL;

	for (slot = inflight; slot < inflight + INFLIGHT_SLOTS; slot++) {
		if (was_left(slot, tid, frame))
			hf_inflight_end(slot);
		if (!slot->tid && !found)
			found = slot;
	}
	for (slot = inflight; !found && slot < inflight + INFLIGHT_SLOTS; slot++)
		if (raw_tgkill(hf_shim.pid, slot->tid, 0) == -ESRCH) {
			hf_inflight_end(slot);
			found = slot;
		}
	return found;
}

static struct hf_inflight *begin(void)
{
	uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
	struct hf_inflight *slot = free_slot(hf_tid(), frame);

	if (!slot)
		return NULL;
	memset(slot, 0, sizeof(*slot));
	slot->tid = hf_tid();
	slot->frame = frame;
	if (inflight_used <= (unsigned)(slot - inflight))
		inflight_used = (unsigned)(slot - inflight) + 1;
	return slot;
}

struct hf_inflight *hf_inflight_close(const struct hf_culprit *culprit)
{
	struct hf_inflight *slot = begin();

	if (slot)
		slot->culprit = *culprit;
	return slot;
}

struct hf_inflight *hf_inflight_request(struct hf_file *file)
{
	struct hf_inflight *slot = begin();

	if (slot) {
		slot->file = file;
		hf_file_notes(file)->pending++;
	}
	return slot;
}

void hf_inflight_end(struct hf_inflight *slot)
{
	if (!slot)
		return;
	if (slot->file)
		hf_file_notes(slot->file)->pending--;
	slot->tid = 0;
	slot->file = NULL;
	slot->culprit.via = NULL;
	while (inflight_used && !inflight[inflight_used - 1].tid)
		inflight_used--;
}

void hf_inflight_mark_closed(struct hf_file *file, const struct hf_culprit *culprit)
{
	for (unsigned i = 0; i < inflight_used; i++)
		if (inflight[i].file == file && !inflight[i].closed_by.via)
			inflight[i].closed_by = *culprit;
}

void hf_audit_forked(void)
{
	memset(inflight, 0, sizeof(inflight));
	inflight_used = 0;
	hf_watch_forked();
	hf_survive_forked();
	hf_stdio_forked();
}
