/* SPDX-License-Identifier: MIT */
#include "real.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "rawsys.h"
#include "symbols.h"

#include <fcntl.h>

struct hf_real hf_real;

/* In the order of struct hf_real: the n-th name belongs to its n-th pointer. */
static struct hf_symbol symbols[] = {
#define HF_FUNCTION(ret, name, params, body) { #name, NULL, false },
#define HF_SPECIAL(ret, name, params) { #name, NULL, false },
#include "functions.def"
#undef HF_FUNCTION
#undef HF_SPECIAL
};

#define COUNT (sizeof(symbols) / sizeof(symbols[0]))

_Static_assert(sizeof(struct hf_real) == COUNT * sizeof(void *), "one pointer for each name");

void hf_real_init(void)
{
	void **places = (void **)(void *)&hf_real;

	hf_symbols_find(symbols, COUNT);
	for (size_t i = 0; i < COUNT; i++)
		places[i] = symbols[i].address;
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

void *hf_real_early(void **place, const char *name)
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
		{ "syscall", early_syscall },
	};

	for (size_t i = 0; i < sizeof(early) / sizeof(early[0]); i++)
		if (!strcmp(early[i].name, name))
			return early[i].function;
	*place = dlsym(RTLD_NEXT, name);
	return *place;
}
