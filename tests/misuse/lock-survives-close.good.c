/* SPDX-License-Identifier: MIT */
/* via: child mapping ofd other */
#include "pair.h"
#include <sys/mman.h>

#define TAKE_child(fd) flock(fd, LOCK_EX)
#define TAKE_mapping(fd) flock(fd, LOCK_EX)
#define TAKE_ofd(fd) fcntl(fd, F_OFD_SETLK, WRITE_LOCK)
#define TAKE_other(fd) fcntl(fd, F_OFD_SETLK, WRITE_LOCK)

#define AGAIN_child(fd) flock(fd, LOCK_EX | LOCK_NB)
#define AGAIN_mapping(fd) flock(fd, LOCK_EX | LOCK_NB)
#define AGAIN_ofd(fd) fcntl(fd, F_OFD_SETLK, WRITE_LOCK)
#define AGAIN_other(fd) fcntl(fd, F_OFD_SETLK, WRITE_LOCK)

#define END_child(fd) flock(fd, LOCK_UN)
#define END_mapping(fd) flock(fd, LOCK_UN)
#define END_ofd(fd) fcntl(fd, F_OFD_SETLK, UNLOCK)
#define END_other(fd) (void)fd

#define KEEP_child(fd) (void)fd, keep_by_child()
#define KEEP_mapping(fd) (void)mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0)
#define KEEP_ofd(fd) (void)fd, keep_by_child()
#define KEEP_other(fd) (void)fd

/* The close does release the lock, and another process takes the same: it is in its right. */
#define BETWEEN_child(file) (void)file
#define BETWEEN_mapping(file) (void)file
#define BETWEEN_ofd(file) (void)file
#define BETWEEN_other(file) PAIR_HOLDER(file, BY(TAKE_))

__attribute__((unused)) static void keep_by_child(void)
{
	if (fork())
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(20);
	pause();
}

PAIR(file)
{
	int fd = open(file, O_RDWR);

	BY(TAKE_)(fd);
	BY(KEEP_)(fd);
	BY(END_)(fd);
	close(fd);
	BY(BETWEEN_)(file);

	fd = open(file, O_RDWR);
	if (BY(AGAIN_)(fd) == 0)
		pwrite(fd, "again", 5, 0);
	close(fd);
}
