/* SPDX-License-Identifier: MIT */
/* level: warning */
/* also: write-under-read-lock */
#include "pair.h"

PAIR(file)
{
	int writer = open(file, O_RDWR), reader = open(file, O_RDONLY);

	fcntl(writer, F_SETLK, WRITE_LOCK); /* TAKEN */
	fcntl(reader, F_SETLK, READ_LOCK); /* HERE: both have a read lock now */
	pwrite(writer, "believed", 8, 0);
	close(reader);
	close(writer);
}
