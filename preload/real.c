/* SPDX-License-Identifier: MIT */
#include "real.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "rawsys.h"
#include "symbols.h"

#include <fcntl.h>

struct hf_real hf_real;

/* One behind the other, in the order of struct hf_real: the n-th belongs to its n-th pointer. */
static const char names[] =
#define HF_FUNCTION(ret, name, params, body) #name "\0"
#define HF_SPECIAL(ret, name, params) #name "\0"
#include "functions.def"
#undef HF_FUNCTION
#undef HF_SPECIAL
	;

static bool can_look_up; /* constant once the constructor is through */

void hf_real_init(void)
{
	void **place = (void **)(void *)&hf_real;

	can_look_up = true;
	if (hf_symbols_init())
		return;
	for (const char *name = names; *name; name += strlen(name) + 1)
		*place++ = hf_symbols_next(name, NULL);
}

static long with_errno(long ret)
{
	if (ret >= 0)
		return ret;
	errno = (int)-ret;
	return -1;
}

static int early_open(const char *path, int flags, mode_t mode)
{
	return (int)with_errno(raw_openat(AT_FDCWD, path, flags, mode));
}

static int early_openat(int dir, const char *path, int flags, mode_t mode)
{
	return (int)with_errno(raw_openat(dir, path, flags, mode));
}

static int early_close(int fd)
{
	return (int)with_errno(raw_close(fd));
}

static int early_fcntl(int fd, int command, uintptr_t arg)
{
	return (int)with_errno(raw_fcntl(fd, command, (long)arg));
}

static int early_flock(int fd, int operation)
{
	return (int)with_errno(raw_flock(fd, operation));
}

static ssize_t early_read(int fd, void *data, size_t size)
{
	return with_errno(raw_read(fd, data, size));
}

static ssize_t early_write(int fd, const void *data, size_t size)
{
	return with_errno(raw_write(fd, data, size));
}

static int early_dup3(int fd, int target, int flags)
{
	return (int)with_errno(raw_syscall3(SYS_dup3, fd, target, flags));
}

static int early_dup2(int fd, int target)
{
	return fd == target ? early_fcntl(fd, F_GETFD, 0) < 0 ? -1 : fd : early_dup3(fd, target, 0);
}

static long early_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	return with_errno(raw_syscall6(number, a, b, c, d, e, f));
}

static void *find_early(const char *name)
{
	static const struct {
		const char *name;
		void *function;
	} early[] = {
		{ "open", early_open },	      { "open64", early_open },
		{ "__open", early_open },     { "__open64", early_open },
		{ "__open_2", early_open },   { "openat", early_openat },
		{ "openat64", early_openat }, { "close", early_close },
		{ "__close", early_close },   { "fcntl", early_fcntl },
		{ "fcntl64", early_fcntl },   { "__fcntl", early_fcntl },
		{ "flock", early_flock },     { "write", early_write },
		{ "dup2", early_dup2 },	      { "dup3", early_dup3 },
		{ "syscall", early_syscall }, { "read", early_read },
		{ "__read", early_read },
	};

	for (size_t i = 0; i < sizeof(early) / sizeof(early[0]); i++)
		if (!strcmp(early[i].name, name))
			return early[i].function;
	return NULL;
}

void *hf_real_find(void **place, const char *name)
{
	void *found = can_look_up ? NULL : find_early(name);

	if (found)
		return found; /* this once */
	found = can_look_up ? hf_symbols_next(name, NULL) : dlsym(RTLD_NEXT, name);
	__atomic_store_n(place, found, __ATOMIC_RELAXED);
	return found;
}
