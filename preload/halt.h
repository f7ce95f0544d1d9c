/* SPDX-License-Identifier: MIT */
#ifndef HF_PRELOAD_HALT_H
#define HF_PRELOAD_HALT_H

#include "kinds.h"

/*
 * Stops the program if the option halt_on names that level or a lower one: SIGTRAP under a
 * debugger, which shows the call, else abort(). Returns otherwise, and when the debugger lets it go
 * on.
 */
void hf_halt_at(enum hf_level level);

#endif
