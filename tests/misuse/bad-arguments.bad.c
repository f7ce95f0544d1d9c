/* SPDX-License-Identifier: MIT */
/* level: warning */
/* via: pid whence negative overflow flock */
#include "pair.h"

#define TRY(...) fcntl(fd, F_SETLK, (&(struct flock){ .l_type = F_WRLCK, __VA_ARGS__ }))
#define TRY_pid(fd)                                                                                \
	fcntl(fd, F_OFD_SETLK, (&(struct flock){ .l_type = F_WRLCK, .l_pid = getpid() }))
#define TRY_whence(fd) TRY(.l_whence = 17)
#define TRY_negative(fd) TRY(.l_start = -1)
#define TRY_overflow(fd) TRY(.l_start = (off_t)((~0ULL) >> 1), .l_len = 2)
#define TRY_flock(fd) flock(fd, LOCK_SH | LOCK_EX)

PAIR(file)
{
	int fd = open(file, O_RDWR);

	BY(TRY_)(fd); /* HERE */
	close(fd);
}
