/* SPDX-License-Identifier: MIT */
/*
 * Takes an OFD lock, closes its only descriptor, and asks again. What keeps the lock meanwhile, if
 * anything does, is the argument's choice:
 *
 * usage: keeper mapping|received|stranger FILE
 *
 *   mapping   a mapping of the file
 *   received  a process that got the descriptor through a socket
 *   stranger  nothing; but somebody has taken the same lock once there is a FILE.taken, which is
 *             waited for when FILE.closed has been made
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

static int pass(int socket, int fd)
{
	union control control = { .head = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	char letter = 0;
	struct iovec byte = { &letter, 1 };
	struct msghdr message = { .msg_iov = &byte, .msg_iovlen = 1, .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	return sendmsg(socket, &message, 0) != 1;
}

/* It was there before the file was opened: it inherited nothing. */
static void receive(int socket)
{
	union control control;
	char byte;
	struct iovec room = { &byte, 1 };
	struct msghdr message = { .msg_iov = &room, .msg_iovlen = 1, .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(60);
	if (recvmsg(socket, &message, 0) == 1 && write(socket, "", 1) == 1)
		pause();
	_exit(0);
}

static int wait_for_stranger(const char *file)
{
	char name[4096];
	int fd;

	snprintf(name, sizeof(name), "%s.closed", file);
	fd = open(name, O_WRONLY | O_CREAT, 0600);
	snprintf(name, sizeof(name), "%s.taken", file);
	while (fd >= 0 && access(name, F_OK))
		usleep(2000);
	return close(fd);
}

int main(int argc, char **argv)
{
	struct flock lock = { .l_type = F_WRLCK };
	int pair[2], fd;
	char byte;

	if (argc != 3 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return 2;
	alarm(60);
	if (!strcmp(argv[1], "received") && !fork())
		receive(pair[1]);
	fd = open(argv[2], O_RDWR | O_CREAT, 0600);
	if (fd < 0 || ftruncate(fd, 10) || fcntl(fd, F_OFD_SETLK, &lock))
		return 3;
	if (!strcmp(argv[1], "mapping") &&
	    mmap(NULL, 10, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
		return 3;
	if (!strcmp(argv[1], "received") && (pass(pair[0], fd) || read(pair[0], &byte, 1) != 1))
		return 3;
	close(fd);
	if (!strcmp(argv[1], "stranger") && wait_for_stranger(argv[2]))
		return 3;
	fd = open(argv[2], O_RDWR);
	return fcntl(fd, F_OFD_SETLK, &lock) == 0 ? 4 : 0;
}
