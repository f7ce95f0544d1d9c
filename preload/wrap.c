/* SPDX-License-Identifier: MIT */
/*
 * The exported hooks, one per line of functions.def.
 *
 * A hook is a function of ours with the exported name as its symbol, so that it need not agree with
 * libc's prototype: streams are void pointers here, variable arguments one word.
 */
#include <fcntl.h>
#include <signal.h>

#include "hooks.h"
#include "real.h"
#include "watch.h"

#define HF_EXPORT __attribute__((visibility("default"), used))

#define HF_SPECIAL(ret, name, params)
#define HF_FUNCTION(ret, name, params, body)                                                       \
	HF_EXPORT ret hf_hook_##name params __asm__(#name);                                        \
	HF_EXPORT ret hf_hook_##name params                                                        \
	{                                                                                          \
		return body;                                                                       \
	}
/* A void function returns a void expression, and HF_READ_STREAM is a statement with a value. */
#pragma GCC diagnostic ignored "-Wpedantic"
#include "functions.def"
