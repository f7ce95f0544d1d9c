/* SPDX-License-Identifier: MIT */
/* The locks that /proc/locks lists, of every process: system calls only, no state. */
#ifndef HF_PRELOAD_SYSTEMLOCKS_H
#define HF_PRELOAD_SYSTEMLOCKS_H

#include "fileid.h"
#include "proclocks.h"

typedef void hf_systemlock_fn(const struct hf_proclock *lock, void *data);

/*
 * Calls each for every lock, and every waiter, on the file. Where the list cannot be read, or names
 * another device than stat does (btrfs), there are none. Costs some 20 us: not for every lock.
 */
void hf_systemlocks_each(struct hf_fileid id, hf_systemlock_fn *each, void *data);

#endif
