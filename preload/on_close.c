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
 * thread's new descriptor. Calls that may block (fclose flushes, and whatever closes files on a
 * network or FUSE file system) are made outside; marks let other threads' audits find them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <stdio.h>

#include "audit.h"
#include "closing.h"
#include "filesystem.h"
#include "hooks.h"
#include "watch.h"
#include "recorder.h"
#include "rules.h"
#include "shim.h"
#include "twins.h"

void hf_closed_unseen(int fd)
{
	struct hf_closing c = hf_closing_of("", fd, fd);
	struct hf_section section;
	struct hf_file *file;

	if (hf_section_enter(&section) != HF_ENTERED)
		return;
	file = hf_fd_held_file(fd);
	if (file)
		hf_closing_release(file, &c);
	hf_section_leave(&section);
}

/* Is there anything that a closing call could concern? What every hook here asks first. */
static inline bool is_quiet(void)
{
	return !hf_anything_held() && !hf_watching();
}

static void forget(const struct hf_closing *c)
{
	if (c->first <= c->last)
		hf_fd_forget_range((unsigned)c->first, (unsigned)c->last);
}

/*
 * Around a call that only closes, inside the section. begin: what the program releases on purpose
 * leaves the ledger, and what is left is known to be there. end: what is not there any more, this
 * call has dropped.
 */
static void begin_file(struct hf_file *file, struct hf_closing *c)
{
	hf_closing_release(file, c);
	(void)hf_audit_file(file, NULL);
	hf_inflight_mark_closed(file, &c->culprit);
}

static void begin_all(struct hf_closing *c)
{
	struct hf_file *file = NULL;

	hf_closing_release_all(c);
	hf_audit_all();
	while ((file = hf_ledger_next_held(&hf_shim.ledger, file)))
		hf_inflight_mark_closed(file, &c->culprit);
}

/* A loss that this call itself caused is not torn down by it. */
static void end_all(struct hf_closing *c)
{
	if (hf_watching())
		hf_watch_closed(c->first, c->last, c->culprit.via);
	(void)hf_audit_files(&c->culprit);
	forget(c);
}

/* On a network or FUSE file system a close may block, and there is nobody to ask. */
static int close_remote(struct hf_closing *c, struct hf_file *file, hf_close_fn *real,
			struct hf_section *section)
{
	struct hf_inflight *slot;
	int ret, error;

	hf_closing_release(file, c);
	hf_inflight_mark_closed(file, &c->culprit);
	hf_remote_before_close(&c->culprit);
	c->culprit.here = hf_stack_here();
	forget(c);
	slot = hf_inflight_request(file);
	hf_section_leave(section);
	ret = real(c->first);
	error = errno;
	if (hf_section_enter(section) == HF_ENTERED) {
		hf_inflight_end(slot);
		(void)hf_audit_file(file, &c->culprit);
		hf_section_leave(section);
	}
	errno = error;
	return ret;
}

static int close_held(int fd, struct hf_file *file, hf_close_fn *real, const char *via)
{
	struct hf_closing c = hf_closing_of(via, fd, fd);
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
	struct hf_closing c;
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
	if (file && hf_file_is_remote(file)) {
		c = hf_closing_of(via, fd, fd);
		return close_remote(&c, file, real, &section);
	}
	if (!file) {
		hf_fd_forget(fd);
		hf_section_leave(&section);
		return real(fd);
	}
	ret = close_held(fd, file, real, via);
	hf_section_leave(&section);
	return ret;
}

/* close is a cancellation point, and cannot be one inside the section. */
static __attribute__((noinline)) int close_noisily(int fd, hf_close_fn *real, const char *via)
{
	if (!matters(fd))
		return real(fd);
	pthread_testcancel();
	return hf_on_raw_close(fd, real, via);
}

int hf_on_close(int fd, hf_close_fn *real, const char *via)
{
	if (is_quiet()) { /* most closes end here: nothing is saved on the stack for the rest */
		hf_fd_forget(fd);
		return real(fd);
	}
	return close_noisily(fd, real, via);
}

/* For a call that may block, and closes first..last on its way. Begin and end in sections. */
static struct hf_inflight *begin_unsectioned(struct hf_closing *c)
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
	hf_remote_before_close(&c->culprit);
	hf_section_leave(&section);
	return slot;
}

static void end_unsectioned(struct hf_closing *c, struct hf_inflight *slot)
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
	struct hf_closing c = hf_closing_of(via, fd, fd);
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
	struct hf_closing c = hf_closing_of(via, 1, 0);
	struct hf_inflight *slot = is_quiet() ? NULL : begin_unsectioned(&c);
	int ret = real(object);

	hf_fd_forget_range(0, UINT32_MAX);
	if (!is_quiet())
		end_unsectioned(&c, slot);
	return ret;
}

/* A call that only closes, of any number of descriptors: the real call is made by the caller. */
static bool begin_sectioned(struct hf_closing *c, struct hf_section *section)
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

static void end_sectioned(struct hf_closing *c, struct hf_section *section)
{
	int error = errno;

	end_all(c);
	hf_section_leave(section);
	errno = error;
}

/*
 * Makes a call that only closes, inside the section unless it may block there; the call itself is
 * an expression of the hook. What it closes is known only if it succeeds, and it must not fail: see
 * replaces().
 */
#define CLOSING_CALL(via, first, last, call)                                                       \
	do {                                                                                       \
		struct hf_closing c_ = hf_closing_of(via, first, last);                            \
		bool outside_ = hf_remote_met();                                                   \
		struct hf_inflight *slot_ = outside_ ? begin_unsectioned(&c_) : NULL;              \
		struct hf_section section_;                                                        \
		bool inside_ = !outside_ && begin_sectioned(&c_, &section_);                       \
                                                                                                   \
		call;                                                                              \
		if (inside_)                                                                       \
			end_sectioned(&c_, &section_);                                             \
		if (outside_)                                                                      \
			end_unsectioned(&c_, slot_);                                               \
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
	struct hf_closing c;
	void *ret;

	if (is_quiet() || fd < 0 || hf_is_foreign()) {
		ret = real(path, mode, stream);
		hf_fd_forget(fd);
		return ret;
	}
	c = hf_closing_of("freopen", 1, 0);
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
	struct hf_closing c;
	int ret;

	if (is_quiet() || hf_is_foreign())
		return real(fd);
	c = hf_closing_of("login_tty", 0, 2);
	slot = begin_unsectioned(&c);
	ret = real(fd);
	end_unsectioned(&c, slot);
	return ret;
}
