/* SPDX-License-Identifier: MIT */
/*
 * Flocks that outlive the close that was meant to end them, because something else still refers to
 * the description: a child, a mapping, a descriptor on its way through a socket, a dup that was
 * forgotten.
 *
 * That alone is how locks are passed on. It is a misuse when this process itself, which has closed
 * all it had, is later kept out by its own lock: then it did not know. The kernel's list says so:
 * it names the process that took a flock, wherever the description is now. OFD locks are listed
 * without an owner, so nothing can be proven about them here.
 */
#include <string.h>

#include "recorder.h"
#include "rules.h"
#include "shim.h"
#include "systemlocks.h"

#define CLOSED 8

/* The last flocks whose descriptors were all closed. Guarded by the section. */
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

	if (owner->primitive != HF_PRIM_FLOCK || owner->inherited || owner->handed_over)
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

/* A flock of ours that the ledger knows, or may not know yet, is in its right. */
static bool has_own(struct hf_file *file)
{
	struct hf_owner *owner = hf_file_owners(file);

	while (owner && owner->primitive != HF_PRIM_FLOCK)
		owner = owner->next;
	return owner || hf_file_notes(file)->pending;
}

void hf_survive_refused(const struct hf_request *r)
{
	struct hf_fileid id = hf_file_id(r->file);
	bool found = false;
	unsigned i = 0;

	while (i < CLOSED && (!closed[i].kind || !hf_fileid_equal(closed[i].id, id)))
		i++;
	if (i == CLOSED || r->primitive != HF_PRIM_FLOCK || has_own(r->file))
		return;
	hf_systemlocks_each(id, see_own, &found);
	if (!found)
		return;
	closed[i].proof = HF_PROOF_RESULT;
	hf_rules_record(&closed[i]);
	closed[i].kind = HF_KIND_NONE;
}
