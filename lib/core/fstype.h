/* SPDX-License-Identifier: MIT */
/* What the type of a file system (statfs f_type) says about locks. */
#ifndef HF_CORE_FSTYPE_H
#define HF_CORE_FSTYPE_H

#include <stdbool.h>
#include <stdint.h>

/* Network or FUSE: calls may block, another machine may hold locks, flock may be fcntl in disguise.
 */
bool hf_fstype_is_remote(uint32_t type);

/* "nfs", "fuse", ...; NULL when it is none of them. */
const char *hf_fstype_remote_name(uint32_t type);

#endif
