/* SPDX-License-Identifier: MIT */
/* Reading /proc: its locks, its processes. Callers have cancellation disabled. */
#ifndef HF_PROCFS_H
#define HF_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fileid.h"
#include "proclocks.h"

struct hf_lock;

/* A result other than 0 ends a walk, which returns it. Positive ones never clash with an error. */
typedef int hf_proc_lock_fn(const struct hf_proclock *line, void *arg);
typedef int hf_proc_entry_fn(long number, void *arg);

/* The lock lines of a file such as /proc/locks or .../fdinfo/N. Other lines are stepped over. */
int hf_proc_each_lock(const char *name, hf_proc_lock_fn *fn, void *arg);

/* The entries of a directory that are numbers: processes, tasks, descriptors. */
int hf_proc_each_entry(const char *name, hf_proc_entry_fn *fn, void *arg);

/* Up to size - 1 bytes of a file, with a NUL after them. The count, or -errno. */
ssize_t hf_proc_read(const char *name, char *buffer, size_t size);

/* Is that process's descriptor on the file that stat calls id? false also when it may not be asked.
 */
bool hf_proc_is_on(long pid, long fd, struct hf_fileid id);

/*
 * The locked file as /proc/locks prints it. On most file systems that is what stat says; on btrfs
 * and the like stat's device is the subvolume's, while /proc has the one of the whole file system,
 * which mountinfo tells. There two
 * files, in two subvolumes, may have the same number; hf_proc_is_on() tells them apart. 0 or
 * -errno.
 */
int hf_proc_fileid(const struct hf_lock *lock, struct hf_fileid *ret);

#endif
