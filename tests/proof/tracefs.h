/* SPDX-License-Identifier: MIT */
/*
 * The kernel's tracepoints about locks, in a buffer of our own: an instance of tracefs, which is
 * mounted where nobody else sees it. Needs root.
 */
#ifndef TRACEFS_H
#define TRACEFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What this task calls itself is left out, and so are other inodes. */
#define UNTRACED_NAME "hf-stranger"

/* folder: an empty one. False, with why, when this machine does not let us. */
bool tracefs_start(const char *folder, const uint64_t *inodes, unsigned count, const char **why);
void tracefs_stop(void);

/* Told about one line of the trace, which ends with '\0'. */
typedef void trace_line(void *ctx, const char *line);

/* Everything that happened since the last time; never waits. False: the trace cannot be read. */
bool tracefs_read(trace_line *visit, void *ctx);

#endif
