/* SPDX-License-Identifier: MIT */
/* via: meant again apart */
#include "pair.h"

/* Whoever took the write lock turns it into a read lock, and writes no more. */
#define DOWNGRADE_meant(writer, reader)                                                            \
	do {                                                                                       \
		pwrite(writer, "written", 7, 0);                                                   \
		fcntl(writer, F_SETLK, READ_LOCK);                                                 \
	} while (0)

/* Through another descriptor, as databases do that keep one state per file. */
#define DOWNGRADE_again(writer, reader)                                                            \
	do {                                                                                       \
		fcntl(reader, F_SETLK, READ_LOCK);                                                 \
		fcntl(writer, F_SETLK, WRITE_LOCK);                                                \
		pwrite(writer, "written", 7, 0);                                                   \
	} while (0)

/* Writes bytes that were not downgraded. */
#define DOWNGRADE_apart(writer, reader)                                                            \
	do {                                                                                       \
		struct flock lock = { .l_type = F_RDLCK, .l_start = 8, .l_len = 8 };               \
                                                                                                   \
		fcntl(reader, F_SETLK, &lock);                                                     \
		pwrite(writer, "written", 7, 0);                                                   \
	} while (0)

PAIR(file)
{
	int writer = open(file, O_RDWR), reader = open(file, O_RDONLY);

	fcntl(writer, F_SETLK, WRITE_LOCK);
	BY(DOWNGRADE_)(writer, reader);
	fcntl(writer, F_SETLK, UNLOCK);
	close(reader);
	close(writer);
}
