/* SPDX-License-Identifier: MIT */
/*
 * Hooks of the functions that take, convert and release locks.
 *
 * A request that cannot wait is made inside the section, together with the change of belief, so
 * that no other thread sees one without the other.
 *
 * A request that can wait is first tried without waiting, inside the section: granted or refused
 * for another reason than a lock in the way, the answer is the one that the blocking call would
 * have given. Only if it really has to wait the section is left, and the belief changes when the
 * call is back; in between the file is marked, so that whoever closes it meanwhile is remembered. A
 * flock that converts is not tried: a refused conversion has given up the old lock.
 *
 * On a network or FUSE file system every call may block, an unlock too: all are made like those
 * that have to wait.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "audit.h"
#include "filesystem.h"
#include "watch.h"
#include "oracle.h"
#include "options.h"
#include "rawsys.h"
#include "recorder.h"
#include "request.h"
#include "rules.h"
#include "shim.h"

static bool is_contention(int error)
{
	return error == EAGAIN || error == EACCES;
}

/* Finds file and owner. False when there is nothing to keep books on: a bad descriptor, no memory.
 */
static bool find_file(struct hf_request *r)
{
	struct hf_owner *other;

	r->file = hf_fd_file(r->fd);
	if (!r->file)
		return false;
	r->owner = hf_file_owner(r->file, r->primitive, r->fd);
	if (r->owner || r->primitive == HF_PRIM_POSIX)
		return true;
	/* Maybe a duplicate that no hook saw being made. */
	for (other = hf_file_owners(r->file); other && !r->owner; other = other->next)
		if (other->primitive == r->primitive && other->fd_count &&
		    hf_oracle_same_description(r->fd, other->fds[0], hf_shim.pid) == 1) {
			hf_owner_add_fd(other, r->fd);
			r->owner = other;
		}
	return true;
}

/* time 0: now. */
static void record_event(const struct hf_request *r, enum hf_event_type type, int error,
			 uint64_t time)
{
	bool begins = type == HF_EVENT_ACQUIRE || type == HF_EVENT_WAIT;
	struct hf_event event = {
		.type = (uint8_t)type,
		.primitive = (uint8_t)r->primitive,
		.mode = (uint8_t)r->mode,
		.error = (uint8_t)(begins ? hf_fd_is_unshared(r->fd) : error),
		.time = time,
		.id = hf_file_id(r->file),
		.start = r->start,
		.end = r->end,
		.stack = r->stack,
		.fd = r->fd,
	};

	hf_recorder_event(&event);
}

/* Once per file: its name. */
static void get_acquainted(struct hf_request *r)
{
	const struct hf_filesystem *filesystem;

	hf_file_notes(r->file)->named = true;
	filesystem = hf_filesystem_of(hf_file_id(r->file).dev);
	hf_recorder_file(hf_file_id(r->file), r->fd, filesystem ? filesystem->type : 0);
	hf_recorder_count_file();
}

/* Once per file. False, and the section is left, when there is nothing to keep books on. */
static __attribute__((noinline)) bool meet(struct hf_request *r, struct hf_section *section)
{
	if (!hf_filesystem_meet(r->file, r->fd, section))
		return false;
	if (find_file(r))
		return true;
	hf_section_leave(section);
	return false;
}

static void granted(struct hf_request *r)
{
	struct hf_hold hold = {
		.fd = r->fd,
		.tid = hf_tid(),
		.time = hf_recorder_now(),
		.stack = r->stack,
		.depth = 1,
		.flags = r->relative ? HF_HOLD_RELATIVE : 0,
	};

	if (r->owner)
		hf_rules_look(r);
	if (r->overlap)
		hold.depth = hf_rules_depth(r);

	if (hf_watching())
		hf_watch_locked(hf_file_id(r->file), r->start, r->end, r->fd);
	hf_rules_granted(r);
	(void)hf_ledger_take(&hf_shim.ledger, r->file, r->primitive, r->start, r->end, r->mode,
			     &hold);
	record_event(r, HF_EVENT_ACQUIRE, 0, hold.time);
}

static bool converts_flock(const struct hf_request *r)
{
	return r->primitive == HF_PRIM_FLOCK && r->owner &&
	       hf_rangeset_first(&r->owner->ranges, 0, HF_EOF)->mode != r->mode;
}

/* A conversion of a flock gives up the old lock first: refused, there is neither. */
static void refused(struct hf_request *r, int error)
{
	struct hf_culprit conversion = {
		.kind = HF_KIND_FLOCK_UPGRADE_LOST,
		.via = r->via,
		.fd = r->fd,
		.tid = hf_tid(),
		.here = r->stack,
		.wanted = r->mode,
	};

	hf_rules_refused(r, error);
	record_event(r, HF_EVENT_FAILED, error, 0);
	if (converts_flock(r))
		(void)hf_audit_owner(r->file, r->owner, &conversion);
}

static void released(struct hf_request *r)
{
	bool inherited;

	if (hf_watching())
		hf_watch_unlocked(hf_file_id(r->file), r->start, r->end, r->via, r->fd);
	if (!r->owner)
		return;
	inherited = r->owner->inherited;
	if (inherited && !r->stack) /* perhaps not the only one who believes in it */
		r->stack = hf_stack_here();
	hf_rules_look(r);
	hf_rules_released(r);
	(void)hf_ledger_drop(&hf_shim.ledger, r->file, r->owner, r->start, r->end);
	record_event(r, HF_EVENT_RELEASE, inherited ? HF_EVENT_INHERITED : 0, 0);
}

/* The result is in. Nothing that is done about a grant touches errno. */
static void settle(struct hf_request *r, int ret)
{
	int error;

	if (ret == 0) {
		granted(r);
		return;
	}
	error = errno;
	refused(r, error);
	errno = error;
}

/* Asks the kernel first. Whatever is gone may take its owner with it, and not all of it is told. */
static void ask_about(struct hf_request *r, uint64_t start, uint64_t end)
{
	(void)hf_audit_range(r->file, r->owner, start, end);
	r->owner = hf_file_owner(r->file, r->primitive, r->fd);
}

/* One in 64, and not every 64th: a program's own rhythm must not hide in ours. */
static bool by_chance(void)
{
	static uint32_t state = 1;

	state = state * 1664525u + 1013904223u;
	return state >> 26 == 0;
}

/*
 * At an unlock the kernel is asked whether the lock was still there. For a flock that takes a file
 * of /proc, twenty times the unlock itself; and nobody can drop one behind the hooks' back but a
 * process or a descriptor that shares the description, or an inline system call. So without such
 * sharing only a sample is asked.
 */
static bool is_worth_asking(const struct hf_request *r)
{
	return r->primitive != HF_PRIM_FLOCK || r->owner->shared || r->owner->fd_count != 1 ||
	       by_chance();
}

static int unlock(struct hf_request *r)
{
	int ret;

	if (r->owner && is_worth_asking(r))
		ask_about(r, r->start, r->end);
	ret = hf_request_call(r);
	if (ret == 0)
		released(r);
	return ret;
}

/*
 * Back from outside. Between the grant and now another thread may have closed a descriptor of the
 * file: then the kernel is asked before anything is believed.
 */
static void settle_afterwards(struct hf_request *r, int ret, struct hf_culprit *closer)
{
	if (!find_file(r))
		return;
	if (r->mode != HF_MODE_NONE)
		settle(r, ret);
	else if (ret == 0)
		released(r);
	if (ret != 0 || !closer->via)
		return;
	(void)hf_audit_file(r->file, closer);
}

/* Leaves the section for the call, and for good afterwards. */
static int call_outside(struct hf_request *r, struct hf_section *section)
{
	struct hf_inflight *slot = hf_inflight_request(r->file);
	struct hf_culprit closer = { 0 };
	int ret, error;

	hf_section_leave(section);
	ret = hf_request_call(r);
	error = errno;
	if (hf_section_enter(section) == HF_ENTERED) {
		if (slot)
			closer = slot->closed_by;
		hf_inflight_end(slot);
		if (r->wait)
			hf_rules_after_wait(r);
		settle_afterwards(r, ret, &closer);
		hf_section_leave(section);
	}
	errno = error;
	return ret;
}

static int wait_for_it(struct hf_request *r, struct hf_section *section)
{
	struct hf_wait wait = { .began = hf_recorder_now() };
	int ret;

	r->wait = &wait;
	hf_rules_before_wait(r);
	record_event(r, HF_EVENT_WAIT, 0, wait.began);
	ret = call_outside(r, section);
	r->wait = NULL;
	return ret;
}

static bool may_be_tried(const struct hf_request *r)
{
	return !hf_file_is_remote(r->file) && !(r->primitive == HF_PRIM_FLOCK && r->owner);
}

/* Inside the section; leaves it. */
static int acquire(struct hf_request *r, struct hf_section *section)
{
	int before = r->blocking ? errno : 0, ret;

	if (!hf_file_notes(r->file)->named)
		get_acquainted(r);
	r->stack = hf_stack_here();
	if (converts_flock(r))
		ask_about(r, 0, HF_EOF);
	if (r->blocking && !may_be_tried(r))
		return wait_for_it(r, section);
	if (hf_file_is_remote(r->file))
		return call_outside(r, section);
	ret = r->blocking ? hf_request_try(r) : hf_request_call(r);
	if (r->blocking && ret != 0 && is_contention(errno)) {
		errno = before;
		return wait_for_it(r, section);
	}
	settle(r, ret);
	hf_section_leave(section);
	return ret;
}

static int request(struct hf_request *r)
{
	struct hf_section section;
	int ret;

	if (hf_request_is_cancellation_point(r))
		pthread_testcancel(); /* in the section it could not be one */
	hf_recorder_expect_event();
	switch (hf_section_enter(&section)) {
	case HF_FORWARD:
		return hf_request_call(r);
	case HF_NESTED:
		ret = hf_request_call(r);
		hf_note_nested();
		return ret;
	case HF_ENTERED:
		break;
	}
	if (!find_file(r)) {
		if (hf_watching() && r->mode == HF_MODE_NONE)
			hf_thread_missed(r);
		hf_section_leave(&section);
		return hf_request_call(r);
	}
	if (!hf_file_notes(r->file)->met && !meet(r, &section))
		return hf_request_call(r);
	if (r->mode != HF_MODE_NONE)
		return acquire(r, &section);
	if (hf_file_is_remote(r->file))
		return call_outside(r, &section);
	ret = unlock(r);
	hf_section_leave(&section);
	return ret;
}

/* A request that the kernel will refuse for its arguments: there is nothing to keep books on. */
static int forward_invalid(struct hf_request *r)
{
	int ret = hf_request_call(r), error = errno;

	if (ret < 0 && (error == EINVAL || error == EOVERFLOW))
		hf_rules_bad_arguments(r, error);
	errno = error;
	return ret;
}

/* OFD requests carry no process number; F_UNLCK with one is refused as well. */
static bool has_pid(const struct hf_request *r, const struct flock *lock)
{
	return r->primitive == HF_PRIM_OFD && lock->l_pid != 0;
}

static int record_lock(struct hf_request *r)
{
	const struct flock *lock = (const struct flock *)r->arg;

	if (!hf_is_ready() || !hf_readable(lock, sizeof(*lock)))
		return hf_request_call(r);
	return hf_request_read_flock(r, lock) && !has_pid(r, lock) ? request(r)
								   : forward_invalid(r);
}

/* "Nobody is in the way" is old news when the program acts on it. */
static int ask(struct hf_request *r)
{
	const struct flock *lock = (const struct flock *)r->arg;
	bool is_asked = !hf_is_foreign() && hf_readable(lock, sizeof(*lock)) &&
			hf_request_read_flock(r, lock) && r->mode != HF_MODE_NONE;
	int ret = hf_request_call(r), error = errno;

	if (ret == 0 && is_asked && lock->l_type == F_UNLCK)
		hf_access_asked(r);
	errno = error;
	return ret;
}

int hf_on_fcntl(int fd, int command, uintptr_t arg, hf_fcntl_fn *real, const char *via)
{
	struct hf_request r;
	int ret;

	hf_request_begin(&r, HF_HOW_FCNTL, fd, command, arg, (void *)real, via);
	switch (command) {
	case F_OFD_SETLKW:
		r.blocking = true;
		/* fall through */
	case F_OFD_SETLK:
		r.primitive = HF_PRIM_OFD;
		return record_lock(&r);
	case F_SETLKW:
		r.blocking = true;
		/* fall through */
	case F_SETLK:
		return record_lock(&r);
	case F_OFD_GETLK:
		r.primitive = HF_PRIM_OFD;
		return ask(&r);
	case F_GETLK:
		return ask(&r);
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		ret = real(fd, command, arg);
		hf_duplicated(fd, ret);
		return ret;
	default:
		return real(fd, command, arg);
	}
}

int hf_on_lockf(int fd, int command, off_t length, hf_lockf_fn *real)
{
	struct hf_request r = {
		.how = HF_HOW_LOCKF,
		.fd = fd,
		.command = command,
		.arg = (uintptr_t)length,
		.real = (void *)real,
		.via = "lockf",
		.primitive = HF_PRIM_POSIX,
		.mode = command == F_ULOCK ? HF_MODE_NONE : HF_MODE_WRITE,
		.blocking = command == F_LOCK,
		.relative = true,
	};

	if (command == F_TEST || hf_is_foreign())
		return real(fd, command, length);
	if ((command != F_LOCK && command != F_TLOCK && command != F_ULOCK) ||
	    !hf_request_read_length(&r, length))
		return forward_invalid(&r);
	return request(&r);
}

int hf_on_flock(int fd, int operation, hf_flock_fn *real)
{
	struct hf_request r;

	hf_request_begin(&r, HF_HOW_FLOCK, fd, operation, 0, (void *)real, "flock");
	r.primitive = HF_PRIM_FLOCK;
	r.blocking = !(operation & LOCK_NB);
	r.end = HF_EOF;
	switch (operation & ~LOCK_NB) {
	case LOCK_SH:
		r.mode = HF_MODE_READ;
		break;
	case LOCK_EX:
		r.mode = HF_MODE_WRITE;
		break;
	case LOCK_UN:
		r.blocking = false;
		break;
	default:
		return forward_invalid(&r);
	}
	return request(&r);
}

void hf_taken_by_libc(int fd, const char *via)
{
	struct hf_request r = {
		.how = HF_HOW_FCNTL,
		.fd = fd,
		.command = F_SETLKW,
		.via = via,
		.primitive = HF_PRIM_POSIX,
		.mode = HF_MODE_WRITE,
		.end = HF_EOF,
	};
	struct hf_section section;

	if (hf_section_enter(&section) != HF_ENTERED)
		return;
	if (find_file(&r)) {
		if (!hf_file_notes(r.file)->met && !meet(&r, &section))
			return;
		if (!hf_file_notes(r.file)->named)
			get_acquainted(&r);
		r.stack = hf_stack_here();
		granted(&r);
	}
	hf_section_leave(&section);
}
