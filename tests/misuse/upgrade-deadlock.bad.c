/* SPDX-License-Identifier: MIT */
/* level: error */
/* also: upgrade */
#include "pair.h"

static void wait_for_byte(int fd)
{
	char byte;

	if (read(fd, &byte, 1) != 1)
		_exit(3);
}

/* One of two: both have their read lock before either asks for more. */
static void reader(const char *file, int mine, int theirs)
{
	char first[8];
	int fd = open(file, O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fcntl(fd, F_OFD_SETLKW, READ_LOCK); /* TAKEN */
	pread(fd, first, sizeof first, 0);
	if (write(theirs, "", 1) != 1)
		_exit(3);
	wait_for_byte(mine);
	fcntl(fd, F_OFD_SETLKW, WRITE_LOCK); /* HERE: neither is ever granted */
	pwrite(fd, first, sizeof first, 8);
	_exit(0);
}

/* Both lines of /proc/locks: "->" twice. */
static int both_wait(const char *file)
{
	char line[256], inode[32];
	struct stat st;
	int waiting = 0;
	FILE *locks = fopen("/proc/locks", "re");

	if (!locks || stat(file, &st))
		exit(3);
	snprintf(inode, sizeof inode, ":%lu ", (unsigned long)st.st_ino);
	while (fgets(line, sizeof line, locks))
		waiting += strstr(line, "->") && strstr(line, inode);
	fclose(locks);
	return waiting >= 2;
}

PAIR(file)
{
	int one[2], two[2];
	pid_t first, second;

	if (pipe(one) || pipe(two))
		exit(3);
	first = fork();
	if (!first)
		reader(file, one[0], two[1]);
	second = fork();
	if (!second)
		reader(file, two[0], one[1]);
	while (!both_wait(file))
		usleep(2000);
	kill(first, SIGTERM);
	kill(second, SIGTERM);
	waitpid(first, NULL, 0);
	waitpid(second, NULL, 0);
}
