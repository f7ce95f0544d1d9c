/* SPDX-License-Identifier: MIT */
/* level: warning */
/* via: posix ofd processes */
#include "pair.h"

#define COMMAND_posix F_SETLKW
#define COMMAND_ofd F_OFD_SETLKW
#define COMMAND_processes F_SETLKW

static int go[2], done[2];

static void wait_for(int pipe)
{
	char byte;

	if (read(pipe, &byte, 1) != 1)
		_exit(3);
}

static void *second(void *file)
{
	int fd = open(file, O_RDWR);

	wait_for(go[0]);
	fcntl(fd, BY(COMMAND_), WRITE_LOCK); /* HERE: a flock is no obstacle */
	pwrite(fd, "second", 6, 0);
	write(done[1], "", 1);
	return NULL;
}

static pthread_t thread;

/* Both users are there before either has a lock: neither works for the other. */
static void start_thread(const char *file)
{
	pthread_create(&thread, NULL, second, (void *)file);
}

static void end_thread(void)
{
	pthread_join(thread, NULL);
}

static void start_process(const char *file)
{
	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		second((void *)file);
		_exit(0);
	}
}

static void end_process(void)
{
	wait(NULL);
}

#define START_posix start_thread
#define START_ofd start_thread
#define START_processes start_process
#define END_posix end_thread
#define END_ofd end_thread
#define END_processes end_process

PAIR(file)
{
	int fd = open(file, O_RDWR);

	(void)start_thread, (void)start_process, (void)end_thread, (void)end_process;
	if (pipe(go) || pipe(done))
		exit(3);
	BY(START_)(file);
	flock(fd, LOCK_EX); /* TAKEN */
	write(go[1], "", 1);
	wait_for(done[0]);
	pwrite(fd, "first!", 6, 0);
	flock(fd, LOCK_UN);
	BY(END_)();
}
