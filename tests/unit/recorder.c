/* SPDX-License-Identifier: MIT */
/* Written by the checker's recorder into a run's pool, read back with core's reader. */
#include <criterion/criterion.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recording_fixture.h"

TestSuite(recorder, .init = make_folder, .fini = remove_folder, .timeout = 30);

Test(recorder, a_program_says_hello_and_its_arguments_once_it_records_something)
{
	struct hf_pool *pool = start_run();
	struct contents found = contents_of(pool);
	const struct hf_image *image = found.view.images;
	struct hf_event event = { .type = HF_EVENT_ACQUIRE };

	cr_assert_eq(found.view.image_count, 1);
	cr_expect_eq(image->kind, HF_IMAGE_EXEC);
	cr_expect_eq(image->pid, getpid());
	cr_expect_eq(image->ppid, getppid());
	cr_expect_str_eq(image->name, "bank");
	cr_expect_eq(found.count[HF_RECORD_ARGS], 0);
	checker.event(&event);
	found = contents_of(pool);
	cr_assert_eq(found.count[HF_RECORD_ARGS], 1);
	cr_expect_eq(memcmp(((const struct hf_rec_args *)found.last[HF_RECORD_ARGS])->text,
			    "/usr/bin/bank\0--fast\0deposit", 29),
		     0);
	cr_expect_eq(hf_log_at(&found.view, image->exec, HF_RECORD_ARGS),
		     found.last[HF_RECORD_ARGS]);
	cr_expect_eq(image->locks, 1);
}

Test(recorder, a_finding_comes_back_with_its_stack_and_repetitions_only_count)
{
	struct hf_pool *pool = start_run();
	struct hf_rec_finding finding = a_finding(here());
	hf_ref ref = checker.finding(&finding);
	const struct hf_rec_finding *read;
	const struct hf_rec_stack *stack;
	const struct hf_rec_module *module;
	struct contents found;
	char exe[200] = "";

	for (int i = 0; i < 4; i++)
		cr_expect_eq(checker.finding(&finding), ref);
	found = contents_of(pool);
	cr_assert_eq(found.count[HF_RECORD_FINDING], 1);
	read = (const void *)hf_log_at(&found.view, ref, HF_RECORD_FINDING);
	cr_assert_not_null(read);
	cr_expect_eq(read->count, 5);
	cr_expect_eq(read->head.tid, gettid());
	cr_expect_str_eq(read->via, "close");
	stack = (const void *)hf_log_at(&found.view, read->here, HF_RECORD_STACK);
	cr_assert_not_null(stack);
	cr_assert_gt(stack->count, 2);
	module = (const void *)hf_log_at(&found.view, stack->frames[0].module, HF_RECORD_MODULE);
	cr_assert_not_null(module);
	cr_assert_gt(readlink("/proc/self/exe", exe, sizeof(exe) - 1), 0);
	cr_expect_eq(strncmp(module->path, exe, strlen(exe)), 0);
	cr_expect_lt(module->base + stack->frames[0].offset - (uintptr_t)here, 200);
	cr_expect_eq(found.skipped, 0);
}

Test(recorder, a_stack_module_or_file_is_written_once)
{
	struct hf_pool *pool = start_run();
	struct hf_fileid id = { 7, 8 };
	const struct hf_rec_file *file;
	struct contents found;
	unsigned modules;

	for (volatile int i = 0; i < 10; i++) {
		cr_expect_neq(here(), 0);
		checker.file(id, STDIN_FILENO, 0x6969);
	}
	found = contents_of(pool);
	modules = found.count[HF_RECORD_MODULE];
	cr_expect_eq(found.count[HF_RECORD_STACK], 1);
	cr_expect_eq(found.count[HF_RECORD_FILE], 1);
	file = (const void *)found.last[HF_RECORD_FILE];
	cr_expect(hf_fileid_equal(file->id, id));
	cr_expect_eq(file->fs_type, 0x6969);
	(void)here();
	found = contents_of(pool);
	cr_expect_eq(found.count[HF_RECORD_STACK], 2, "another call site, another stack");
	cr_expect_eq(found.count[HF_RECORD_MODULE], modules);
}

Test(recorder, a_fork_child_gets_an_image_when_it_first_records_something)
{
	struct hf_pool *pool = start_run();
	struct hf_event event = { .type = HF_EVENT_ACQUIRE };
	struct contents found;
	pid_t child;

	child = fork();
	if (child == 0) {
		checker.forked();
		if (pool->images_next != 1)
			_exit(1);
		checker.event(&event);
		_exit(0);
	}
	cr_assert_eq(waitpid(child, NULL, 0), child);
	found = contents_of(pool);
	cr_assert_eq(found.view.image_count, 2);
	cr_expect_eq(found.view.images[1].kind, HF_IMAGE_FORK);
	cr_expect_eq(found.view.images[1].pid, child);
	cr_expect_eq(found.view.images[1].parent, 1);
	cr_expect_eq(hf_event_at(&found.view, 0)->image, 1);
	cr_expect_eq(hf_event_at(&found.view, 0)->tid, child);
}

/* Children that write until they are killed: whole records before it, after it, and from others. */
Test(recorder, what_was_recorded_survives_sigkill_at_any_moment)
{
	struct hf_pool *pool = new_pool(4 << 20);
	struct contents found;
	int before, ready[2];

	start(in_folder("pool"), NULL);
	cr_assert_eq(pipe(ready), 0);
	for (int round = 0; round < 6; round++) {
		pid_t child = fork();
		char byte;

		if (child == 0) {
			checker.forked();
			for (uint32_t n = 0;; n++) {
				struct hf_rec_finding finding = a_finding(n + 1);

				checker.finding(&finding);
				if (n == 50 + 7 * (uint32_t)round)
					(void)!write(ready[1], "", 1);
				if (n == 4000)
					pause();
			}
		}
		cr_assert_eq(read(ready[0], &byte, 1), 1);
		kill(child, SIGKILL);
		cr_assert_eq(waitpid(child, NULL, 0), child);
	}
	before = (int)contents_of(pool).count[HF_RECORD_FINDING];
	cr_expect_geq(before, 6 * 50);
	checker.exec("/bin/true", getpid(), 0);
	found = contents_of(pool);
	cr_expect_eq(found.count[HF_RECORD_EXEC], 1);
	cr_expect_leq(found.skipped, 6 * sizeof(struct hf_rec_finding) + 6 * HF_LOG_ALIGN);
}

static void *record_from_thread(void *arg)
{
	struct hf_event event = { .type = HF_EVENT_ACQUIRE, .fd = (int)(intptr_t)arg };

	for (volatile int i = 0; i < 500; i++) {
		struct hf_rec_finding finding = a_finding(here());

		checker.event(&event);
		checker.finding(&finding);
	}
	return NULL;
}

Test(recorder, nothing_is_lost_between_threads)
{
	struct hf_pool *pool = start_run();
	unsigned per_thread[4] = { 0 };
	struct contents found;
	pthread_t threads[4];
	uint32_t repeated = 0;
	uint64_t at = 0;
	const struct hf_record *record;

	for (intptr_t i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, record_from_thread, (void *)i);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	found = contents_of(pool);
	cr_expect_eq(found.view.event_next, 2000);
	for (uint64_t n = 0; n < 2000; n++)
		per_thread[hf_event_at(&found.view, n)->fd]++;
	for (int i = 0; i < 4; i++)
		cr_expect_eq(per_thread[i], 500);
	/* All four have one stack; who met while it was new may have written it, and so the
	 * finding, twice. */
	while ((record = hf_log_next(&found.view, &at, &found.skipped)))
		if (hf_record_type(record) == HF_RECORD_FINDING)
			repeated += ((const struct hf_rec_finding *)record)->count;
	cr_expect_eq(repeated, 2000);
	cr_expect_eq(found.view.images[0].locks, 2000);
}

static volatile sig_atomic_t handled;

static void record_in_handler(int signal)
{
	struct hf_rec_finding finding = a_finding(here());
	struct hf_event event = { .type = HF_EVENT_ACQUIRE };

	(void)signal;
	finding.kind = HF_KIND_UPGRADE;
	checker.finding(&finding);
	checker.event(&event);
	handled++;
}

Test(recorder, a_handler_may_record_while_its_thread_does)
{
	struct hf_pool *pool = start_run();
	struct itimerval often = { { 0, 100 }, { 0, 100 } };
	struct contents found;

	signal(SIGALRM, record_in_handler);
	setitimer(ITIMER_REAL, &often, NULL);
	for (uint32_t n = 0; handled < 300; n++) {
		struct hf_rec_finding finding = a_finding(here());
		struct hf_event event = { .type = HF_EVENT_RELEASE };

		finding.taken = n % 50;
		checker.finding(&finding);
		checker.event(&event);
	}
	setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
	found = contents_of(pool);
	cr_expect_eq(found.skipped, 0);
	cr_expect_eq(found.view.images[0].locks, handled);
	cr_expect_geq(found.count[HF_RECORD_FINDING], 51);
}

Test(recorder, what_finds_no_room_is_counted_and_nothing_is_overwritten)
{
	struct hf_pool *pool = new_pool(4096);
	struct contents found;
	unsigned written = 0;

	start(in_folder("pool"), NULL);
	for (uint32_t n = 0; n < 100; n++) {
		struct hf_rec_finding finding = a_finding(n + 1);

		written += checker.finding(&finding) != 0;
	}
	found = contents_of(pool);
	cr_expect_gt(written, 10);
	cr_expect_eq(found.count[HF_RECORD_FINDING], written);
	cr_expect_eq(pool->log_lost, 100 - written);
}

Test(recorder, more_processes_than_slots_still_record)
{
	struct hf_pool *pool = start_run();
	struct contents found;

	for (int i = 0; i < 10; i++) {
		pid_t child = fork();

		if (child == 0) {
			checker.forked();
			checker.exec("/bin/true", getpid(), 0);
			_exit(0);
		}
		waitpid(child, NULL, 0);
	}
	found = contents_of(pool);
	cr_expect_eq(found.view.image_count, 8);
	cr_expect_eq(pool->images_next, 11);
	cr_expect_eq(found.count[HF_RECORD_EXEC], 10);
	cr_expect_eq(found.last[HF_RECORD_EXEC]->image, HF_NO_IMAGE);
}

Test(recorder, the_same_findings_consequences_are_kept_up_to_a_number)
{
	struct hf_pool *pool = start_run();
	struct hf_rec_finding finding = a_finding(0);
	struct hf_rec_consequence then = { .what = HF_THEN_READ };

	then.finding = checker.finding(&finding);
	for (int i = 0; i < 1000; i++)
		checker.consequence(&then);
	cr_expect_eq(contents_of(pool).count[HF_RECORD_CONSEQUENCE], 16);
}

Test(recorder, once_prepared_it_needs_no_system_call)
{
	struct hf_pool *pool = start_run();
	hf_ref stack = here();
	struct contents found;
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct hf_rec_finding finding = a_finding(stack);
		struct hf_event event = { .type = HF_EVENT_ACQUIRE };

		checker.forked();
		checker.prepare();
		if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
			_exit(77);
		checker.flag(HF_IMAGE_SECCOMP);
		checker.event(&event);
		checker.finding(&finding);
		syscall(SYS_exit, 0); /* _exit would call exit_group, which is forbidden */
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		cr_skip("this kernel has no strict seccomp");
	cr_assert_eq(status, 0);
	found = contents_of(pool);
	cr_expect_eq(found.view.images[1].flags, HF_IMAGE_SECCOMP);
	cr_expect_eq(found.view.images[1].locks, 1);
	cr_expect_eq(found.count[HF_RECORD_FINDING], 1);
}
