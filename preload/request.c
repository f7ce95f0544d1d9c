/* SPDX-License-Identifier: MIT */
/* Which bytes a request is about, from the arguments as the program gave them; and the real call.
 */
#include "request.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "rawsys.h"

/* Only glibc has it. */
extern const char *gnu_get_libc_version(void) __attribute__((weak));

/* Bytes from "base" as l_start and l_len say it. False when the kernel will refuse them. */
static bool make_range(struct hf_request *r, int64_t base, int64_t start, int64_t length)
{
	int64_t first, last;

	if (__builtin_add_overflow(base, start, &first) || first < 0)
		return false;
	if (length == 0) {
		last = INT64_MAX;
	} else if (length > 0) {
		if (__builtin_add_overflow(first, length - 1, &last))
			return false;
	} else {
		last = first - 1;
		first += length;
		if (first < 0)
			return false;
	}
	r->start = (uint64_t)first;
	r->end = (uint64_t)last;
	return true;
}

/* What l_whence counts from, when that is not the beginning of the file. */
static __attribute__((noinline)) bool find_base(int fd, short whence, int64_t *ret)
{
	struct stat st;

	switch (whence) {
	case SEEK_CUR:
		*ret = raw_lseek(fd, 0, SEEK_CUR);
		return *ret >= 0;
	case SEEK_END:
		if (raw_fstat(fd, &st) < 0)
			return false;
		*ret = st.st_size;
		return true;
	default:
		return false;
	}
}

bool hf_request_read_flock(struct hf_request *r, const struct flock *lock)
{
	int64_t base = 0;

	switch (lock->l_type) {
	case F_RDLCK:
		r->mode = HF_MODE_READ;
		break;
	case F_WRLCK:
		r->mode = HF_MODE_WRITE;
		break;
	case F_UNLCK:
		r->mode = HF_MODE_NONE;
		r->blocking = false;
		break;
	default:
		return false;
	}
	r->relative = lock->l_whence != SEEK_SET;
	return (!r->relative || find_base(r->fd, lock->l_whence, &base)) &&
	       make_range(r, base, lock->l_start, lock->l_len);
}

bool hf_request_read_length(struct hf_request *r, off_t length)
{
	int64_t base;

	return find_base(r->fd, SEEK_CUR, &base) && make_range(r, base, 0, length);
}

/* The function that the program called, with that command instead of its own. */
static int call(const struct hf_request *r, int command)
{
	switch (r->how) {
	case HF_HOW_FCNTL:
		return ((hf_fcntl_fn *)r->real)(r->fd, command, r->arg);
	case HF_HOW_LOCKF:
		return ((hf_lockf_fn *)r->real)(r->fd, command, (off_t)r->arg);
	case HF_HOW_FLOCK:
		break;
	}
	return ((hf_flock_fn *)r->real)(r->fd, command);
}

int hf_request_call(const struct hf_request *r)
{
	return call(r, r->command);
}

int hf_request_try(const struct hf_request *r)
{
	switch (r->how) {
	case HF_HOW_FCNTL:
		return call(r, r->command == F_SETLKW ? F_SETLK : F_OFD_SETLK);
	case HF_HOW_LOCKF:
		return call(r, F_TLOCK);
	case HF_HOW_FLOCK:
		break;
	}
	return call(r, r->command | LOCK_NB);
}

bool hf_request_is_cancellation_point(const struct hf_request *r)
{
	switch (r->how) {
	case HF_HOW_FCNTL:
		return r->command == F_SETLKW ||
		       (r->command == F_OFD_SETLKW && gnu_get_libc_version);
	case HF_HOW_LOCKF:
		return r->command == F_LOCK;
	case HF_HOW_FLOCK:
		break;
	}
	return false;
}
