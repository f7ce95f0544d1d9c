/* SPDX-License-Identifier: MIT */
/*
 * What the lock library costs beside the kernel's own calls and libc's thread lock, all in one run.
 * Prints "name value unit" lines; tests/bench/lib.sh adds the others and the ratios.
 *
 * The machine may be busy: what is compared is measured in small turns, one after the other, and the
 * median over the turns counts.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "holdfast.h"

#define TURNS 101
#define PAIRS 500
#define HANDOFFS 101
#define OVERSHOOTS 51
#define READERS 8
#define READS 20000

static const char *path;

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), by_value);
	return values[count / 2];
}

static void die(const char *what)
{
	(void)fprintf(stderr, "lib-bench: %s: %s: %s\n", path, what, strerror(errno));
	exit(1);
}

static void must(int ret, const char *what)
{
	if (!ret)
		return;
	(void)fprintf(stderr, "lib-bench: %s: %s: %s\n", path, what, hf_strerror(ret));
	exit(1);
}

static void print(const char *name, double value, const char *unit)
{
	(void)printf("%-28s %10.1f %s\n", name, value, unit);
	(void)fflush(stdout);
}

/* ---- pairs ---- */

struct subject {
	const char *name;
	void (*pair)(void *arg);
	void *arg;
	double turns[TURNS];
};

static void raw_pair(void *arg)
{
	struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = *(int *)arg;

	if (fcntl(fd, F_OFD_SETLK, &range))
		die("F_OFD_SETLK");
	range.l_type = F_UNLCK;
	range.l_pid = 0;
	if (fcntl(fd, F_OFD_SETLK, &range))
		die("F_OFD_SETLK");
}

static void lock_pair(void *arg)
{
	must(hf_lock_acquire(arg, HF_EXCLUSIVE, HF_NOWAIT), "acquire");
	must(hf_lock_release(arg), "release");
}

static void pthread_read_pair(void *arg)
{
	(void)pthread_rwlock_rdlock(arg);
	(void)pthread_rwlock_unlock(arg);
}

static void pthread_write_pair(void *arg)
{
	(void)pthread_rwlock_wrlock(arg);
	(void)pthread_rwlock_unlock(arg);
}

static void rwlock_read_pair(void *arg)
{
	must(hf_rwlock_acquire(arg, HF_SHARED, HF_FOREVER), "acquire");
	must(hf_rwlock_release(arg, HF_SHARED), "release");
}

static void rwlock_write_pair(void *arg)
{
	must(hf_rwlock_acquire(arg, HF_EXCLUSIVE, HF_FOREVER), "acquire");
	must(hf_rwlock_release(arg, HF_EXCLUSIVE), "release");
}

static double time_pairs(const struct subject *subject)
{
	double start = now();
	int i;

	for (i = 0; i < PAIRS; i++)
		subject->pair(subject->arg);
	return (now() - start) / PAIRS;
}

static void compare(struct subject *subjects, int count)
{
	int turn, i;

	for (turn = 0; turn < TURNS; turn++)
		for (i = 0; i < count; i++)
			subjects[i].turns[turn] = time_pairs(&subjects[i]);
	for (i = 0; i < count; i++)
		print(subjects[i].name, median(subjects[i].turns, TURNS), "ns");
}

static void bench_pairs(void)
{
	pthread_rwlock_t pthread_lock = PTHREAD_RWLOCK_INITIALIZER;
	hf_lock *plain, *unchecked;
	hf_rwlock *rwlock;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		die("open");
	must(hf_lock_open(path, 0, &plain), "open");
	must(hf_lock_open(path, HF_NO_RECHECK, &unchecked), "open");
	must(hf_rwlock_new(&rwlock), "rwlock");
	struct subject files[] = { { .name = "raw_pair", .pair = raw_pair, .arg = &fd },
				   { .name = "hf_pair_no_recheck", .pair = lock_pair, .arg = unchecked },
				   { .name = "hf_pair", .pair = lock_pair, .arg = plain } };
	struct subject threads[] = {
		{ .name = "pthread_read_pair", .pair = pthread_read_pair, .arg = &pthread_lock },
		{ .name = "hf_rwlock_read_pair", .pair = rwlock_read_pair, .arg = rwlock },
		{ .name = "pthread_write_pair", .pair = pthread_write_pair, .arg = &pthread_lock },
		{ .name = "hf_rwlock_write_pair", .pair = rwlock_write_pair, .arg = rwlock }
	};

	compare(files, 3);
	compare(threads, 4);
	hf_rwlock_free(rwlock);
	hf_lock_close(unchecked);
	hf_lock_close(plain);
	(void)close(fd);
}

/* ---- eight readers ---- */

static void *read_much(void *arg)
{
	const struct subject *subject = arg;
	int i;

	for (i = 0; i < READS; i++)
		subject->pair(subject->arg);
	return NULL;
}

static double time_readers(struct subject *subject)
{
	pthread_t threads[READERS];
	double start = now();
	int i;

	for (i = 0; i < READERS; i++)
		if (pthread_create(&threads[i], NULL, read_much, subject))
			die("pthread_create");
	for (i = 0; i < READERS; i++)
		(void)pthread_join(threads[i], NULL);
	return (now() - start) / (READERS * READS);
}

static void bench_readers(void)
{
	pthread_rwlock_t pthread_lock = PTHREAD_RWLOCK_INITIALIZER;
	hf_rwlock *rwlock;
	double with_pthread[11], with_holdfast[11];
	int i;

	must(hf_rwlock_new(&rwlock), "rwlock");
	struct subject theirs = { .pair = pthread_read_pair, .arg = &pthread_lock };
	struct subject ours = { .pair = rwlock_read_pair, .arg = rwlock };

	for (i = 0; i < 11; i++) {
		with_pthread[i] = time_readers(&theirs);
		with_holdfast[i] = time_readers(&ours);
	}
	print("pthread_8_readers", median(with_pthread, 11), "ns");
	print("hf_rwlock_8_readers", median(with_holdfast, 11), "ns");
	hf_rwlock_free(rwlock);
}

/* ---- hand-off: from the holder's unlock to the waiter's return ---- */

/* The holder notes when it is about to unlock in memory that both see. */
static void hold_and_release(volatile double *released, int ready, int go)
{
	struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(path, O_RDWR | O_CLOEXEC);
	char byte;

	while (read(go, &byte, 1) == 1) {
		range.l_type = F_WRLCK;
		range.l_pid = 0;
		if (fcntl(fd, F_OFD_SETLKW, &range) || write(ready, "h", 1) != 1)
			_exit(1);
		(void)usleep(3000); /* until the waiter sleeps */
		range.l_type = F_UNLCK;
		*released = now();
		(void)fcntl(fd, F_OFD_SETLK, &range);
	}
	_exit(0);
}

static void wait_raw(void *arg)
{
	struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = *(int *)arg;

	if (fcntl(fd, F_OFD_SETLKW, &range))
		die("F_OFD_SETLKW");
}

static void unlock_raw(void *arg)
{
	struct flock range = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	(void)fcntl(*(int *)arg, F_OFD_SETLK, &range);
}

static void wait_holdfast(void *arg)
{
	must(hf_lock_acquire(arg, HF_EXCLUSIVE, HF_SEC(20)), "acquire");
}

static void unlock_holdfast(void *arg)
{
	must(hf_lock_release(arg), "release");
}

static double one_handoff(volatile double *released, int ready, int go, void (*wait)(void *),
			  void (*unlock)(void *), void *arg)
{
	double taken;
	char byte;

	if (write(go, "g", 1) != 1 || read(ready, &byte, 1) != 1)
		die("pipe");
	wait(arg);
	taken = now() - *released;
	unlock(arg);
	return taken / 1e3;
}

static void bench_handoff(volatile double *released)
{
	double kernel[HANDOFFS], holdfast[HANDOFFS];
	int ready[2], go[2];
	int fd = open(path, O_RDWR | O_CLOEXEC);
	hf_lock *lock;
	pid_t pid;
	int i;

	if (pipe2(ready, O_CLOEXEC) || pipe2(go, O_CLOEXEC))
		die("pipe");
	pid = fork();
	if (pid == 0) {
		(void)close(go[1]);
		hold_and_release(released, ready[1], go[0]);
	}
	must(hf_lock_open(path, 0, &lock), "open");
	for (i = 0; i < HANDOFFS; i++) {
		kernel[i] = one_handoff(released, ready[0], go[1], wait_raw, unlock_raw, &fd);
		holdfast[i] = one_handoff(released, ready[0], go[1], wait_holdfast, unlock_holdfast,
					  lock);
	}
	(void)close(go[1]);
	(void)waitpid(pid, NULL, 0);
	print("kernel_handoff", median(kernel, HANDOFFS), "us");
	print("hf_handoff_with_deadline", median(holdfast, HANDOFFS), "us");
	hf_lock_close(lock);
	(void)close(fd);
}

/* ---- overshoot ---- */

static void bench_overshoot(void)
{
	double late[OVERSHOOTS];
	hf_lock *holder, *waiter;
	int i;

	must(hf_lock_open(path, HF_ANY_THREAD, &holder), "open");
	must(hf_lock_open(path, HF_ANY_THREAD, &waiter), "open");
	must(hf_lock_acquire(holder, HF_EXCLUSIVE, HF_NOWAIT), "acquire");
	for (i = 0; i < OVERSHOOTS; i++) {
		double start = now();

		if (hf_lock_acquire(waiter, HF_EXCLUSIVE, HF_MSEC(5)) != -ETIMEDOUT)
			die("no timeout");
		late[i] = (now() - start) / 1e3 - 5e3;
	}
	print("hf_overshoot", median(late, OVERSHOOTS), "us");
	hf_lock_close(waiter);
	hf_lock_close(holder);
}

int main(int argc, char **argv)
{
	volatile double *released;

	if (argc != 2) {
		(void)fputs("usage: lib-bench FILE\n", stderr);
		return 2;
	}
	path = argv[1];
	released = mmap(NULL, sizeof(*released), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	if (released == MAP_FAILED)
		die("mmap");
	bench_pairs();
	bench_readers();
	bench_handoff(released);
	bench_overshoot();
	return 0;
}
