/* SPDX-License-Identifier: MIT */
/* level: note */
/* options: wait_report_ms=1 */
/* via: posix flock ofd */
#include "pair.h"

#define TAKE_posix(fd) fcntl(fd, F_SETLKW, WRITE_LOCK)
#define TAKE_flock(fd) flock(fd, LOCK_EX)
#define TAKE_ofd(fd) fcntl(fd, F_OFD_SETLKW, WRITE_LOCK)

PAIR(file)
{
	struct stat st;
	int ready[2], fd;
	char byte;

	pipe(ready);
	if (fork() == 0) {
		fd = open(file, O_RDWR);
		fstat(fd, &st);
		BY(TAKE_)(fd); /* TAKEN by the child */
		write(ready[1], "", 1);
		while (!pair_has_waiter(&st))
			usleep(1000);
		usleep(20000);
		_exit(0);
	}
	fd = open(file, O_RDWR);
	read(ready[0], &byte, 1);
	BY(TAKE_)(fd); /* HERE: until the child ends */
	wait(NULL);
	close(fd);
}
