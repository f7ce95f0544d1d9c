/* SPDX-License-Identifier: MIT */
/* via: flock ofd */
#include "pair.h"

#define WAIT_flock(fd) flock(fd, LOCK_EX)
#define TRY_flock(fd) flock(fd, LOCK_EX | LOCK_NB)
#define END_flock(fd) flock(fd, LOCK_UN)
#define WAIT_ofd(fd) fcntl(fd, F_OFD_SETLKW, WRITE_LOCK)
#define TRY_ofd(fd) fcntl(fd, F_OFD_SETLK, WRITE_LOCK)
#define END_ofd(fd) fcntl(fd, F_OFD_SETLK, UNLOCK)

PAIR(file)
{
	int first = open(file, O_RDWR);
	int second = open(file, O_RDWR);

	BY(WAIT_)(first);
	if (BY(TRY_)(second)) /* refused, not stuck */
		BY(END_)(first);
	BY(WAIT_)(second);
	BY(END_)(second);
	close(second);
	close(first);
}
