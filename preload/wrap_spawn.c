/* SPDX-License-Identifier: MIT */
/*
 * posix_spawn and posix_spawnp, where libc has an older version of them for programs that were
 * linked with it (versions.map): a hook for each version, which calls the same version.
 */
#include <dlfcn.h>
#include <stddef.h>

#include "hooks.h"
#include "real.h"

#define HF_EXPORT __attribute__((visibility("default"), used))
#define PARAMETERS                                                                                 \
	int *pid, const char *path, const void *actions, const void *attributes,                   \
		char *const *argv, char *const *envp

#if defined(__x86_64__) && !defined(__ILP32__)

/* musl has no versions, and no dlvsym. */
extern void *dlvsym(void *handle, const char *name, const char *version) __attribute__((weak));

static hf_spawn_fn *old_spawn, *old_spawnp;

static hf_spawn_fn *find_old(const char *name, hf_spawn_fn *otherwise)
{
	void *found = dlvsym ? dlvsym(RTLD_NEXT, name, "GLIBC_2.2.5") : NULL;

	return found ? (hf_spawn_fn *)found : otherwise;
}

void hf_spawn_init(void)
{
	old_spawn = find_old("posix_spawn", hf_real.posix_spawn);
	old_spawnp = find_old("posix_spawnp", hf_real.posix_spawnp);
}

HF_EXPORT int hf_hook_old_spawn(PARAMETERS);
HF_EXPORT int hf_hook_old_spawn(PARAMETERS)
{
	return hf_on_spawn(pid, path, actions, attributes, argv, envp, old_spawn);
}

HF_EXPORT int hf_hook_old_spawnp(PARAMETERS);
HF_EXPORT int hf_hook_old_spawnp(PARAMETERS)
{
	return hf_on_spawn(pid, path, actions, attributes, argv, envp, old_spawnp);
}

__asm__(".symver hf_hook_old_spawn, posix_spawn@GLIBC_2.2.5");
__asm__(".symver hf_hook_old_spawnp, posix_spawnp@GLIBC_2.2.5");
__asm__(".symver hf_hook_spawn, posix_spawn@@GLIBC_2.15");
__asm__(".symver hf_hook_spawnp, posix_spawnp@@GLIBC_2.15");
#define NAMED(name)

#else

void hf_spawn_init(void)
{
}

#define NAMED(name) __asm__(name)

#endif

HF_EXPORT int hf_hook_spawn(PARAMETERS) NAMED("posix_spawn");
HF_EXPORT int hf_hook_spawn(PARAMETERS)
{
	return hf_on_spawn(pid, path, actions, attributes, argv, envp, REAL(posix_spawn));
}

HF_EXPORT int hf_hook_spawnp(PARAMETERS) NAMED("posix_spawnp");
HF_EXPORT int hf_hook_spawnp(PARAMETERS)
{
	return hf_on_spawn(pid, path, actions, attributes, argv, envp, REAL(posix_spawnp));
}
