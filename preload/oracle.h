/* SPDX-License-Identifier: MIT */
/*
 * What the kernel says that we hold. Every verdict names how it was reached; where the kernel
 * cannot be asked (a chroot without /proc, an old kernel, no descriptor left) it is UNKNOWN, and
 * nothing may be reported on it.
 *
 * System calls only: no state, no allocation, errno untouched.
 */
#ifndef HF_PRELOAD_ORACLE_H
#define HF_PRELOAD_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#include "fileid.h"
#include "locktypes.h"
#include "proclocks.h"
#include "record.h"

enum hf_truth {
	HF_TRUTH_UNKNOWN,
	HF_TRUTH_HELD, /* all of the range, in that mode or a stronger one */
	HF_TRUTH_GONE  /* at least one byte of it is not held */
};

struct hf_question {
	enum hf_primitive primitive;
	enum hf_lockmode mode;
	int fd;	 /* POSIX: any descriptor of the inode; else one of the owning description */
	int pid; /* of this process, as F_GETLK tells it */
	uint64_t start;
	uint64_t end;
	struct hf_fileid id; /* the inode that fd must be open on */
};

/* proof, if not NULL, becomes what the verdict rests on. */
enum hf_truth hf_oracle_ask(const struct hf_question *question, enum hf_proof *proof);

/* Is fd open on that inode? */
bool hf_oracle_is_open(int fd, struct hf_fileid id);

/* Do two descriptors of this process share a description? 1, 0, or -1 when it cannot be known. */
int hf_oracle_same_description(int a, int b, int pid);

/*
 * A process that is in the way of a lock of that mode on the range: its pid, -1 for an OFD owner,
 * 0 for nobody or not known. Own POSIX locks are not in the way.
 */
int hf_oracle_stranger(const struct hf_question *question);

/* Is exactly that OFD lock, of another description, in the way of the question's lock? */
bool hf_oracle_is_in_the_way(const struct hf_question *question, const struct hf_proclock *lock);

#endif
