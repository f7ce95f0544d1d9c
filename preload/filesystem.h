/* SPDX-License-Identifier: MIT */
/*
 * What is known of file systems, by device. On a network or FUSE file system
 *
 *   - every call may block, close and fstat too: it may have to wait for a server, or for a daemon,
 *     which may even be this process. So none is made inside the section.
 *   - what is really locked cannot be asked: the lists of this kernel need not have a lock that the
 *     server has, and a server may grant one lock twice.
 *
 * The first fstat of the first file on one is made before anybody can know.
 */
#ifndef HF_PRELOAD_FILESYSTEM_H
#define HF_PRELOAD_FILESYSTEM_H

#include <stdbool.h>
#include <stdint.h>

#include "fileid.h"
#include "identify.h"
#include "record.h"

struct hf_filesystem {
	uint64_t dev; /* 0: nothing stands here */
	uint32_t type;
	bool remote;
	bool told;	  /* network-fs was reported */
	bool keeps_flock; /* of the mount's options: locks stay on this machine */
	bool keeps_posix;
	char name[HF_NAME_LENGTH]; /* as mountinfo has it; padded with NULs */
};

/* NULL when nothing is known. Needs the section. */
struct hf_filesystem *hf_filesystem_of(uint64_t dev);

struct hf_file;
struct hf_section;

/*
 * Notes whether calls on file, which fd is open on, may block. A file system that is not known yet
 * is asked outside the section, which is left for it and entered again: the file stays, owners may
 * go. False when it could not be entered again.
 */
bool hf_filesystem_meet(struct hf_file *file, int fd, struct hf_section *section);

#endif
