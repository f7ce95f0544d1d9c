/* SPDX-License-Identifier: MIT */
/*
 * A signal at every instruction of a lock and its unlock: signal-steps MODE FILE STRIDE.
 *
 * A tracer makes the child go a number of instructions from a mark on, sends it a signal there, and
 * lets it go on to the next mark; then the same with STRIDE instructions more, until it has come to
 * the end. Under the checker most of these are inside the checker. MODE says what the handler is
 * and does:
 *
 *   info   SA_SIGINFO; looks at what came
 *   plain  installed by signal()
 *   jump   leaves by siglongjmp
 *   fault  the signal says that the code it interrupted has failed; leaves by siglongjmp
 *
 * Exit status 77: this machine does not let a process be traced.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CANNOT 77
#define MARK() __asm__ volatile("int3" ::: "memory")

static struct mode {
	const char *name;
	int signal;
	int leaves;
	int endures; /* one child can be sent many */
} modes[] = {
	{ "info", SIGUSR1, 0, 1 },
	{ "plain", SIGUSR2, 0, 1 },
	{ "jump", SIGUSR1, 1, 1 },
	{ "fault", SIGSEGV, 1, 0 },
};

static const struct mode *mode;
static const char *file;
static int fd, expected, wrong;
static volatile sig_atomic_t handled;
static volatile long finish; /* set by the tracer */
static sigjmp_buf before;

static void expect(int holds, const char *what)
{
	if (!holds && wrong++ < 10)
		printf("signal %d: %s\n", expected, what);
}

static void on_plain(int signal)
{
	expect(signal == mode->signal, "it is another one");
	handled++;
}

static void on_info(int signal, siginfo_t *info, void *context)
{
	sigset_t mask;

	on_plain(signal);
	expect(context != NULL, "it has no context");
	if (mode->signal == SIGUSR1)
		expect(info->si_code == SI_QUEUE && info->si_pid == getppid() &&
			       info->si_value.sival_int == expected,
		       "siginfo is not what was sent");
	sigprocmask(SIG_SETMASK, NULL, &mask);
	expect(sigismember(&mask, SIGHUP) == 1 && sigismember(&mask, signal) == 1 &&
		       sigismember(&mask, SIGTERM) == 0,
	       "the handler's mask is wrong");
	if (mode->leaves)
		siglongjmp(before, 1);
}

static int set(short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_len = 1 };

	return fcntl(fd, F_SETLK, &lock);
}

static void pair(void)
{
	expect(set(F_WRLCK) == 0, "lock failed");
	expect(set(F_UNLCK) == 0, "unlock failed");
}

static void install(void)
{
	struct sigaction action = { .sa_sigaction = on_info, .sa_flags = SA_SIGINFO };

	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGHUP);
	if (!strcmp(mode->name, "plain"))
		signal(mode->signal, on_plain);
	else
		sigaction(mode->signal, &action, NULL);
}

static void one_pair(void)
{
	sigset_t mask;

	handled = 0;
	if (sigsetjmp(before, 1) == 0) {
		MARK();
		pair();
	} else {
		set(F_UNLCK);
	}
	MARK();
	sigprocmask(SIG_SETMASK, NULL, &mask);
	expect(handled == (expected >= 0 && !finish), "it was not handled once");
	expect(sigisemptyset(&mask), "something is blocked afterwards");
	pair();
}

/* What the checker has to find, if it still sees, and believes what is true. */
static void misuse(void)
{
	set(F_WRLCK);
	close(open(file, O_RDONLY));
	set(F_UNLCK);
}

static void child(void)
{
	alarm(100);
	fd = open(file, O_RDWR | O_CREAT, 0600);
	install();
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(CANNOT);
	for (expected = -1; !finish; expected++) /* the first pair fills caches */
		one_pair();
	misuse();
	_exit(wrong != 0);
}

static int wait_for(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		exit(3);
	if (WIFEXITED(status))
		exit(WEXITSTATUS(status));
	if (!WIFSTOPPED(status)) {
		printf("the child was killed by signal %d\n", WTERMSIG(status));
		exit(1);
	}
	return WSTOPSIG(status);
}

static int is_mark(pid_t pid)
{
	siginfo_t info;

	return ptrace(PTRACE_GETSIGINFO, pid, NULL, &info) == 0 && info.si_code == SI_KERNEL;
}

/* Lets the child go on to the next mark, with whatever signals it gets. */
static void go_to_mark(pid_t pid)
{
	siginfo_t fault = { .si_signo = SIGSEGV, .si_code = SEGV_MAPERR };
	int signal = 0;

	do {
		ptrace(PTRACE_CONT, pid, NULL, (void *)(long)signal);
		signal = wait_for(pid);
		if (signal == SIGTRAP)
			signal = is_mark(pid) ? SIGTRAP : 0;
		if (signal == SIGSEGV)
			ptrace(PTRACE_SETSIGINFO, pid, NULL, &fault);
	} while (signal != SIGTRAP);
}

/* True when the child has come to the second mark on its way. */
static int step(pid_t pid, int count)
{
	while (count-- > 0) {
		ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL);
		if (wait_for(pid) == SIGTRAP && is_mark(pid))
			return 1;
	}
	return 0;
}

static void send(pid_t pid, int value)
{
	siginfo_t info = { .si_signo = mode->signal, .si_code = SI_QUEUE };

	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value.sival_int = value;
	if (syscall(SYS_rt_tgsigqueueinfo, pid, pid, mode->signal, &info))
		exit(3);
}

static pid_t start(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		child();
	wait_for(pid);
	ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)PTRACE_O_EXITKILL);
	go_to_mark(pid);
	go_to_mark(pid);
	return pid;
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void end(pid_t pid)
{
	int status;

	ptrace(PTRACE_POKEDATA, pid, (void *)(uintptr_t)&finish, (void *)1);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	if (waitpid(pid, &status, 0) != pid || status)
		printf("the child ended with %#x\n", (unsigned)status);
}

/* From the first mark of a pair to the first mark of the next. False when count is beyond the end.
 */
static int signal_after(pid_t pid, int count, int value)
{
	if (step(pid, count))
		return 0;
	send(pid, value);
	go_to_mark(pid);
	go_to_mark(pid);
	return 1;
}

static void traced(int stride)
{
	pid_t pid = start();
	int count = 0, sent = 0;

	while ((mode->endures || sent < 32) && signal_after(pid, count, mode->endures ? sent : 0)) {
		count += stride;
		sent++;
		if (!mode->endures) {
			stop(pid);
			pid = start();
		}
	}
	if (mode->endures)
		end(pid);
	else
		stop(pid);
	fprintf(stderr, "%d signals in %d instructions\n", sent, count);
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(argv[1], modes[i].name))
			mode = &modes[i];
	file = argv[2];
	if (!mode)
		return 2;
	setvbuf(stdout, NULL, _IONBF, 0);
	traced(atoi(argv[3]));
	puts("done");
	return 0;
}
