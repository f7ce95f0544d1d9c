/* SPDX-License-Identifier: MIT */
/*
 * Descriptors that share a description. OFD locks and flock belong to the description and live as
 * long as any descriptor of it. The ledger knows the one that took the lock, and the duplicates
 * that hooks saw while it was held. Others (made before there was a lock, inherited, received) are
 * looked for when they decide: when the last known one goes.
 *
 * Everything here needs the section.
 */
#ifndef HF_PRELOAD_TWINS_H
#define HF_PRELOAD_TWINS_H

#include "ledger.h"

/*
 * fd, which is still open, is of the owner's description: adds to the owner what else is, except
 * descriptors first..last. Costs nothing when fd is known to be alone.
 */
void hf_twins_find(struct hf_file *file, struct hf_owner *owner, int fd, int first, int last);

/* The number fd is about to be given another description by a call that may also fail. */
void hf_twins_before_replace(int fd);

/* It was: what has other descriptors is not fd's any more. */
void hf_twins_after_replace(int fd);

/* A call is about to close nobody knows which descriptors: all that is of a held description. */
void hf_twins_find_all(void);

/* A call has closed nobody knows which descriptors: forgets those that are not open on the file. */
void hf_twins_prune(void);

#endif
