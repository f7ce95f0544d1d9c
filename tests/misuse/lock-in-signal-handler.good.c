/* SPDX-License-Identifier: MIT */
#include "pair.h"

static int fd;
static volatile sig_atomic_t wanted;

static void add_line(void)
{
	lockf(fd, F_LOCK, 0);
	lockf(fd, F_ULOCK, 0);
}

/* The handler leaves the work to the program. */
static void on_flag(int signal)
{
	(void)signal;
	wanted = 1;
}

/* The handler locks, while nothing that it can interrupt does. */
static void on_before(int signal)
{
	(void)signal;
	add_line();
}

PAIR(file)
{
	fd = open(file, O_RDWR);
	signal(SIGUSR1, on_flag);
	signal(SIGUSR2, on_before);
	raise(SIGUSR2);
	lockf(fd, F_LOCK, 0);
	raise(SIGUSR1);
	lockf(fd, F_ULOCK, 0);
	if (wanted)
		add_line();
	close(fd);
}
