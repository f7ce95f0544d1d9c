/* SPDX-License-Identifier: MIT */
/* Many processes on few files: exclusion as it shows in what they leave in a log. */
#include "config.h"

#include "lib.h"

TestSuite(crowd, .init = folder_setup, .fini = folder_teardown, .timeout = 100);

/* ---- fifty processes, fifty files ---- */

#define PROCESSES 50
#define FILES 50

static int mark_files(struct child *self, void *arg)
{
	char name[32], mark[32];
	hf_lock *lock;
	int fd, i;

	(void)self;
	(void)arg;
	for (i = 0; i < FILES; i++) {
		(void)snprintf(name, sizeof(name), "lock-%d", i);
		(void)snprintf(mark, sizeof(mark), "mark-%d", i);
		if (hf_lock_open(name, HF_NO_RECHECK, &lock) ||
		    hf_lock_acquire(lock, HF_EXCLUSIVE, HF_FOREVER))
			return 1;
		fd = open(mark, O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0)
			return 2; /* somebody is inside */
		(void)close(fd);
		(void)unlink(mark);
		hf_lock_close(lock);
	}
	return 0;
}

Test(crowd, fifty_processes_on_fifty_files_never_collide)
{
	struct child children[PROCESSES];
	int i;

	for (i = 0; i < PROCESSES; i++)
		children[i] = child_start(mark_files, NULL);
	for (i = 0; i < PROCESSES; i++)
		cr_expect_eq(child_finish(&children[i]), 0);
}

/* ---- readers and writers, and their log ---- */

struct part {
	hf_mode mode;
	int rounds;
	unsigned flags;
};

/* In: '(' or '[', out: ')' or ']'. One write each, appended, so that the order is that of the events. */
static int visit(struct child *self, void *arg)
{
	struct part *part = arg;
	const char *marks = part->mode == HF_EXCLUSIVE ? "[]" : "()";
	int log = open("log", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	hf_lock *lock;
	int i;

	(void)self;
	if (log < 0 || hf_lock_open("f", part->flags, &lock))
		return 1;
	for (i = 0; i < part->rounds; i++) {
		if (hf_lock_acquire(lock, part->mode, i % 2 ? HF_FOREVER : HF_SEC(90)))
			return 2;
		if (write(log, marks, 1) != 1 || write(log, marks + 1, 1) != 1)
			return 3;
		if (hf_lock_release(lock))
			return 4;
	}
	return 0;
}

/* How many visits the log has; -1 when a writer was not alone in one. */
static int read_log(void)
{
	FILE *log = fopen("log", "re");
	int readers = 0, writers = 0, visits = 0;
	int c;

	cr_assert_not_null(log);
	while ((c = fgetc(log)) != EOF) {
		readers += (c == '(') - (c == ')');
		writers += (c == '[') - (c == ']');
		visits += c == '(' || c == '[';
		if (writers > 1 || (writers && readers)) {
			visits = -1;
			break;
		}
	}
	(void)fclose(log);
	return visits;
}

static void visit_together(int readers, int writers, int rounds, unsigned flags)
{
	struct child children[40];
	struct part part = { .rounds = rounds, .flags = flags };
	int i;

	for (i = 0; i < readers + writers; i++) {
		part.mode = i < writers ? HF_EXCLUSIVE : HF_SHARED;
		children[i] = child_start(visit, &part);
	}
	for (i = 0; i < readers + writers; i++)
		cr_expect_eq(child_finish(&children[i]), 0);
	cr_expect_eq(read_log(), (readers + writers) * rounds);
}

Test(crowd, twenty_writers_ten_times_are_never_two_inside)
{
	visit_together(0, 20, 10, 0);
}

Test(crowd, twenty_mixed_ten_times_a_writer_is_always_alone)
{
	visit_together(10, 10, 10, 0);
}

Test(crowd, nine_readers_and_one_writer_do_not_overlap)
{
	visit_together(9, 1, 20, 0);
}

Test(crowd, ten_writers_alone_do_not_overlap)
{
	visit_together(0, 10, 20, 0);
}

Test(crowd, mixed_with_writers_first_a_writer_is_always_alone)
{
	visit_together(10, 10, 10, HF_WRITERS_FIRST);
}

/* ---- crashes ---- */

static void next_gets_it_after(hf_mode mode)
{
	struct child holder = child_holding("f", mode);
	struct child waiter = child_waiting("f", HF_EXCLUSIVE);

	child_kill(&holder);
	cr_expect_eq(child_told(&waiter), 'h');
	cr_expect_eq(child_finish(&waiter), 0);
}

Test(crowd, a_reader_crashes_and_the_next_gets_it)
{
	next_gets_it_after(HF_SHARED);
}

Test(crowd, a_writer_crashes_and_the_next_gets_it)
{
	next_gets_it_after(HF_EXCLUSIVE);
}
