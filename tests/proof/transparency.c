/* SPDX-License-Identifier: MIT */
/*
 * Calls what the checker interposes, rightly and wrongly, with no lock held and with one, and
 * prints every result, errno and side effect. transparency.sh compares the output of this program
 * alone with its output under the checker: there must be no difference.
 *
 * usage: transparency DIRECTORY    (empty; the program works in it)
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "transparency.h"

extern char **environ;

static struct flock write_lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
static struct flock read_lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
static struct flock unlock = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

static int reader, writer;
static void *volatile nowhere = (void *)1; /* no memory is there */

static void lock_calls(void)
{
	struct flock odd = { .l_type = 77 }, query = write_lock;

	CALL(fcntl(-1, F_SETLK, &write_lock));
	CALL(fcntl(NO_FD, F_SETLKW, &write_lock));
	CALL(fcntl(writer, 9999, 0));
	CALL(fcntl(writer, F_SETLK, nowhere));
	CALL(fcntl(writer, F_SETLK, &odd));
	CALL(fcntl(reader, F_SETLK, &write_lock));
	CALL(fcntl(writer, F_SETLK, &read_lock));
	CALL(fcntl(writer, F_SETLK, &write_lock));
	CALL(fcntl(writer, F_GETLK, &query));
	CALL(query.l_type);
	CALL(fcntl(reader, F_OFD_SETLK, &read_lock));
	CALL(fcntl(writer, F_SETLK, &unlock));
	CALL(fcntl(reader, F_OFD_SETLK, &read_lock));
	CALL(fcntl(writer, F_OFD_SETLK, &write_lock));
	CALL(fcntl(reader, F_OFD_SETLK, &unlock));
	CALL(fcntl(writer, F_GETFD));
	CALL(fcntl(writer, F_GETFL) & O_ACCMODE);
	CALL(lockf(writer, 9, 0));
	CALL(lockf(reader, F_TLOCK, 0));
	CALL(lockf(writer, F_TLOCK, 5));
	CALL(lockf(writer, F_TEST, 5));
	CALL(lockf(writer, F_ULOCK, 0));
	CALL(flock(-1, LOCK_EX));
	CALL(flock(writer, 99));
	CALL(flock(writer, LOCK_EX));
	CALL(flock(reader, LOCK_EX | LOCK_NB));
	CALL(flock(writer, LOCK_UN));
}

static void close_calls(void)
{
	CALL(close(-1));
	CALL(close(NO_FD));
	CALL(close(dup(reader)));
	CALL(dup(-1));
	CALL(dup2(-1, NO_FD));
	CALL(dup2(reader, -1));
	CALL(dup2(reader, reader));
	CALL(dup2(NO_FD, NO_FD));
	CALL(dup2(reader, NO_FD));
	CALL(dup3(reader, reader, 0));
	CALL(dup3(reader, NO_FD, 0x40));
	CALL(dup3(reader, NO_FD, O_CLOEXEC));
	CALL(fcntl(NO_FD, F_GETFD));
	CALL(fcntl(reader, F_DUPFD, -1));
	CALL(close(NO_FD));
	CALL(close_range(6, 5, 0));
	CALL(close_range(NO_FD, NO_FD, 0x80));
	CALL(close_range(NO_FD, NO_FD + 5, 0));
	CALL(close_range(NO_FD, NO_FD + 5, CLOSE_RANGE_CLOEXEC));
	CALL((closefrom(NO_FD), 0));
	CALL(syscall(SYS_close, -1));
	CALL(syscall(SYS_close, dup(reader)));
	CALL(syscall(-1));
	CALL(syscall(SYS_gettid) == getpid());
}

static void stream_calls(void)
{
	FILE *stream = fopen("file", "r");

	CALL_POINTER(fopen("missing", "r"));
	CALL_POINTER(fopen("file", "?"));
	CALL_POINTER(stream);
	CALL_POINTER(freopen("missing", "r", stream));
	stream = fopen("file", "r");
	stream = freopen("/dev/null", "r", stream);
	CALL_POINTER(stream);
	CALL(fclose(stream));
	stream = fdopen(dup(reader), "r");
	CALL(close(fileno(stream)));
	CALL(fclose(stream));
	CALL_POINTER(opendir("file"));
	CALL(closedir(opendir(".")));
	stream = popen("exit 3", "r");
	CALL(pclose(stream));
	CALL_POINTER(stream = tmpfile());
	CALL(fclose(stream));
}

static void path_calls(void)
{
	char no_template[] = "no-template", template[] = "made-XXXXXX";
	int fd;

	CALL(open("missing", O_RDONLY));
	CALL(open("file", O_CREAT | O_EXCL, 0600));
	CALL(open(".", O_WRONLY));
	CALL(openat(-1, "file", O_RDONLY));
	CALL(creat(".", 0600));
	CALL(close(open("mode", O_CREAT | O_RDWR, 0640)));
	CALL(chmod("mode", 0640));
	CALL(unlink("mode"));
	CALL(unlink("missing"));
	CALL(unlinkat(AT_FDCWD, "missing", AT_REMOVEDIR));
	CALL(rename("missing", "other"));
	CALL(renameat2(AT_FDCWD, "file", AT_FDCWD, "file", 0x80));
	CALL(link("missing", "other"));
	CALL(symlink("", ""));
	CALL(chdir("missing"));
	CALL(fchdir(reader));
	CALL(mkstemp(no_template));
	CALL((fd = mkstemp(template)) >= 0);
	CALL(unlink(template));
	CALL(close(fd));
}

static void write_calls(void)
{
	CALL(write(NO_FD, "x", 1));
	CALL(write(reader, "x", 1));
	CALL(write(writer, nowhere, 1));
	CALL(write(writer, "four", 4));
	CALL(pwrite(writer, "four", 4, -1));
	CALL(pwrite(writer, "four", 4, 100));
	CALL(ftruncate(reader, 10));
	CALL(ftruncate(writer, -1));
	CALL(ftruncate(writer, 50));
	CALL(lseek(writer, 0, SEEK_END));
}

/*
 * A child is watched for what it does with its parent's lock: each of its reads is looked at, as
 * long as the parent is there. A number 64 further on is looked at by mistake.
 */
static void watched_reads(int fd)
{
	pid_t pid;

	write(fd, "sixteen bytes...\nand more\n", 26);
	pid = fork();
	if (pid == 0) {
		transparency_reads(fd);
		transparency_waits(fd + 64);
		_exit(0);
	}
	CALL(waitpid(pid, NULL, 0) == pid);
}

static volatile sig_atomic_t handled;

static void on_signal(int signal)
{
	handled += signal;
}

static void signal_calls(void)
{
	struct sigaction action = { .sa_handler = on_signal }, old;
	sigset_t mask;

	CALL(sigaction(99, &action, NULL));
	CALL(sigaction(SIGKILL, &action, NULL));
	CALL(signal(SIGKILL, on_signal) == SIG_ERR);
	CALL(signal(SIGUSR1, on_signal) == SIG_DFL);
	CALL(signal(SIGUSR1, SIG_IGN) == on_signal);
	CALL(sigaction(SIGUSR2, &action, NULL));
	CALL(sigaction(SIGUSR2, NULL, &old));
	CALL(old.sa_handler == on_signal);
	CALL(raise(SIGUSR2));
	CALL(handled == SIGUSR2);
	handled = 0;
	CALL(pthread_sigmask(SIG_BLOCK, NULL, &mask));
	CALL(sigismember(&mask, SIGUSR2));
	CALL(signal(SIGUSR2, SIG_DFL) == on_signal);
	CALL(prctl(-1, 0, 0, 0, 0));
	CALL(prctl(PR_GET_DUMPABLE));
}

static int ended(pid_t pid)
{
	int status = -1;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

static int spawned(const char *program)
{
	char *argv[] = { (char *)program, NULL };
	pid_t pid;
	int error = posix_spawnp(&pid, program, NULL, NULL, argv, environ);

	return error ? -error : ended(pid);
}

/* A child by vfork that does what matters to the parent: leaves its memory alone and comes back. */
static int vforked(const char *program)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execl(program, program, "-c", "exit 4", (char *)NULL);
		_exit(errno);
	}
	return ended(pid);
}

static int forked(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		close(reader);
		_exit(fcntl(writer, F_SETLK, &unlock) == 0 ? 5 : 6);
	}
	return ended(pid);
}

static void process_calls(void)
{
	char *argv[] = { (char *)"nothing", NULL };

	CALL(execv("missing", argv));
	CALL(execve("file", argv, environ));
	CALL(execvp("missing", argv));
	CALL(execl("missing", "missing", (char *)NULL));
	CALL(execlp("missing", "missing", (char *)NULL));
	CALL(fexecve(-1, argv, environ));
	CALL(spawned("missing"));
	CALL(spawned("./script")); /* without #!: the shell runs it */
	CALL(spawned("true"));
	CALL(vforked("/bin/sh"));
	CALL(vforked("missing"));
	CALL(forked());
	CALL(system("exit 9"));
}

/* Another process that holds the lock until the pipe is closed; the other end of that pipe. */
static int held_elsewhere(pid_t *ret_pid)
{
	int ready[2], release[2];
	char byte;

	if (pipe2(ready, O_CLOEXEC) || pipe2(release, O_CLOEXEC))
		_exit(3);
	*ret_pid = fork();
	if (*ret_pid == 0) {
		int fd = open("contended", O_RDWR | O_CREAT, 0600);

		close(release[1]);
		alarm(30);
		if (flock(fd, LOCK_EX) || fcntl(fd, F_SETLK, &write_lock) ||
		    write(ready[1], "", 1) != 1)
			_exit(3);
		_exit((int)read(release[0], &byte, 1));
	}
	close(ready[1]);
	close(release[0]);
	if (read(ready[0], &byte, 1) != 1)
		_exit(3);
	close(ready[0]);
	return release[1];
}

static volatile sig_atomic_t interrupt_until;
static pthread_t waiter;

/* Signals the waiter until it says that it has been interrupted. */
static void *interrupter(void *unused)
{
	(void)unused;
	while (interrupt_until) {
		pthread_kill(waiter, SIGALRM);
		usleep(2000);
	}
	return NULL;
}

#define INTERRUPTED(call)                                                                          \
	do {                                                                                       \
		pthread_t thread;                                                                  \
                                                                                                   \
		interrupt_until = 1;                                                               \
		pthread_create(&thread, NULL, interrupter, NULL);                                  \
		CALL(call);                                                                        \
		interrupt_until = 0;                                                               \
		pthread_join(thread, NULL);                                                        \
	} while (0)

static int contended, cleaned;

static void clean(void *unused)
{
	(void)unused;
	cleaned++;
}

static void *wait_for_lock(void *wait_by_flock)
{
	pthread_cleanup_push(clean, NULL);
	if (wait_by_flock)
		flock(contended, LOCK_EX);
	else
		fcntl(contended, F_SETLKW, &write_lock);
	pthread_cleanup_pop(0);
	return NULL;
}

/* Waiting for a POSIX lock is a cancellation point; the thread is cancelled while it waits. */
static int cancelled(void)
{
	pthread_t thread;
	void *result;

	if (pthread_create(&thread, NULL, wait_for_lock, NULL))
		return -1;
	usleep(20000);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	return result == PTHREAD_CANCELED;
}

static void waiting_calls(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	pid_t holder;
	int release = held_elsewhere(&holder);

	waiter = pthread_self();
	contended = open("contended", O_RDWR);
	sigaction(SIGALRM, &action, NULL);
	INTERRUPTED(fcntl(contended, F_SETLKW, &write_lock));
	INTERRUPTED(fcntl(contended, F_OFD_SETLKW, &write_lock));
	INTERRUPTED(flock(contended, LOCK_EX));
	INTERRUPTED(lockf(contended, F_LOCK, 0));
	signal(SIGALRM, SIG_DFL);
	CALL(cancelled());
	CALL(cleaned);
	CALL(fcntl(contended, F_SETLK, &write_lock));
	CALL(flock(contended, LOCK_EX | LOCK_NB));
	close(release);
	CALL(ended(holder));
	CALL(fcntl(contended, F_SETLKW, &write_lock));
	CALL(flock(contended, LOCK_EX));
	CALL(close(contended));
}

/* A descriptor that the checker kept open would be seen here. */
static void open_descriptors(void)
{
	printf("open:");
	for (int fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf(" %d", fd);
	printf("\n");
}

static void all_calls(void)
{
	lock_calls();
	close_calls();
	stream_calls();
	path_calls();
	write_calls();
	transparency_reads(writer);
	transparency_waits(fcntl(reader, F_DUPFD, 100));
	signal_calls();
	process_calls();
	waiting_calls();
	open_descriptors();
}

static void prepare(const char *directory)
{
	int fd;

	if (chdir(directory))
		_exit(3);
	close_range(3, ~0u, 0);
	alarm(60);
	setvbuf(stdout, NULL, _IOLBF, 0);
	fd = open("script", O_CREAT | O_WRONLY | O_CLOEXEC, 0700);
	dprintf(fd, "exit 7\n");
	close(fd);
	close(open("file", O_CREAT | O_WRONLY, 0600));
	close(open("held", O_CREAT | O_WRONLY, 0600));
	reader = open("file", O_RDONLY);
	writer = open("file", O_RDWR);
}

int main(int argc, char **argv)
{
	int held;

	if (argc != 2)
		return 2;
	prepare(argv[1]);
	puts("nothing held");
	all_calls();
	held = open("held", O_RDWR);
	CALL(fcntl(held, F_SETLKW, &write_lock));
	puts("one lock held");
	all_calls();
	puts("a watched child");
	watched_reads(held);
	return 0;
}
