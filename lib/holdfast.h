/* SPDX-License-Identifier: MIT */
/*
 * holdfast: locks on files that processes and threads can trust.
 *
 * Read these first.
 *
 *  - The locks are advisory: they exclude whoever also asks for one, nobody else.
 *  - A whole-file hf_lock excludes fcntl(F_SETLK), lockf() and F_OFD_SETLK users of the file, both
 *    ways. It does not meet flock(2) on a local file system; there the kernel keeps the two apart.
 *  - A lock belongs to a file (its inode), not to its name. If the name can be unlinked or replaced
 *    while somebody waits, leave the re-check on (no HF_NO_RECHECK).
 *  - A thread that holds a file and asks for it again, through whatever handle and whatever
 *    spelling of the path, is told -EDEADLK at once; it is never left hanging on itself.
 *  - A forked child holds nothing: every call on an inherited handle but close is -EPERM. The child
 *    of vfork(), _Fork() or a raw clone() must not call the library at all: nothing tells the
 *    library about such a child, and what it unlocks its parent loses.
 *
 * Results. Functions return 0 or a negative errno, and on failure nothing has changed: no lock was
 * gained or lost, no descriptor stays open. Wherever a cause is not named below, the error of the
 * system call is passed on as it is.
 *
 *   -EBUSY       somebody else has it (HF_NOWAIT)
 *   -ETIMEDOUT   somebody else had it until the deadline
 *   -ECANCELED   hf_lock_cancel() was called
 *   -EDEADLK     this thread has it already, or waiting could never end
 *   -EPERM       not held by this thread, or a handle from before a fork
 *   -ESTALE      the file was removed or replaced
 *   -EBADF       the descriptor is not open for that mode
 *   -EOPNOTSUPP, -ENOLCK   the file system cannot lock, or cannot now
 *   -EINVAL      a bad argument, an unknown flag among them
 *   -ENOMEM      no memory
 *
 * Threads. Every function may be called from any thread at any time, on one handle by many threads,
 * except that close and free must be the last call on their object.
 *
 * Signals. No function is async-signal-safe. The library installs no handler, changes no mask and
 * no timer, and writes nothing to stdout or stderr. EINTR is not returned: a wait goes on until its
 * deadline, and hf_lock_cancel() ends it.
 *
 * Cancellation. No function is a cancellation point; a thread cancelled in one acts on it later,
 * and so do the functions of the program's that one calls - but for hf_with_lock()'s, where a
 * thread that ends leaves the lock held.
 */
#ifndef HOLDFAST_H
#define HOLDFAST_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define HF_API __attribute__((visibility("default")))
#define HF_MUST_CHECK __attribute__((warn_unused_result))
#else
#define HF_API
#define HF_MUST_CHECK
#endif

#define HF_VERSION_MAJOR 0
#define HF_VERSION_MINOR 1
#define HF_VERSION_PATCH 0

/* The library's version at run time: major << 16 | minor << 8 | patch. Never fails. */
HF_API unsigned hf_version(void);

/*
 * What an error of this library means, as a sentence without a full stop. error may be negative or
 * positive; 0 is "no error". The text is static and is never NULL. Messages for errors that the
 * library gives no meaning of its own are the C library's, in English.
 */
HF_API const char *hf_strerror(int error);

/*
 * Timeouts are nanoseconds, relative, as int64_t. One too long for the clock means for ever; a
 * negative one is -EINVAL. A wait starts at the moment that the first attempt has failed.
 */
#define HF_NOWAIT INT64_C(0) /* try once */
#define HF_FOREVER INT64_MAX /* wait until it is free */
#define HF_MSEC(n) ((int64_t)(n)*INT64_C(1000000))
#define HF_SEC(n) ((int64_t)(n)*INT64_C(1000000000))

typedef enum hf_mode {
	HF_SHARED = 1,	 /* any number at once */
	HF_EXCLUSIVE = 2 /* alone */
} hf_mode;

/* ---- hf_lock: a lock on a file, or on a range of its bytes ---- */

typedef struct hf_lock hf_lock;

enum hf_lock_flag {
	HF_NO_CREATE = 1 << 0,	   /* open: -ENOENT when the file is not there */
	HF_READONLY = 1 << 1,	   /* open read-only; HF_SHARED only, HF_EXCLUSIVE is -EBADF */
	HF_PARENTS = 1 << 2,	   /* make missing folders on the way, mode 0777 less the umask */
	HF_FOLLOW = 1 << 3,	   /* follow a symbolic link at the end of the path */
	HF_NO_RECHECK = 1 << 4,	   /* do not look whether the file is still there after a grant */
	HF_RECHECK_PATH = 1 << 5,  /* compare the path with the locked file after every grant */
	HF_WRITERS_FIRST = 1 << 6, /* new readers queue behind a waiting writer */
	HF_ANY_THREAD = 1 << 7,	   /* a hold is the process's: any thread may release it */
	HF_CANCELLABLE = 1 << 8	   /* hf_lock_cancel() also ends waits with HF_FOREVER */
};

/*
 * Opens a file to lock it. Nothing is locked yet.
 *
 * flags 0: the file is created if it is not there (mode 0666 less the umask), opened for both
 * modes, its content never touched; the last component must not be a symbolic link (-ELOOP). The
 * file is never removed, truncated or chmodded. A relative path is resolved now: a later chdir()
 * changes nothing.
 *
 * HF_WRITERS_FIRST: file locks let overlapping readers starve a writer for ever. Among all users of
 * this flag a waiting writer is granted after the readers that held when it asked, and later
 * readers wait behind it. Readers without the flag are still excluded, but may delay the writer. It
 * costs a reader one more system call, and cannot be combined with a range (-EINVAL). The last byte
 * a file can have, INT64_MAX, is the gate that makes it work.
 *
 * HF_ANY_THREAD: the hold belongs to the process. A second acquire waits, even in the same thread.
 *
 * The re-check: a lock can be granted on a file that nobody can find any more, because it was
 * unlinked or replaced meanwhile; two users would then both believe to be alone. By default the
 * link count is looked at after each grant, and the path too after a wait; a dead file is opened
 * anew and waited for until the deadline. HF_RECHECK_PATH and HF_NO_RECHECK do more and less of
 * that.
 *
 * *ret is yours to hf_lock_close(). A handle costs one descriptor (close-on-exec), two when the
 * path is relative and HF_NO_RECHECK is not set.
 *
 * -EINVAL: NULL or empty path, unknown or contradictory flags. Otherwise what open() says.
 */
HF_API int hf_lock_open(const char *path, unsigned flags, hf_lock **ret) HF_MUST_CHECK;

/* The same with path taken relative to the directory dirfd, as openat() does. */
HF_API int hf_lock_open_at(int dirfd, const char *path, unsigned flags,
			   hf_lock **ret) HF_MUST_CHECK;

/*
 * The same for length bytes from start; length 0 means to the end of the file, however far it
 * grows. Ranges that do not overlap do not exclude each other. -EINVAL also for a range that ends
 * beyond INT64_MAX.
 */
HF_API int hf_lock_open_range(const char *path, unsigned flags, uint64_t start, uint64_t length,
			      hf_lock **ret) HF_MUST_CHECK;

/*
 * Locks through a descriptor of your own, which is borrowed: it must stay open until
 * hf_lock_close(), is never reopened and never closed. If it names another file by then, acquire,
 * convert and verify say -EBADF.
 *
 * The kernel gives the lock to the open file description. Whoever else has it - a dup(), a child
 * that inherited it - has the lock as well. Handles of this process on one description exclude each
 * other nevertheless, as far as the kernel can be asked (kcmp); where it cannot, what happens
 * between two such handles is undefined.
 *
 * Flags: HF_ANY_THREAD, HF_CANCELLABLE, HF_WRITERS_FIRST; any other is -EINVAL. -EBADF: not open.
 */
HF_API int hf_lock_open_fd(int fd, unsigned flags, hf_lock **ret) HF_MUST_CHECK;

/*
 * Releases whatever is held through the handle, by any thread, and frees it. NULL is fine. Must be
 * the last call on the handle; no thread may be waiting on it. In a forked child it frees the
 * handle and leaves the parent's lock alone.
 */
HF_API void hf_lock_close(hf_lock *lock);

/*
 * Takes the lock for this thread (or process, HF_ANY_THREAD), waiting up to timeout_ns.
 *
 * One handle may have any number of shared holders among the threads, or one exclusive one; a
 * thread that must wait does so as a stranger would. Two handles on one file exclude each other, in
 * one process as between two.
 *
 * A wait does not poll. With HF_FOREVER the thread sleeps in the kernel; with a deadline a helper
 * thread sleeps there, with all signals blocked, and is gone on return. Where no thread can be
 * created, the lock is tried 1 to 20 ms apart instead.
 *
 * -EBUSY, -ETIMEDOUT, -ECANCELED, -EBADF, -EINVAL, -ENOMEM as above.
 * -EDEADLK  this thread holds the file or an overlapping range already, in either mode (use
 *           hf_lock_convert() to change the mode); or, on file systems without OFD locks, the
 *           kernel found processes waiting for each other in a circle.
 * -EPERM    a handle from before a fork.
 * -ESTALE   the file was removed or replaced, and the handle cannot move on to the new one: another
 *           thread holds the old one through it, or HF_NO_CREATE is set and there is none.
 */
HF_API int hf_lock_acquire(hf_lock *lock, hf_mode mode, int64_t timeout_ns) HF_MUST_CHECK;

/*
 * Changes the mode of what this thread holds. To HF_SHARED: at once, and no writer can get in
 * between. To HF_EXCLUSIVE: waits for the other readers, keeping the shared hold meanwhile and also
 * when it fails. The mode it has already: 0, nothing done.
 *
 * -EPERM    this thread does not hold it.
 * -EDEADLK  somebody else is upgrading the same bytes: each would wait for the other's shared hold
 *           for ever. Release, and acquire exclusively. Always known inside a process; across
 *           processes where /proc shows the other's system call (same user, ptrace rights).
 * -ESTALE   the file was removed or replaced. The hold and its mode are as before.
 * -EBUSY, -ETIMEDOUT, -ECANCELED, -EBADF as for acquire.
 */
HF_API int hf_lock_convert(hf_lock *lock, hf_mode mode, int64_t timeout_ns) HF_MUST_CHECK;

/*
 * Gives up what this thread (with HF_ANY_THREAD: any thread) holds. The kernel's lock goes with the
 * handle's last holder. -EPERM: not held, or held by another thread.
 */
HF_API int hf_lock_release(hf_lock *lock);

/*
 * What this thread (HF_ANY_THREAD: the process) holds through the handle: HF_SHARED, HF_EXCLUSIVE
 * or 0. It is the library's belief, and costs no system call; hf_lock_verify() asks the kernel.
 * -EPERM in a forked child.
 */
HF_API int hf_lock_mode(const hf_lock *lock);

/*
 * Is what this thread holds really held, and is it still the file of that name?
 *
 * -EPERM       not held by this thread.
 * -EIDRM       the kernel has no such lock any more: somebody unlocked it through a copy of the
 *              descriptor, or (without OFD locks) closed any descriptor of the file. Or it never
 *              had one: on a FUSE file system whose daemon keeps the locks, and may grant one
 * twice. -ESTALE      held, but the path now names another file or none. -EBADF       a borrowed
 * descriptor that now names another file. -EOPNOTSUPP  the kernel does not answer: it is older than
 * F_OFD_GETLK with F_UNLCK, and /proc is not there.
 */
HF_API int hf_lock_verify(hf_lock *lock) HF_MUST_CHECK;

/*
 * The descriptor that locks: to read or write the file through, not to close, nor to lock or
 * unlock. Valid until hf_lock_close(). When acquire moves on to a replaced file the number stays
 * the same (but changes where there are no OFD locks). -EPERM in a forked child.
 */
HF_API int hf_lock_fd(const hf_lock *lock);

/*
 * Wakes the threads that wait in acquire or convert on this handle; they return -ECANCELED. A wait
 * with HF_FOREVER can be ended only on a handle opened HF_CANCELLABLE. -ESRCH: nobody waits that
 * could be woken (a thread that is about to wait is not waiting yet).
 */
HF_API int hf_lock_cancel(hf_lock *lock);

/*
 * Called in the waiting thread, once per acquire or convert, when it is about to wait. No lock of
 * the library is held: hf_lock_each_holder() may be called from it. A result other than 0 ends the
 * attempt, which returns it, whatever it is. Thread cancellation is disabled in it.
 */
typedef int hf_wait_fn(hf_lock *lock, hf_mode mode, void *arg);

/* fn NULL takes it back. Not while another thread waits on the handle. -EPERM in a forked child. */
HF_API int hf_lock_on_wait(hf_lock *lock, hf_wait_fn *fn, void *arg);

/* ---- who holds it ---- */

enum hf_holder_kind {
	HF_HOLDER_POSIX = 1, /* fcntl(F_SETLK), lockf */
	HF_HOLDER_OFD = 2,   /* fcntl(F_OFD_SETLK), and hf_lock */
	HF_HOLDER_FLOCK = 3  /* flock: not in the way of an hf_lock on a local file system */
};

/*
 * pid 0: somebody holds it, but this process may not see who (another user's, or another pid
 * namespace's). On btrfs such a flock may be on a file of the same inode number in another
 * subvolume. start_time and command are 0 and "" when the process is gone or may not be looked at.
 * length 0 is to the end of the file. Pointers are valid during the callback only.
 */
struct hf_holder {
	uint32_t size; /* of this struct: later versions append */
	enum hf_holder_kind kind;
	hf_mode mode;
	int32_t pid;
	uint64_t start;
	uint64_t length;
	uint64_t start_time; /* when the process began: clock ticks since boot, as /proc/PID/stat */
	const char *command; /* its arguments, joined by blanks; unprintable bytes are '?' */
};

/* A result other than 0 ends the walk, which returns it. */
typedef int hf_holder_fn(const struct hf_holder *holder, void *arg);

/*
 * Calls fn for each process that holds a lock on the handle's bytes which would exclude mode, this
 * process and its own hold included. An OFD lock that several processes have inherited is told once
 * for each. 0 without a call: nobody. A snapshot: it may be over before you read it.
 *
 * -EOPNOTSUPP  /proc/locks cannot be read.
 * -EINVAL, -EPERM, -ENOMEM as above.
 */
HF_API int hf_lock_each_holder(hf_lock *lock, hf_mode mode, hf_holder_fn *fn, void *arg);

/* ---- sugar ---- */

/*
 * Opens path (flags 0), takes it, calls fn(arg), releases and closes. 0: fn was called, and what it
 * returned is in *ret unless ret is NULL. Otherwise fn was not called; errors as of open and
 * acquire.
 */
HF_API int hf_with_lock(const char *path, hf_mode mode, int64_t timeout_ns, int (*fn)(void *),
			void *arg, int *ret);

#if defined(__GNUC__)

static inline void hf_lock_close_at(hf_lock **lock)
{
	hf_lock_close(*lock);
}

/* HF_AUTO_CLOSE hf_lock *lock = NULL; - closed when the variable goes out of scope. */
#define HF_AUTO_CLOSE __attribute__((cleanup(hf_lock_close_at)))

struct hf_scope {
	hf_lock *lock; /* NULL once left */
};

static inline struct hf_scope hf_scope_enter(hf_lock *lock, hf_mode mode, int64_t timeout_ns,
					     int *result)
{
	struct hf_scope scope = { lock };

	*result = hf_lock_acquire(lock, mode, timeout_ns);
	if (*result != 0)
		scope.lock = 0;
	return scope;
}

static inline void hf_scope_leave(struct hf_scope *scope)
{
	if (scope->lock)
		(void)hf_lock_release(scope->lock);
	scope->lock = 0;
}

#define HF_JOIN_(a, b) a##b
#define HF_JOIN(a, b) HF_JOIN_(a, b)
#define HF_WITH_LOCK_(scope_, lock_, mode_, timeout_, result_)                                     \
	for (__attribute__((cleanup(hf_scope_leave))) struct hf_scope scope_ =                     \
		     hf_scope_enter(lock_, mode_, timeout_, result_);                              \
	     scope_.lock; hf_scope_leave(&scope_))

/*
 * HF_WITH_LOCK(lock, HF_EXCLUSIVE, HF_SEC(2), &result) { ... }
 *
 * Runs the block with the lock held; result is 0 then, else the error, and the block is skipped. It
 * is a loop that runs once: break and continue leave the block only. Released on the way out by the
 * end, return, break, continue and goto; on thread cancellation only in code built with
 * -fexceptions; not by longjmp, exit or pthread_exit without that. Needs GCC or Clang.
 */
#define HF_WITH_LOCK(lock, mode, timeout_ns, result)                                               \
	HF_WITH_LOCK_(HF_JOIN(hf_scope_, __LINE__), lock, mode, timeout_ns, result)

#endif

/* ---- hf_rwlock: a reader-writer lock between threads, no file ---- */

typedef struct hf_rwlock hf_rwlock;

/*
 * Readers share, a writer is alone, writers come first and in the order they asked: a new reader
 * queues behind a waiting writer, one that reads already does not. Whoever has it may take it again
 * (counted): a reader may read again, the writer may write again and read as well; if it then
 * releases the writing and not the reading, it stays a reader, with no writer in between. A reader
 * that asks to write is refused.
 *
 * *ret is yours to hf_rwlock_free(). -ENOMEM.
 */
HF_API int hf_rwlock_new(hf_rwlock **ret) HF_MUST_CHECK;

/* NULL is fine. Nobody may hold it or wait for it. */
HF_API void hf_rwlock_free(hf_rwlock *rwlock);

/*
 * -EBUSY, -ETIMEDOUT: others have it. -EDEADLK: this thread reads and asks to write. -EPERM: made
 * before a fork. -ENOMEM: this thread holds more locks for reading than it could note down.
 * -EOVERFLOW: taken too often. A wait that is given up leaves no trace.
 */
HF_API int hf_rwlock_acquire(hf_rwlock *rwlock, hf_mode mode, int64_t timeout_ns) HF_MUST_CHECK;

/* Undoes one acquire of that mode by this thread. -EPERM: there is none. */
HF_API int hf_rwlock_release(hf_rwlock *rwlock, hf_mode mode);

/* This thread's own standing: 0 or 1. The writer counts as a reader only while it also reads. */
HF_API int hf_rwlock_is_reader(const hf_rwlock *rwlock);
HF_API int hf_rwlock_is_writer(const hf_rwlock *rwlock);

/* How it is held at this moment, by anybody: HF_SHARED, HF_EXCLUSIVE, or 0 for not at all. */
HF_API int hf_rwlock_owner(const hf_rwlock *rwlock);

/* Is a writer waiting? 0 or 1. */
HF_API int hf_rwlock_has_pending_writers(const hf_rwlock *rwlock);

/* ---- hf_lockset: several locks, all or none ---- */

typedef struct hf_lockset hf_lockset;

/* *ret is yours to hf_lockset_free(). One thread at a time may use a set. -ENOMEM. */
HF_API int hf_lockset_new(hf_lockset **ret) HF_MUST_CHECK;

/* Releases what this thread holds through the set and frees it; the locks in it stay open. NULL is
 * fine. */
HF_API void hf_lockset_free(hf_lockset *set);

/*
 * Adds a lock, which is borrowed: keep it open until the set is freed. The same handle again, or
 * another one on overlapping bytes of the same file, is merged when the set is acquired: one of the
 * handles then takes all the bytes together, in the stronger mode, and hf_lock_mode() of the other
 * is 0. -EBUSY: the set is held. -EINVAL, -ENOMEM.
 */
HF_API int hf_lockset_add(hf_lockset *set, hf_lock *lock, hf_mode mode) HF_MUST_CHECK;

/*
 * Takes all members, or on failure none, within one deadline. They are taken in the order of
 * device, inode and first byte, whatever order they were added in, so that two sets cannot wait for
 * each other. Errors as of hf_lock_acquire(); -EDEADLK also when the set is held. An empty set is
 * 0.
 */
HF_API int hf_lockset_acquire(hf_lockset *set, int64_t timeout_ns) HF_MUST_CHECK;

/*
 * Gives up all members, the last taken first. -EPERM: not held; or another thread took it, and not
 * all members are HF_ANY_THREAD. Else the first error, if any; the other members are released
 * nevertheless.
 */
HF_API int hf_lockset_release(hf_lockset *set);

#ifdef __cplusplus
}
#endif

#endif
