/* SPDX-License-Identifier: MIT */
/* via: posix ofd flock */
#include "pair.h"

#define TAKE_posix(fd) fcntl(fd, F_SETLKW, WRITE_LOCK)
#define TAKE_ofd(fd) fcntl(fd, F_OFD_SETLKW, WRITE_LOCK)
#define TAKE_flock(fd) flock(fd, LOCK_EX)

/* The file that is locked is never replaced, only the data beside it. */
PAIR(file)
{
	char fresh[] = "pair.XXXXXX", data[] = "data.XXXXXX";
	int lock = open(file, O_RDWR);
	int next, old = mkstemp(data);

	BY(TAKE_)(lock);
	next = mkstemp(fresh);
	write(next, "new contents", 12);
	rename(fresh, data);
	unlink(data);
	close(next);
	close(old);
	close(lock);
}
