/* SPDX-License-Identifier: MIT */
/*
 * Everything that a program can tell about its signal handlers, while it locks and unlocks a file:
 * signals FILE. signals.sh compares the output of this program alone with its output under the
 * checker: there must be no difference.
 */
#define _GNU_SOURCE
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int fd;
volatile sig_atomic_t handled, wrong;
static volatile sig_atomic_t last;
static siginfo_t seen;

static void set(short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_len = 1 };

	if (fcntl(fd, F_SETLK, &lock))
		wrong++;
}

void pair(void)
{
	set(F_WRLCK);
	set(F_UNLCK);
}

void unlock(void)
{
	set(F_UNLCK);
}

void by_number(int signal)
{
	handled++;
	last = signal;
}

void other(int signal)
{
	by_number(signal);
}

static void by_info(int signal, siginfo_t *info, void *context)
{
	by_number(signal);
	seen = *info;
	if (!context)
		wrong++;
}

static struct sigaction action_of(void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigemptyset(&action.sa_mask);
	return action;
}

struct sigaction info_action(void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO };

	sigemptyset(&action.sa_mask);
	return action;
}

void install(int signal, void (*handler)(int), int flags)
{
	struct sigaction action = action_of(handler, flags);

	sigaction(signal, &action, NULL);
}

static const char *name_of(void (*handler)(int))
{
	return handler == SIG_DFL     ? "SIG_DFL"
	       : handler == SIG_IGN   ? "SIG_IGN"
	       : handler == SIG_ERR   ? "SIG_ERR"
	       : handler == by_number ? "by_number"
	       : handler == other     ? "other"
				      : "unknown";
}

/* flags of the program's, without what libc adds for itself. */
static void show(const char *what, const struct sigaction *action)
{
	const char *name = action->sa_flags & SA_SIGINFO
				   ? action->sa_sigaction == by_info ? "by_info" : "unknown"
				   : name_of(action->sa_handler);

	printf("%s: %s, flags %#x, blocks USR1 %d HUP %d\n", what, name,
	       (unsigned)action->sa_flags & ~0x04000000u, sigismember(&action->sa_mask, SIGUSR1),
	       sigismember(&action->sa_mask, SIGHUP));
}

static void show_now(const char *what, int signal)
{
	struct sigaction now;

	if (sigaction(signal, NULL, &now))
		printf("%s: %s\n", what, strerror(errno));
	else
		show(what, &now);
}

static void old_actions(void)
{
	static const int signals[] = { SIGUSR1, SIGSEGV, SIGCHLD, SIGCONT, SIGTSTP, 40, 64 };
	struct sigaction info = info_action(by_info, SA_RESTART), old, *volatile in_place;

	sigaddset(&info.sa_mask, SIGHUP);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		printf("signal() gave %s, ", name_of(signal(signals[i], by_number)));
		show_now("then", signals[i]);
		sigaction(signals[i], &info, &old);
		show("old", &old);
		in_place = &old;
		old = info;
		sigaction(signals[i], &old, in_place);
		show("old in place", &old);
		siginterrupt(signals[i], 1);
		show_now("after siginterrupt()", signals[i]);
		signal(signals[i], other);
		show_now("after siginterrupt() and signal()", signals[i]);
		siginterrupt(signals[i], 0);
		printf("signal() gave %s\n", name_of(signal(signals[i], SIG_DFL)));
	}
}

static void refused(void)
{
	struct sigaction action = action_of(by_number, 0);

	for (int signal_ = -1; signal_ < 67; signal_++)
		if (sigaction(signal_, &action, NULL))
			printf("sigaction(%d): %s\n", signal_, strerror(errno));
		else
			signal(signal_, SIG_DFL);
	printf("signal(SIGKILL): %s, signal(SIG_ERR): %s, sigaction(SIGSTOP, NULL): %d\n",
	       name_of(signal(SIGKILL, by_number)), name_of(signal(SIGUSR1, SIG_ERR)),
	       sigaction(SIGSTOP, NULL, NULL));
}

/* By the kernel's own call, with its own structure. */
static void by_system_call(void)
{
	unsigned long given[4] = { 0 };

	install(SIGUSR1, by_number, SA_RESTART);
	syscall(SYS_rt_sigaction, SIGUSR1, NULL, given, 8);
	printf("the kernel has %s\n", name_of((void (*)(int))given[0]));
	given[0] = (unsigned long)other;
	syscall(SYS_rt_sigaction, SIGUSR1, given, NULL, 8);
	show_now("after a system call", SIGUSR1);
	handled = 0;
	raise(SIGUSR1);
	printf("handled %d, bad pointer %ld\n", (int)handled,
	       syscall(SYS_rt_sigaction, SIGUSR1, (void *)1, NULL, 8));
}

static void old_interfaces(void)
{
#ifdef __GLIBC__
	printf("sysv_signal() gave %s\n", name_of(sysv_signal(SIGUSR1, by_number)));
	handled = 0;
	raise(SIGUSR1);
	printf("handled %d, ", (int)handled);
	show_now("then", SIGUSR1);
#endif
	printf("sigset() gave %s, ", name_of(sigset(SIGUSR2, by_number)));
	printf("%d, ", sigset(SIGUSR2, SIG_HOLD) == by_number);
	printf("%d, ", sigset(SIGUSR2, other) == SIG_HOLD);
	show_now("then", SIGUSR2);
	signal(SIGUSR2, SIG_DFL);
}

static void nested(int signal)
{
	sigset_t mask;

	sigprocmask(SIG_SETMASK, NULL, &mask);
	printf("nested %d, blocked %d\n", (int)handled, sigismember(&mask, signal));
	if (++handled < 3)
		raise(signal);
	handled--;
}

static char alternate[1 << 16];

static void where(int signal)
{
	char here = (char)signal;
	int inside = &here > alternate && &here < alternate + sizeof(alternate);

	pair();
	printf("on the alternate stack %d\n", inside);
}

static void again(int signal_)
{
	by_number(signal_);
	signal(signal_, again);
}

static void flags(void)
{
	stack_t stack = { .ss_sp = alternate, .ss_size = sizeof(alternate) };
	struct sigaction reset = action_of(by_number, (int)SA_RESETHAND);

	sigaction(SIGUSR1, &reset, NULL);
	pair();
	raise(SIGUSR1);
	show_now("SA_RESETHAND, afterwards", SIGUSR1);
	handled = 0;
	install(SIGUSR1, nested, SA_NODEFER);
	raise(SIGUSR1);
	sigaltstack(&stack, NULL);
	install(SIGUSR1, where, SA_ONSTACK);
	raise(SIGUSR1);
	install(SIGUSR1, where, 0);
	raise(SIGUSR1);
	handled = 0;
	signal(SIGUSR1, again);
	for (int i = 0; i < 1000; i++)
		raise(SIGUSR1);
	printf("installed itself again: %d\n", (int)handled);
}

static void show_seen(const char *what)
{
	printf("%s: signal %d, code %d, from me %d, value %d\n", what, seen.si_signo, seen.si_code,
	       seen.si_pid == getpid(), seen.si_code == SI_QUEUE ? seen.si_value.sival_int : 0);
}

static void siginfo(void)
{
	struct sigaction action = info_action(by_info, 0);
	struct itimerval soon = { .it_value = { .tv_usec = 1 } };
	int status;

	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	sigaction(SIGCHLD, &action, NULL);
	raise(SIGUSR1);
	show_seen("raise");
	kill(getpid(), SIGUSR1);
	show_seen("kill");
	sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_int = 77 });
	show_seen("sigqueue");
	handled = 0;
	setitimer(ITIMER_REAL, &soon, NULL);
	while (!handled)
		pair();
	printf("timer: signal %d, code %d\n", seen.si_signo, seen.si_code);
	handled = 0;
	if (fork() == 0)
		_exit(7);
	while (!handled)
		pair();
	wait(&status);
	printf("child: signal %d, code %d, status %d\n", seen.si_signo, seen.si_code,
	       seen.si_status);
	signal(SIGCHLD, SIG_DFL);
}

static void *volatile nowhere = NULL;

static void fault(int signal, siginfo_t *info, void *context)
{
	(void)context;
	handled++;
	if (signal != SIGSEGV || info->si_code != SEGV_MAPERR || info->si_addr != NULL)
		wrong++;
	siglongjmp(before, 1);
}

static void faults(void)
{
	struct sigaction action = info_action(fault, 0);

	sigaction(SIGSEGV, &action, NULL);
	handled = 0;
	(void)sigsetjmp(before, 1);
	pair();
	if (handled < 1000)
		*(volatile char *)nowhere = 1;
	printf("%d faults, %d wrong\n", (int)handled, (int)wrong);
	signal(SIGSEGV, SIG_DFL);
}

static int status_of(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	return status;
}

static void children(void)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)"kill -USR1 $$; exit 3", NULL };
	posix_spawnattr_t attributes;
	sigset_t all;
	pid_t pid;

	install(SIGUSR1, by_number, SA_RESTART);
	handled = 0;
	pid = vfork();
	if (pid == 0) {
		signal(SIGUSR1, SIG_IGN);
		install(SIGUSR2, other, 0);
		signal(SIGTERM, SIG_DFL);
		_exit(handled);
	}
	printf("vfork: %#x, ", (unsigned)status_of(pid));
	show_now("then", SIGUSR1);
	raise(SIGUSR1);
	pid = fork();
	if (pid == 0) {
		raise(SIGUSR1);
		install(SIGUSR1, other, 0);
		pair();
		raise(SIGUSR1);
		_exit(handled);
	}
	printf("fork: %#x, handled here %d, ", (unsigned)status_of(pid), (int)handled);
	show_now("then", SIGUSR1);
	posix_spawnp(&pid, "sh", NULL, NULL, argv, environ);
	printf("spawned: %#x\n", (unsigned)status_of(pid));
	sigfillset(&all);
	signal(SIGUSR1, SIG_IGN);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnp(&pid, "sh", NULL, &attributes, argv, environ);
	printf("spawned with defaults: %#x\n", (unsigned)status_of(pid));
	install(SIGINT, by_number, SA_RESTART);
	printf("system: %#x, ", (unsigned)system("kill -INT $$; exit 4"));
	show_now("then", SIGINT);
}

static void clean(void *unused)
{
	(void)unused;
	pair();
	handled += 100;
}

static volatile int in_loop;

static void *endless(void *type)
{
	int old;

	pthread_setcanceltype(type ? PTHREAD_CANCEL_ASYNCHRONOUS : PTHREAD_CANCEL_DEFERRED, &old);
	pthread_cleanup_push(clean, NULL);
	for (int i = 0; i < 1000; i++)
		pair();
	in_loop = 1;
	while (in_loop)
		if (!type)
			pthread_testcancel();
	pthread_cleanup_pop(0);
	return NULL;
}

static void cancelled(int asynchronous)
{
	pthread_t thread;
	void *result;

	handled = in_loop = 0;
	pthread_create(&thread, NULL, endless, asynchronous ? before : NULL);
	while (!in_loop)
		pthread_kill(thread, SIGUSR1);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	printf("cancelled %d, cleaned up %d\n", result == PTHREAD_CANCELED, handled >= 100);
}

static void cancellation(void)
{
	install(SIGUSR1, by_number, 0);
	cancelled(0);
#ifdef __GLIBC__ /* musl's ends this with a fault, now and then */
	cancelled(1);
#endif
}

static void waited_for(void)
{
	sigset_t set_;
	siginfo_t info;

	install(SIGUSR1, by_number, 0);
	sigemptyset(&set_);
	sigaddset(&set_, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set_, NULL);
	handled = 0;
	kill(getpid(), SIGUSR1);
	pair();
	printf("sigwaitinfo: %d, ", sigwaitinfo(&set_, &info));
	printf("code %d, handled %d\n", info.si_code, (int)handled);
	sigprocmask(SIG_UNBLOCK, &set_, NULL);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(100);
	fd = open(argv[1], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	many();
	jumps();
	raised_jumps();
	changing_threads();
	siginfo();
	faults();
	waited_for();
	cancellation();
	children();
	timed_jumps();
	alarm(100);
	/* From here on the checker masks signals: some of these handlers can have no stub. */
	old_actions();
	refused();
	flags();
	old_interfaces();
	by_system_call();
	many();
	jumps();
	real_time();
	children();
	printf("%d wrong\n", (int)wrong);
	return 0;
}
