/* SPDX-License-Identifier: MIT */
#ifndef HF_PRELOAD_HALT_H
#define HF_PRELOAD_HALT_H

#include <stdint.h>

#include "kinds.h"

/*
 * Stops the program if the option halt_on names that level or a lower one: SIGTRAP under a
 * debugger, which shows the call, else abort(). Returns otherwise, and when the debugger lets it go
 * on.
 */
void hf_halt_at(enum hf_level level);

/*
 * Not 0 while this thread is inside a section and its signal handlers have to wait: signals.h. That
 * of SIGABRT need not when the program ends by it.
 */
extern _Thread_local uint32_t hf_signals_wait __attribute__((tls_model("initial-exec")));

#endif
