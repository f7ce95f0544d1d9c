/* SPDX-License-Identifier: MIT */
/* level: warning */
/* via: kill altstack */
/* also: nested-release */
#include "pair.h"

#define FLAGS_kill 0
#define FLAGS_altstack SA_ONSTACK

static int fd;

static void add_line(void)
{
	lockf(fd, F_LOCK, 0); /* HERE: what it interrupted is between lock and unlock */
	lockf(fd, F_ULOCK, 0);
}

static void on_signal(int signal)
{
	(void)signal;
	add_line();
}

PAIR(file)
{
	stack_t stack = { .ss_sp = malloc(65536), .ss_size = 65536 };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = BY(FLAGS_) };

	fd = open(file, O_RDWR);
	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &action, NULL);
	lockf(fd, F_LOCK, 0); /* TAKEN */
	raise(SIGUSR1);
	lockf(fd, F_ULOCK, 0);
	close(fd);
}
