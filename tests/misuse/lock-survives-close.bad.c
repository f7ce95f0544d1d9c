/* SPDX-License-Identifier: MIT */
/* level: warning */
/* via: child mapping */
#include "pair.h"
#include <sys/mman.h>

/* A child that has nothing to do with the lock, but inherits its descriptor. */
#define KEEP_child(fd) (void)fd, keep_by_child()
#define KEEP_mapping(fd) (void)mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0)

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

	flock(fd, LOCK_EX); /* TAKEN */
	BY(KEEP_)(fd);
	close(fd); /* HERE: meant to release the lock */

	fd = open(file, O_RDWR);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		pwrite(fd, "again", 5, 0);
	close(fd);
}
