/* SPDX-License-Identifier: MIT */
/* via: kept ofd unlocked refused */
#include "pair.h"

/* No descriptor of the file is closed by the exec. */
#define BEFORE_kept(lock, log)                                                                     \
	do {                                                                                       \
		fcntl(lock, F_SETLK, WRITE_LOCK);                                                  \
		fcntl(log, F_SETFD, 0);                                                            \
	} while (0)

#define BEFORE_ofd(lock, log)                                                                      \
	do {                                                                                       \
		fcntl(lock, F_OFD_SETLK, WRITE_LOCK);                                              \
		write(log, "next\n", 5);                                                           \
	} while (0)

#define BEFORE_unlocked(lock, log)                                                                 \
	do {                                                                                       \
		fcntl(lock, F_SETLK, WRITE_LOCK);                                                  \
		write(log, "next\n", 5);                                                           \
		fcntl(lock, F_SETLK, UNLOCK);                                                      \
	} while (0)

/* The kernel will not run a file that is no program: the lock stays. */
#define BEFORE_refused(lock, log)                                                                  \
	do {                                                                                       \
		fcntl(lock, F_SETLK, WRITE_LOCK);                                                  \
		fchmod(lock, 0755);                                                                \
		execve(file, argv, NULL);                                                          \
		fcntl(log, F_SETFD, 0);                                                            \
	} while (0)

PAIR(file)
{
	char *argv[] = { "/bin/true", NULL };
	int lock = open(file, O_RDWR);
	int log = open(file, O_WRONLY | O_APPEND | O_CLOEXEC);

	BY(BEFORE_)(lock, log);
	execv("/bin/true", argv);
	_exit(2);
}
