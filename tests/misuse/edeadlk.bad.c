/* SPDX-License-Identifier: MIT */
/* level: warning */
#include "pair.h"

#define BYTE(type, n) (&(struct flock){ .l_type = type, .l_start = n, .l_len = 1 })

PAIR(file)
{
	int fd = open(file, O_RDWR), ready[2];
	struct stat st;
	char byte;

	pipe(ready);
	fstat(fd, &st);
	fcntl(fd, F_SETLKW, BYTE(F_WRLCK, 1)); /* TAKEN: and then the second, the child the other way round */
	if (fork() == 0) {
		fcntl(fd, F_SETLKW, BYTE(F_WRLCK, 2));
		write(ready[1], "", 1);
		fcntl(fd, F_SETLKW, BYTE(F_WRLCK, 1));
		_exit(0);
	}
	read(ready[0], &byte, 1);
	while (!pair_has_waiter(&st))
		usleep(1000);
	fcntl(fd, F_SETLKW, BYTE(F_WRLCK, 2)); /* HERE */
	close(fd);
	wait(NULL);
}
