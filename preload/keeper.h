/* SPDX-License-Identifier: MIT */
/*
 * Who keeps an OFD lock? The kernel lists OFD locks without an owner; but fdinfo lists, below each
 * descriptor, the locks of its description. So every descriptor of every process is looked at: some
 * milliseconds, for what is about to be reported and for nothing else. No state, no allocation,
 * errno untouched, and no file of anybody is touched: fdinfo is text.
 */
#ifndef HF_PRELOAD_KEEPER_H
#define HF_PRELOAD_KEEPER_H

#include "proclocks.h"

enum hf_keeper {
	HF_KEEPER_UNKNOWN,  /* not every process can be looked at, and nobody was found */
	HF_KEEPER_WATCHED,  /* another process that has the checker loaded */
	HF_KEEPER_STRANGER, /* any other */
	HF_KEEPER_MAPPING   /* no descriptor of any process, but a mapping in this one */
};

/* Of a lock with that mode and exactly those bytes; number, depth and pid are of no account. */
enum hf_keeper hf_keeper_find(const struct hf_proclock *lock, int own_pid);

#endif
