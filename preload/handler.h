/* SPDX-License-Identifier: MIT */
/*
 * Does a signal handler run on this thread?
 *
 * Nothing of ours is called when one begins or ends (signals.h), and it may be left by siglongjmp.
 * The stack knows: the kernel put a frame of its own between the handler and what it interrupted.
 * Unwinding to it costs microseconds, so ask last. A handler that the program calls itself is none.
 */
#ifndef HF_PRELOAD_HANDLER_H
#define HF_PRELOAD_HANDLER_H

#include <stdbool.h>

bool hf_in_signal_handler(void);

#endif
