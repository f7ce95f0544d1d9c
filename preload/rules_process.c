/* SPDX-License-Identifier: MIT */
/*
 * What becomes of locks when a process forks, execs or turns into a daemon.
 *
 * exec and daemon() leave nobody behind who could tell, so their findings are recorded before the
 * call; a call that fails withdraws them.
 *
 * A fork gives the child none of the parent's POSIX locks. Most children do not care. One that
 * writes to the locked bytes, or unlocks them, does: so a fresh child watches what its parent held.
 * One that reads them does not, as far as can be told: what it reads may be there for it to read.
 * But a child that unlocks in the end believed all the time.
 */
#include "rules_process.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "options.h"
#include "oracle.h"
#include "proc.h"
#include "rawsys.h"
#include "recorder.h"
#include "rules.h"
#include "shim.h"
#include "twins.h"
#include "watch.h"

#define ANNOUNCED 16
#define ANCESTORS 16

/* Findings about a call that has not returned. */
static hf_ref announced[ANNOUNCED];
static unsigned announced_count;
/* And for the program that is about to start, what it should look for. */
static hf_ref held[ANNOUNCED];
static unsigned held_count;

/* Between the fork and the child's first section: what to watch there. */
static struct hf_watch ancestral[ANCESTORS];
static unsigned ancestral_count;
static int forked_from;

/* Its reference, 0 when it was not recorded. */
static hf_ref announce(struct hf_rec_finding *finding, const char *via)
{
	hf_ref ret;

	if (!hf_options.enabled[finding->kind])
		return 0;
	finding->here = hf_stack_here();
	hf_via_put(finding->via, via);
	ret = hf_recorder_finding(finding);
	if (ret && announced_count < ANNOUNCED)
		announced[announced_count++] = ret;
	return ret;
}

static void leave_word(hf_ref finding, const char *path)
{
	hf_ref ret = finding && held_count < ANNOUNCED ? hf_recorder_held(finding, path) : 0;

	if (ret)
		held[held_count++] = ret;
}

void hf_rules_withdraw(void)
{
	struct hf_rec_consequence withdrawn = { .what = HF_THEN_WITHDRAWN, .fd = HF_NO_FD };

	while (held_count)
		hf_recorder_held_no_more(held[--held_count]);
	while (announced_count) {
		withdrawn.finding = announced[--announced_count];
		hf_recorder_consequence(&withdrawn);
	}
}

static bool survives_exec(int fd, struct hf_fileid id)
{
	return hf_oracle_is_open(fd, id) && !(raw_fcntl(fd, F_GETFD, 0) & FD_CLOEXEC);
}

/*
 * Whoever leaves the lock's own descriptor open wants to keep the lock; one that is close-on-exec
 * as well may be meant to end it.
 */
static void exec_posix(struct hf_file *file, const struct hf_owner *owner, const char *path,
		       const char *via)
{
	const struct hf_range *range = hf_rangeset_first(&owner->ranges, 0, HF_EOF);
	struct hf_rec_finding finding;
	int closed = hf_proc_cloexec_fd(hf_file_id(file));
	hf_ref found;

	if (closed < -1)
		return;
	finding = hf_finding_about(closed < 0 ? HF_KIND_EXEC_KEEPS_LOCK : HF_KIND_EXEC_DROPS_LOCK,
				   file, owner, range);
	if (closed >= 0 && survives_exec(range->hold.fd, hf_file_id(file)))
		finding.level = HF_LEVEL_ERROR;
	finding.other_fd = closed < 0 ? HF_NO_FD : closed;
	finding.proof = HF_PROOF_GETLK;
	found = announce(&finding, via);
	if (!hf_file_is_remote(file)) /* what there is cannot be asked */
		leave_word(found, path);
}

static void exec_description(struct hf_file *file, const struct hf_owner *owner, const char *via)
{
	struct hf_rec_finding finding;
	unsigned i = 0;

	while (i < owner->fd_count && !survives_exec(owner->fds[i], hf_file_id(file)))
		i++;
	if (i == owner->fd_count)
		return;
	finding = hf_finding_about(HF_KIND_NO_CLOEXEC, file, owner,
				   hf_rangeset_first(&owner->ranges, 0, HF_EOF));
	finding.other_fd = owner->fds[i];
	finding.proof = HF_PROOF_NONE;
	(void)announce(&finding, via);
	/* The command needs to know which descriptions another program got. */
	hf_finding_event(&finding, HF_EVENT_EXEC, finding.other_fd);
}

void hf_rules_exec(const char *path, const char *via)
{
	struct hf_file *file = NULL;
	struct hf_owner *owner;

	hf_twins_find_all(); /* one that was made before there was a lock may be the one that stays
			      */
	while ((file = hf_ledger_next_held(&hf_shim.ledger, file)))
		for (owner = hf_file_owners(file); owner; owner = owner->next) {
			if (owner->primitive == HF_PRIM_POSIX)
				exec_posix(file, owner, path, via);
			else
				exec_description(file, owner, via);
		}
}

void hf_rules_daemon(void)
{
	struct hf_file *file = NULL;
	struct hf_rec_finding finding;
	struct hf_owner *owner;

	while ((file = hf_ledger_next_held(&hf_shim.ledger, file))) {
		owner = hf_file_owner(file, HF_PRIM_POSIX, HF_NO_FD);
		if (!owner)
			continue;
		finding = hf_finding_about(HF_KIND_DAEMONIZE_DROPS_LOCK, file, owner,
					   hf_rangeset_first(&owner->ranges, 0, HF_EOF));
		finding.level = HF_LEVEL_ERROR;
		finding.proof = HF_PROOF_GETLK;
		(void)announce(&finding, "daemon");
	}
}

/* In the daemon: what was announced has happened, and is not said twice. */
void hf_rules_daemon_runs(void)
{
	const struct hf_watch *watch;
	unsigned at = 0;

	while ((watch = hf_watch_next(HF_KIND_FORK_CHILD_UNLOCKED, &at)))
		hf_watch_end(HF_KIND_FORK_CHILD_UNLOCKED, watch->finding.id);
}

/* A parent is gone once we have another one, though it may still be waited for. */
static bool is_gone(int pid)
{
	return pid == forked_from ? raw_getppid() != pid : raw_tgkill(pid, pid, 0) == -ESRCH;
}

static int holder_now(const struct hf_watch *watch)
{
	struct hf_question question = {
		.primitive = HF_PRIM_POSIX,
		.mode = HF_MODE_WRITE, /* any lock is in its way */
		.fd = watch->finding.fd,
		.pid = hf_shim.pid,
		.start = watch->finding.start,
		.end = watch->finding.end,
		.id = watch->finding.id,
	};

	return hf_oracle_is_open(question.fd, question.id) ? hf_oracle_stranger(&question) : -1;
}

/* Worth one note; the parent may end the lock before the child's next write. */
static void note_delegated(struct hf_watch *watch)
{
	struct hf_rec_finding finding = watch->finding;

	if (watch->seen)
		return;
	watch->seen = true;
	finding.level = HF_LEVEL_NOTE;
	finding.here = hf_stack_here();
	hf_rules_record(&finding);
}

/* Read when the lock's process was gone; more is not asked of the kernel at every read. */
static void keep_read(struct hf_watch *watch, const struct hf_rec_consequence *then)
{
	if (is_gone(watch->pid))
		watch->read = *then;
}

/*
 * A parent that still has the lock may have told the child to do the work: the file is protected,
 * as long as it has. An unlock is in vain all the same. Nobody has it, or somebody else: the child
 * uses what it believes to be locked and is not.
 */
static bool judge_child(struct hf_watch *watch, const struct hf_rec_consequence *then)
{
	bool written = then->what == HF_THEN_WRITTEN;

	if (then->what == HF_THEN_READ) {
		keep_read(watch, then);
		return false;
	}
	if (written && watch->finding.mode == HF_MODE_READ)
		return false; /* the parent's lock was not for writing either */
	if (watch->finding.flags & HF_FINDING_UNASKED)
		return false; /* whether the parent still has it is not known */
	watch->finding.level = written || watch->read.what ? HF_LEVEL_ERROR : HF_LEVEL_WARNING;
	if (holder_now(watch) == watch->pid) {
		if (written)
			note_delegated(watch);
		else
			watch->finding.kind = HF_KIND_UNLOCK_NO_EFFECT;
		return !written;
	}
	if (is_gone(watch->pid))
		watch->finding.kind = HF_KIND_DAEMONIZE_DROPS_LOCK;
	watch->end_on |= HF_THEN_BIT(HF_THEN_WRITTEN);
	return true;
}

static void remember(struct hf_file *file, const struct hf_owner *owner,
		     const struct hf_range *range, int parent)
{
	struct hf_watch *watch = &ancestral[ancestral_count];

	if (ancestral_count == ANCESTORS)
		return;
	ancestral_count++;
	*watch = (struct hf_watch){
		.finding = hf_finding_about(HF_KIND_FORK_CHILD_UNLOCKED, file, owner, range),
		.reads = true,
		.report_on = HF_THEN_BIT(HF_THEN_WRITTEN) | HF_THEN_BIT(HF_THEN_UNLOCKED) |
			     HF_THEN_BIT(HF_THEN_READ),
		.end_on = HF_THEN_BIT(HF_THEN_UNLOCKED) | HF_THEN_BIT(HF_THEN_RETAKEN) |
			  HF_THEN_BIT(HF_THEN_TEARDOWN),
		.exact = true,
		.unasked = true,
		.pid = parent,
		.judge = judge_child,
	};
	watch->finding.proof = HF_PROOF_GETLK;
}

/* A child of a child: what it was watching goes on being an ancestor's. */
static void remember_ancestors(void)
{
	const struct hf_watch *watch;
	unsigned at = 0;

	while (ancestral_count < ANCESTORS &&
	       (watch = hf_watch_next(HF_KIND_FORK_CHILD_UNLOCKED, &at)))
		if (!watch->recorded) {
			struct hf_watch *own = &ancestral[ancestral_count++];

			*own = *watch;
			own->reads = true;
			own->read.what = HF_THEN_NONE; /* that was the parent's */
		}
}

void hf_rules_forking(int parent)
{
	struct hf_file *file = NULL;
	struct hf_owner *owner;
	struct hf_range *range;

	ancestral_count = 0;
	forked_from = parent;
	if (hf_watching())
		remember_ancestors();
	if (!hf_anything_held())
		return;
	while ((file = hf_ledger_next_held(&hf_shim.ledger, file))) {
		owner = hf_file_owner(file, HF_PRIM_POSIX, HF_NO_FD);
		range = owner ? hf_rangeset_first(&owner->ranges, 0, HF_EOF) : NULL;
		for (; range; range = hf_rangeset_next(range, HF_EOF))
			remember(file, owner, range, parent);
	}
}

void hf_rules_forked(void)
{
	for (unsigned i = 0; i < ancestral_count; i++)
		hf_watch_add(&ancestral[i]);
	ancestral_count = 0;
	announced_count = held_count = 0; /* the parent's */
}
