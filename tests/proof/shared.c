/* SPDX-License-Identifier: MIT */
/*
 * Two processes upgrade an OFD read lock at the same time, and wait for a third, who has a read
 * lock too: through one description that both inherited, they are one owner and not in each other's
 * way. Through two they are.
 *
 * usage: shared inherited|opened FILE
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct flock whole_file(short type)
{
	return (struct flock){ .l_type = type };
}

/* inherited: -1 to open the file anew. */
static pid_t start_upgrader(const char *file, int inherited, int locked[2], int go[2])
{
	struct flock shared = whole_file(F_RDLCK), exclusive = whole_file(F_WRLCK);
	pid_t child = fork();
	char byte;
	int fd;

	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = inherited < 0 ? open(file, O_RDWR) : inherited;
	if (fcntl(fd, F_OFD_SETLK, &shared) || write(locked[1], "", 1) != 1 ||
	    read(go[0], &byte, 1) != 1)
		_exit(3);
	fcntl(fd, F_OFD_SETLKW, &exclusive);
	_exit(4);
}

/* How many lines of /proc/locks are waiters for the file. */
static int count_waiters(const char *file)
{
	FILE *locks = fopen("/proc/locks", "re");
	char line[256], inode[32];
	struct stat st;
	int ret = 0;

	if (!locks || stat(file, &st))
		return -1;
	snprintf(inode, sizeof(inode), ":%lu ", (unsigned long)st.st_ino);
	while (fgets(line, sizeof(line), locks))
		ret += strstr(line, "->") && strstr(line, inode);
	fclose(locks);
	return ret;
}

int main(int argc, char **argv)
{
	struct flock shared = whole_file(F_RDLCK);
	int locked[2], go[2], fd, third;
	pid_t children[2];
	char bytes[2];

	if (argc != 3 || pipe(locked) || pipe(go))
		return 2;
	alarm(60);
	fd = open(argv[2], O_RDWR | O_CREAT, 0600);
	for (int i = 0; i < 2; i++)
		children[i] = start_upgrader(argv[2], strcmp(argv[1], "opened") ? fd : -1, locked, go);
	third = open(argv[2], O_RDWR);
	if (third < 0 || fcntl(third, F_OFD_SETLK, &shared) || read(locked[0], bytes, 1) != 1 ||
	    read(locked[0], bytes + 1, 1) != 1 || write(go[1], bytes, 2) != 2)
		return 3;
	while (count_waiters(argv[2]) < 2)
		usleep(2000);
	for (int i = 0; i < 2; i++) {
		kill(children[i], SIGKILL);
		waitpid(children[i], NULL, 0);
	}
	return 0;
}
