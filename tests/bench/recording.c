/* SPDX-License-Identifier: MIT */
/*
 * What stacks, records and a program's start cost: processor time, of the children too, in the best
 * of several rounds in which the cases take turns. So a busy machine disturbs the ratios least.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exports.h"

#define ROUNDS 15
#define CALLS 20000
#define EXECS 20
#define DEPTH 16

static volatile unsigned sink;

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double spent_ns(void)
{
	struct rusage self, children;

	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	return 1e9 * (seconds(self.ru_utime) + seconds(self.ru_stime) + seconds(children.ru_utime) +
		      seconds(children.ru_stime));
}

static __attribute__((noinline)) void take_stacks(void)
{
	struct hf_stack stack;

	for (int i = 0; i < CALLS; i++)
		checker.stack_take(&stack, DEPTH);
	sink += stack.count;
}

static __attribute__((noinline)) void nested(unsigned depth, void (*leaf)(void))
{
	if (depth > 0)
		nested(depth - 1, leaf);
	else
		leaf();
	sink++;
}

static void cached_stack(void)
{
	checker.stack_use_cache(true);
	nested(DEPTH, take_stacks);
}

static void unwound_stack(void)
{
	checker.stack_use_cache(false);
	nested(DEPTH, take_stacks);
}

static void event(void)
{
	struct hf_event event = { .type = HF_EVENT_ACQUIRE };

	for (int i = 0; i < CALLS; i++)
		checker.event(&event);
}

static void repeated_finding(void)
{
	struct hf_rec_finding finding = { .kind = HF_KIND_UPGRADE, .here = 1, .taken = 2 };

	for (int i = 0; i < CALLS; i++)
		checker.finding(&finding);
}

/* Environments to start programs with: bare, the checker alone, the checker in a run. */
static char preload[4096], run[4200];
static char quiet[] = "HOLDFAST_OPTIONS=stderr=0";
static char *bare[] = { NULL };
static char *alone[] = { preload, quiet, NULL };
static char *in_run[] = { preload, run, NULL };

static void start_programs(char **environment)
{
	char *argv[] = { "/bin/true", NULL };

	for (int i = 0; i < EXECS; i++) {
		pid_t child;

		if (posix_spawn(&child, argv[0], NULL, NULL, argv, environment) != 0)
			abort();
		waitpid(child, NULL, 0);
	}
}

static void exec_bare(void)
{
	start_programs(bare);
}

static void exec_alone(void)
{
	start_programs(alone);
}

static void exec_in_run(void)
{
	start_programs(in_run);
}

static const char *make_pool(void)
{
	static char path[] = "/dev/shm/holdfast-bench-XXXXXX";
	struct hf_pool layout;
	uint64_t size = hf_pool_layout(&layout, 16384, 16 << 20, 1 << 17);
	int fd = mkstemp(path);

	if (fd < 0 || ftruncate(fd, (off_t)size) < 0 ||
	    write(fd, &layout, sizeof(layout)) != sizeof(layout))
		return NULL;
	close(fd);
	return path;
}

static struct {
	const char *name;
	void (*run)(void);
	int calls;
	double best; /* ns a call */
} cases[] = {
	{ "stack, unwound", unwound_stack, CALLS, 1e18 },
	{ "stack, from the cache", cached_stack, CALLS, 1e18 },
	{ "event", event, CALLS, 1e18 },
	{ "finding, repeated", repeated_finding, CALLS, 1e18 },
	{ "exec of true, bare", exec_bare, EXECS, 1e18 },
	{ "exec of true, checker alone", exec_alone, EXECS, 1e18 },
	{ "exec of true, checker in a run", exec_in_run, EXECS, 1e18 },
};

#define CASES (sizeof(cases) / sizeof(cases[0]))

static void print(void)
{
	for (size_t i = 0; i < CASES; i++)
		printf("%-32s %10.1f ns\n", cases[i].name, cases[i].best);
	printf("cached / unwound stack           %10.3f\n", cases[1].best / cases[0].best);
	printf("exec with the checker / bare     %10.3f\n", cases[5].best / cases[4].best);
	printf("exec in a run / bare             %10.3f\n", cases[6].best / cases[4].best);
}

int main(int argc, char **argv)
{
	const char *pool = make_pool();

	if (argc != 2 || access(argv[1], R_OK) < 0 || !pool) {
		fprintf(stderr,
			"usage: recording CHECKER (an absolute path), with room in /dev/shm\n");
		return 2;
	}
	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", argv[1]);
	snprintf(run, sizeof(run), "HOLDFAST_RUN=%s", pool);
	checker.start(argc, argv, alone);
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < CASES; i++) {
			double begin = spent_ns(), cost;

			cases[i].run();
			cost = (spent_ns() - begin) / cases[i].calls;
			if (cost < cases[i].best)
				cases[i].best = cost;
		}
	}
	unlink(pool);
	print();
	return 0;
}
