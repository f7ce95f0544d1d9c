/* SPDX-License-Identifier: MIT */
/*
 * execl, execlp and execle: their arguments have no end but NULL, so they are collected on the
 * stack (this may be a vfork child) and handed to the hook of the vector form.
 */
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include "hooks.h"
#include "real.h"

#define HF_EXPORT __attribute__((visibility("default"), used))

static size_t count_args(va_list args)
{
	size_t count = 1;

	while (va_arg(args, char *))
		count++;
	return count;
}

/* argv has room for count and the NULL. */
static void collect(char **argv, const char *first, size_t count, va_list args)
{
	argv[0] = (char *)(uintptr_t)first;
	for (size_t i = 1; i <= count; i++)
		argv[i] = va_arg(args, char *);
}

#define COLLECT(argv, first)                                                                       \
	va_list args, again;                                                                       \
	size_t count;                                                                              \
	char **argv;                                                                               \
                                                                                                   \
	va_start(args, first);                                                                     \
	va_copy(again, args);                                                                      \
	count = first ? count_args(again) : 0;                                                     \
	va_end(again);                                                                             \
	argv = __builtin_alloca((count + 1) * sizeof(*argv));                                      \
	collect(argv, first, count, args)

HF_EXPORT int hf_hook_execl(const char *path, const char *arg, ...) __asm__("execl");
HF_EXPORT int hf_hook_execl(const char *path, const char *arg, ...)
{
	COLLECT(argv, arg);
	va_end(args);
	return hf_on_execv(path, argv, REAL(execve), "execl");
}

HF_EXPORT int hf_hook_execlp(const char *path, const char *arg, ...) __asm__("execlp");
HF_EXPORT int hf_hook_execlp(const char *path, const char *arg, ...)
{
	COLLECT(argv, arg);
	va_end(args);
	return hf_on_execvp(path, argv, REAL(execvpe), "execlp");
}

HF_EXPORT int hf_hook_execle(const char *path, const char *arg, ...) __asm__("execle");
HF_EXPORT int hf_hook_execle(const char *path, const char *arg, ...)
{
	char *const *envp;

	COLLECT(argv, arg);
	envp = va_arg(args, char *const *);
	va_end(args);
	return hf_on_execve(path, argv, envp, REAL(execve), "execle");
}
