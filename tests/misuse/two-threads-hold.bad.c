/* SPDX-License-Identifier: MIT */
/* level: error */
/* via: posix ofd flock reader writer */
/* also: relock-other-fd */
#include "pair.h"

#define TAKE_posix(fd) fcntl(fd, F_SETLKW, WRITE_LOCK)
#define TAKE_ofd(fd) fcntl(fd, F_OFD_SETLKW, WRITE_LOCK)
#define TAKE_flock(fd) flock(fd, LOCK_EX)

/* Each has a descriptor of its own; one of them only reads what the other one writes. */
#define TAKE_reader TAKE_posix
#define TAKE_writer TAKE_posix

#define SECOND_posix pwrite(*(int *)fd, "second", 6, 0)
#define SECOND_ofd SECOND_posix
#define SECOND_flock SECOND_posix
#define SECOND_reader pread(other, (char[6]){ 0 }, 6, 2)
#define SECOND_writer pwrite(other, "second", 6, 2)

#define FIRST_posix(fd) pwrite(fd, "first!", 6, 0), close(fd)
#define FIRST_ofd FIRST_posix
#define FIRST_flock FIRST_posix
#define FIRST_reader(fd) pwrite(fd, "first!", 6, 0), _exit(0)
#define FIRST_writer(fd) pread(fd, (char[6]){ 0 }, 6, 0), _exit(0)

#define OWN_posix *(int *)fd
#define OWN_ofd *(int *)fd
#define OWN_flock *(int *)fd
#define OWN_reader other
#define OWN_writer other

static int other;

static void *second(void *fd)
{
	(void)fd;
	BY(TAKE_)(BY(OWN_)); /* HERE: does not wait, although the other thread has the lock */
	(void)BY(SECOND_);
	return NULL;
}

PAIR(file)
{
	int fd = open(file, O_RDWR);
	pthread_t thread;

	other = open(file, O_RDWR);
	BY(TAKE_)(fd); /* TAKEN */
	pthread_create(&thread, NULL, second, &fd);
	pthread_join(thread, NULL);
	BY(FIRST_)(fd); /* over what the second has just written */
}
