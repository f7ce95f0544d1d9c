/* SPDX-License-Identifier: MIT */
/* Reading /proc with system calls only: no state, no allocation, errno untouched. */
#ifndef HF_PRELOAD_PROC_H
#define HF_PRELOAD_PROC_H

#include <stdbool.h>
#include <stddef.h>

#include "fileid.h"

/* Told about one line, without its newline. False: no more is wanted. */
typedef bool hf_proc_line(void *ctx, const char *line, size_t length);

/* Lines too long to be about locks are left out. True when the file was read to its end. */
bool hf_proc_each_line(const char *path, hf_proc_line *visit, void *ctx);

/* Told about one descriptor. False: no more is wanted. */
typedef bool hf_proc_fd(void *ctx, int fd);

/* Every number that names an entry of a folder of /proc. True when all were told. */
bool hf_proc_each_number(const char *folder, hf_proc_fd *visit, void *ctx);

/* Every open descriptor of the calling thread. True when all were told. */
bool hf_proc_each_fd(hf_proc_fd *visit, void *ctx);

/* "/proc/thread-self/fdinfo/N": a thread may have a descriptor table of its own. */
#define HF_FDINFO_PATH 48
void hf_proc_fdinfo_path(char path[HF_FDINFO_PATH], int fd);

/* A descriptor of the inode that an exec will close; -1: none; -2: /proc cannot tell. */
int hf_proc_cloexec_fd(struct hf_fileid id);

/* Has that process several threads? False also when that cannot be seen. */
bool hf_proc_has_threads(int pid);

/* The command of that process, NULs to its end; "" when it cannot be seen. */
#define HF_COMMAND_LENGTH 16
void hf_proc_command(int pid, char ret[HF_COMMAND_LENGTH]);

/* Does any process wait for a POSIX lock on the inode? */
bool hf_proc_has_waiter(struct hf_fileid id);

#endif
