/* SPDX-License-Identifier: MIT */
/* via: child mapping */
#include "pair.h"
#include <sys/mman.h>

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

	flock(fd, LOCK_EX);
	BY(KEEP_)(fd);
	flock(fd, LOCK_UN);
	close(fd);

	fd = open(file, O_RDWR);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		pwrite(fd, "again", 5, 0);
	close(fd);
}
