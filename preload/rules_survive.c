/* SPDX-License-Identifier: MIT */
/*
 * Flocks and OFD locks that outlive the close that was meant to end them, because something else
 * still refers to the description: a child, a mapping, a descriptor on its way through a socket, a
 * dup that was forgotten.
 *
 * That alone is how locks are passed on. It is a misuse when this process itself, which has closed
 * all it had, is later kept out by its own lock: then it did not know.
 *
 * A flock is listed with the process that took it, wherever the description is now: that is proof.
 * OFD locks are listed without an owner. The one in the way is ours if it is exactly as ours was, a
 * watched process has a descriptor of it (or, when everybody can be looked at, nobody has and we
 * have the file mapped), and nobody else of the run took an OFD lock on the file meanwhile. The
 * last is for the command to see (judge_leak.c): so nothing is said of OFD locks without a run, nor
 * of one that only a message on a socket or an io_uring keeps.
 */
#include <string.h>

#include "keeper.h"
#include "options.h"
#include "oracle.h"
#include "recorder.h"
#include "rules.h"
#include "shim.h"
#include "systemlocks.h"

#define CLOSED 8

/* The last locks of descriptions whose descriptors were all closed. Guarded by the section. */
static struct hf_rec_finding closed[CLOSED];
static unsigned closed_next;

void hf_survive_closing(struct hf_file *file, const struct hf_owner *owner, int fd, const char *via)
{
	struct hf_range *held = hf_rangeset_first(&owner->ranges, 0, HF_EOF);
	struct hf_request close = {
		.fd = fd,
		.via = via,
		.file = file,
		.start = held->start,
		.end = held->end,
		.stack = hf_stack_here(),
	};

	if (owner->inherited || owner->handed_over)
		return;
	closed[closed_next++ % CLOSED] =
		hf_rules_finding(&close, HF_KIND_LOCK_SURVIVES_CLOSE, HF_LEVEL_NONE, owner, held);
}

void hf_survive_forked(void)
{
	memset(closed, 0, sizeof(closed));
}

static void see_own(const struct hf_proclock *lock, void *found)
{
	if (lock->primitive == HF_PRIM_FLOCK && !lock->waiting && lock->pid == hf_shim.pid)
		*(bool *)found = true;
}

static bool is_flock(enum hf_primitive primitive)
{
	return primitive == HF_PRIM_FLOCK;
}

/* A lock of ours that the ledger knows, or may not know yet, is in its right. */
static bool has_own(struct hf_file *file, bool flock)
{
	struct hf_owner *owner = hf_file_owners(file);

	while (owner && is_flock(owner->primitive) != flock)
		owner = owner->next;
	return owner || hf_file_notes(file)->pending;
}

static bool survives_flock(const struct hf_rec_finding *lock)
{
	bool found = false;

	hf_systemlocks_each(lock->id, see_own, &found);
	return found;
}

/* To find its keeper is dear: that is tried once for a lock, which is forgotten then. */
static bool survives_ofd(const struct hf_request *r, struct hf_rec_finding *closed_lock)
{
	struct hf_proclock lock = {
		.primitive = HF_PRIM_OFD,
		.mode = closed_lock->mode,
		.id = closed_lock->id,
		.start = closed_lock->start,
		.end = closed_lock->end,
	};
	struct hf_question question = {
		.primitive = HF_PRIM_OFD,
		.mode = r->mode,
		.fd = r->fd,
		.start = r->start,
		.end = r->end,
	};
	enum hf_keeper keeper;

	if (hf_options.to_stderr || hf_file_is_remote(r->file) ||
	    !hf_oracle_is_in_the_way(&question, &lock))
		return false;
	closed_lock->kind = HF_KIND_NONE;
	keeper = hf_keeper_find(&lock, hf_shim.pid);
	return keeper == HF_KEEPER_WATCHED || keeper == HF_KEEPER_MAPPING;
}

void hf_survive_refused(const struct hf_request *r)
{
	struct hf_fileid id = hf_file_id(r->file);
	bool flock = is_flock(r->primitive);
	unsigned i = 0;

	while (i < CLOSED && (!closed[i].kind || !hf_fileid_equal(closed[i].id, id) ||
			      is_flock(closed[i].primitive) != flock))
		i++;
	if (i == CLOSED || has_own(r->file, flock) ||
	    !(flock ? survives_flock(&closed[i]) : survives_ofd(r, &closed[i])))
		return;
	closed[i].kind = HF_KIND_LOCK_SURVIVES_CLOSE;
	closed[i].proof = HF_PROOF_RESULT;
	hf_rules_record(&closed[i]);
	closed[i].kind = HF_KIND_NONE;
}
