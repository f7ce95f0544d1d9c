/* SPDX-License-Identifier: MIT */
/* via: apart ofd */
#include "pair.h"

/* The users lock one after the other, or bytes of their own. */
#define ORDER_apart(mine, theirs)                                                                  \
	do {                                                                                       \
		lockf(mine, F_LOCK, 4);                                                            \
		lseek(theirs, 4, SEEK_SET);                                                        \
		lockf(theirs, F_LOCK, 4);                                                          \
	} while (0)

/* Locks of two descriptions exclude each other: the second is asked for once the first is gone. */
#define ORDER_ofd(mine, theirs)                                                                    \
	do {                                                                                       \
		fcntl(mine, F_OFD_SETLKW, WRITE_LOCK);                                             \
		pwrite(mine, "mine", 4, 0);                                                        \
		fcntl(mine, F_OFD_SETLK, UNLOCK);                                                  \
		fcntl(theirs, F_OFD_SETLKW, WRITE_LOCK);                                           \
	} while (0)

PAIR(file)
{
	int mine = open(file, O_RDWR);
	int theirs = open(file, O_RDWR);

	BY(ORDER_)(mine, theirs);
	pwrite(theirs, "their", 4, 4);
	fcntl(mine, F_SETLK, UNLOCK);
	fcntl(theirs, F_OFD_SETLK, UNLOCK);
	close(theirs);
	close(mine);
}
