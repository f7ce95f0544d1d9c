/* SPDX-License-Identifier: MIT */
/* Lock files by name: opening them as the flags say, and whether a name still means a file. */
#ifndef HF_PATH_H
#define HF_PATH_H

#include "fileid.h"

/*
 * Opens dirfd/path as hf_lock_open()'s flags say. A descriptor, never 0 to 2, or -errno. A fork
 * must be kept away (hf_opening) until the caller has noted it down.
 */
int hf_path_open(int dirfd, const char *path, unsigned flags);

/* A descriptor that keeps the folder that relative paths start from, or -errno. */
int hf_path_base(int dirfd);

/* 0 or -errno. */
int hf_fd_fileid(int fd, struct hf_fileid *ret);

/* Does dirfd/path still name id? 0, -ESTALE for no, or why that cannot be found out. */
int hf_path_check(int dirfd, const char *path, unsigned flags, struct hf_fileid id);

#endif
