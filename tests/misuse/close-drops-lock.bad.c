/* SPDX-License-Identifier: MIT */
/* level: error */
/* via: close fclose dup2 dup3 close_range closefrom closedir freopen syscall syscall_range */
#include "pair.h"

/* Whatever closes a descriptor of the file does it. */
#define END_close(fd) close(fd)
#define END_fclose(fd) fclose(fdopen(fd, "r"))
#define END_dup2(fd) dup2(STDERR_FILENO, fd)
#define END_dup3(fd) dup3(STDERR_FILENO, fd, O_CLOEXEC)
#define END_close_range(fd) close_range(fd, fd, 0)
#define END_closefrom(fd) closefrom(fd)
#define END_closedir(fd) closedir(fdopendir(fd))
#define END_freopen(fd) freopen("/dev/null", "r", fdopen(fd, "r"))
#define END_syscall(fd) syscall(SYS_close, fd)
#define END_syscall_range(fd) syscall(SYS_close_range, fd, fd, 0)

PAIR(file)
{
	int locked = open(file, ACCESS);
	int other = open(file, O_RDONLY);

	fcntl(locked, F_SETLKW, LOCK); /* TAKEN */
	BY(END_)(other); /* HERE: the lock is gone */
	pwrite(locked, "not protected", 13, 0);
	fcntl(locked, F_SETLK, UNLOCK);
	close(locked);
}
