/* SPDX-License-Identifier: MIT */
#include "pair.h"

static void wait_for_byte(int fd)
{
	char byte;

	if (read(fd, &byte, 1) != 1)
		_exit(3);
}

/* Each reads and writes under one write lock: the second waits, but for somebody who will be done. */
static void writer(const char *file, int mine, int theirs)
{
	char first[8];
	int fd = open(file, O_RDWR);

	if (write(theirs, "", 1) != 1)
		_exit(3);
	wait_for_byte(mine);
	fcntl(fd, F_OFD_SETLKW, WRITE_LOCK);
	pread(fd, first, sizeof first, 0);
	usleep(5000);
	pwrite(fd, first, sizeof first, 8);
	fcntl(fd, F_OFD_SETLKW, UNLOCK);
	_exit(0);
}

PAIR(file)
{
	int one[2], two[2];
	pid_t first, second;

	if (pipe(one) || pipe(two))
		exit(3);
	first = fork();
	if (!first)
		writer(file, one[0], two[1]);
	second = fork();
	if (!second)
		writer(file, two[0], one[1]);
	waitpid(first, NULL, 0);
	waitpid(second, NULL, 0);
}
