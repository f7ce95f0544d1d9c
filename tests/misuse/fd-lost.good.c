/* SPDX-License-Identifier: MIT */
/* options: wait_report_ms=1 */
/* via: flock posix ofd */
#include "pair.h"

#define TAKE_posix(fd) fcntl(fd, F_SETLKW, WRITE_LOCK)
#define TAKE_flock(fd) flock(fd, LOCK_EX)
#define TAKE_ofd(fd) fcntl(fd, F_OFD_SETLKW, WRITE_LOCK)

static int serve(const char *file, int works)
{
	int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	BY(TAKE_)(fd);
	if (works)
		pwrite(fd, "served", 6, 0);
	close(fd);
	return works ? 0 : -1;
}

/* The third time round something is wrong. */
static void serve_all(const char *file)
{
	char other[4096];
	const char *const queue[] = { file, other, file, other, NULL };

	snprintf(other, sizeof other, "%s.other", file);
	for (const char *const *next = queue; *next; next++)
		if (serve(*next, next - queue != 2))
			fputs("not served\n", stderr);
}

PAIR(file)
{
	int served[2], fd;
	char byte;

	if (pipe(served))
		exit(3);
	if (!fork()) {
		serve_all(file);
		write(served[1], "", 1);
		_exit(0);
	}
	fd = open(file, O_RDWR);
	read(served[0], &byte, 1);
	BY(TAKE_)(fd);
	wait(NULL);
	close(fd);
}
