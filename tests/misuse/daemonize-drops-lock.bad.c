/* SPDX-License-Identifier: MIT */
/* level: error */
/* via: daemon fork read */
#include "pair.h"

__attribute__((unused)) static void leave_parent(void)
{
	pid_t parent = getpid();

	if (fork())
		_exit(0);
	while (getppid() == parent)
		usleep(1000);
}

#define BECOME_daemon(fd) (void)fd, daemon(1, 1)
#define BECOME_fork(fd) leave_parent(), pwrite(fd, "daemon", 6, 0)
#define BECOME_read(fd)                                                                            \
	leave_parent(), pread(fd, (char[6]){ 0 }, 6, 0), fcntl(fd, F_SETLK, UNLOCK)

PAIR(file)
{
	int gone[2], fd;
	char byte;

	pipe(gone);
	if (fork()) {
		close(gone[1]);
		wait(NULL);
		read(gone[0], &byte, 1); /* until the daemon has ended, too */
		return;
	}
	fd = open(file, O_RDWR);
	fcntl(fd, F_SETLK, WRITE_LOCK); /* TAKEN */
	BY(BECOME_)(fd); /* HERE: the process that took it ends in there */
	pwrite(fd, "daemon", 6, 0);
	_exit(0);
}
