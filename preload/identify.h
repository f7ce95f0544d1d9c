/* SPDX-License-Identifier: MIT */
/* Which file a descriptor is open on, without blocking where that can be avoided. */
#ifndef HF_PRELOAD_IDENTIFY_H
#define HF_PRELOAD_IDENTIFY_H

#include <stdbool.h>

#include "fileid.h"

/* A file on a network or FUSE file system is locked (filesystem.h). From here on it is met. */
void hf_remote_meet(void);

/* Has any file on a network or FUSE file system been locked? Relaxed, without the section. */
bool hf_remote_met(void);

/*
 * Which file fd is open on, and whether that has a name (if it cannot be told, it has). These do
 * not block once one of those has been met.
 */
bool hf_identify(int fd, struct hf_fileid *ret);
bool hf_has_name(int fd);

#endif
