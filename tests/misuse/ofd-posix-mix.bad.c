/* SPDX-License-Identifier: MIT */
/* level: warning */
/* via: posixfirst ofdfirst */
#include "pair.h"

#define FIRST_posixfirst F_SETLK
#define SECOND_posixfirst F_OFD_SETLK
#define FIRST_ofdfirst F_OFD_SETLK
#define SECOND_ofdfirst F_SETLK

PAIR(file)
{
	int fd = open(file, O_RDWR);

	fcntl(fd, BY(FIRST_), WRITE_LOCK); /* TAKEN */
	fcntl(fd, BY(SECOND_), WRITE_LOCK); /* HERE: the same descriptor, and refused */
	fcntl(fd, BY(FIRST_), UNLOCK);
	close(fd);
}
