/* SPDX-License-Identifier: MIT */
/*
 * Hooks of everything that closes descriptors.
 *
 * Closing any descriptor of a file drops the process's POSIX locks on it. What the program took
 * through the descriptor that it closes is released on purpose; what it took through another one,
 * which stays open, is lost.
 *
 * Calls that do nothing but close are made inside the section: asked before, called, asked after.
 * Own holds leave the ledger before the call, since afterwards the number may belong to another
 * thread's new descriptor. Calls that may block (fclose flushes) are made outside; marks let other
 * threads' audits find them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <stdio.h>

#include "audit.h"
#include "hooks.h"
#include "watch.h"
#include "recorder.h"
#include "rules.h"
#include "shim.h"
#include "twins.h"

/* Descriptors first..last are closed; nothing is when first > last. */
struct closing {
	struct hf_culprit culprit;
	int first;
	int last;
	int replaced;  /* the number that gets another description; HF_NO_FD */
	uint64_t time; /* holds taken later belong to somebody else */
};

static struct closing closing_of(const char *via, int first, int last)
{
	return (struct closing){
		.culprit = {
			.via = via,
			.fd = first == last ? first : HF_NO_FD,
			.tid = hf_tid(),
		},
		.first = first,
		.last = last,
		.replaced = HF_NO_FD,
		.time = hf_recorder_now(),
	};
}

static bool closes(const struct closing *c, int fd)
{
	return fd >= c->first && fd <= c->last;
}

static void record_release(struct hf_file *file, const struct hf_owner *owner,
			   const struct hf_range *range)
{
	struct hf_event event = {
		.type = HF_EVENT_RELEASE,
		.primitive = (uint8_t)owner->primitive,
		.mode = (uint8_t)range->mode,
		.id = hf_file_id(file),
		.start = range->start,
		.end = range->end,
		.fd = range->hold.fd,
	};

	hf_recorder_event(&event);
}

/* The process's holds that were taken through a descriptor that is closed. */
static void release_posix(struct hf_file *file, struct hf_owner *owner, const struct closing *c)
{
	struct hf_range *range = hf_rangeset_first(&owner->ranges, 0, HF_EOF), *next;
	bool last;

	for (; range; range = next) {
		next = hf_rangeset_next(range, HF_EOF);
		last = owner->ranges.count == 1;
		if (!closes(c, range->hold.fd) || range->hold.time > c->time)
			continue;
		hf_thread_closing(file, owner, range, c->culprit.via);
		record_release(file, owner, range);
		hf_ledger_drop_range(&hf_shim.ledger, file, owner, range);
		if (last)
			return;
	}
}

/* A description's holds go with its last descriptor. */
static void release_description(struct hf_file *file, struct hf_owner *owner,
				const struct closing *c)
{
	struct hf_range *range;
	int fd = HF_NO_FD;

	for (unsigned i = owner->fd_count; i-- > 0;)
		if (closes(c, owner->fds[i])) {
			fd = owner->fds[i];
			hf_owner_drop_fd(owner, fd);
		}
	if (!owner->fd_count)
		hf_twins_find(file, owner, fd, c->first, c->last);
	if (owner->fd_count)
		return;
	for (range = hf_rangeset_first(&owner->ranges, 0, HF_EOF); range;
	     range = hf_rangeset_next(range, HF_EOF))
		record_release(file, owner, range);
	hf_survive_closing(file, owner, c->culprit.fd, c->culprit.via);
	hf_ledger_drop_owner(&hf_shim.ledger, file, owner);
}

static void release_file(struct hf_file *file, const struct closing *c)
{
	struct hf_owner *owner, *next;

	for (owner = hf_file_owners(file); owner; owner = next) {
		next = owner->next;
		if (owner->primitive == HF_PRIM_POSIX)
			release_posix(file, owner, c);
		else
			release_description(file, owner, c);
	}
}

void hf_closed_unseen(int fd)
{
	struct closing c = closing_of("", fd, fd);
	struct hf_section section;
	struct hf_file *file;

	if (hf_section_enter(&section) != HF_ENTERED)
		return;
	file = hf_fd_held_file(fd);
	if (file)
		release_file(file, &c);
	hf_section_leave(&section);
}

static void release_all(const struct closing *c)
{
	struct hf_file *file = NULL;

	while ((file = hf_ledger_next_held(&hf_shim.ledger, file)))
		release_file(file, c);
}

/* Is there anything that a closing call could concern? What every hook here asks first. */
static bool is_quiet(void)
{
	return !hf_anything_held() && !hf_watching();
}

static void forget(const struct closing *c)
{
	if (c->first <= c->last)
		hf_fd_forget_range((unsigned)c->first, (unsigned)c->last);
}

/*
 * Around a call that only closes, inside the section. begin: what the program releases on purpose
 * leaves the ledger, and what is left is known to be there. end: what is not there any more, this
 * call has dropped.
 */
static void begin_file(struct hf_file *file, struct closing *c)
{
	release_file(file, c);
	(void)hf_audit_file(file, NULL);
	hf_inflight_mark_closed(file, &c->culprit);
}

static void begin_all(struct closing *c)
{
	struct hf_file *file = NULL;

	release_all(c);
	hf_audit_all();
	while ((file = hf_ledger_next_held(&hf_shim.ledger, file)))
		hf_inflight_mark_closed(file, &c->culprit);
}

/* A loss that this call itself caused is not torn down by it. */
static void end_all(struct closing *c)
{
	if (hf_watching())
		hf_watch_closed(c->first, c->last, c->culprit.via);
	(void)hf_audit_files(&c->culprit);
	forget(c);
}

static int close_held(int fd, struct hf_file *file, hf_close_fn *real, const char *via)
{
	struct closing c = closing_of(via, fd, fd);
	int ret, error;

	begin_file(file, &c);
	ret = real(fd);
	error = errno;
	(void)hf_audit_file(file, &c.culprit);
	forget(&c);
	errno = error;
	return ret;
}

/* False for certain when closing fd concerns nothing that is watched. */
static bool matters(int fd)
{
	if (!is_quiet() && (hf_watching() || hf_fd_maybe_held(fd)) && !hf_is_foreign())
		return true;
	hf_fd_forget(fd);
	return false;
}

int hf_on_raw_close(int fd, hf_close_fn *real, const char *via)
{
	struct hf_section section;
	struct hf_file *file;
	int ret;

	if (!matters(fd))
		return real(fd);
	if (hf_section_enter(&section) != HF_ENTERED) {
		ret = real(fd);
		hf_note_nested();
		return ret;
	}
	if (hf_watching())
		hf_watch_closed(fd, fd, via);
	file = hf_fd_held_file(fd);
	if (file) {
		ret = close_held(fd, file, real, via);
	} else {
		hf_fd_forget(fd);
		ret = real(fd);
	}
	hf_section_leave(&section);
	return ret;
}

/* close is a cancellation point, and cannot be one inside the section. */
int hf_on_close(int fd, hf_close_fn *real, const char *via)
{
	if (!matters(fd))
		return real(fd);
	pthread_testcancel();
	return hf_on_raw_close(fd, real, via);
}

/* For a call that may block, and closes first..last on its way. Begin and end in sections. */
static struct hf_inflight *begin_unsectioned(struct closing *c)
{
	struct hf_section section;
	struct hf_inflight *slot;

	if (hf_section_enter(&section) != HF_ENTERED)
		return NULL;
	begin_all(c);
	if (c->replaced != HF_NO_FD)
		hf_twins_before_replace(c->replaced);
	else if (c->first > c->last)
		hf_twins_find_all();
	c->culprit.here = hf_stack_here();
	slot = hf_inflight_close(&c->culprit);
	hf_section_leave(&section);
	return slot;
}

static void end_unsectioned(struct closing *c, struct hf_inflight *slot)
{
	struct hf_section section;
	int error = errno;

	switch (hf_section_enter(&section)) {
	case HF_ENTERED:
		hf_inflight_end(slot);
		if (c->replaced != HF_NO_FD)
			hf_twins_after_replace(c->replaced);
		else if (c->first > c->last)
			hf_twins_prune();
		end_all(c);
		hf_section_leave(&section);
		break;
	case HF_NESTED:
		hf_note_nested();
		break;
	case HF_FORWARD:
		break;
	}
	errno = error;
}

static int close_object(void *object, int fd, hf_object_fn *real, const char *via)
{
	struct closing c = closing_of(via, fd, fd);
	struct hf_inflight *slot = begin_unsectioned(&c);
	int ret = real(object);

	end_unsectioned(&c, slot);
	return ret;
}

int hf_on_stream_close(void *stream, hf_object_fn *real, const char *via)
{
	int fd = stream ? fileno(stream) : HF_NO_FD;

	if (stream) {
		hf_stdio_flushing(stream, via);
		hf_stdio_closing(stream, fd);
	}
	return fd >= 0 && matters(fd) ? close_object(stream, fd, real, via) : real(stream);
}

int hf_on_dir_close(void *dir, hf_object_fn *real, const char *via)
{
	int fd = dir ? dirfd(dir) : HF_NO_FD;

	return fd >= 0 && matters(fd) ? close_object(dir, fd, real, via) : real(dir);
}

/* Which descriptors it closes is its own business: everything is asked afterwards. */
int hf_on_other_close(void *object, hf_object_fn *real, const char *via)
{
	struct closing c = closing_of(via, 1, 0);
	struct hf_inflight *slot = is_quiet() ? NULL : begin_unsectioned(&c);
	int ret = real(object);

	hf_fd_forget_range(0, UINT32_MAX);
	if (!is_quiet())
		end_unsectioned(&c, slot);
	return ret;
}

/* A call that only closes, of any number of descriptors: the real call is made by the caller. */
static bool begin_sectioned(struct closing *c, struct hf_section *section)
{
	switch (hf_section_enter(section)) {
	case HF_ENTERED:
		begin_all(c);
		return true;
	case HF_NESTED:
		hf_note_nested();
		break;
	case HF_FORWARD:
		break;
	}
	return false;
}

static void end_sectioned(struct closing *c, struct hf_section *section)
{
	int error = errno;

	end_all(c);
	hf_section_leave(section);
	errno = error;
}

/*
 * Makes a call that only closes, inside the section; the call itself is an expression of the hook.
 * What it closes is known only if it succeeds, and it must not fail: see replaces().
 */
#define CLOSING_CALL(via, first, last, call)                                                       \
	do {                                                                                       \
		struct closing c_ = closing_of(via, first, last);                                  \
		struct hf_section section_;                                                        \
		bool inside_ = begin_sectioned(&c_, &section_);                                    \
                                                                                                   \
		call;                                                                              \
		if (inside_)                                                                       \
			end_sectioned(&c_, &section_);                                             \
	} while (0)

/* The target of dup2 is closed only when it is another number and the source is open. */
static bool replaces(int fd, int target)
{
	return fd != target && fd >= 0 && target >= 0 && matters(target) && hf_is_open(fd);
}

int hf_on_dup2(int fd, int target, int (*real)(int, int), const char *via)
{
	int ret;

	if (replaces(fd, target))
		CLOSING_CALL(via, target, target, ret = real(fd, target));
	else
		ret = real(fd, target);
	if (ret >= 0 && fd != target)
		hf_duplicated(fd, ret);
	return ret;
}

int hf_on_dup3(int fd, int target, int flags, int (*real)(int, int, int))
{
	int ret;

	if (!(flags & ~O_CLOEXEC) && replaces(fd, target))
		CLOSING_CALL("dup3", target, target, ret = real(fd, target, flags));
	else
		ret = real(fd, target, flags);
	if (ret >= 0)
		hf_duplicated(fd, ret);
	return ret;
}

static int as_fd(unsigned number)
{
	return number < INT32_MAX ? (int)number : INT32_MAX;
}

/* One flag makes it mark close-on-exec instead of closing. */
int hf_on_close_range(unsigned first, unsigned last, int flags,
		      int (*real)(unsigned, unsigned, int))
{
	int ret;

	if ((flags & CLOSE_RANGE_CLOEXEC) || first > last)
		return real(first, last, flags);
	if (is_quiet() || hf_is_foreign()) {
		hf_fd_forget_range(first, last);
		return real(first, last, flags);
	}
	CLOSING_CALL("close_range", as_fd(first), as_fd(last), ret = real(first, last, flags));
	return ret;
}

void hf_on_closefrom(int first, void (*real)(int))
{
	int lowest = first < 0 ? 0 : first;

	if (is_quiet() || hf_is_foreign()) {
		hf_fd_forget_range((unsigned)lowest, UINT32_MAX);
		real(first);
		return;
	}
	CLOSING_CALL("closefrom", lowest, INT32_MAX, real(first));
}

/*
 * The stream's number survives, on a new description. A program that reopens the file it has locked
 * does not know that this drops the lock; one that reopens another file has closed it. On its way
 * there glibc opens and closes one more descriptor of the new file.
 */
void *hf_on_freopen(const char *path, const char *mode, void *stream,
		    void *(*real)(const char *, const char *, void *))
{
	int fd = stream ? fileno(stream) : HF_NO_FD;
	struct hf_inflight *slot;
	struct closing c;
	void *ret;

	if (is_quiet() || fd < 0 || hf_is_foreign()) {
		ret = real(path, mode, stream);
		hf_fd_forget(fd);
		return ret;
	}
	c = closing_of("freopen", 1, 0);
	c.culprit.fd = c.replaced = fd;
	slot = begin_unsectioned(&c);
	ret = real(path, mode, stream);
	hf_fd_forget(fd);
	end_unsectioned(&c, slot);
	return ret;
}

int hf_on_login_tty(int fd, int (*real)(int))
{
	struct hf_inflight *slot;
	struct closing c;
	int ret;

	if (is_quiet() || hf_is_foreign())
		return real(fd);
	c = closing_of("login_tty", 0, 2);
	slot = begin_unsectioned(&c);
	ret = real(fd);
	end_unsectioned(&c, slot);
	return ret;
}
