/* SPDX-License-Identifier: MIT */
/* level: warning */
/* via: open creat fopen */
#include "pair.h"

#define OPEN_open(file) open(file, O_RDWR | O_CREAT | O_TRUNC, 0666)
#define OPEN_creat(file) creat(file, 0666)
#define OPEN_fopen(file) fileno(fopen(file, "w"))

PAIR(file)
{
	int fd = BY(OPEN_)(file);

	fcntl(fd, F_SETLKW, WRITE_LOCK); /* HERE: too late for what was in the file */
	pwrite(fd, "mine", 4, 0);
	close(fd);
}
