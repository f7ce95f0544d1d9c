/* SPDX-License-Identifier: MIT */
/* A block that holds a lock, whichever way it is left. */
#include <holdfast.h>

#include <stdio.h>

static int append(hf_lock *lock, const char *path, const char *line)
{
	int result;

	HF_WITH_LOCK(lock, HF_EXCLUSIVE, HF_FOREVER, &result) {
		FILE *file = fopen(path, "a");

		if (!file)
			return -1; /* released */
		fprintf(file, "%s\n", line);
		fclose(file);
	}
	return result; /* released, or never taken */
}

int main(int argc, char **argv)
{
	HF_AUTO_CLOSE hf_lock *lock = NULL;

	if (argc != 3 || hf_lock_open(argv[1], 0, &lock) != 0)
		return 2;
	return append(lock, argv[2], "one line") != 0;
}
