/* SPDX-License-Identifier: MIT */
#include "fstype.h"

#include <linux/magic.h>
#include <stddef.h>

const char *hf_fstype_remote_name(uint32_t type)
{
	switch (type) {
	case NFS_SUPER_MAGIC:
		return "nfs";
	case SMB_SUPER_MAGIC:
	case CIFS_SUPER_MAGIC:
	case SMB2_SUPER_MAGIC:
		return "cifs";
	case V9FS_MAGIC:
		return "9p";
	case CEPH_SUPER_MAGIC:
		return "ceph";
	case AFS_SUPER_MAGIC:
	case AFS_FS_MAGIC:
		return "afs";
	case FUSE_SUPER_MAGIC:
		return "fuse";
	default:
		return NULL;
	}
}

bool hf_fstype_is_remote(uint32_t type)
{
	return hf_fstype_remote_name(type) != NULL;
}
