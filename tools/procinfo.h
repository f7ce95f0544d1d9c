/* SPDX-License-Identifier: MIT */
/*
 * What the command reads about other processes in /proc.
 *
 * proc is where procfs is mounted ("/proc"; a test's own tree elsewhere). A process may end between
 * any two calls: then there is simply no answer, which is -ENOENT or -ESRCH and no error to be
 * told. -EACCES or -EPERM means that there may be an answer that the caller is not allowed to have.
 */
#ifndef HF_TOOLS_PROCINFO_H
#define HF_TOOLS_PROCINFO_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fileid.h"

/* Called for each number in a directory, in ascending order; a negative value ends the walk. */
typedef int procinfo_number_fn(int number, void *arg);

/*
 * Calls fn for each entry of a directory of numbers: proc itself (processes), proc/PID/task
 * (threads), proc/PID/fd or fdinfo (descriptors). 0, the negative value of fn, or -errno of the
 * directory.
 */
int procinfo_each_number(const char *directory, procinfo_number_fn *fn, void *arg);

/*
 * The command line of a process, arguments separated by blanks, unprintable bytes as '?'; "[name]"
 * for one without arguments, as kernel threads. To be freed; NULL when the process is gone.
 */
char *procinfo_command(const char *proc, pid_t pid);

/* What a descriptor of a process names; to be freed; NULL when that cannot be known. */
char *procinfo_fd_path(const char *proc, pid_t pid, int fd);

/*
 * The file behind a descriptor as /proc/locks names it: the device is the superblock's, found
 * through the mount, because on btrfs and overlayfs stat() tells another. 0 or -errno.
 */
int procinfo_fd_id(const char *proc, pid_t pid, int fd, struct hf_fileid *ret);

/* st_dev of the file behind a descriptor; 0 when that cannot be known. */
uint64_t procinfo_fd_device(const char *proc, pid_t pid, int fd);

/*
 * The descriptor on which a thread waits inside fcntl(F_OFD_SETLKW), the one place where the kernel
 * tells that. *ret is what it asked for; l_type is -1 when that could not be read. -ENOENT: it does
 * not wait there.
 */
int procinfo_waits_for_ofd(const char *proc, pid_t pid, pid_t tid, struct flock *ret);

#endif
