/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "lib.h"

#include <dirent.h>
#include <ftw.h>
#include <time.h>

static char folder[] = "/tmp/holdfast-test-XXXXXX";

void folder_setup(void)
{
	(void)signal(SIGPIPE, SIG_IGN); /* a child may be gone before it is told to go on */
	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(chdir(folder), 0);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void folder_teardown(void)
{
	(void)chdir("/");
	(void)nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

hf_lock *lock_with(const char *path, unsigned flags)
{
	hf_lock *lock = NULL;

	cr_assert_eq(hf_lock_open(path, flags, &lock), 0);
	return lock;
}

hf_lock *lock_on(const char *path)
{
	return lock_with(path, 0);
}

hf_lock *held_on(const char *path, hf_mode mode)
{
	hf_lock *lock = lock_on(path);

	cr_assert_eq(hf_lock_acquire(lock, mode, HF_NOWAIT), 0);
	return lock;
}

/* ---- children ---- */

struct child child_start(child_fn *fn, void *arg)
{
	struct child child, self;
	int up[2], down[2];

	cr_assert_eq(pipe2(up, O_CLOEXEC), 0);
	cr_assert_eq(pipe2(down, O_CLOEXEC), 0);
	child = (struct child){ .from = up[0], .to = down[1] };
	child.pid = fork();
	cr_assert_neq(child.pid, -1);
	if (child.pid == 0) {
		self = (struct child){ .pid = getpid(), .from = down[0], .to = up[1] };
		(void)close(up[0]);
		(void)close(down[1]);
		_exit(fn(&self, arg));
	}
	(void)close(up[1]);
	(void)close(down[0]);
	return child;
}

void tell(struct child *self, char what)
{
	if (write(self->to, &what, 1) != 1)
		_exit(99);
}

void await_go(struct child *self)
{
	char ignored;

	while (read(self->from, &ignored, 1) < 0 && errno == EINTR)
		;
}

char child_told(struct child *child)
{
	char ret = 0;

	while (read(child->from, &ret, 1) < 0 && errno == EINTR)
		;
	return ret;
}

static int reap(struct child *child)
{
	int status = 0;

	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	(void)close(child->from);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* A byte, not an end of file: later children have copies of this end. */
void child_go(struct child *child)
{
	if (child->to < 0)
		return;
	(void)!write(child->to, "g", 1);
	(void)close(child->to);
	child->to = -1;
}

int child_finish(struct child *child)
{
	child_go(child);
	return reap(child);
}

void child_kill(struct child *child)
{
	(void)kill(child->pid, SIGKILL);
	(void)reap(child);
	if (child->to >= 0)
		(void)close(child->to);
}

struct hold {
	const char *path;
	hf_mode mode;
	uint64_t start;
	uint64_t length;
};

static int hold(struct child *self, void *arg)
{
	struct hold *hold = arg;
	hf_lock *lock;

	if (hf_lock_open_range(hold->path, 0, hold->start, hold->length, &lock) ||
	    hf_lock_acquire(lock, hold->mode, HF_NOWAIT))
		return 1;
	tell(self, 'h');
	await_go(self);
	hf_lock_close(lock);
	return 0;
}

struct child child_holding_range(const char *path, hf_mode mode, uint64_t start, uint64_t length)
{
	struct hold arg = { path, mode, start, length };
	struct child child = child_start(hold, &arg);

	cr_assert_eq(child_told(&child), 'h');
	return child;
}

struct child child_holding(const char *path, hf_mode mode)
{
	return child_holding_range(path, mode, 0, 0);
}

static int wait_for_it(struct child *self, void *arg)
{
	struct hold *hold = arg;
	hf_lock *lock;
	int ret = hf_lock_open(hold->path, 0, &lock);

	if (!ret)
		ret = hf_lock_acquire(lock, hold->mode, HF_SEC(50));
	tell(self, 'h');
	await_go(self);
	return -ret;
}

struct child child_waiting(const char *path, hf_mode mode)
{
	struct hold arg = { path, mode, 0, 0 };
	struct child child = child_start(wait_for_it, &arg);

	await_waiter(path);
	return child;
}

static int try_once(struct child *self, void *arg)
{
	struct hold *hold = arg;
	hf_lock *lock;

	(void)self;
	if (hf_lock_open(hold->path, 0, &lock))
		return 99;
	return -hf_lock_acquire(lock, hold->mode, HF_NOWAIT);
}

int try_in_child(const char *path, hf_mode mode)
{
	struct hold arg = { path, mode, 0, 0 };
	struct child child = child_start(try_once, &arg);

	return -child_finish(&child);
}

void await_waiter(const char *path)
{
	char line[256], inode[32];
	struct stat st;
	bool found = false;

	cr_assert_eq(stat(path, &st), 0);
	(void)snprintf(inode, sizeof(inode), ":%lu ", (unsigned long)st.st_ino);
	while (!found) {
		FILE *locks = fopen("/proc/locks", "re");

		cr_assert_not_null(locks);
		while (fgets(line, sizeof(line), locks))
			found |= strstr(line, "->") && strstr(line, inode);
		(void)fclose(locks);
		(void)usleep(1000);
	}
}

/* ---- threads ---- */

struct errand {
	int (*fn)(void *);
	void *arg;
	int result;
};

static void *run_errand(void *arg)
{
	struct errand *errand = arg;

	errand->result = errand->fn(errand->arg);
	return NULL;
}

int in_thread(int (*fn)(void *), void *arg)
{
	struct errand errand = { fn, arg, 0 };
	pthread_t thread;

	cr_assert_eq(pthread_create(&thread, NULL, run_errand, &errand), 0);
	(void)pthread_join(thread, NULL);
	return errand.result;
}

static int acquire(void *arg)
{
	struct call *call = arg;

	return hf_lock_acquire(call->lock, call->mode, call->timeout);
}

static int release(void *arg)
{
	return hf_lock_release(arg);
}

int acquire_in_thread(hf_lock *lock, hf_mode mode, int64_t timeout)
{
	struct call call = { .lock = lock, .mode = mode, .timeout = timeout };

	return in_thread(acquire, &call);
}

int release_in_thread(hf_lock *lock)
{
	return in_thread(release, lock);
}

static void *run_call(void *arg)
{
	struct call *call = arg;

	call->result = acquire(call);
	return NULL;
}

void call_start(struct call *call, hf_lock *lock, hf_mode mode, int64_t timeout)
{
	*call = (struct call){ .lock = lock, .mode = mode, .timeout = timeout };
	cr_assert_eq(pthread_create(&call->thread, NULL, run_call, call), 0);
}

int call_result(struct call *call)
{
	(void)pthread_join(call->thread, NULL);
	return call->result;
}

/* ---- small things ---- */

void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	cr_assert_not_null(file);
	(void)fputs(text, file);
	cr_assert_eq(fclose(file), 0);
}

static int count_entries(const char *path)
{
	DIR *dir = opendir(path);
	int count = 0;

	cr_assert_not_null(dir);
	while (readdir(dir))
		count++;
	(void)closedir(dir);
	return count - 2;
}

int count_fds(void)
{
	return count_entries("/proc/self/fd") - 1; /* the folder's own */
}

int count_threads(void)
{
	return count_entries("/proc/self/task");
}

void await_threads(int count)
{
	while (count_threads() > count)
		(void)usleep(100);
}

bool has_ofd_locks(void)
{
#ifdef HF_DISABLE_OFD
	return false;
#else
	return true;
#endif
}
