/* SPDX-License-Identifier: MIT */
/*
 * posix_spawn and posix_spawnp, where libc has an older version of them for programs that were
 * linked with it (versions.map): a hook for each version, which calls the same version.
 */
#include <stddef.h>

#include "hooks.h"
#include "real.h"
#include "symbols.h"

#define HF_EXPORT __attribute__((visibility("default"), used))
#define PARAMETERS                                                                                 \
	int *pid, const char *path, const void *actions, const void *attributes,                   \
		char *const *argv, char *const *envp

#if defined(__x86_64__) && !defined(__ILP32__)

#define OLD "GLIBC_2.2.5" /* which musl has not */

static hf_spawn_fn *find_old(const char *name, hf_spawn_fn *otherwise)
{
	void *found = hf_symbols_next(name, OLD);

	return found ? (hf_spawn_fn *)found : otherwise;
}

/* In assembly it would be about code that the link-time optimizer has not made yet. */
#if __has_attribute(symver)
#define VERSIONED(name, version) __attribute__((symver(version)))
#else
#define VERSIONED(name, version) __asm__(".symver " #name ", " version);
#endif

VERSIONED(hf_hook_old_spawn, "posix_spawn@" OLD)
HF_EXPORT int hf_hook_old_spawn(PARAMETERS);
HF_EXPORT int hf_hook_old_spawn(PARAMETERS)
{
	return hf_on_spawn(pid, path, actions, attributes, argv, envp,
			   find_old("posix_spawn", REAL(posix_spawn)));
}

VERSIONED(hf_hook_old_spawnp, "posix_spawnp@" OLD)
HF_EXPORT int hf_hook_old_spawnp(PARAMETERS);
HF_EXPORT int hf_hook_old_spawnp(PARAMETERS)
{
	return hf_on_spawn(pid, path, actions, attributes, argv, envp,
			   find_old("posix_spawnp", REAL(posix_spawnp)));
}

#define FIRST(name, real) VERSIONED(name, real "@@GLIBC_2.15")
#define NAMED(name)

#else

#define FIRST(name, real)
#define NAMED(name) __asm__(name)

#endif

FIRST(hf_hook_spawn, "posix_spawn")
HF_EXPORT int hf_hook_spawn(PARAMETERS) NAMED("posix_spawn");
HF_EXPORT int hf_hook_spawn(PARAMETERS)
{
	return hf_on_spawn(pid, path, actions, attributes, argv, envp, REAL(posix_spawn));
}

FIRST(hf_hook_spawnp, "posix_spawnp")
HF_EXPORT int hf_hook_spawnp(PARAMETERS) NAMED("posix_spawnp");
HF_EXPORT int hf_hook_spawnp(PARAMETERS)
{
	return hf_on_spawn(pid, path, actions, attributes, argv, envp, REAL(posix_spawnp));
}
