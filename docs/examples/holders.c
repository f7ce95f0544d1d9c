/* SPDX-License-Identifier: MIT */
/* Says whom it is waiting for before it waits. */
#include <holdfast.h>

#include <stdio.h>

static int name_holder(const struct hf_holder *holder, void *arg)
{
	(void)arg;
	if (holder->pid == 0)
		puts("waiting for a process that may not be looked at");
	else
		printf("waiting for process %d: %s\n", (int)holder->pid, holder->command);
	return 0;
}

static int name_holders(hf_lock *lock, hf_mode mode, void *arg)
{
	hf_lock_each_holder(lock, mode, name_holder, arg);
	return 0; /* and wait */
}

int main(int argc, char **argv)
{
	HF_AUTO_CLOSE hf_lock *lock = NULL;

	if (argc != 2 || hf_lock_open(argv[1], 0, &lock) != 0)
		return 2;
	hf_lock_on_wait(lock, name_holders, NULL);
	return hf_lock_acquire(lock, HF_EXCLUSIVE, HF_MSEC(100)) != 0;
}
