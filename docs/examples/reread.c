/* SPDX-License-Identifier: MIT */
/* Reads shared, and only then becomes a writer; if somebody else does so too, begins again. */
#include <holdfast.h>

#include <errno.h>
#include <stdio.h>

static int change(hf_lock *lock)
{
	int result;

	do {
		result = hf_lock_acquire(lock, HF_SHARED, HF_SEC(5));
		if (result != 0)
			return result;
		/* ... read, and find that something is to be changed ... */
		result = hf_lock_convert(lock, HF_EXCLUSIVE, HF_SEC(5));
		if (result == 0)
			puts("changed"); /* ... write ... */
		hf_lock_release(lock);
	} while (result == -EDEADLK);
	return result;
}

int main(int argc, char **argv)
{
	HF_AUTO_CLOSE hf_lock *lock = NULL;

	if (argc != 2 || hf_lock_open(argv[1], 0, &lock) != 0)
		return 2;
	return change(lock) != 0;
}
