/* SPDX-License-Identifier: MIT */
/* level: warning */
/* via: fcntl lockf nonblocking */
#include "pair.h"

#define TAKE_fcntl(fd) fcntl(fd, F_SETLKW, WRITE_LOCK)
#define TAKE_lockf(fd) lockf(fd, F_LOCK, 0)
#define TAKE_nonblocking(fd) fcntl(fd, F_SETLK, WRITE_LOCK)

PAIR(file)
{
	int mine = open(file, O_RDWR);
	int theirs = open(file, O_RDWR);

	BY(TAKE_)(mine); /* TAKEN */
	pwrite(mine, "mine", 4, 0);
	BY(TAKE_)(theirs); /* HERE: granted at once, to the same process */
	pwrite(theirs, "their", 5, 0);
	fcntl(theirs, F_SETLK, UNLOCK);
	close(theirs);
	close(mine);
}
