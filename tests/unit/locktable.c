/* SPDX-License-Identifier: MIT */
/* The lock table, read from a procfs made of plain files. */
#include "locktable.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "procinfo.h"

static char proc[] = "/tmp/holdfast-unit.XXXXXX";

static void make_proc(void)
{
	cr_assert(mkdtemp(proc));
}

static void remove_proc(void)
{
	char command[80];

	snprintf(command, sizeof(command), "rm -rf %s", proc);
	cr_assert_eq(system(command), 0);
}

TestSuite(locktable, .init = make_proc, .fini = remove_proc, .timeout = 20);

/* Creates a file of the tree together with its directories. */
static void put(const char *name, const char *text)
{
	char path[256];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", proc, name);
	for (char *slash = path + strlen(proc) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		cr_assert(mkdir(path, 0700) == 0 || errno == EEXIST);
		*slash = '/';
	}
	out = fopen(path, "w");
	cr_assert(out);
	fputs(text, out);
	fclose(out);
}

static struct locktable read_table(void)
{
	struct locktable table;

	cr_assert_eq(locktable_read(proc, &table), 0);
	return table;
}

Test(locktable, a_missing_locks_file_is_an_error_and_not_an_empty_table)
{
	struct locktable table;

	cr_expect_eq(locktable_read(proc, &table), -ENOENT);
	cr_expect_eq(table.count, 0);
}

Test(locktable, lines_that_are_no_locks_are_stepped_over)
{
	struct locktable table;

	put("locks", "1: LEASE  ACTIVE    READ 5 08:01:3 0 EOF\n"
		     "2: NEWKIND whatever\n"
		     "3: POSIX  ADVISORY  WRITE 7 08:01:3 0 EOF\n");
	table = read_table();
	cr_expect_eq(table.count, 1);
	locktable_free(&table);
}

Test(locktable, an_ofd_lock_is_named_by_the_fdinfo_of_its_holder)
{
	struct locktable table;

	put("locks", "1: OFDLCK ADVISORY  WRITE -1 08:01:3 0 EOF\n");
	put("77/fdinfo/5", "pos:\t0\nlock:\t1: OFDLCK ADVISORY  WRITE -1 08:01:3 0 EOF\n");
	put("77/cmdline", "bank");
	table = read_table();
	cr_assert_eq(table.entries[0].owner_count, 1);
	cr_expect_eq(table.entries[0].owners[0].pid, 77);
	cr_expect_eq(table.entries[0].owners[0].fd, 5);
	cr_expect_str_eq(table.entries[0].owners[0].command, "bank");
	locktable_free(&table);
}

Test(locktable, an_ofd_lock_that_nobody_shows_is_unknown_and_not_left_out)
{
	struct locktable table;

	put("locks", "1: OFDLCK ADVISORY  WRITE -1 08:01:3 0 EOF\n");
	put("77/fdinfo/5", "pos:\t0\n");
	table = read_table();
	cr_assert_eq(table.count, 1);
	cr_expect_eq(table.entries[0].owner_count, 0);
	locktable_free(&table);
}

Test(locktable, a_lock_of_the_same_inode_number_on_another_device_is_another_lock)
{
	struct locktable table;

	put("locks", "1: OFDLCK ADVISORY  WRITE -1 08:01:3 0 EOF\n");
	put("77/fdinfo/5", "lock:\t1: OFDLCK ADVISORY  WRITE -1 08:02:3 0 EOF\n");
	table = read_table();
	cr_expect_eq(table.entries[0].owner_count, 0);
	locktable_free(&table);
}

Test(locktable, two_readers_of_the_same_bytes_get_one_lock_each)
{
	struct locktable table;

	put("locks", "1: OFDLCK ADVISORY  READ -1 08:01:3 0 EOF\n"
		     "2: OFDLCK ADVISORY  READ -1 08:01:3 0 EOF\n");
	/* No processes of these numbers exist, so the kernel cannot say that they share. */
	put("999999998/fdinfo/5", "lock:\t1: OFDLCK ADVISORY  READ -1 08:01:3 0 EOF\n");
	put("999999999/fdinfo/5", "lock:\t1: OFDLCK ADVISORY  READ -1 08:01:3 0 EOF\n");
	table = read_table();
	cr_assert_eq(table.entries[0].owner_count, 1);
	cr_assert_eq(table.entries[1].owner_count, 1);
	cr_expect_eq(table.entries[0].owners[0].pid, 999999998);
	cr_expect_eq(table.entries[1].owners[0].pid, 999999999);
	locktable_free(&table);
}

Test(locktable, a_description_shared_by_two_processes_is_one_lock_with_two_owners)
{
	struct locktable table;

	put("locks", "1: FLOCK  ADVISORY  WRITE 76 08:01:3 0 EOF\n");
	put("76/fdinfo/5", "lock:\t1: FLOCK  ADVISORY  WRITE 76 08:01:3 0 EOF\n");
	put("77/fdinfo/5", "lock:\t1: FLOCK  ADVISORY  WRITE 76 08:01:3 0 EOF\n");
	table = read_table();
	cr_expect_eq(table.count, 1);
	cr_expect_eq(table.entries[0].owner_count, 2);
	locktable_free(&table);
}

Test(locktable, the_process_that_took_a_flock_and_has_it_no_longer_is_not_its_owner)
{
	struct locktable table;

	put("locks", "1: FLOCK  ADVISORY  WRITE 76 08:01:3 0 EOF\n");
	put("76/fdinfo/0", "pos:\t0\n");
	put("77/fdinfo/5", "lock:\t1: FLOCK  ADVISORY  WRITE 76 08:01:3 0 EOF\n");
	table = read_table();
	cr_assert_eq(table.entries[0].owner_count, 1);
	cr_expect_eq(table.entries[0].owners[0].pid, 77);
	locktable_free(&table);
}

Test(locktable, a_posix_lock_belongs_to_its_pid_even_when_no_descriptor_shows_it)
{
	struct locktable table;

	put("locks", "1: POSIX  ADVISORY  WRITE 76 08:01:3 0 EOF\n");
	table = read_table();
	cr_assert_eq(table.entries[0].owner_count, 1);
	cr_expect_eq(table.entries[0].owners[0].pid, 76);
	cr_expect_eq(table.entries[0].owners[0].fd, -1);
	locktable_free(&table);
}

Test(locktable, a_waiter_is_blocked_by_every_holder_that_it_conflicts_with)
{
	struct locktable table;
	const struct lock_entry *waiter, *blocker = NULL;
	pid_t expected[] = { 10, 11 };
	size_t found = 0;

	put("locks", "1: POSIX  ADVISORY  READ 10 08:01:3 0 9\n"
		     "1: -> POSIX  ADVISORY  WRITE 13 08:01:3 0 19\n"
		     "2: POSIX  ADVISORY  READ 11 08:01:3 10 19\n"
		     "3: POSIX  ADVISORY  READ 12 08:01:3 20 29\n"
		     "4: FLOCK  ADVISORY  WRITE 14 08:01:3 0 EOF\n"
		     "5: POSIX  ADVISORY  READ 13 08:01:3 0 19\n");
	table = read_table();
	waiter = &table.entries[1];
	cr_assert(waiter->lock.waiting);
	while ((blocker = locktable_next_blocker(&table, waiter, blocker)))
		cr_expect_eq(blocker->lock.pid, expected[found++ % 2]);
	cr_expect_eq(found, 2);
	locktable_free(&table);
}

Test(locktable, a_waiter_behind_a_waiter_hangs_below_it)
{
	struct locktable table;

	put("locks", "1: FLOCK  ADVISORY  WRITE 10 08:01:3 0 EOF\n"
		     "1: -> FLOCK  ADVISORY  WRITE 11 08:01:3 0 EOF\n"
		     "1:  -> FLOCK  ADVISORY  WRITE 12 08:01:3 0 EOF\n"
		     "1: -> FLOCK  ADVISORY  WRITE 13 08:01:3 0 EOF\n");
	table = read_table();
	cr_expect_null(locktable_parent(&table, &table.entries[0]));
	cr_expect_eq(locktable_parent(&table, &table.entries[1]), &table.entries[0]);
	cr_expect_eq(locktable_parent(&table, &table.entries[2]), &table.entries[1]);
	cr_expect_eq(locktable_parent(&table, &table.entries[3]), &table.entries[0]);
	locktable_free(&table);
}

Test(locktable, a_file_of_a_btrfs_is_known_by_the_device_of_its_mount)
{
	struct hf_fileid id;
	struct stat st;
	char link[256];

	put("file", "");
	put("77/fdinfo/5", "pos:\t0\nflags:\t0\nmnt_id:\t25\n");
	put("77/mountinfo",
	    "24 1 0:3 / / rw - ext4 /dev/x rw\n25 1 0:30 / /b rw - btrfs /dev/y rw\n");
	put("77/fd/x", "");
	snprintf(link, sizeof(link), "%s/77/fd/5", proc);
	cr_assert_eq(symlink("../../file", link), 0);
	cr_assert_eq(stat(link, &st), 0);
	cr_assert_eq(procinfo_fd_id(proc, 77, 5, &id), 0);
	cr_expect_eq(id.dev, makedev(0, 30));
	cr_expect_eq(id.ino, st.st_ino);
	cr_expect_eq(procinfo_fd_device(proc, 77, 5), st.st_dev);
}

Test(locktable, a_command_line_shows_its_arguments_and_no_control_bytes)
{
	char path[256], *command;
	FILE *out;

	put("77/comm", "worker\n");
	snprintf(path, sizeof(path), "%s/77/cmdline", proc);
	command = procinfo_command(proc, 77);
	cr_expect_str_eq(command, "[worker]");
	free(command);
	out = fopen(path, "w");
	fwrite("cp\0-a\0x\033[2J\0", 1, 12, out);
	fclose(out);
	command = procinfo_command(proc, 77);
	cr_expect_str_eq(command, "cp -a x?[2J");
	free(command);
	cr_expect_null(procinfo_command(proc, 78));
}

Test(locktable, fifty_thousand_locks_of_one_file_are_read_at_once)
{
	struct locktable table;
	char *text = NULL, *lines = NULL;
	size_t size, found = 0;
	FILE *locks = open_memstream(&text, &size), *fdinfo = open_memstream(&lines, &size);

	for (int i = 0; i < 50000; i++) {
		fprintf(locks, "%d: OFDLCK ADVISORY  WRITE -1 08:01:3 %d %d\n", i + 1, 2 * i,
			2 * i);
		fprintf(fdinfo, "lock:\t1: OFDLCK ADVISORY  WRITE -1 08:01:3 %d %d\n", 2 * i,
			2 * i);
	}
	fclose(locks);
	fclose(fdinfo);
	put("locks", text);
	put("77/fdinfo/5", lines);
	table = read_table();
	for (size_t i = 0; i < table.count; i++)
		found += table.entries[i].owner_count == 1;
	cr_expect_eq(found, 50000);
	locktable_free(&table);
	free(text);
	free(lines);
}
