/* SPDX-License-Identifier: MIT */
/* via: ofd again reader */
#include "pair.h"

/* Belongs to the descriptor, which the daemon has. */
#define LOCK_ofd(fd)                                                                               \
	do {                                                                                       \
		fcntl(fd, F_OFD_SETLK, WRITE_LOCK);                                                \
		daemon(1, 1);                                                                      \
	} while (0)

/* The daemon takes it itself. */
#define LOCK_again(fd)                                                                             \
	do {                                                                                       \
		fcntl(fd, F_SETLK, WRITE_LOCK);                                                    \
		fcntl(fd, F_SETLK, UNLOCK);                                                        \
		daemon(1, 1);                                                                      \
		fcntl(fd, F_SETLK, WRITE_LOCK);                                                    \
	} while (0)

/* What is left behind only reads, and believes nothing. The lock is for who writes. */
__attribute__((unused)) static void leave_reader(int fd)
{
	int gone[2], parent;
	char bytes[6];

	pipe(gone);
	if (fork()) {
		close(gone[1]);
		wait(NULL);
		read(gone[0], bytes, 1);
		return;
	}
	fcntl(fd, F_SETLK, WRITE_LOCK);
	pwrite(fd, "parent", 6, 0);
	parent = getpid();
	if (fork())
		_exit(0);
	while (getppid() == parent)
		usleep(1000);
	pread(fd, bytes, sizeof(bytes), 0);
	_exit(0);
}

#define LOCK_reader(fd) leave_reader(fd), fcntl(fd, F_SETLK, WRITE_LOCK)

PAIR(file)
{
	int fd = open(file, O_RDWR);

	BY(LOCK_)(fd);
	pwrite(fd, "daemon", 6, 0);
}
