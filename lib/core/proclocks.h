/* SPDX-License-Identifier: MIT */
/*
 * The text of /proc/locks and of the "lock:" lines of /proc/PID/fdinfo/FD.
 *
 * Pure parsing: the caller reads the file. Nothing here allocates or keeps a pointer, so the
 * checker may use it inside a signal handler.
 */
#ifndef HF_CORE_PROCLOCKS_H
#define HF_CORE_PROCLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fileid.h"
#include "locktypes.h"

struct hf_proclock {
	uint64_t number; /* the line's own number; a waiter repeats the number of who blocks it */
	enum hf_primitive primitive;
	enum hf_lockmode mode;
	bool waiting;	/* a "->" line: a request that is blocked */
	unsigned depth; /* of a waiting line: 1 behind the holder, 2 behind a waiter, ... */
	int32_t pid; /* POSIX: holder; flock: who took it; OFD: -1. 0: not in our pid namespace */
	struct hf_fileid id; /* dev is makedev(major, minor); on btrfs it is not stat's st_dev */
	uint64_t start;
	uint64_t end;
};

/*
 * Reads one line of length bytes, without its newline, with or without fdinfo's "lock:" prefix.
 * Returns 0; -ENOENT for a line that is well-formed but no lock of the three primitives (a lease, a
 * delegation); -EINVAL for anything else, and *ret is then untouched.
 */
int hf_proclock_parse(const char *line, size_t length, struct hf_proclock *ret);

#endif
