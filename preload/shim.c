/* SPDX-License-Identifier: MIT */
#include "shim.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include "audit.h"
#include "options.h"
#include "rawsys.h"
#include "real.h"
#include "recorder.h"
#include "rules_process.h"
#include "signals.h"

_Thread_local struct hf_thread hf_thread HF_IE;
_Thread_local uint32_t hf_vforked HF_IE;
struct hf_shim hf_shim;

/* The generation word: 0 wiped by a fork, 1 being put in order, 2 this process's own. */
enum { WIPED, CLAIMED, OWN };

extern char __libc_single_threaded __attribute__((weak));

/* musl has no such word: assume threads. */
static bool is_single_threaded(void)
{
	return &__libc_single_threaded && __libc_single_threaded;
}

static bool is_blind(void)
{
	return __atomic_load_n(&hf_shim.blind, __ATOMIC_RELAXED);
}

/* False when it will never be free: who holds it is lost. That is looked at once a second. */
static bool futex_lock(uint32_t *lock)
{
	static const struct timespec second = { .tv_sec = 1 };
	uint32_t expected = 0;

	if (__atomic_compare_exchange_n(lock, &expected, 1, false, __ATOMIC_ACQUIRE,
					__ATOMIC_RELAXED))
		return true;
	while (__atomic_exchange_n(lock, 2, __ATOMIC_ACQUIRE)) {
		if (is_blind())
			return false;
		(void)raw_futex(lock, FUTEX_WAIT_PRIVATE, 2, &second);
	}
	return true;
}

static void futex_unlock(uint32_t *lock)
{
	if (__atomic_exchange_n(lock, 0, __ATOMIC_RELEASE) == 2)
		(void)raw_futex(lock, FUTEX_WAKE_PRIVATE, 1, NULL);
}

static void start_ledger(void)
{
	hf_arena_init(&hf_shim.arena);
	hf_ledger_init(&hf_shim.ledger, &hf_shim.arena.mem);
}

/*
 * A fork copied us while another thread was inside: the ledger may be half-changed. Nothing in it
 * can be trusted, and a child that believes nothing reports nothing wrong.
 */
static void start_over(void)
{
	start_ledger();
	hf_fd_forget_range(0, UINT32_MAX);
}

static void become_own_process(void)
{
	uint32_t old_lock = hf_shim.lock;

	if (!old_lock)
		hf_rules_forking(hf_shim.pid);
	hf_shim.pid = raw_getpid();
	hf_thread.tid = 0;
	hf_vforked = 0;
	__atomic_store_n(&hf_shim.lock, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&hf_shim.always_getpid, 0, __ATOMIC_RELAXED);
	if (old_lock)
		start_over();
	else
		hf_ledger_forked(&hf_shim.ledger);
	hf_fd_forked();
	hf_audit_forked();
	hf_recorder_forked();
	hf_rules_forked();
}

/* One thread of a fresh child puts things in order; others that come by wait for it. */
static __attribute__((noinline)) void claim_generation(void)
{
	uint32_t seen = WIPED;

	if (__atomic_compare_exchange_n(hf_shim.generation, &seen, CLAIMED, false, __ATOMIC_ACQUIRE,
					__ATOMIC_ACQUIRE)) {
		become_own_process();
		__atomic_store_n(hf_shim.generation, OWN, __ATOMIC_RELEASE);
		return;
	}
	while (__atomic_load_n(hf_shim.generation, __ATOMIC_ACQUIRE) != OWN)
		(void)raw_syscall3(SYS_sched_yield, 0, 0, 0);
}

bool hf_is_foreign(void)
{
	if (!hf_is_ready() || is_blind())
		return true;
	if (__builtin_expect(__atomic_load_n(hf_shim.generation, __ATOMIC_ACQUIRE) != OWN, 0))
		claim_generation();
	if (!hf_vforked && !__atomic_load_n(&hf_shim.always_getpid, __ATOMIC_RELAXED))
		return false;
	if (raw_getpid() != hf_shim.pid)
		return true;
	hf_vforked = 0; /* the thread that called vfork runs again: its child is gone */
	return false;
}

static void mask_signals(struct hf_section *section)
{
	static const uint64_t all = UINT64_MAX;

	(void)raw_sigprocmask(SIG_SETMASK, &all, &section->mask);
	section->masked = true;
}

static bool must_mask(void)
{
	return __atomic_load_n(&hf_shim.masking, __ATOMIC_RELAXED);
}

/*
 * Asynchronous cancellation comes by a signal, and glibc's handler of it looks at the type alone:
 * one that is under way already would end a thread that has disabled cancellation meanwhile, and
 * with it the section. A cancellation point waits for it to arrive.
 */
static void become_deferred(struct hf_section *section)
{
	int error = errno;

	(void)pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &section->cancel_type);
	section->cancel_saved = true;
	if (section->cancel_type != PTHREAD_CANCEL_ASYNCHRONOUS)
		return;
	(void)REAL(close)(-1);
	errno = error;
}

/*
 * Whatever a handler may find, or a cancellation in an asynchronous thread: until the thread is
 * inside it may be left for good at any instruction, and after it as well.
 */
static void go_in(struct hf_section *section)
{
	if (!is_single_threaded())
		become_deferred(section);
	if (must_mask())
		mask_signals(section);
	hf_signals_hold();
	if (section->cancel_saved)
		(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &section->cancel_state);
	hf_thread.inside = true;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* Signals come last: a handler that runs here and jumps away leaves nothing undone. */
static void go_out(struct hf_section *section)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	hf_thread.inside = false;
	if (section->cancel_saved)
		(void)pthread_setcancelstate(section->cancel_state, NULL);
	hf_signals_release(section->masked ? &section->mask : NULL);
	if (section->cancel_saved) /* acts on what came meanwhile, if it is to act at once */
		(void)pthread_setcanceltype(section->cancel_type, NULL);
}

enum hf_entry hf_section_enter(struct hf_section *section)
{
	section->masked = section->cancel_saved = false;
	if (hf_is_foreign())
		return HF_FORWARD;
	if (hf_thread.inside)
		return HF_NESTED;
	go_in(section);
	if (!futex_lock(&hf_shim.lock)) {
		go_out(section);
		return HF_FORWARD;
	}
	if (!section->masked && must_mask()) /* since we began to wait */
		mask_signals(section);
	if (__builtin_expect(!hf_shim.ledger.mem, 0)) /* the first section of this program */
		start_ledger();
	return HF_ENTERED;
}

void hf_section_leave(struct hf_section *section)
{
	while (hf_thread.nested) {
		hf_thread.nested = false;
		hf_audit_all();
	}
	futex_unlock(&hf_shim.lock);
	go_out(section);
}

void hf_section_lost(void)
{
	__atomic_store_n(&hf_shim.blind, 1, __ATOMIC_RELAXED);
	hf_signals_wait = 0;
}

void hf_note_nested(void)
{
	hf_thread.nested = true;
}

void hf_sections_mask(void)
{
	struct hf_section section;
	enum hf_entry entry;

	if (must_mask())
		return;
	entry = hf_section_enter(&section);
	if (entry != HF_FORWARD)
		__atomic_store_n(&hf_shim.masking, 1, __ATOMIC_RELAXED);
	if (entry == HF_ENTERED)
		hf_section_leave(&section);
}

int hf_tid(void)
{
	if (!hf_thread.tid)
		hf_thread.tid = raw_gettid();
	return hf_thread.tid;
}

/*
 * The kernel is asked to read a signal set there: an unreadable address is EFAULT, and a readable
 * one is EINVAL because there is no such "how". A few pages are remembered per thread:
 * requests and paths come from the same places again and again.
 */
static bool is_readable_page(uintptr_t address)
{
	uintptr_t page = address & ~(HF_PAGE - 1);
	uintptr_t *known = &hf_thread.readable[page / HF_PAGE % 4];

	if (!page)
		return false; /* to the kernel NULL is no set, and not an error */
	if (page == *known)
		return true;
	if (raw_sigprocmask(-1, (const uint64_t *)page, NULL) == -EFAULT)
		return false;
	*known = page;
	return true;
}

bool hf_is_readable(const void *address, size_t length)
{
	uintptr_t first = (uintptr_t)address;

	if (__atomic_load_n(&hf_shim.blind, __ATOMIC_RELAXED))
		return false; /* the kernel must not be asked */
	return is_readable_page(first) &&
	       ((first ^ (first + length - 1)) < HF_PAGE || is_readable_page(first + length - 1));
}

uint32_t hf_stack_here(void)
{
	return hf_stack_mark(hf_options.stack_depth, hf_recorder_stack);
}

/* The last of all prepare handlers: nothing of the program runs until the fork is done. */
static void before_fork(void)
{
	hf_thread.fork_locked = hf_section_enter(&hf_thread.fork_section) == HF_ENTERED;
	if (hf_thread.fork_locked)
		hf_recorder_before_fork();
}

static void leave_fork(void)
{
	if (hf_thread.fork_locked)
		hf_section_leave(&hf_thread.fork_section);
	hf_thread.fork_locked = false;
}

static void after_fork(void)
{
	if (hf_thread.fork_locked)
		hf_recorder_after_fork();
	leave_fork();
}

/* Only this thread is left, and it copied a ledger at rest: the lock is its own to give back. */
static void after_fork_in_child(void)
{
	if (hf_thread.fork_locked)
		__atomic_store_n(&hf_shim.lock, 0, __ATOMIC_RELAXED);
	(void)hf_is_foreign();
	leave_fork();
}

/*
 * So that fork() copies a ledger at rest. glibc's pthread_atfork is a static function around
 * __register_atfork; musl has a real one.
 */
extern int __register_atfork(void (*)(void), void (*)(void), void (*)(void), void *)
	__attribute__((weak));
extern void *__dso_handle __attribute__((visibility("hidden")));
extern int hf_musl_atfork(void (*)(void), void (*)(void), void (*)(void)) __asm__("pthread_atfork")
	__attribute__((weak));

static void watch_forks(void)
{
	if (__register_atfork)
		(void)__register_atfork(before_fork, after_fork, after_fork_in_child,
					&__dso_handle);
	else if (hf_musl_atfork)
		(void)hf_musl_atfork(before_fork, after_fork, after_fork_in_child);
}

/*
 * A page of its own, or the wipe would take more than the word; the last one (local.mk sorts them),
 * so that the kernel cuts the mapping in two and not in three.
 */
static union {
	uint32_t generation;
	char page[4096];
} wiped_page __attribute__((aligned(4096), section(".bss.wiped")));

/*
 * Every exec pays for this. Nothing is written that is zero anyway: each page of ours that is
 * touched costs as much as a system call.
 */
void hf_shim_init(void)
{
	if (raw_madvise(&wiped_page, sizeof(wiped_page), MADV_WIPEONFORK) < 0)
		return; /* nothing works without it: stay out of the way */
	hf_shim.generation = &wiped_page.generation;
	*hf_shim.generation = OWN;
	hf_shim.pid = raw_getpid();
	watch_forks();
	__atomic_store_n(&hf_shim.ready, 1, __ATOMIC_RELEASE);
}
