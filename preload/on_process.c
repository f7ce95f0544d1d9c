/* SPDX-License-Identifier: MIT */
/*
 * Hooks of everything that starts, replaces and ends processes.
 *
 * exec and exit are the last chance to notice what no hook saw. An exec also writes an EXEC record:
 * one without a HELLO from the same process afterwards is a program that nobody watched. Under a
 * run the environment is completed if the program has cleaned it: LD_PRELOAD is added to, never
 * replaced, and everything is built on the stack, since this may be a vfork child.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "audit.h"
#include "hooks.h"
#include "large.h"
#include "watch.h"
#include "options.h"
#include "real.h"
#include "rawsys.h"
#include "recorder.h"
#include "rules.h"
#include "rules_process.h"
#include "shim.h"

#define VALUE_MAX 4096
#define ENTRIES_MAX 8192

/* "NAME=value" of what a watched program must inherit; "" for what was not set at the start. */
static char inherited_text[1 + 3 * VALUE_MAX] HF_LARGE; /* one behind the other: one page */
static size_t inherited_used = 1;
static char *inherited[3] = { inherited_text, inherited_text, inherited_text };
static const char *const names[3] = { "LD_PRELOAD=", "HOLDFAST_RUN=", "HOLDFAST_OPTIONS=" };

static const char *find(char *const *envp, const char *name)
{
	size_t length = strlen(name);

	for (; envp && *envp; envp++)
		if (!strncmp(*envp, name, length))
			return *envp;
	return NULL;
}

static void remember(char **ret, const char *entry)
{
	size_t size = entry ? strlen(entry) + 1 : 0;

	if (!size || size > VALUE_MAX)
		return;
	*ret = memcpy(inherited_text + inherited_used, entry, size);
	inherited_used += size;
}

/* Only a run follows its children whatever they do to the environment. */
void hf_process_init(char **envp)
{
	if (!find(envp, names[1]))
		return;
	for (unsigned i = 0; i < 3; i++)
		remember(&inherited[i], find(envp, names[i]));
}

struct environment {
	char *const *envp;
	char **completed; /* room for what is there, three more, and NULL */
	char preload[2 * VALUE_MAX];
};

static size_t count_entries(char *const *envp)
{
	size_t count = 0;

	while (envp && envp[count])
		count++;
	return count;
}

static bool is_complete(char *const *envp)
{
	for (unsigned i = 0; i < 3; i++) {
		const char *entry = inherited[i][0] ? find(envp, names[i]) : "";

		if (!entry || (i == 0 && *entry && !strstr(entry, inherited[0] + strlen(names[0]))))
			return false;
	}
	return true;
}

/* The program's own list of libraries stays in front. */
static char *joined_preload(struct environment *env, const char *entry)
{
	const char *ours = inherited[0] + strlen(names[0]);

	if (strlen(entry) + strlen(ours) + 2 > sizeof(env->preload))
		return inherited[0];
	strcpy(env->preload, entry);
	if (entry[strlen(names[0])])
		strcat(env->preload, ":");
	strcat(env->preload, ours);
	return env->preload;
}

static char *const *complete(struct environment *env)
{
	size_t count = 0;
	bool seen[3] = { false, false, false };

	for (char *const *entry = env->envp; entry && *entry; entry++) {
		env->completed[count] = *entry;
		for (unsigned i = 0; i < 3; i++)
			if (!strncmp(*entry, names[i], strlen(names[i])))
				seen[i] = true;
		if (inherited[0][0] && !strncmp(*entry, names[0], strlen(names[0])) &&
		    !strstr(*entry, inherited[0] + strlen(names[0])))
			env->completed[count] = joined_preload(env, *entry);
		count++;
	}
	for (unsigned i = 0; i < 3; i++)
		if (!seen[i] && inherited[i][0])
			env->completed[count++] = inherited[i];
	env->completed[count] = NULL;
	return env->completed;
}

/* envp for the new program; room is alloca'ed by the caller's frame. */
#define COMPLETED(envp)                                                                            \
	(!inherited[1][0] || is_complete(envp) || count_entries(envp) > ENTRIES_MAX                \
		 ? (envp)                                                                          \
		 : complete(&(struct environment){                                                 \
			   .envp = (envp),                                                         \
			   .completed = __builtin_alloca((count_entries(envp) + 4) *               \
							 sizeof(char *)) }))

/* What this process still believes, checked for the last time. */
static void check_out(enum hf_event_type type)
{
	struct hf_event event = { .type = (uint8_t)type, .fd = HF_NO_FD };
	struct hf_section section;

	if (!hf_anything_held() && !hf_watching())
		return;
	if (hf_section_enter(&section) != HF_ENTERED)
		return;
	hf_audit_all();
	if (type == HF_EVENT_EXIT)
		hf_watch_ending();
	hf_watch_settle();
	if (type != HF_EVENT_NONE)
		hf_recorder_event(&event);
	hf_section_leave(&section);
}

/*
 * False when it is certain that the kernel will refuse: programs look for a command by trying one
 * folder after the other. A name without a slash is looked for by libc.
 */
static bool may_be_run(const char *path)
{
	return !path || !hf_readable(path, 1) || !strchr(path, '/') ||
	       raw_faccessat(AT_FDCWD, path, X_OK) == 0;
}

/* A CLONE_VM child shares our memory: its exec ends none of our locks, and ours leaves it alone. */
static void judge_exec(const char *path, const char *via)
{
	struct hf_section section;

	if (!hf_anything_held() || __atomic_load_n(&hf_shim.always_getpid, __ATOMIC_RELAXED) ||
	    !may_be_run(path) || hf_section_enter(&section) != HF_ENTERED)
		return;
	hf_rules_exec(path ? path : "", via);
	hf_section_leave(&section);
}

static hf_ref before_exec(const char *path, const char *via)
{
	hf_ref ret = 0;
	int error = errno;

	if (__atomic_load_n(&hf_shim.ready, __ATOMIC_ACQUIRE) &&
	    !__atomic_load_n(&hf_shim.blind, __ATOMIC_RELAXED)) {
		bool foreign = hf_is_foreign();

		if (!foreign) {
			check_out(HF_EVENT_EXEC);
			judge_exec(path, via);
		}
		ret = hf_recorder_exec(
			path, raw_getpid(),
			foreign ? 0 : __atomic_load_n(&hf_shim.ledger.held, __ATOMIC_RELAXED));
	}
	errno = error;
	return ret;
}

/* It returned, so it failed: what was said about it is taken back. */
static int after_exec(hf_ref exec, int ret)
{
	struct hf_section section;
	int error = errno;

	hf_recorder_exec_failed(exec);
	if (hf_anything_held() && hf_section_enter(&section) == HF_ENTERED) {
		hf_rules_withdraw();
		hf_section_leave(&section);
	}
	errno = error;
	return ret;
}

int hf_on_execve(const char *path, char *const *argv, char *const *envp, hf_exec_fn *real,
		 const char *via)
{
	hf_ref exec = before_exec(path, via);

	return after_exec(exec, real(path, argv, COMPLETED(envp)));
}

int hf_on_execv(const char *path, char *const *argv, hf_exec_fn *real_execve, const char *via)
{
	return hf_on_execve(path, argv, environ, real_execve, via);
}

int hf_on_execvp(const char *path, char *const *argv, hf_exec_fn *real_execvpe, const char *via)
{
	return hf_on_execve(path, argv, environ, real_execvpe, via);
}

int hf_on_fexecve(int fd, char *const *argv, char *const *envp,
		  int (*real)(int, char *const *, char *const *))
{
	hf_ref exec = before_exec(argv && argv[0] ? argv[0] : "", "fexecve");

	return after_exec(exec, real(fd, argv, COMPLETED(envp)));
}

int hf_on_execveat(int dir, const char *path, char *const *argv, char *const *envp, int flags,
		   int (*real)(int, const char *, char *const *, char *const *, int))
{
	hf_ref exec = before_exec(path, "execveat");

	return after_exec(exec, real(dir, path, argv, COMPLETED(envp), flags));
}

/* libc's child runs nothing of ours. An EXEC record with a time after its HELLO would not match it.
 */
int hf_on_spawn(int *pid, const char *path, const void *actions, const void *attributes,
		char *const *argv, char *const *envp, hf_spawn_fn *real)
{
	uint64_t since = hf_recorder_now();
	int ret, child;

	ret = real(&child, path, actions, attributes, argv, COMPLETED(envp));
	if (ret)
		return ret;
	if (pid)
		*pid = child;
	if (__atomic_load_n(&hf_shim.ready, __ATOMIC_ACQUIRE) &&
	    !__atomic_load_n(&hf_shim.blind, __ATOMIC_RELAXED))
		hf_recorder_spawned(path, child, since);
	hf_on_spawned(child);
	return 0;
}

void hf_expect_sharing_children(unsigned long flags)
{
	if ((flags & CLONE_VM) && !(flags & CLONE_THREAD))
		__atomic_store_n(&hf_shim.always_getpid, 1, __ATOMIC_RELAXED);
}

int hf_on_clone(int (*fn)(void *), void *stack, int flags, void *arg, void *a, void *b, void *c,
		int (*real)(int (*)(void *), void *, int, void *, void *, void *, void *))
{
	hf_expect_sharing_children((unsigned long)flags);
	return real(fn, stack, flags, arg, a, b, c);
}

void hf_on_exit(int status, void (*real)(int))
{
	check_out(HF_EVENT_EXIT);
	real(status);
	__builtin_unreachable();
}

/* main returned, or exit() was called: libc ends without a call that can be hooked. */
__attribute__((destructor)) static void at_exit(void)
{
	hf_stdio_flushing(NULL, "exit"); /* libc does, after this */
	check_out(HF_EVENT_EXIT);
}

/*
 * A filter may kill the program for a system call that only the checker makes. So none is made once
 * one is in place; the last look is taken before.
 */
void hf_before_filter(void)
{
	check_out(HF_EVENT_NONE);
	hf_recorder_prepare();
}

void hf_after_filter(long ret)
{
	if (ret < 0 || hf_is_foreign())
		return;
	hf_recorder_flag(HF_IMAGE_SECCOMP);
	__atomic_store_n(&hf_shim.blind, 1, __ATOMIC_RELAXED);
}

int hf_on_prctl(int option, long a, long b, long c, long d,
		int (*real)(int, long, long, long, long))
{
	int ret;

	if (option != PR_SET_SECCOMP)
		return real(option, a, b, c, d);
	hf_before_filter();
	ret = real(option, a, b, c, d);
	hf_after_filter(ret);
	return ret;
}
