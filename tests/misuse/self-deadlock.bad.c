/* SPDX-License-Identifier: MIT */
/* level: error */
/* level in threaded: warning */
/* via: flock ofd */
#define STUCK /* pair.h ends it from outside */
#include "pair.h"

#define WAIT_flock(fd) flock(fd, LOCK_EX)
#define WAIT_ofd(fd) fcntl(fd, F_OFD_SETLKW, WRITE_LOCK)

PAIR(file)
{
	int first = open(file, O_RDWR);
	int second = open(file, O_RDWR);

	BY(WAIT_)(first); /* TAKEN */
	BY(WAIT_)(second); /* HERE: for ever */
	close(second);
	close(first);
}
