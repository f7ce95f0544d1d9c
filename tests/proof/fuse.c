/* SPDX-License-Identifier: MIT */
/*
 * A program with files on a FUSE file system.
 *
 *   fuse frozen OPERATION FILE LOCAL DAEMON
 *       One thread does OPERATION on FILE while the file system's DAEMON, a process, is stopped: it
 *       blocks in the kernel. Meanwhile the main thread locks and closes LOCAL, which must not take
 *       notice. Then the daemon goes on, and both end.
 *   fuse wait FILE
 *       A child waits for the lock on FILE that this process holds, and gets it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOCK(type) (&(struct flock){ .l_type = type, .l_whence = SEEK_SET })

static int locking = -1, other = -1;
static FILE *stream;
static long blocked_thread; /* atomic */
static int done;	    /* atomic */

static void set(void)
{
	fcntl(locking, F_SETLK, LOCK(F_RDLCK));
}

static void unlock(void)
{
	fcntl(locking, F_SETLK, LOCK(F_UNLCK));
}

static void close_own(void)
{
	close(locking);
}

static void close_other(void)
{
	close(other);
}

static void close_stream(void)
{
	fclose(stream);
}

static void replace(void)
{
	dup2(STDERR_FILENO, other);
}

static void close_several(void)
{
	close_range((unsigned)other, (unsigned)other, 0);
}

static const struct operation {
	const char *name;
	void (*run)(void);
	long number; /* of the system call */
} operations[] = {
	{ "set", set, SYS_fcntl },
	{ "unlock", unlock, SYS_fcntl },
	{ "close", close_own, SYS_close },
	{ "close-other", close_other, SYS_close },
	{ "fclose", close_stream, SYS_close },
	{ "dup2", replace, SYS_dup2 },
	{ "close_range", close_several, SYS_close_range },
};

static const struct operation *find(const char *name)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (!strcmp(operations[i].name, name))
			return &operations[i];
	exit(2);
}

static void *run(void *operation)
{
	__atomic_store_n(&blocked_thread, syscall(SYS_gettid), __ATOMIC_SEQ_CST);
	((const struct operation *)operation)->run();
	__atomic_store_n(&done, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

/* The first word of a file of /proc. */
static void read_word(const char *format, long number, char *ret, size_t size)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), format, number);
	file = fopen(path, "re");
	if (!file || !fgets(ret, (int)size, file))
		*ret = '\0';
	if (file)
		fclose(file);
}

/* "PID (name) T ..." */
static int is_stopped(long pid)
{
	char line[256], *end;

	read_word("/proc/%ld/stat", pid, line, sizeof(line));
	end = strrchr(line, ')');
	return end && end[2] == 'T';
}

static int is_in_call(long thread, long number)
{
	char line[256], *end;

	read_word("/proc/self/task/%ld/syscall", thread, line, sizeof(line));
	return strtol(line, &end, 10) == number && end != line;
}

static void stop(long daemon)
{
	kill((pid_t)daemon, SIGSTOP);
	while (!is_stopped(daemon))
		usleep(1000);
}

/* False when the operation came back although the daemon is stopped. */
static int wait_until_blocked(const struct operation *operation)
{
	long thread;

	while (!__atomic_load_n(&done, __ATOMIC_SEQ_CST)) {
		thread = __atomic_load_n(&blocked_thread, __ATOMIC_SEQ_CST);
		if (thread && is_in_call(thread, operation->number))
			return 1;
		usleep(1000);
	}
	return 0;
}

static int work(const char *path)
{
	for (int i = 0; i < 100; i++) {
		int fd = open(path, O_RDWR | O_CREAT, 0600);

		if (fcntl(fd, F_SETLK, LOCK(F_WRLCK)) || flock(fd, LOCK_EX | LOCK_NB) ||
		    fcntl(fd, F_SETLK, LOCK(F_UNLCK)) || close(fd))
			return 3;
	}
	return 0;
}

static int frozen(const struct operation *operation, const char *path, const char *local,
		  long daemon)
{
	pthread_t thread;
	int ret;

	stream = fopen(path, "a+");
	locking = open(path, O_RDWR);
	other = open(path, O_RDWR);
	if (!stream || other < 0 || fcntl(locking, F_SETLK, LOCK(F_WRLCK)))
		return 3;
	stop(daemon);
	if (pthread_create(&thread, NULL, run, (void *)operation))
		return 3;
	if (!wait_until_blocked(operation)) {
		kill((pid_t)daemon, SIGCONT);
		return 77;
	}
	ret = work(local);
	kill((pid_t)daemon, SIGCONT);
	pthread_join(thread, NULL);
	return ret;
}

static int wait_for_lock(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600), status;
	char line[256] = "";
	pid_t child;

	if (fcntl(fd, F_SETLK, LOCK(F_WRLCK)))
		return 3;
	child = fork();
	if (!child) {
		fd = open(path, O_RDWR);
		_exit(fcntl(fd, F_SETLKW, LOCK(F_WRLCK)) ? 4 : 0);
	}
	/* Where the file system grants it twice the child has ended by then. */
	while (strtol(line, NULL, 10) != SYS_fcntl && !waitpid(child, &status, WNOHANG))
		read_word("/proc/%ld/syscall", child, line, sizeof(line));
	fcntl(fd, F_SETLK, LOCK(F_UNLCK));
	while (waitpid(child, &status, 0) > 0)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 5;
}

int main(int argc, char **argv)
{
	alarm(20);
	if (argc == 6 && !strcmp(argv[1], "frozen"))
		return frozen(find(argv[2]), argv[3], argv[4], atol(argv[5]));
	if (argc == 3 && !strcmp(argv[1], "wait"))
		return wait_for_lock(argv[2]);
	return 2;
}
