/* SPDX-License-Identifier: MIT */
/* fork, exec and death: what a child has of its parent's locks, which is nothing. */
#include "config.h"

#include "lib.h"

#include <spawn.h>

TestSuite(forking, .init = folder_setup, .fini = folder_teardown, .timeout = 60);

static int see(const struct hf_holder *holder, void *arg)
{
	(void)holder;
	(void)arg;
	return 0;
}

static int try_everything(struct child *self, void *arg)
{
	hf_lock *lock = arg;

	(void)self;
	if (hf_lock_each_holder(lock, HF_SHARED, see, NULL) != -EPERM ||
	    hf_lock_on_wait(lock, NULL, NULL) != -EPERM ||
	    hf_lock_acquire(lock, HF_SHARED, HF_NOWAIT) != -EPERM ||
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
	if (hf_lock_open("f", 0, &lock) ||
	    hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT) != -EBUSY ||
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

/* ---- a borrowed descriptor, which is the program's to close ---- */

static int close_borrowed(struct child *self, void *arg)
{
	hf_lock *lock = arg;
	int fd;

	(void)self;
	fd = hf_lock_fd(lock);
	hf_lock_close(lock);
	return fd == -EPERM ? 0 : 1;
}

Test(forking, a_child_that_closes_a_handle_on_a_borrowed_descriptor_unlocks_nothing)
{
	hf_lock *lock;
	struct child child;
	int fd = open("f", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	cr_assert_eq(hf_lock_open_fd(fd, 0, &lock), 0);
	cr_assert_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), 0);
	child = child_start(close_borrowed, lock);
	cr_expect_eq(child_finish(&child), 0);
	cr_expect_eq(try_in_child("f", HF_SHARED), -EBUSY);
	hf_lock_close(lock);
	(void)close(fd);
}

/* ---- what is made of locks, or is no lock on a file ---- */

struct made {
	hf_lockset *set;
	hf_lock *lock;
};

static int use_set(struct child *self, void *arg)
{
	struct made *made = arg;

	(void)self;
	if (hf_lockset_acquire(made->set, HF_NOWAIT) == 0)
		return 1;
	hf_lockset_free(made->set);
	hf_lock_close(made->lock);
	return 0;
}

static int take_set(struct child *self, void *arg)
{
	struct made *made = arg;

	(void)self;
	return hf_lockset_acquire(made->set, HF_NOWAIT) == -EPERM ? 0 : 1;
}

Test(forking, a_childs_set_is_nothing_and_the_parents_stays_held)
{
	struct made made = { .lock = lock_on("f") };
	struct child child;

	cr_assert_eq(hf_lockset_new(&made.set), 0);
	cr_assert_eq(hf_lockset_add(made.set, made.lock, HF_EXCLUSIVE), 0);
	child = child_start(take_set, &made);
	cr_expect_eq(child_finish(&child), 0);
	cr_assert_eq(hf_lockset_acquire(made.set, HF_NOWAIT), 0);
	child = child_start(use_set, &made);
	cr_expect_eq(child_finish(&child), 0);
	cr_expect_eq(try_in_child("f", HF_SHARED), -EBUSY);
	cr_expect_eq(hf_lockset_release(made.set), 0);
	hf_lockset_free(made.set);
	hf_lock_close(made.lock);
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
