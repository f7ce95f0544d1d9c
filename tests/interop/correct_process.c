/* SPDX-License-Identifier: MIT */
#include "correct.h"

extern char **environ;

/* Children read what their parent has locked for itself, also when it is through. */
void children_read(void)
{
	int fd = open_file("file"), through[2];
	char byte;
	pid_t child;

	must(pipe(through) == 0, "prepare");
	lock(fd, F_WRLCK, 0, 0);
	write_to(fd, 0);
	child = fork();
	if (!child) {
		read_from(fd, 0);
		must(read(through[0], &byte, 1) == 1, "through");
		read_from(fd, 0);
		_exit(0);
	}
	lock(fd, F_UNLCK, 0, 0);
	must(write(through[1], "", 1) == 1, "through");
	wait_for_child(child);
	close(fd);
}

/* CPython's Popen, Firefox: what children close was not theirs. */
void children_close(void)
{
	char name[] = "true";
	char *argv[] = { name, NULL };
	int fd = open_file("file");
	pid_t child;

	lock(fd, F_WRLCK, 0, 0);
	child = fork();
	if (!child) {
		close(fd);
		_exit(0);
	}
	wait_for_child(child);
	child = vfork();
	if (!child) {
		close(fd);
		_exit(0);
	}
	wait_for_child(child);
	must(posix_spawnp(&child, name, NULL, NULL, argv, environ) == 0, "spawn");
	wait_for_child(child);
	write_to(fd, 0);
	lock(fd, F_UNLCK, 0, 0);
	close(fd);
}

/* A lock of the description is handed over to the child, which works and releases it. */
void hand_over(void)
{
	int fd = open_file("file");
	pid_t child;

	must(flock(fd, LOCK_EX) == 0, "flock");
	child = fork();
	if (!child) {
		write_to(fd, 0);
		_exit(flock(fd, LOCK_UN));
	}
	wait_for_child(child);
	close(fd);
}

static void on_alarm(int signal)
{
	(void)signal;
}

/* Another process has it; a signal is the time limit, and the program gives up. */
void give_up_waiting(void)
{
	struct itimerval often = { { 0, 10000 }, { 0, 10000 } };
	struct sigaction action = { .sa_handler = on_alarm };
	int fd = open_file("file"), ready[2];
	char byte;
	pid_t child;

	must(pipe(ready) == 0 && sigaction(SIGALRM, &action, NULL) == 0, "prepare");
	child = fork();
	if (!child) {
		lock(fd, F_WRLCK, 0, 0);
		must(write(ready[1], "", 1) == 1, "ready");
		pause();
	}
	must(read(ready[0], &byte, 1) == 1, "ready");
	must(setitimer(ITIMER_REAL, &often, NULL) == 0, "timer"); /* once could be too early */
	must(set_lock(fd, F_SETLKW, F_WRLCK, 0, 0) < 0 && errno == EINTR, "wait");
	close(fd);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/* The daemon locks once it is one. */
void daemon_that_locks_afterwards(void)
{
	int fd = open_file("file");
	pid_t child = fork();

	if (!child) {
		lock(fd, F_WRLCK, 0, 0);
		write_to(fd, 0);
		_exit(0);
	}
	wait_for_child(child);
	close(fd);
}

/* What a program that was started does with its file. */
void mind_own_business(void)
{
	int fd;

	close(open_file("file"));
	fd = open_file("file");
	lock(fd, F_WRLCK, 0, 0);
	write_to(fd, 0);
	lock(fd, F_UNLCK, 0, 0);
	close(fd);
}

/* A descriptor was left open, and with it a lock, of which the next program knows nothing. */
void execute_under_a_lock(void)
{
	char name[] = "correct", folder[] = ".", habit[] = "mind-own-business";
	char *argv[] = { name, folder, habit, NULL };
	int fd = open_file("file");

	lock(fd, F_RDLCK, 0, 0);
	must(fcntl(fd, F_SETFD, 0) == 0, "F_SETFD");
	execv("/proc/self/exe", argv);
	must(0, "exec");
}
