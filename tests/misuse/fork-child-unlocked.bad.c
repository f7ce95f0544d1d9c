/* SPDX-License-Identifier: MIT */
/* level: error */
/* via: first second stream */
#include "pair.h"

/* What the child does while its parent holds the lock, and the child works for it. */
#define UNDER_first(fd) (void)0
#define UNDER_second(fd) pwrite(fd, "under", 5, 0)
#define UNDER_stream(fd) (void)0

/* And afterwards, by itself. */
#define ALONE_first(fd) pwrite(fd, "child", 5, 0)
#define ALONE_second(fd) pwrite(fd, "child", 5, 0)
#define ALONE_stream(fd)                                                                           \
	do {                                                                                       \
		FILE *stream = fdopen(fd, "r+");                                                   \
                                                                                                   \
		fputs("child", stream);                                                            \
		fflush(stream);                                                                    \
	} while (0)

PAIR(file)
{
	int fd = open(file, O_RDWR), written[2], done[2];
	char byte;

	pipe(written);
	pipe(done);
	lockf(fd, F_LOCK, 0); /* TAKEN */
	if (fork() == 0) {
		BY(UNDER_)(fd);
		write(written[1], "", 1);
		read(done[0], &byte, 1);
		BY(ALONE_)(fd); /* HERE: the parent is through, and the child never locked */
		_exit(0);
	}
	read(written[0], &byte, 1);
	lockf(fd, F_ULOCK, 0);
	write(done[1], "", 1);
	wait(NULL);
}
