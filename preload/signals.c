/* SPDX-License-Identifier: MIT */
#include "signals.h"

#include <signal.h>
#include <stdbool.h>
#include <ucontext.h>

#include "rawsys.h"
#include "shim.h"

/* Of the calling thread, since a signal came inside the section. */
static _Thread_local struct {
	uint64_t mask; /* what it was before */
	bool waits;
} pending HF_IE;

#if defined(__x86_64__) && !defined(__ILP32__)

enum { STUB_SIZE = 16, HALF = HF_SIGNAL_STUBS / 2 };

extern char hf_signal_stubs[HF_SIGNAL_STUBS][STUB_SIZE];

/* Where the stubs jump to. A place is written once, from NULL. */
void *hf_signal_handlers[HF_SIGNAL_STUBS];

bool hf_signal_arrived(int signal, siginfo_t *info, void *context, unsigned number);

static bool is_stub(const void *given)
{
	uintptr_t at = (uintptr_t)given - (uintptr_t)hf_signal_stubs;

	return at < sizeof(hf_signal_stubs);
}

static bool can_be_sent_again(int signal, int flags)
{
	switch (signal) {
	case SIGCONT:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
		return false;
	default:
		return signal > 0 && signal < 32 && !(flags & (int)SA_RESETHAND);
	}
}

static void *stub_of(void *handler, bool has_info)
{
	unsigned first = has_info ? HALF : 0;

	for (unsigned i = first; i < first + HALF; i++) {
		void *seen = NULL;

		if (__atomic_compare_exchange_n(&hf_signal_handlers[i], &seen, handler, false,
						__ATOMIC_RELEASE, __ATOMIC_RELAXED) ||
		    seen == handler)
			return hf_signal_stubs[i];
	}
	return NULL;
}

static void *find_stub(int signal, int flags, void *handler)
{
	return can_be_sent_again(signal, flags) ? stub_of(handler, flags & SA_SIGINFO) : NULL;
}

void *hf_signals_handler(void *given)
{
	return is_stub(given) ? hf_signal_handlers[((uintptr_t)given - (uintptr_t)hf_signal_stubs) /
						   STUB_SIZE]
			      : given;
}

/* Of the code that was interrupted, not sent by anybody: it comes again at once, or means death. */
static bool is_fault(int signal, const siginfo_t *info)
{
	switch (signal) {
	case SIGSEGV:
	case SIGBUS:
	case SIGFPE:
	case SIGILL:
	case SIGTRAP:
	case SIGSYS:
		return info->si_code > 0;
	default:
		return false;
	}
}

/* Not by the process number that is remembered: a fork may be under way, and this the child. */
static bool send_again(int signal, const siginfo_t *info)
{
	int pid = raw_getpid(), tid = raw_gettid();

	return (info && raw_tgsigqueueinfo(pid, tid, signal, info) == 0) ||
	       raw_tgkill(pid, tid, signal) == 0;
}

/*
 * A signal came inside a section. False: its handler must run at once.
 *
 * Everything is blocked before anything is noted. A signal can interrupt this function until then,
 * and several can be delivered at once, each on top of the one before: the mask that counts is that
 * of the one at the bottom, which interrupted the section and is the last to get here.
 */
bool hf_signal_arrived(int signal, siginfo_t *info, void *context, unsigned number)
{
	static const uint64_t all = UINT64_MAX;
	uint64_t *interrupted = (void *)&((ucontext_t *)context)->uc_sigmask, own;

	if (number < HALF)
		info = NULL;
	if (info && is_fault(signal, info)) {
		hf_section_lost();
		return false;
	}
	(void)raw_sigprocmask(SIG_SETMASK, &all, &own);
	if (!send_again(signal, info)) {
		(void)raw_sigprocmask(SIG_SETMASK, &own, NULL);
		return false;
	}
	pending.mask = *interrupted;
	pending.waits = true;
	*interrupted = all;
	return true;
}

#else

static void *find_stub(int signal, int flags, void *handler)
{
	(void)signal, (void)flags, (void)handler;
	return NULL;
}

static bool is_stub(const void *given)
{
	(void)given;
	return false;
}

void *hf_signals_handler(void *given)
{
	return given;
}

#endif

/* SIG_DFL, SIG_IGN and SIG_HOLD are small numbers. */
static bool is_handler(const void *handler)
{
	return (uintptr_t)handler > 2 && handler != (const void *)SIG_ERR && !is_stub(handler);
}

void *hf_signals_stub(int signal, int flags, void *handler)
{
	void *stub;

	if (!is_handler(handler))
		return handler;
	stub = find_stub(signal, flags, handler);
	if (!stub)
		hf_sections_mask();
	return stub ? stub : handler;
}

/* The word is cleared first: what comes after that is handled at once. */
void hf_signals_release(const uint64_t *mask)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	hf_signals_wait = 0;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (pending.waits)
		mask = &pending.mask;
	pending.waits = false;
	if (mask)
		(void)raw_sigprocmask(SIG_SETMASK, mask, NULL);
}
