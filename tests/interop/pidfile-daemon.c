/* SPDX-License-Identifier: MIT */
/*
 * A daemon as many are: it locks its pidfile so that only one of it runs, goes into the background,
 * and there writes its number into the file and serves. A POSIX lock is not the child's: the daemon
 * that serves holds none, and a second one starts beside it.
 *
 * Built with -DREPAIRED it goes into the background first.
 *
 * usage: pidfile-daemon PIDFILE fork|daemon READY STOP    (fifos: it writes once READY is read)
 *        pidfile-daemon PIDFILE                           only asks whether one is running
 */
#define _DEFAULT_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int lock_pidfile(const char *path)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0 || fcntl(fd, F_SETLK, &whole)) { /* TAKEN */
		fprintf(stderr, "pidfile-daemon: already running\n");
		exit(1);
	}
	return fd;
}

static void detach_by_hand(void)
{
	pid_t child = fork(); /* FORK */

	if (child < 0)
		exit(1);
	if (child > 0)
		_exit(0);
	setsid();
	if (chdir("/"))
		exit(1);
}

static void detach(const char *how)
{
	if (!strcmp(how, "fork"))
		detach_by_hand();
	else if (daemon(0, 0)) /* DAEMON */
		exit(1);
}

static void write_pid(int fd)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	if (ftruncate(fd, 0) || pwrite(fd, text, (size_t)length, 0) != length) /* WRITTEN */
		exit(1);
}

/* Opening a fifo waits for the other side. Nobody there: no daemon stays behind. */
static void wait_at(const char *fifo, int mode)
{
	alarm(60);
	close(open(fifo, mode));
}

int main(int argc, char **argv)
{
	int fd;

	if (argc == 2)
		return close(lock_pidfile(argv[1]));
	if (argc != 5)
		return 2;
#ifdef REPAIRED
	detach(argv[2]);
	fd = lock_pidfile(argv[1]);
#else
	fd = lock_pidfile(argv[1]);
	detach(argv[2]);
#endif
	wait_at(argv[3], O_WRONLY);
	write_pid(fd);
	wait_at(argv[4], O_RDONLY);
	return 0;
}
