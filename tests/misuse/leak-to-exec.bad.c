/* SPDX-License-Identifier: MIT */
/* level: warning */
/* via: flock ofd */
#include "pair.h"

#define TAKE_flock(fd) flock(fd, LOCK_EX)
#define TAKE_ofd(fd) fcntl(fd, F_OFD_SETLK, WRITE_LOCK)
#define AGAIN_flock(fd) flock(fd, LOCK_EX | LOCK_NB)
#define AGAIN_ofd(fd) fcntl(fd, F_OFD_SETLK, WRITE_LOCK)

/* cat, until this program ends; when this returns it runs. */
static void start_helper(void)
{
	int input[2], output[2];
	char byte = 'x';

	if (pipe2(input, O_CLOEXEC) || pipe2(output, O_CLOEXEC))
		exit(3);
	if (!fork()) {
		dup2(input[0], 0);
		dup2(output[1], 1);
		execlp("cat", "cat", NULL);
		_exit(3);
	}
	if (write(input[1], &byte, 1) != 1 || read(output[0], &byte, 1) != 1) /* it answers */
		exit(3);
}

PAIR(file)
{
	int fd = open(file, O_RDWR);

	BY(TAKE_)(fd); /* TAKEN */
	start_helper();
	pwrite(fd, "first", 5, 0);
	close(fd); /* HERE: the helper has it still */

	fd = open(file, O_RDWR | O_CLOEXEC);
	if (BY(AGAIN_)(fd) == 0)
		pwrite(fd, "again", 5, 0);
	close(fd);
}
