/* SPDX-License-Identifier: MIT */
/* level: warning */
/* via: child mapping ofd ofd_wait */
#include "pair.h"
#include <sys/mman.h>

#define TAKE_child(fd) flock(fd, LOCK_EX)
#define TAKE_mapping(fd) flock(fd, LOCK_EX)
#define TAKE_ofd(fd) fcntl(fd, F_OFD_SETLK, WRITE_LOCK)
#define TAKE_ofd_wait(fd) fcntl(fd, F_OFD_SETLK, WRITE_LOCK)

#define AGAIN_child(fd) flock(fd, LOCK_EX | LOCK_NB)
#define AGAIN_mapping(fd) flock(fd, LOCK_EX | LOCK_NB)
#define AGAIN_ofd(fd) fcntl(fd, F_OFD_SETLK, WRITE_LOCK)
#define AGAIN_ofd_wait(fd) wait_a_while(fd)

/* A child that has nothing to do with the lock, but inherits its descriptor. */
#define KEEP_child(fd) (void)fd, keep_by_child()
#define KEEP_mapping(fd) (void)mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0)
#define KEEP_ofd(fd) (void)fd, keep_by_child()
#define KEEP_ofd_wait(fd) (void)fd, keep_by_child()

__attribute__((unused)) static void keep_by_child(void)
{
	if (fork())
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(20);
	pause();
}

static const char *file_name;

/* POSIX and OFD locks are in each other's way. */
__attribute__((unused)) static int wait_a_while(int fd)
{
	pair_interrupt_when_waiting(file_name);
	return fcntl(fd, F_SETLKW, WRITE_LOCK);
}

PAIR(file)
{
	int fd = open(file, O_RDWR);

	file_name = file;
	BY(TAKE_)(fd); /* TAKEN */
	BY(KEEP_)(fd);
	close(fd); /* HERE: meant to release the lock */

	fd = open(file, O_RDWR);
	if (BY(AGAIN_)(fd) == 0)
		pwrite(fd, "again", 5, 0);
	close(fd);
}
