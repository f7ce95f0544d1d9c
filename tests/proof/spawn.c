/* SPDX-License-Identifier: MIT */
/*
 * posix_spawn and posix_spawnp, in both versions that libc has on x86-64: the older runs a script
 * without "#!" with the shell, the newer refuses. Argument: such a script. One program started is
 * given an environment of its own, without the checker's variables.
 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef int spawn_fn(pid_t *, const char *, const posix_spawn_file_actions_t *,
		     const posix_spawnattr_t *, char *const *, char *const *);

#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__ILP32__)
spawn_fn old_spawn, old_spawnp;
__asm__(".symver old_spawn, posix_spawn@GLIBC_2.2.5");
__asm__(".symver old_spawnp, posix_spawnp@GLIBC_2.2.5");
#else
#define old_spawn posix_spawn
#define old_spawnp posix_spawnp
#endif

static void try(const char *name, spawn_fn *spawn, const char *path)
{
	char *argv[] = { (char *)(size_t)path, NULL }, *envp[] = { (char *)(size_t) "PATH=/bin", NULL };
	pid_t child = -1;
	int status = -1, error;

	errno = EPROTO;
	error = spawn(&child, path, NULL, NULL, argv, envp);
	if (!error)
		waitpid(child, &status, 0);
	printf("%s %s: %s, status %d, errno %s\n", name, path, strerror(error), status,
	       errno == EPROTO ? "kept" : strerror(errno));
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	try("posix_spawn", posix_spawn, argv[1]);
	try("posix_spawnp", posix_spawnp, argv[1]);
	try("old posix_spawn", old_spawn, argv[1]);
	try("old posix_spawnp", old_spawnp, argv[1]);
	try("posix_spawnp", posix_spawnp, "true");
	try("posix_spawnp", posix_spawnp, "no-such-program");
	return 0;
}
