/* SPDX-License-Identifier: MIT */
/*
 * Hooks of what installs signal handlers: the kernel gets a stub (signals.h), and the program is
 * told of its own handler whenever it asks.
 *
 * struct sigaction of glibc and of musl have the same layout on the supported architectures. Both
 * libcs read and write the program's in its own code: a pointer to nowhere is a fault there, as
 * here.
 */
#include <signal.h>

#include "hooks.h"
#include "signals.h"

int hf_on_sigaction(int signal, const void *new_action, void *old_action,
		    int (*real)(int, const void *, void *))
{
	struct sigaction action, *old = old_action;
	int ret;

	if (new_action) {
		action = *(const struct sigaction *)new_action;
		*(void **)(void *)&action.sa_handler = hf_signals_stub(
			signal, action.sa_flags, (void *)(uintptr_t)action.sa_handler);
		new_action = &action;
	}
	ret = real(signal, new_action, old_action);
	if (ret == 0 && old)
		*(void **)(void *)&old->sa_handler =
			hf_signals_handler((void *)(uintptr_t)old->sa_handler);
	return ret;
}

/* flags: what real makes of it. */
void *hf_on_signal(int signal, void *handler, int flags, void *(*real)(int, void *))
{
	return hf_signals_handler(real(signal, hf_signals_stub(signal, flags, handler)));
}
