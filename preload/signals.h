/* SPDX-License-Identifier: MIT */
/*
 * Keeps the program's signal handlers out of sections, without a system call.
 *
 * A handler must not run inside a section: it may wait for a thread that waits for the section, and
 * leave by siglongjmp. To mask signals around each section would cost two system calls. Instead the
 * kernel is given a stub (wrap_signal.S), which jumps to the program's handler: at once, or, if
 * this thread is inside a section, later. Then the signal is sent to the thread again, and
 * everything is blocked in the mask that the interrupted code goes on with; leaving the section
 * restores that mask, and the kernel delivers what is pending as it would have anyway. So flags,
 * masks, stacks and contexts stay the kernel's business, and a jump leaves no trace on the stack.
 *
 * A stub is bound to its handler for ever. So the kernel changes from one handler to the next in
 * one step, whoever else installs one meanwhile, and a vfork child that installs its own (in a
 * table of its own, but in our memory) changes nothing for us. The pool is small: programs have a
 * few handlers.
 *
 * Where a signal that is sent again is not the same, or the program would see the difference, its
 * handler gets no stub and all sections mask signals from then on:
 *   - real-time signals: those that came in the meantime would overtake it;
 *   - stop and continue signals: sending one discards the other;
 *   - SA_RESETHAND: the second delivery would find the default action;
 *   - handlers that are installed by a system call, and more handlers than there are stubs;
 *   - other architectures than x86-64.
 */
#ifndef HF_PRELOAD_SIGNALS_H
#define HF_PRELOAD_SIGNALS_H

/* Half of them for handlers without SA_SIGINFO, whose siginfo the kernel does not fill in. */
#define HF_SIGNAL_STUBS 256

#ifndef __ASSEMBLER__

#include <stdint.h>

#include "halt.h"

/*
 * What the kernel is to be given for that handler: a stub, or the handler itself. Takes the section
 * when there is no stub to be had.
 */
void *hf_signals_stub(int signal, int flags, void *handler);

/* The program's handler behind what the kernel was given. */
void *hf_signals_handler(void *given);

/* Of this thread, around every section: from here on signals wait. */
static inline void hf_signals_hold(void)
{
	hf_signals_wait = 1;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* And here they come. mask: what to restore when nothing waits; NULL when nothing was masked. */
void hf_signals_release(const uint64_t *mask);

#endif
#endif
