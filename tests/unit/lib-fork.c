/* SPDX-License-Identifier: MIT */
/* fork, exec and death: what a child has of its parent's locks, which is nothing. */
#include "config.h"

#include "lib.h"

#include <spawn.h>

TestSuite(forking, .init = folder_setup, .fini = folder_teardown, .timeout = 60);

static int try_everything(struct child *self, void *arg)
{
	hf_lock *lock = arg;

	(void)self;
	if (hf_lock_acquire(lock, HF_SHARED, HF_NOWAIT) != -EPERM ||
	    hf_lock_convert(lock, HF_SHARED, HF_NOWAIT) != -EPERM ||
	    hf_lock_release(lock) != -EPERM || hf_lock_mode(lock) != -EPERM ||
	    hf_lock_verify(lock) != -EPERM || hf_lock_fd(lock) != -EPERM ||
	    hf_lock_cancel(lock) != -EPERM)
		return 1;
	hf_lock_close(lock);
	return 0;
}

Test(forking, a_child_holds_nothing_and_its_close_leaves_the_parents_lock)
{
	hf_lock *lock = held_on("f", HF_EXCLUSIVE);
	struct child child = child_start(try_everything, lock);

	cr_expect_eq(child_finish(&child), 0);
	cr_expect_eq(hf_lock_mode(lock), HF_EXCLUSIVE);
	cr_expect_eq(try_in_child("f", HF_SHARED), -EBUSY);
	cr_expect_eq(hf_lock_verify(lock), 0);
	hf_lock_close(lock);
}

static int open_anew(struct child *self, void *arg)
{
	hf_lock *lock;

	(void)self;
	(void)arg;
	if (hf_lock_open("f", 0, &lock) || hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT) != -EBUSY ||
	    hf_lock_open("g", 0, &lock) || hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT))
		return 1;
	hf_lock_close(lock);
	return 0;
}

Test(forking, a_child_can_lock_through_handles_of_its_own)
{
	hf_lock *lock = held_on("f", HF_EXCLUSIVE);
	struct child child = child_start(open_anew, NULL);

	cr_expect_eq(child_finish(&child), 0);
	hf_lock_close(lock);
}

static int count_in_child(struct child *self, void *arg)
{
	int *fds = arg;

	(void)self;
	return count_fds() > *fds ? 1 : 0;
}

Test(forking, a_child_keeps_no_descriptor_of_the_library)
{
	int fds = count_fds() + 2; /* the child's two pipe ends */
	hf_lock *first = held_on("f", HF_EXCLUSIVE);
	hf_lock *second = held_on("g", HF_SHARED);
	struct child child = child_start(count_in_child, &fds);

	cr_expect_eq(child_finish(&child), 0);
	hf_lock_close(second);
	hf_lock_close(first);
}

/* Holds the lock, and has a child of its own that lives on. */
static int hold_and_fork(struct child *self, void *arg)
{
	hf_lock *lock;
	pid_t pid;

	(void)arg;
	if (hf_lock_open("f", 0, &lock) || hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT))
		return 1;
	pid = fork();
	if (pid == 0) {
		await_go(self);
		_exit(0);
	}
	tell(self, 'h');
	(void)pause();
	return 0;
}

Test(forking, a_killed_holders_lock_is_free_although_its_child_lives)
{
	struct child holder = child_start(hold_and_fork, NULL);
	hf_lock *lock = lock_on("f");

	cr_assert_eq(child_told(&holder), 'h');
	cr_expect_eq(hf_lock_acquire(lock, HF_SHARED, HF_NOWAIT), -EBUSY);
	(void)kill(holder.pid, SIGKILL);
	(void)waitpid(holder.pid, NULL, 0);
	/* The grandchild lets go of its copy when it first runs. */
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_SEC(50)), 0);
	(void)close(holder.to);
	(void)close(holder.from);
	hf_lock_close(lock);
}

static int hold_and_exec(struct child *self, void *arg)
{
	hf_lock *lock;

	(void)arg;
	if (hf_lock_open("f", 0, &lock) || hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT))
		return 1;
	(void)fcntl(self->to, F_SETFD, 0); /* cat writes to it */
	(void)dup2(self->from, STDIN_FILENO);
	(void)dup2(self->to, STDOUT_FILENO);
	(void)execlp("sh", "sh", "-c", "printf x; cat >/dev/null", (char *)NULL);
	return 2;
}

Test(forking, exec_lets_go)
{
	struct child child = child_start(hold_and_exec, NULL);

	cr_assert_eq(child_told(&child), 'x');
	cr_expect_eq(try_in_child("f", HF_EXCLUSIVE), 0);
	cr_expect_eq(child_finish(&child), 0);
}

Test(forking, a_vfork_or_spawned_child_leaves_the_lock_alone)
{
	char name[] = "true";
	char *argv[] = { name, NULL };
	hf_lock *lock = held_on("f", HF_EXCLUSIVE);
	pid_t pid;
	int status;

	pid = vfork();
	if (pid == 0)
		_exit(0);
	(void)waitpid(pid, &status, 0);
	cr_assert_eq(posix_spawnp(&pid, "true", NULL, NULL, argv, environ), 0);
	(void)waitpid(pid, &status, 0);
	cr_expect_eq(try_in_child("f", HF_SHARED), -EBUSY);
	cr_expect_eq(hf_lock_mode(lock), HF_EXCLUSIVE);
	hf_lock_close(lock);
}

static void *fork_much(void *arg)
{
	bool *stop = arg;
	pid_t pid;

	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		pid = fork();
		if (pid == 0)
			_exit(0);
		(void)waitpid(pid, NULL, 0);
	}
	return NULL;
}

Test(forking, forks_in_one_thread_do_not_disturb_locks_in_another)
{
	bool stop = false;
	pthread_t thread;
	int i;

	cr_assert_eq(pthread_create(&thread, NULL, fork_much, &stop), 0);
	for (i = 0; i < 300; i++) {
		hf_lock *lock = lock_on("f");

		cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), 0);
		cr_expect_eq(hf_lock_release(lock), 0);
		hf_lock_close(lock);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	(void)pthread_join(thread, NULL);
}

static int use_rwlock(struct child *self, void *arg)
{
	hf_rwlock *rwlock = arg;

	(void)self;
	if (hf_rwlock_acquire(rwlock, HF_SHARED, HF_NOWAIT) != -EPERM ||
	    hf_rwlock_release(rwlock, HF_EXCLUSIVE) != -EPERM)
		return 1;
	hf_rwlock_free(rwlock);
	return 0;
}

Test(forking, a_child_cannot_use_its_parents_rwlock)
{
	hf_rwlock *rwlock;
	struct child child;

	cr_assert_eq(hf_rwlock_new(&rwlock), 0);
	cr_assert_eq(hf_rwlock_acquire(rwlock, HF_EXCLUSIVE, HF_NOWAIT), 0);
	child = child_start(use_rwlock, rwlock);
	cr_expect_eq(child_finish(&child), 0);
	cr_expect_eq(hf_rwlock_release(rwlock, HF_EXCLUSIVE), 0);
	hf_rwlock_free(rwlock);
}
