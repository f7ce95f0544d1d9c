/* SPDX-License-Identifier: MIT */
/* options: wait_report_ms=1 */
/* via: posix flock ofd */
#include "pair.h"

#define TAKE_posix(fd, wait) fcntl(fd, wait ? F_SETLKW : F_SETLK, WRITE_LOCK)
#define TAKE_flock(fd, wait) flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB)
#define TAKE_ofd(fd, wait) fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, WRITE_LOCK)

/* Asks without blocking while the child has it, and waits once it is free. */
PAIR(file)
{
	int ready[2], fd;
	char byte;

	pipe(ready);
	if (fork() == 0) {
		fd = open(file, O_RDWR);
		BY(TAKE_)(fd, 1);
		write(ready[1], "", 1);
		usleep(20000);
		_exit(0);
	}
	fd = open(file, O_RDWR);
	read(ready[0], &byte, 1);
	(void)BY(TAKE_)(fd, 0);
	wait(NULL);
	BY(TAKE_)(fd, 1);
	close(fd);
}
