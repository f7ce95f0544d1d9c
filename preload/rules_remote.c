/* SPDX-License-Identifier: MIT */
/*
 * Locks on network and FUSE file systems: see filesystem.h for what is different there. Which rule
 * a close obeys is known all the same, but not what became of the lock.
 */
#include <fcntl.h>
#include <linux/kcmp.h>
#include <string.h>

#include "audit.h"
#include "filesystem.h"
#include "rawsys.h"
#include "recorder.h"
#include "rules.h"
#include "shim.h"

void hf_remote_granted(const struct hf_request *r)
{
	struct hf_filesystem *filesystem;
	struct hf_rec_finding finding;
	bool keeps;

	filesystem = hf_filesystem_of(hf_file_id(r->file).dev);
	if (!filesystem || filesystem->told)
		return;
	filesystem->told = true;
	keeps = r->primitive == HF_PRIM_FLOCK ? filesystem->keeps_flock : filesystem->keeps_posix;
	finding = hf_rules_finding(r, HF_KIND_NETWORK_FS, HF_LEVEL_NONE, NULL, NULL);
	finding.flags = keeps ? HF_FINDING_LOCKS_LOCAL : 0; /* the file system was asked */
	memcpy(finding.name, filesystem->name, sizeof(finding.name));
	hf_rules_record(&finding);
}

/* unshare(CLONE_FILES) makes a thread another owner than the process. */
static bool has_own_descriptors(void)
{
	return raw_kcmp(hf_shim.pid, hf_tid(), KCMP_FILES, 0, 0) != 0;
}

void hf_remote_before_close(struct hf_culprit *culprit)
{
	struct hf_file *file;
	int flags;

	if (!hf_remote_met() || culprit->fd == HF_NO_FD)
		return;
	file = hf_fd_held_file(culprit->fd);
	if (!file || !hf_file_is_remote(file) || has_own_descriptors())
		return;
	flags = raw_fcntl(culprit->fd, F_GETFL, 0);
	if (flags < 0 || (flags & O_PATH))
		return;
	culprit->closes = hf_file_id(file);
	culprit->time = hf_recorder_now();
}

bool hf_remote_is_dropped(const struct hf_file *file, const struct hf_owner *owner,
			  const struct hf_range *range, const struct hf_culprit *culprit)
{
	return culprit && culprit->time && owner->primitive == HF_PRIM_POSIX &&
	       hf_fileid_equal(culprit->closes, hf_file_id(file)) &&
	       range->hold.time < culprit->time;
}
