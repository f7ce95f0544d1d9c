/* SPDX-License-Identifier: MIT */
/* Two files or none: in whatever order others name them, nobody waits in a circle. */
#include <holdfast.h>

#include <stdio.h>

int main(int argc, char **argv)
{
	HF_AUTO_CLOSE hf_lock *from = NULL;
	HF_AUTO_CLOSE hf_lock *to = NULL;
	hf_lockset *both = NULL;
	int result = 1;

	if (argc != 3 || hf_lock_open(argv[1], 0, &from) != 0 || hf_lock_open(argv[2], 0, &to) != 0)
		return 2;
	if (hf_lockset_new(&both) == 0 && hf_lockset_add(both, from, HF_SHARED) == 0 &&
	    hf_lockset_add(both, to, HF_EXCLUSIVE) == 0)
		result = hf_lockset_acquire(both, HF_SEC(2));
	if (result == 0)
		puts("both");
	hf_lockset_free(both); /* released */
	return result != 0;
}
