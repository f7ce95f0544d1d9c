/* SPDX-License-Identifier: MIT */
/*
 * lckpwdf() locks the password files: libc opens a file of its own and takes a POSIX lock on it,
 * all inside. A close of that file by anybody else in the process drops the lock, so books are kept
 * on it: the descriptor is looked for after the call.
 */
#include <errno.h>
#include <fcntl.h>

#include "audit.h"
#include "hooks.h"
#include "oracle.h"
#include "proc.h"
#include "rawsys.h"
#include "shim.h"

#define LOCK_FILE "/etc/.pwd.lock"

static int lock_fd =
	HF_NO_FD; /* guarded by nothing: libc lets one thread at a time have the lock */

struct search {
	struct hf_fileid id;
	int fd;
	unsigned count;
};

static bool count_lock_fd(void *ctx, int fd)
{
	struct search *search = ctx;

	if (hf_oracle_is_open(fd, search->id)) {
		search->fd = fd;
		search->count++;
	}
	return true;
}

/* HF_NO_FD when the program has the file open as well: which descriptor is libc's cannot be told.
 */
static int find_lock_fd(void)
{
	struct search search = { 0 };
	struct stat st;

	if (raw_fstatat(AT_FDCWD, LOCK_FILE, &st, 0) < 0)
		return HF_NO_FD;
	search.id.dev = st.st_dev;
	search.id.ino = st.st_ino;
	return hf_proc_each_fd(count_lock_fd, &search) && search.count == 1 ? search.fd : HF_NO_FD;
}

int hf_on_lckpwdf(int (*real)(void))
{
	int ret = real(), error = errno;

	if (ret == 0 && !hf_is_foreign()) {
		lock_fd = find_lock_fd();
		if (lock_fd >= 0)
			hf_taken_by_libc(lock_fd, "lckpwdf");
	}
	errno = error;
	return ret;
}

/* It closes the descriptor: every audit afterwards sees that the lock went with it. */
int hf_on_ulckpwdf(int (*real)(void))
{
	int ret = real(), error = errno;
	struct hf_section section;

	hf_fd_forget(lock_fd);
	if (hf_anything_held() && hf_section_enter(&section) == HF_ENTERED) {
		hf_audit_all();
		hf_section_leave(&section);
	}
	errno = error;
	return ret;
}
