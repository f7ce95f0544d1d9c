/* SPDX-License-Identifier: MIT */
/* What the kernel refuses because it would wait for ever, and what a signal handler waits for. */
#include <errno.h>

#include "options.h"
#include "proc.h"
#include "recorder.h"
#include "rules.h"
#include "shim.h"

struct hold {
	struct hf_owner *owner;
	struct hf_range *range;
};

static bool find_hold(struct hf_file *file, struct hold *ret)
{
	ret->owner = hf_file_owner(file, HF_PRIM_POSIX, HF_NO_FD);
	ret->range = ret->owner ? hf_rangeset_first(&ret->owner->ranges, 0, HF_EOF) : NULL;
	return ret->range != NULL;
}

/* The lock of ours that somebody waits for; else the last one that was found. */
static bool find_wanted_hold(struct hold *ret)
{
	struct hf_file *file = NULL;
	struct hold hold;
	bool found = false;

	while ((file = hf_ledger_next_held(&hf_shim.ledger, file))) {
		if (!find_hold(file, &hold))
			continue;
		*ret = hold;
		found = true;
		if (hf_proc_has_waiter(hf_file_id(file)))
			break;
	}
	return found;
}

/*
 * The kernel looks at processes, not threads: where the one that is waited for has a thread that
 * would release, there is no deadlock, and the answer is the same.
 */
static void check_edeadlk(const struct hf_request *r)
{
	struct hf_rec_finding finding;
	struct hold hold;

	if (!hf_options.enabled[HF_KIND_EDEADLK] || !find_wanted_hold(&hold))
		return;
	finding = hf_rules_finding(r, HF_KIND_EDEADLK, HF_LEVEL_NONE, hold.owner, hold.range);
	finding.error = EDEADLK;
	finding.proof = HF_PROOF_RESULT;
	(void)hf_recorder_finding(&finding);
}

void hf_deadlock_refused(const struct hf_request *r, int error)
{
	if (error == EDEADLK && r->primitive == HF_PRIM_POSIX)
		check_edeadlk(r);
}
