/* SPDX-License-Identifier: MIT */
/* The text of /proc/self/mountinfo. Pure: no system call, nothing is kept. */
#ifndef HF_CORE_MOUNTS_H
#define HF_CORE_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "locktypes.h"

/* A line of /proc/self/mountinfo; the pointers lead into it and are not terminated. */
struct hf_mount_line {
	uint64_t dev; /* as fstat() tells it, but for btrfs */
	const char *type;
	size_t type_length;
	const char *options; /* of the file system, not of the mount */
	size_t options_length;
};

/* Reads a line of length bytes, without its newline. 0, or -EINVAL and *ret is untouched. */
int hf_mount_line_parse(const char *line, size_t length, struct hf_mount_line *ret);

/* Does the file system keep locks of that kind to this machine, because an option says so? */
bool hf_mount_keeps_locks(const struct hf_mount_line *mount, enum hf_primitive primitive);

#endif
