/* SPDX-License-Identifier: MIT */
/* level: error */
/* via: execv execl shared */
#include "pair.h"
#include <sched.h>

#define EXEC_execv(argv) execv(argv[0], argv)
#define EXEC_execl(argv) execl(argv[0], argv[0], NULL)

/* No descriptor is closed; but exec makes a table of its own, and the locks stay with the other. */
#define EXEC_shared(argv) share_descriptors(), fcntl(log, F_SETFD, 0), execv(argv[0], argv)

__attribute__((unused)) static void share_descriptors(void)
{
	if (syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL))
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(20);
	for (;;)
		pause();
}

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
