/* SPDX-License-Identifier: MIT */
#include "differential.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit.h"
#include "kept.h"
#include "shim.h"
#include "shrink.h"
#include "slots.h"
#include "trace.h"

#define DEADLINE 60 /* seconds; a sequence takes one */
#define PRINTED 40

bool with_handlers;

static struct {
	uint64_t seed;
	unsigned long ops;
	bool trace;
	bool only_trace; /* fdinfo and the second process are not asked */
} options = { .seed = 1, .ops = 50000 };

/* The second thread: does the operation that it is handed. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	const struct op *op;
	bool running;
	pid_t pid;
} second = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, false, 0 };

static void *second_thread(void *unused)
{
	(void)unused;
	(void)pthread_mutex_lock(&second.lock);
	for (;;) {
		while (!second.op)
			(void)pthread_cond_wait(&second.moved, &second.lock);
		(void)op_run(second.op);
		second.op = NULL;
		(void)pthread_cond_signal(&second.moved);
	}
	return NULL;
}

static void run_in_second_thread(const struct op *op)
{
	pthread_t thread;

	if (!second.running && pthread_create(&thread, NULL, second_thread, NULL)) {
		(void)op_run(op);
		return;
	}
	second.running = true;
	(void)pthread_mutex_lock(&second.lock);
	second.op = op;
	(void)pthread_cond_signal(&second.moved);
	while (second.op)
		(void)pthread_cond_wait(&second.moved, &second.lock);
	(void)pthread_mutex_unlock(&second.lock);
}

/* A release that this process could not see: its next audit does, and may find it late. */
static void ask_again(void)
{
	struct hf_section section;

	late_is_allowed = true;
	if (hf_section_enter(&section) == HF_ENTERED) {
		hf_audit_all();
		hf_section_leave(&section);
	}
}

static bool nothing_was_found_late(uint64_t before, char *reason)
{
	if (late_is_allowed || tally->late == before)
		return true;
	snprintf(reason, REASON_SIZE, "a loss that a hook saw was found late");
	return false;
}

/* Handed to a second thread only where there are no handlers: in a single-threaded process they run
 * against sections that count on being alone. */
static bool step(const struct op *op, char *reason)
{
	uint64_t late = tally->late;

	released_elsewhere = late_is_allowed = false;
	if (op->thread && !with_handlers)
		run_in_second_thread(op);
	else
		(void)op_run(op);
	if (options.only_trace)
		tally->reason[0] = '\0';
	if (!options.only_trace && (tally->reason[0] || !nothing_was_found_late(late, reason)))
		return false; /* a child has said why */
	if (released_elsewhere)
		ask_again();
	if (!options.only_trace && !agree(true, reason))
		return false;
	return trace_agrees(op->name == OP_race, reason);
}

/* In a process of its own: exits with 0, or 1 and the reason and the place in the tally. */
static void be_subject(const struct sequence *sequence)
{
	sigset_t blocked;
	char reason[REASON_SIZE] = "";

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	(void)sigemptyset(&blocked);
	(void)sigaddset(&blocked, SIGALRM);
	(void)pthread_sigmask(SIG_BLOCK, &blocked, NULL);
	if (!trace_begin() || !witness_start() || chdir(file_path(DIRECTORY)))
		_exit(2);
	for (unsigned i = 0; i < sequence->count; i++) {
		if (step(&sequence->ops[i], reason))
			continue;
		tally->failed_at = i;
		if (!tally->reason[0])
			(void)strcpy(tally->reason, reason);
		witness_end();
		_exit(1);
	}
	witness_end();
	_exit(0);
}

static void say_how_it_ended(int status)
{
	if (WIFSIGNALED(status))
		snprintf(tally->reason, REASON_SIZE, "the process ended by signal %d%s",
			 WTERMSIG(status), WTERMSIG(status) == SIGKILL ? " (it hung)" : "");
	else if (!tally->reason[0])
		snprintf(tally->reason, REASON_SIZE, "the process ended with status %d",
			 WEXITSTATUS(status));
}

/* Ends the process when it hangs. */
static int wait_with_deadline(pid_t pid)
{
	struct timespec tick = { 0, 2000000 };
	int status;

	for (unsigned long i = 0; i < DEADLINE * 500ul; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		(void)nanosleep(&tick, NULL);
	}
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	return status;
}

bool sequence_fails(const struct sequence *sequence)
{
	pid_t pid;
	int status;

	tally->reason[0] = '\0';
	tally->failed_at = sequence->count;
	with_handlers = sequence->seed % 2;
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0)
		be_subject(sequence);
	status = wait_with_deadline(pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return false;
	say_how_it_ended(status);
	return true;
}

static void print_failure(struct sequence *sequence)
{
	char reason[REASON_SIZE];

	printf("# seed %llu, after operation %u of %u: %s\n", (unsigned long long)sequence->seed,
	       tally->failed_at, sequence->count, tally->reason);
	(void)strcpy(reason, tally->reason);
	sequence_shrink(sequence);
	printf("# %u operations are enough%s, with%s signal handlers:\n", sequence->count,
	       tally->reason[0] ? "" : " at times", with_handlers ? "" : "out");
	for (unsigned i = 0; i < sequence->count && i < PRINTED; i++)
		printf("#   %s\n", op_text(&sequence->ops[i]));
	printf("# %s\n", tally->reason[0] ? tally->reason : reason);
}

/* How many operations it took to fail; 0: it did not. */
static unsigned long run(bool shrink)
{
	struct sequence sequence;
	unsigned long done = 0;

	for (uint64_t seed = options.seed; done < options.ops; seed++) {
		sequence_make(&sequence, seed);
		if (sequence_fails(&sequence)) {
			done += tally->failed_at + 1;
			if (shrink)
				print_failure(&sequence);
			return done;
		}
		done += sequence.count;
	}
	return 0;
}

static bool disable(const char *name)
{
	static const struct {
		const char *name;
		size_t offset;
	} places[] = {
#define HF_FUNCTION(ret, name, params, body) { #name, offsetof(struct hf_real, name) },
#define HF_SPECIAL(ret, name, params) { #name, offsetof(struct hf_real, name) },
#include "functions.def"
#undef HF_FUNCTION
#undef HF_SPECIAL
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (!strcmp(places[i].name, name)) {
			size_t offset = places[i].offset;
			void *real = hf_real_find((void **)((char *)&hf_real + offset), name);

			memcpy((char *)&calls + offset, &real, sizeof(real));
			return true;
		}
	return false;
}

/* Without each hook in turn the run must fail; how soon is printed. */
static int test_the_test(void)
{
	struct hf_real all = calls;
	unsigned long failed;
	unsigned number = 0, bad = 0;

	for (const char *const *name = hooks_tested; *name; name++) {
		const char *lacks = op_lacks(op_of_hook(*name));

		if (lacks) {
			printf("ok %u - without the hook of %s # SKIP %s\n", ++number, *name, lacks);
			continue;
		}
		calls = all;
		if (!disable(*name))
			failed = 0;
		else
			failed = run(false);
		bad += failed == 0;
		printf("%sok %u - without the hook of %s, ledger and kernel disagree # %lu operations\n",
		       failed ? "" : "not ", ++number, *name, failed);
	}
	printf("1..%u\n", number);
	return bad != 0;
}

static int compare(const char *without)
{
	unsigned long failed = run(true);
	bool all_seen = counts_print();

	(void)fflush(stdout);
	if (failed)
		return 1;
	if (options.only_trace)
		return 0;
	printf("# %lu operations, and after each of them ledger and kernel agree\n", options.ops);
	if (!all_seen && !without)
		printf("# some outcome never happened: see \"never\" above\n");
	return !all_seen && !without;
}

/* What an exec'ed child does with what it inherits. */
static int be_inheritor(bool unlock)
{
	for (int fd = 3; fd < 500; fd++)
		(void)(unlock ? flock(fd, LOCK_UN) : close(fd));
	return 0;
}

static int usage(void)
{
	fprintf(stderr, "usage: differential [--seed N] [--ops N] [--without HOOK] [--trace|--only-trace]\n"
			"       differential --test-the-test [--ops N]\n"
			"       differential --list-hooks\n");
	return 2;
}

static int list_hooks(void)
{
	for (const char *const *name = hooks_tested; *name; name++)
		puts(*name);
	return 0;
}

/* Only root has that witness, and not on every machine. */
static void start_tracing(void)
{
	const char *why = options.trace ? trace_start() : NULL;

	if (why)
		printf("# no tracepoints: %s\n", why);
}

static int run_all(const char *without, bool self_test)
{
	int ret;

	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tally == MAP_FAILED)
		return 2;
	if (without && !disable(without)) {
		fprintf(stderr, "differential: %s: no such hook\n", without);
		return 2;
	}
	files_make();
	start_tracing();
	ret = self_test ? test_the_test() : compare(without);
	trace_stop();
	files_remove();
	return ret;
}

int main(int argc, char **argv)
{
	static const struct option known[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "ops", required_argument, NULL, 'o' },
		{ "without", required_argument, NULL, 'w' },
		{ "trace", no_argument, NULL, 't' },
		{ "only-trace", no_argument, NULL, 'O' },
		{ "test-the-test", no_argument, NULL, 'T' },
		{ "list-hooks", no_argument, NULL, 'l' },
		{ "unlock-inherited", no_argument, NULL, 'u' },
		{ "close-inherited", no_argument, NULL, 'c' },
		{ "report-kept", required_argument, NULL, 'k' },
		{ NULL, 0, NULL, 0 },
	};
	const char *without = NULL;
	bool self_test = false;
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) >= 0)
		switch (c) {
		case 's':
			options.seed = strtoull(optarg, NULL, 0);
			break;
		case 'o':
			options.ops = strtoul(optarg, NULL, 0);
			break;
		case 'w':
			without = optarg;
			break;
		case 'O':
			options.only_trace = true;
			/* fall through */
		case 't':
			options.trace = true;
			break;
		case 'T':
			self_test = true;
			break;
		case 'l':
			return list_hooks();
		case 'k':
			return report_kept(optarg);
		case 'u':
		case 'c':
			return be_inheritor(c == 'u');
		default:
			return usage();
		}
	return optind == argc ? run_all(without, self_test) : usage();
}
