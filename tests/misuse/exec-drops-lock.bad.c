/* SPDX-License-Identifier: MIT */
/* level: error */
/* via: execv execl */
#include "pair.h"

#define EXEC_execv(argv) execv(argv[0], argv)
#define EXEC_execl(argv) execl(argv[0], argv[0], NULL)

PAIR(file)
{
	char *argv[] = { "/bin/true", NULL };
	int lock = open(file, O_RDWR);
	int log = open(file, O_WRONLY | O_APPEND | O_CLOEXEC);

	fcntl(lock, F_SETLK, WRITE_LOCK); /* TAKEN: meant for the next program, which gets the descriptor */
	write(log, "next\n", 5);
	BY(EXEC_)(argv); /* HERE: closes "log" */
	_exit(2);
}
