/* SPDX-License-Identifier: MIT */
/*
 * Takes one lock of a named kind, so that a script can look at it:
 *
 *	locker posix|ofd|flock read|write START LENGTH FILE
 *
 * prints "waits" before it asks, "held" when it has the lock, and ends when it is killed, or by
 *itself after two minutes.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int take(const char *kind, int is_write, long long start, long long length, int fd)
{
	struct flock lock = { .l_type = is_write ? F_WRLCK : F_RDLCK,
			      .l_whence = SEEK_SET,
			      .l_start = start,
			      .l_len = length };

	if (!strcmp(kind, "flock"))
		return flock(fd, is_write ? LOCK_EX : LOCK_SH);
	return fcntl(fd, strcmp(kind, "ofd") ? F_SETLKW : F_OFD_SETLKW, &lock);
}

int main(int argc, char **argv)
{
	int fd;

	if (argc != 6)
		return 2;
	fd = open(argv[5], O_RDWR | O_CREAT, 0666);
	alarm(120);
	puts("waits");
	fflush(stdout);
	if (fd < 0 ||
	    take(argv[1], !strcmp(argv[2], "write"), atoll(argv[3]), atoll(argv[4]), fd)) {
		perror(argv[5]);
		return 1;
	}
	puts("held");
	fflush(stdout);
	for (;;)
		pause();
}
