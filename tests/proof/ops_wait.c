/* SPDX-License-Identifier: MIT */
/* Requests that wait, and signal handlers. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include "differential.h"
#include "shim.h"
#include "slots.h"

/* Would this process's own locks be in the way? The ledger has just been seen to be right. */
static bool owner_is_in_the_way(const struct op *op, const struct slot *slot,
				const struct hf_owner *owner)
{
	bool flock_asked = op->primitive == HF_PRIM_FLOCK;
	uint64_t start, end;

	if (flock_asked != (owner->primitive == HF_PRIM_FLOCK))
		return false;
	if (owner->primitive == op->primitive &&
	    (op->primitive == HF_PRIM_POSIX || hf_owner_has_fd(owner, slot->fd)))
		return false;
	op_range(op, &start, &end);
	if (flock_asked) {
		start = 0;
		end = HF_EOF;
	}
	return hf_rangeset_conflict(&owner->ranges, start, end, (enum hf_lockmode)op->mode);
}

static bool is_own_deadlock(const struct op *op, const struct slot *slot)
{
	struct hf_file *file;
	struct hf_owner *owner;

	file = hf_ledger_find(&hf_shim.ledger, file_id((unsigned)slot->file));
	for (owner = file ? hf_file_owners(file) : NULL; owner; owner = owner->next)
		if (owner_is_in_the_way(op, slot, owner))
			return true;
	return false;
}

static void on_alarm(int signal)
{
	(void)signal;
}

/*
 * Interrupts until it is stopped: one signal could come before the call has begun to wait. Only the
 * thread that waits has the signal unblocked.
 */
static void interruptions(bool on)
{
	struct sigaction action = { .sa_handler = on_alarm }; /* no SA_RESTART */
	struct itimerval every = { { 0, on ? 1000 : 0 }, { 0, on ? 1000 : 0 } };
	sigset_t alarm;

	(void)sigemptyset(&alarm);
	(void)sigaddset(&alarm, SIGALRM);
	if (on)
		(void)calls.sigaction(SIGALRM, &action, NULL);
	(void)setitimer(ITIMER_REAL, &every, NULL);
	(void)pthread_sigmask(on ? SIG_UNBLOCK : SIG_BLOCK, &alarm, NULL);
}

static enum outcome wait_for_lock(const struct op *op, const struct slot *slot, bool contended)
{
	bool stuck = is_own_deadlock(op, slot);
	enum outcome outcome;

	if (stuck && !with_handlers)
		return NOTHING;
	if (stuck)
		interruptions(true);
	outcome = outcome_of(request(op, slot->fd, (enum hf_lockmode)op->mode, true));
	if (stuck)
		interruptions(false);
	return outcome == DONE && contended ? WAITED : outcome;
}

enum outcome do_lock_wait(const struct op *op)
{
	struct slot *slot = slot_used(op->a);
	struct op theirs = *op;
	enum outcome outcome;
	bool contended = false;

	if (!slot || slot->inherited || slot->file < 0)
		return NOTHING;
	theirs.mode = HF_MODE_WRITE;
	if (op->b % 3 == 0) {
		theirs.file = (uint8_t)slot->file;
		contended = witness_hold(&theirs, 150);
	}
	outcome = wait_for_lock(op, slot, contended);
	if (contended)
		witness_drop();
	if (outcome != NOTHING)
		count(&tally->locks[op->primitive][op->mode][outcome]);
	return outcome;
}

/* Somebody else has it, and does not give it back in time. */
enum outcome do_lock_against(const struct op *op)
{
	struct slot *slot = slot_used(op->a);
	struct op theirs = *op;
	enum outcome outcome;

	if (!slot || slot->inherited || slot->file < 0)
		return NOTHING;
	theirs.file = (uint8_t)slot->file;
	theirs.mode = HF_MODE_WRITE;
	if (!witness_hold(&theirs, 0))
		return NOTHING;
	outcome = outcome_of(request(op, slot->fd, (enum hf_lockmode)op->mode, false));
	witness_drop();
	count(&tally->locks[op->primitive][op->mode][outcome]);
	return outcome;
}

/* The whole rest of the file, if nothing of ours would be in the way for ever. */
enum outcome do_lockf_wait(const struct op *op)
{
	struct slot *slot = slot_used(op->a);
	struct op whole = *op;

	whole.primitive = HF_PRIM_POSIX;
	whole.mode = HF_MODE_WRITE;
	whole.from = whole.to = 0;
	if (!slot || slot->file < 0 || is_own_deadlock(&whole, slot))
		return NOTHING;
	return outcome_of(op->via % 2 ? calls.lockf(slot->fd, F_LOCK, 0)
				      : calls.lockf64(slot->fd, F_LOCK, 0));
}

/* The first of the slots from the nth that can be locked so now. */
static struct slot *lock_one(const struct op *op, unsigned nth)
{
	struct slot *slot;

	for (unsigned i = 0; i < SLOTS; i++) {
		slot = slot_used(nth + i);
		if (slot && slot->file >= 0 && request(op, slot->fd, HF_MODE_WRITE, false) == 0)
			return slot;
	}
	return NULL;
}

static struct slot *slot_on_another(int file, unsigned nth)
{
	struct slot *slot;

	for (unsigned i = 0; i < SLOTS; i++) {
		slot = slot_used(nth + i);
		if (slot->file >= 0 && slot->file != file && !slot->path_only)
			return slot;
	}
	return NULL;
}

/*
 * The witness has what this process asks for, and waits for what this process has. Who closes the
 * circle is told so; what it had it keeps.
 */
enum outcome do_deadlock(const struct op *op)
{
	const struct op whole = { .primitive = HF_PRIM_POSIX };
	struct slot *mine = lock_one(&whole, op->a), *theirs = NULL;
	struct op crossed = *op;
	enum outcome outcome;

	if (mine)
		theirs = slot_on_another(mine->file, op->b);
	if (!theirs)
		return NOTHING;
	crossed.primitive = HF_PRIM_POSIX;
	crossed.file = (uint8_t)theirs->file;
	if (!witness_cross(&crossed, (unsigned)mine->file))
		return NOTHING;
	outcome = outcome_of(request(&crossed, theirs->fd, HF_MODE_WRITE, true));
	(void)request(&whole, mine->fd, HF_MODE_NONE, false);
	witness_uncross();
	count(&tally->locks[HF_PRIM_POSIX][HF_MODE_WRITE][outcome]);
	return outcome;
}

static const struct op *handled;

/* Any operation that one thread may do: raise() makes it as safe as a plain call. */
static void on_user(int signal)
{
	uint64_t state = handled->seed;
	struct op op = op_random(&state, true);

	(void)signal;
	(void)op_run(&op);
}

enum outcome do_handler(const struct op *op)
{
	struct sigaction action = { .sa_handler = on_user };
	const struct op *outer = handled;

	if (!with_handlers || op->seed % 8 == 0)
		return NOTHING;
	handled = op;
	(void)calls.sigaction(SIGUSR1, &action, NULL);
	(void)raise(SIGUSR1);
	handled = outer;
	return DONE;
}
