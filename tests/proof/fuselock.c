/* SPDX-License-Identifier: MIT */
/*
 * The library's locks on FILE, which lies on a FUSE file system. Prints what is not as promised.
 *
 *   fuselock excludes FILE   acquired, kept from another process, given up by it at once or at a
 *                            deadline, waited for, verified
 *   fuselock tells FILE      the daemon hands locks on and may grant one twice: this kernel has
 * none, and hf_lock_verify() is how one learns it
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "holdfast.h"

static int wrong;

static void expect(int got, int wanted, const char *what)
{
	if (got == wanted)
		return;
	wrong = 1;
	printf("%s: %s, wanted %s\n", what, got ? hf_strerror(got) : "success",
	       wanted ? hf_strerror(wanted) : "success");
	fflush(stdout);
}

/* Another process's attempt; 0 or the error. */
static int attempt(const char *path, int64_t timeout)
{
	pid_t child = fork();
	hf_lock *lock;
	int status;

	if (!child) {
		int ret = hf_lock_open(path, 0, &lock);

		if (!ret)
			ret = hf_lock_acquire(lock, HF_EXCLUSIVE, timeout);
		_exit(-ret);
	}
	if (waitpid(child, &status, 0) < 0 || !WIFEXITED(status))
		return -ECHILD;
	return -WEXITSTATUS(status);
}

/* A child wants the lock without a deadline, and gets it when it is released here. */
static void hand_over(hf_lock *lock, const char *path)
{
	int status;
	pid_t child = fork();

	if (!child) {
		hf_lock *own;
		int ret = hf_lock_open(path, 0, &own);

		if (!ret)
			ret = hf_lock_acquire(own, HF_EXCLUSIVE, HF_FOREVER);
		_exit(-ret);
	}
	expect(hf_lock_release(lock), 0, "release");
	if (waitpid(child, &status, 0) < 0)
		status = -1;
	expect(status, 0, "the wait of another process");
}

static void excludes(hf_lock *lock, const char *path)
{
	expect(hf_lock_verify(lock), 0, "verify");
	expect(attempt(path, HF_NOWAIT), -EBUSY, "another process that does not wait");
	expect(attempt(path, HF_MSEC(20)), -ETIMEDOUT, "another process with a deadline");
	hand_over(lock, path);
	expect(attempt(path, HF_NOWAIT), 0, "another process, when nobody has it");
	expect(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), 0, "acquire, again");
}

int main(int argc, char **argv)
{
	hf_lock *lock;

	alarm(20);
	if (argc != 3 || hf_lock_open(argv[2], 0, &lock))
		return 2;
	expect(hf_lock_acquire(lock, HF_SHARED, HF_NOWAIT), 0, "acquire, shared");
	expect(hf_lock_convert(lock, HF_EXCLUSIVE, HF_NOWAIT), 0, "convert");
	if (!strcmp(argv[1], "excludes"))
		excludes(lock, argv[2]);
	else
		expect(hf_lock_verify(lock), -EIDRM, "verify");
	hf_lock_close(lock);
	return wrong;
}
