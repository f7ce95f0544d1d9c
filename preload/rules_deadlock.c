/* SPDX-License-Identifier: MIT */
/* What the kernel refuses because it would wait for ever, and what a signal handler waits for. */
#include <errno.h>

#include "options.h"
#include "oracle.h"
#include "proc.h"
#include "proclocks.h"
#include "rules.h"
#include "shim.h"

struct hold {
	struct hf_owner *owner;
	struct hf_range *range;
};

static bool find_hold(struct hf_file *file, uint64_t start, uint64_t end, struct hold *ret)
{
	ret->owner = hf_file_owner(file, HF_PRIM_POSIX, HF_NO_FD);
	ret->range = ret->owner ? hf_rangeset_first(&ret->owner->ranges, start, end) : NULL;
	return ret->range != NULL;
}

/* The circle as /proc/locks shows it: who waits for which bytes, behind whose lock. */
struct circle {
	int process;	    /* whose wait is looked for */
	int holder;	    /* of the lock that the line before the waiters was about */
	int next;	    /* who is in its way; 0: no wait was found */
	struct hold wanted; /* ours, if that is what it waits for */
};

static bool see_line(void *ctx, const char *line, size_t length)
{
	struct circle *circle = ctx;
	struct hf_proclock lock;
	struct hf_file *file;

	if (hf_proclock_parse(line, length, &lock) < 0)
		return true;
	if (!lock.waiting) {
		circle->holder = lock.pid;
		return true;
	}
	if (lock.primitive != HF_PRIM_POSIX || lock.pid != circle->process)
		return true;
	circle->next = circle->holder;
	file = hf_ledger_find(&hf_shim.ledger, lock.id);
	if (circle->holder == hf_shim.pid && file)
		(void)find_hold(file, lock.start, lock.end, &circle->wanted);
	return false;
}

/* The kernel itself follows no longer chain. */
#define CHAIN_MAX 10

/*
 * From the process that is in the way to ours. The waits of the others go on, since only we were
 * refused: /proc/locks shows them still, unless one of them was interrupted meanwhile.
 */
static bool follow(const struct hf_request *r, struct circle *circle, bool *has_threads)
{
	circle->process = hf_wait_blocker(r);
	for (unsigned i = 0; i < CHAIN_MAX && circle->process > 0; i++) {
		*has_threads |= hf_proc_has_threads(circle->process);
		circle->next = 0;
		(void)hf_proc_each_line("/proc/locks", see_line, circle);
		if (circle->next == hf_shim.pid)
			return circle->wanted.range != NULL;
		circle->process = circle->next;
	}
	return false;
}

/* Where the circle cannot be followed: the lock of ours that somebody waits for, or any. */
static bool find_any_hold(struct hold *ret)
{
	struct hf_file *file = NULL;
	struct hold hold;
	bool found = false;

	while ((file = hf_ledger_next_held(&hf_shim.ledger, file))) {
		if (!find_hold(file, 0, HF_EOF, &hold))
			continue;
		*ret = hold;
		found = true;
		if (hf_proc_has_waiter(hf_file_id(file)))
			break;
	}
	return found;
}

/*
 * The kernel looks at processes, not threads: where one of those that take part has a thread that
 * would release, there is no deadlock, and the answer is the same.
 */
static void check_edeadlk(const struct hf_request *r)
{
	bool has_threads = hf_proc_has_threads(hf_shim.pid);
	struct circle circle = { 0 };
	struct hf_rec_finding finding;

	if (!follow(r, &circle, &has_threads) && !find_any_hold(&circle.wanted))
		return;
	finding = hf_rules_finding(r, HF_KIND_EDEADLK, HF_LEVEL_NONE, circle.wanted.owner,
				   circle.wanted.range);
	finding.error = EDEADLK;
	finding.proof = HF_PROOF_RESULT;
	if (has_threads)
		finding.flags |= HF_FINDING_MAY_BE_SPURIOUS;
	hf_rules_record(&finding);
}

void hf_deadlock_refused(const struct hf_request *r, int error)
{
	if (error == EDEADLK && r->primitive == HF_PRIM_POSIX &&
	    hf_options.enabled[HF_KIND_EDEADLK])
		check_edeadlk(r);
}
