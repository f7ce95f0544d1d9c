/* SPDX-License-Identifier: MIT */
/* A job that must not run twice at the same time. */
#include <holdfast.h>

#include <stdio.h>

int main(int argc, char **argv)
{
	HF_AUTO_CLOSE hf_lock *lock = NULL;
	int result = hf_lock_open(argc > 1 ? argv[1] : "job.lock", HF_PARENTS, &lock);

	if (result == 0)
		result = hf_lock_acquire(lock, HF_EXCLUSIVE, HF_SEC(2));
	if (result != 0) {
		fprintf(stderr, "once: %s\n", hf_strerror(result));
		return 1;
	}
	puts("alone");
	return 0;
}
