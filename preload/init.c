/* SPDX-License-Identifier: MIT */
/*
 * The constructor. -z initfirst makes it run before anything of the program, even before its
 * preinit_array. Two libcs, two ways to learn the arguments and the environment: glibc passes them
 * to constructors, and has not set environ yet; musl passes nothing, and environ is the block that
 * the kernel made, with argc, argv and a NULL right below it.
 */
#include "clock.h"
#include "hooks.h"
#include "options.h"
#include "real.h"
#include "recorder.h"
#include "rules_process.h"
#include "say.h"
#include "shim.h"
#include "stack.h"

#include <elf.h>
#include <link.h>
#include <unistd.h>

/* Only glibc has it. Weak, or musl would refuse to load the checker. */
extern const char *gnu_get_libc_version(void) __attribute__((weak));

/* Where the stub of wrap_vfork.S goes on to. */
extern void *hf_vfork_target;

struct program {
	int argc;
	char **argv;
	char **envp;
};

/* argv as it lies below envp: envp[-1] is its NULL, and the word before argv[0] is argc. */
static struct program program_below(char **envp)
{
	long argc = 0;

	while ((long)envp[-2 - argc] != argc)
		argc++;
	return (struct program){ (int)argc, envp - 1 - argc, envp };
}

/* By which it was started, as the kernel tells it behind the environment. */
static const char *path_of(char **envp)
{
	const ElfW(auxv_t) * entry;

	while (*envp)
		envp++;
	for (entry = (const void *)(envp + 1); entry->a_type != AT_NULL; entry++)
		if (entry->a_type == AT_EXECFN)
			return (const char *)entry->a_un.a_val;
	return "";
}

__attribute__((constructor)) static void checker_start(int argc, char **argv, char **envp)
{
	struct program program = { argc, argv, envp };

	if (!gnu_get_libc_version)
		program = program_below(environ);
	hf_say_init();
	hf_options_read(program.envp);
	hf_options_complain();
	hf_real_init();
	hf_vfork_target = (void *)REAL(vfork);
	hf_stack_init();
	hf_recorder_init(program.argc, program.argv, program.envp);
	hf_process_init(program.envp);
	hf_clock_init();
	hf_shim_init();
	hf_rules_arrived(path_of(program.envp));
}
