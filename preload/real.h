/* SPDX-License-Identifier: MIT */
/*
 * The next definition of every interposed function: the one that would have been called without us,
 * which may be another preloaded library's.
 *
 * Each is looked up when it is first called: most programs of a run call a handful. That takes no
 * lock (symbols.h). Where it might, because some object is not understood, all are looked up in the
 * constructor. A call that comes before the constructor (an IFUNC resolver) is answered by a system
 * call where that is all the function does.
 */
#ifndef HF_PRELOAD_REAL_H
#define HF_PRELOAD_REAL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct hf_real {
#define HF_FUNCTION(ret, name, params, body) ret(*name) params;
#define HF_SPECIAL(ret, name, params) ret(*name) params;
#include "functions.def"
#undef HF_FUNCTION
#undef HF_SPECIAL
};

extern struct hf_real hf_real __attribute__((visibility("hidden")));

/* Once, from the constructor. */
void hf_real_init(void);

/* What REAL() does the first time. */
void *hf_real_find(void **place, const char *name);

#define REAL(name)                                                                                 \
	(__builtin_expect(hf_real.name != NULL, 1)                                                 \
		 ? hf_real.name                                                                    \
		 : (__typeof__(hf_real.name))hf_real_find((void **)(void *)&hf_real.name, #name))

#endif
