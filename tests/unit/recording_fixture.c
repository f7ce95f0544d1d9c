/* SPDX-License-Identifier: MIT */
#include "recording_fixture.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A folder for this test's files, taken away at its end. */
char folder[64];

void make_folder(void)
{
	strcpy(folder, "/tmp/hf-recorder-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
}

void remove_folder(void)
{
	char command[100];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	cr_assert_eq(system(command), 0);
}

char *in_folder(const char *name)
{
	static char path[4][100];
	static unsigned next;

	snprintf(path[next % 4], sizeof(path[0]), "%s/%s", folder, name);
	return path[next++ % 4];
}

/* A run's pool as the command makes it, mapped here too. */
struct hf_pool *new_pool(uint64_t log_size)
{
	int fd = open(in_folder("pool"), O_RDWR | O_CREAT | O_EXCL, 0600);
	struct hf_pool layout, *pool;
	uint64_t size = hf_pool_layout(&layout, 8, log_size, 4096);

	cr_assert_eq(ftruncate(fd, (off_t)size), 0);
	pool = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	cr_assert_neq(pool, MAP_FAILED);
	close(fd);
	*pool = layout;
	return pool;
}

/* Starts the checker in this process; options may be NULL. */
void start(const char *run, const char *options)
{
	static char arguments[] = "/usr/bin/bank\0--fast\0deposit";
	static char *argv[] = { arguments, arguments + 14, arguments + 21, NULL };
	static char texts[2][200];
	char *envp[3] = { NULL };
	unsigned n = 0;

	if (run) {
		snprintf(texts[n], sizeof(texts[n]), "HOLDFAST_RUN=%s", run);
		envp[n] = texts[n];
		n++;
	}
	snprintf(texts[n], sizeof(texts[n]), "HOLDFAST_OPTIONS=%s", options ? options : "");
	envp[n] = texts[n];
	checker.start(3, argv, envp);
}

struct hf_pool *start_run(void)
{
	struct hf_pool *pool = new_pool(256 * 1024);

	start(in_folder("pool"), NULL);
	return pool;
}

struct contents read_pool(const void *data, uint64_t size)
{
	struct contents ret = { 0 };
	const struct hf_record *record;
	uint64_t at = 0;

	cr_assert_eq(hf_pool_open_view(data, size, &ret.view), 0);
	while ((record = hf_log_next(&ret.view, &at, &ret.skipped))) {
		ret.count[hf_record_type(record)]++;
		ret.last[hf_record_type(record)] = record;
	}
	return ret;
}

struct contents contents_of(const struct hf_pool *pool)
{
	return read_pool(pool, pool->size);
}

struct hf_rec_finding a_finding(hf_ref here)
{
	return (struct hf_rec_finding){
		.kind = HF_KIND_CLOSE_DROPS_LOCK,
		.primitive = HF_PRIM_POSIX,
		.mode = HF_MODE_WRITE,
		.fd = 3,
		.other_fd = 4,
		.id = { 1, 2 },
		.end = HF_EOF,
		.here = here,
		.via = "close",
	};
}

hf_ref here(void)
{
	struct hf_stack stack;

	checker.stack_take(&stack, 16);
	return checker.stack(&stack);
}
