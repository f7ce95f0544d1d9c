/* SPDX-License-Identifier: MIT */
/* What a run has done, and the list of the hooks that it depends on. */
#include <stdio.h>
#include <string.h>

#include "shrink.h"

static const char *const outcome_names[] = { "nothing to do", "done", "refused", "waited",
					     "interrupted", "deadlock", "failed" };
static const char outcome_letters[] = "-DRWIKF";

static bool print_op(const char *name, const char *wanted, const uint64_t counts[OUTCOME_COUNT])
{
	bool complete = true;

	printf("# %-20s", name);
	for (unsigned i = DONE; i < OUTCOME_COUNT; i++) {
		if (counts[i])
			printf(" %s %llu", outcome_names[i], (unsigned long long)counts[i]);
		if (!counts[i] && strchr(wanted, outcome_letters[i])) {
			printf(" %s NEVER", outcome_names[i]);
			complete = false;
		}
	}
	printf("\n");
	return complete;
}

static bool print_locks(void)
{
	static const char *const primitives[] = { "", "POSIX", "OFD", "flock" };
	static const char *const modes[] = { "unlock", "read", "write" };
	bool complete = true;
	char name[40];

	for (unsigned p = HF_PRIM_POSIX; p < HF_PRIM_COUNT; p++)
		for (unsigned m = 0; m < 3; m++) {
			snprintf(name, sizeof(name), "%s %s", primitives[p], modes[m]);
			complete &= print_op(name, m ? "DRWI" : "D", tally->locks[p][m]);
		}
	return complete;
}

static void print_findings(void)
{
	printf("# findings:");
	for (unsigned kind = 0; kind < HF_KIND_COUNT; kind++)
		if (tally->findings[kind])
			printf(" %s %llu", hf_kind_info(kind)->slug,
			       (unsigned long long)tally->findings[kind]);
	printf("; without a culprit %llu, all of them after releases by others or in races\n",
	       (unsigned long long)tally->late);
}

/* What this machine has not got is not missed. */
static bool lacks(unsigned op, const char *name)
{
	const char *what = op_lacks((enum op_name)op);

	if (what)
		printf("# lacking %s: %s\n", name, what);
	return what != NULL;
}

bool counts_print(void)
{
	static const char *const wanted[OP_COUNT] = {
#define DIFF_OP(name, weight, outcomes) outcomes,
#include "ops.def"
#undef DIFF_OP
	};
	static const char *const names[OP_COUNT] = {
#define DIFF_OP(name, weight, outcomes) #name,
#include "ops.def"
#undef DIFF_OP
	};
	bool complete = true;

	for (unsigned i = 0; i < OP_COUNT; i++)
		complete &= print_op(names[i], lacks(i, names[i]) ? "" : wanted[i], tally->ops[i]);
	complete &= print_locks();
	print_findings();
	printf("# ledger compared with fdinfo %llu times, with what a second process meets %llu times\n",
	       (unsigned long long)tally->checks, (unsigned long long)tally->probes);
	if (tally->trace_checks)
		printf("# ledger compared with %llu events of the kernel's tracepoints %llu times; the trace "
		       "lost its order in %llu races\n",
		       (unsigned long long)tally->trace_events,
		       (unsigned long long)tally->trace_checks,
		       (unsigned long long)tally->trace_blind);
	return complete;
}

/*
 * Every hook without which a release or a lock goes unseen, or an exec that drops or keeps one. What functions.def has beyond them
 * explains findings, follows children or completes environments, and changes no belief.
 */
const char *const hooks_tested[] = {
	"fcntl", "fcntl64", "__fcntl", "lockf", "lockf64", "flock", "lckpwdf", "ulckpwdf", "close",
	"__close", "mq_close", "fclose", "_IO_fclose", "pclose", "endmntent", "__endmntent", "closedir", "fts_close",
	"fts64_close", "dup2", "__dup2", "dup3", "close_range", "closefrom", "freopen", "freopen64",
	"login_tty", "dup", "daemon", "execve", "execv", "execvp", "execvpe", "fexecve", "execveat",
	"execl", "execlp", "execle", "vfork", "clone", "syscall", NULL
};
