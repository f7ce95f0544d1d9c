/* SPDX-License-Identifier: MIT */
/*
 * The library where the C library is another one: tests/interop/musl.sh builds this together with
 * its sources. Prints TAP. Everything is asked of a second process, which holds the lock that is
 * waited for.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "holdfast.h"
#include "sys.h"

#define WAITS 3000

static const char *path;
static int number, failed;
static int threads_made;
static struct hf_sys real;

static void ok(bool good, const char *name)
{
	failed += !good;
	(void)printf("%s %d - %s\n", good ? "ok" : "not ok", ++number, name);
}

static hf_lock *open_lock(unsigned flags)
{
	hf_lock *lock = NULL;
	int ret = hf_lock_open(path, flags, &lock);

	if (ret) {
		(void)printf("Bail out! cannot open %s: %s\n", path, hf_strerror(ret));
		exit(1);
	}
	return lock;
}

/* ---- a second process ---- */

struct holder {
	pid_t pid;
	int go; /* closed: it lets go and ends */
};

/* Holds the lock until told, or for ever by turns; returns when it is held. */
static struct holder start_holder(hf_mode mode, useconds_t turn)
{
	struct holder ret;
	int go[2], held[2];
	char byte = 'h';

	if (pipe(go) || pipe(held))
		exit(1);
	ret = (struct holder){ .pid = fork(), .go = go[1] };
	if (ret.pid == 0) {
		hf_lock *lock = open_lock(0);

		(void)close(go[1]);
		if (hf_lock_acquire(lock, mode, HF_NOWAIT) || write(held[1], &byte, 1) != 1)
			_exit(1);
		while (turn) {
			(void)usleep(turn);
			(void)hf_lock_release(lock);
			if (hf_lock_acquire(lock, mode, HF_FOREVER))
				_exit(1);
		}
		_exit(read(go[0], &byte, 1) != 0);
	}
	(void)close(go[0]);
	(void)close(held[1]);
	if (read(held[0], &byte, 1) != 1)
		exit(1);
	(void)close(held[0]);
	return ret;
}

static void end_holder(struct holder *holder)
{
	(void)close(holder->go);
	(void)waitpid(holder->pid, NULL, 0);
}

static int try_elsewhere(hf_mode mode)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(-hf_lock_acquire(open_lock(0), mode, HF_NOWAIT));
	(void)waitpid(pid, &status, 0);
	return -WEXITSTATUS(status);
}

/* ---- hf_lock ---- */

static void test_exclusion(void)
{
	hf_lock *lock = open_lock(0);

	ok(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT) == 0, "a lock is taken");
	ok(try_elsewhere(HF_SHARED) == -EBUSY, "another process is kept out");
	ok(hf_lock_verify(lock) == 0, "the kernel confirms it");
	ok(hf_lock_acquire(lock, HF_SHARED, HF_FOREVER) == -EDEADLK, "the thread itself is told");
	ok(hf_lock_convert(lock, HF_SHARED, HF_NOWAIT) == 0 && try_elsewhere(HF_SHARED) == 0,
	   "a downgrade lets another reader in");
	ok(hf_lock_release(lock) == 0 && try_elsewhere(HF_EXCLUSIVE) == 0, "released, it is free");
	hf_lock_close(lock);
}

static int count_threads(pthread_t *ret, const pthread_attr_t *attr, void *(*run)(void *),
			 void *arg)
{
	threads_made++;
	return real.thread(ret, attr, run, arg);
}

static void test_waiting(void)
{
	struct holder holder = start_holder(HF_EXCLUSIVE, 0);
	hf_lock *lock = open_lock(0);

	hf_sys.thread = count_threads;
	ok(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_MSEC(20)) == -ETIMEDOUT, "a deadline passes");
	ok(threads_made == 1, "a helper thread has waited, and was cancelled");
	ok(hf_lock_mode(lock) == 0, "nothing is held then");
	end_holder(&holder);
	ok(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT) == 0, "nor left behind");
	hf_lock_close(lock);
}

static int end_the_holder(hf_lock *lock, hf_mode mode, void *arg)
{
	(void)lock;
	(void)mode;
	end_holder(arg);
	return 0;
}

static void test_grant(void)
{
	struct holder holder = start_holder(HF_EXCLUSIVE, 0);
	hf_lock *lock = open_lock(0);

	(void)hf_lock_on_wait(lock, end_the_holder, &holder);
	ok(hf_lock_acquire(lock, HF_SHARED, HF_SEC(50)) == 0, "a wait with a deadline is granted");
	hf_lock_close(lock);
}

/* Grants and deadlines meet all the time: none may be lost, none may stay behind. */
static void test_many_deadlines(void)
{
	struct holder holder = start_holder(HF_EXCLUSIVE, 150);
	hf_lock *lock = open_lock(0);
	int given_up = 0, wrong = 0;
	int i, ret;

	for (i = 0; i < WAITS; i++) {
		ret = hf_lock_acquire(lock, HF_EXCLUSIVE, 1 + i * 137 % 300000);
		given_up += ret == -ETIMEDOUT;
		wrong += ret != 0 && ret != -ETIMEDOUT;
		wrong += hf_lock_mode(lock) != (ret ? 0 : HF_EXCLUSIVE);
		wrong += ret == 0 && hf_lock_release(lock) != 0;
	}
	(void)kill(holder.pid, SIGKILL);
	end_holder(&holder);
	(void)printf("# %d of %d waits were given up\n", given_up, WAITS);
	ok(wrong == 0, "thousands of waits are granted or given up");
	ok(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_SEC(50)) == 0, "and leave nothing behind");
	hf_lock_close(lock);
}

static int ask_in_child(hf_lock *lock)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		int ret = hf_lock_release(lock);

		hf_lock_close(lock);
		_exit(-ret);
	}
	(void)waitpid(pid, &status, 0);
	return -WEXITSTATUS(status);
}

static void test_fork(void)
{
	hf_lock *lock = open_lock(0);

	ok(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT) == 0 && ask_in_child(lock) == -EPERM,
	   "a forked child holds nothing");
	ok(try_elsewhere(HF_SHARED) == -EBUSY, "and its close leaves the parent's lock alone");
	hf_lock_close(lock);
}

/* ---- hf_rwlock ---- */

#define THREADS 8
#define ROUNDS 2000

static hf_rwlock *rwlock;
static long guarded;
static int wrong;

static void *use_rwlock(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < ROUNDS; i++) {
		hf_mode mode = i % 4 ? HF_SHARED : HF_EXCLUSIVE;
		int ret = hf_rwlock_acquire(rwlock, mode, i % 3 ? HF_FOREVER : HF_SEC(50));

		if (mode == HF_EXCLUSIVE)
			guarded++;
		if (ret || hf_rwlock_release(rwlock, mode))
			__atomic_store_n(&wrong, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void *try_to_write(void *arg)
{
	*(int *)arg = hf_rwlock_acquire(rwlock, HF_EXCLUSIVE, HF_MSEC(5));
	return NULL;
}

static void test_rwlock(void)
{
	pthread_t threads[THREADS];
	int i, ret = 0;

	ok(hf_rwlock_new(&rwlock) == 0, "an rwlock is made");
	for (i = 0; i < THREADS; i++)
		(void)pthread_create(&threads[i], NULL, use_rwlock, NULL);
	for (i = 0; i < THREADS; i++)
		(void)pthread_join(threads[i], NULL);
	ok(!wrong && guarded == THREADS * ROUNDS / 4, "its writers are alone");
	ok(hf_rwlock_acquire(rwlock, HF_SHARED, HF_NOWAIT) == 0, "it is free then");
	(void)pthread_create(&threads[0], NULL, try_to_write, &ret);
	(void)pthread_join(threads[0], NULL);
	ok(ret == -ETIMEDOUT, "its deadline passes");
	ok(hf_rwlock_release(rwlock, HF_SHARED) == 0, "and it is given back");
	hf_rwlock_free(rwlock);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	(void)setvbuf(stdout, NULL, _IONBF, 0); /* children must not print it again */
	path = argv[1];
	real = hf_sys;
	test_exclusion();
	test_waiting();
	test_grant();
	test_many_deadlines();
	test_fork();
	test_rwlock();
	(void)printf("1..%d\n", number);
	return failed != 0;
}
