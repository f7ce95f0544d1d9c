/* SPDX-License-Identifier: MIT */
/*
 * Correct programs that look guilty: what stock programs do with locks and a careless checker would
 * report, each small. silence.sh runs them all.
 *
 * usage: correct FOLDER HABIT    (the folder is empty)
 *        correct --list
 */
#include "correct.h"

/* SQLite unlocks all that it might have locked. */
static void unlock_never_locked(void)
{
	int fd = open_file("file");

	lock(fd, F_UNLCK, 0, 0);
	lock(fd, F_WRLCK, 10, 1);
	write_to(fd, 10);
	lock(fd, F_UNLCK, 0, 0);
	lock(fd, F_UNLCK, 0, 0);
	close(fd);
}

/* Who is there? It acts on the answer only by saying so, or by locking. */
static void probe(void)
{
	struct flock query = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open_file("file");

	must(fcntl(fd, F_GETLK, &query) == 0 && query.l_type == F_UNLCK, "query");
	lock(fd, F_WRLCK, 0, 0);
	write_to(fd, 0);
	close(fd);
}

/* rpm, SQLite: a write lock on a descriptor that only reads tells that the file is read-only. */
static void probe_for_writing(void)
{
	int fd = open_file("file"), reader = open("file", O_RDONLY | O_CLOEXEC);
	char byte;

	must(set_lock(reader, F_SETLK, F_WRLCK, 0, 1) < 0 && errno == EBADF, "probe");
	lock(reader, F_RDLCK, 0, 1);
	must(read(reader, &byte, 1) == 0, "read");
	lock(reader, F_UNLCK, 0, 1);
	close(reader);
	close(fd);
}

/* Somebody else has it: the pidfile says who. The file is shown, and nothing is done. */
static void read_who_has_it(void)
{
	int fd = open_file("file"), ready[2];
	char byte;
	pid_t child;

	must(pipe(ready) == 0, "prepare");
	child = fork();
	if (!child) {
		lock(fd, F_WRLCK, 0, 0);
		write_to(fd, 0);
		must(write(ready[1], "", 1) == 1, "ready");
		pause();
	}
	must(read(ready[0], &byte, 1) == 1, "ready");
	must(set_lock(fd, F_SETLK, F_WRLCK, 0, 0) < 0, "lock");
	read_from(fd, 0);
	close(fd);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/* Records are given up one by one, and looked at without a lock where it does not matter. */
static void read_what_was_unlocked(void)
{
	int fd = open_file("file");

	lock(fd, F_WRLCK, 0, 20);
	write_to(fd, 10);
	lock(fd, F_UNLCK, 10, 10);
	read_from(fd, 10);
	write_to(fd, 0);
	lock(fd, F_UNLCK, 0, 0);
	read_from(fd, 0);
	close(fd);
}

/* SQLite keeps one state for each file, and converts through any descriptor of it. */
static void convert_through_another(void)
{
	int fd = open_file("file"), other = open_file("file");

	lock(fd, F_RDLCK, 100, 10);
	lock(other, F_WRLCK, 100, 10);
	write_to(other, 0);
	lock(fd, F_RDLCK, 100, 10);
	lock(other, F_UNLCK, 0, 0);
	close(fd);
	close(other);
}

/* SQLite again: what could not be closed while others had locks is closed right after. */
static void close_what_was_postponed(void)
{
	int fd = open_file("file"), postponed = open_file("file"), another = open_file("file");

	lock(fd, F_WRLCK, 0, 0);
	write_to(fd, 0);
	close(fd);
	close(postponed);
	close(another);
}

/* LMDB, slapd. */
static void downgrade(void)
{
	int fd = open_file("file");

	lock(fd, F_WRLCK, 0, 1);
	write_to(fd, 0);
	lock(fd, F_RDLCK, 0, 1);
	lock(fd, F_UNLCK, 0, 1);
	close(fd);
}

/* Java, svn, mariadb: hundreds of ranges, always in one order. */
static void many_ranges(void)
{
	int fd = open_file("file");

	for (int i = 0; i < 500; i++)
		lock(fd, i % 2 ? F_WRLCK : F_RDLCK, 3 * i, 2);
	for (int i = 1; i < 500; i += 2)
		write_to(fd, 3 * i);
	for (int i = 0; i < 500; i++)
		lock(fd, F_UNLCK, 3 * i, 2);
	close(fd);
}

/* logrotate: a flock does not mind other descriptors. */
static void read_what_is_flocked(void)
{
	int fd = open_file("file");

	must(flock(fd, LOCK_EX) == 0, "flock");
	close(open_file("file"));
	write_to(fd, 0);
	must(flock(fd, LOCK_UN) == 0, "unlock");
	close(fd);
}

/* dovecot, dpkg: the new file is written under its lock and takes the place of the old one. */
static void rename_while_locked(void)
{
	int fd;

	close(open_file("file"));
	fd = open_file("file.new");
	lock(fd, F_WRLCK, 0, 0);
	write_to(fd, 0);
	must(rename("file.new", "file") == 0, "rename");
	close(fd);
}

/* samba, man-db, debconf: gone with the lock; nobody else waits for it. */
static void unlink_while_locked(void)
{
	int fd = open_file("file");

	lock(fd, F_WRLCK, 0, 0);
	write_to(fd, 0);
	must(unlink("file") == 0, "unlink");
	close(fd);
}

/* The file may have been replaced while one waited: look, and try again. */
static void look_again(void)
{
	struct stat locked, named;
	int fd = open_file("file");

	must(rename("file", "old") == 0, "rename");
	close(open_file("file"));
	for (;;) {
		lock(fd, F_WRLCK, 0, 0);
		must(fstat(fd, &locked) == 0 && stat("file", &named) == 0, "stat");
		if (locked.st_ino == named.st_ino)
			break;
		close(fd);
		fd = open_file("file");
	}
	write_to(fd, 0);
	close(fd);
}

/* Another description had the lock until the file was removed; whoever gets it now locks nothing.
 */
static int outlived_file(void)
{
	int fd = open_file("file"), holder = open_file("file");

	must(set_lock(holder, F_OFD_SETLK, F_WRLCK, 0, 0) == 0, "lock");
	must(set_lock(fd, F_OFD_SETLK, F_WRLCK, 0, 0) < 0, "busy");
	must(unlink("file") == 0, "unlink");
	close(holder);
	return fd;
}

/* Our own library: glibc's fstat() goes through a slower system call. */
static void look_by_system_call(void)
{
	struct stat st;
	int fd = outlived_file();

	must(set_lock(fd, F_OFD_SETLK, F_WRLCK, 0, 0) == 0, "lock");
	must(syscall(SYS_fstat, fd, &st) == 0 && st.st_nlink == 0, "fstat");
	must(set_lock(fd, F_OFD_SETLK, F_UNLCK, 0, 0) == 0, "unlock");
	close(fd);
}

static void *take_for_another(void *fd)
{
	must(set_lock(*(int *)fd, F_OFD_SETLK, F_WRLCK, 0, 0) == 0, "lock");
	return NULL;
}

/* A lock with a deadline: a thread waits for it, and the one that wanted it looks what it got. */
static void take_in_a_thread(void)
{
	int fd = outlived_file(), log = open_file("log");
	struct stat st;
	pthread_t thread;

	must(pthread_create(&thread, NULL, take_for_another, &fd) == 0, "thread");
	must(pthread_join(thread, NULL) == 0, "join");
	must(fstat(fd, &st) == 0 && st.st_nlink == 0, "fstat");
	write_to(log, 0);
	close(fd);
}

/* Mail programs take both, for whoever looks for either. */
static void lock_both_ways(void)
{
	int fd = open_file("file");

	lock(fd, F_WRLCK, 0, 0);
	must(flock(fd, LOCK_EX) == 0, "flock");
	write_to(fd, 0);
	must(flock(fd, LOCK_UN) == 0, "unlock");
	lock(fd, F_UNLCK, 0, 0);
	close(fd);
}

/* apt, exim: the lock ends with the descriptor that took it, as it was meant. */
static void release_by_close(void)
{
	for (int i = 0; i < 3; i++) {
		int fd = open_file("file");

		lock(fd, F_WRLCK, 0, 0);
		write_to(fd, 0);
		close(fd);
	}
}

static const struct habit {
	const char *name;
	void (*act)(void);
} habits[] = {
	{ "unlock-never-locked", unlock_never_locked },
	{ "probe", probe },
	{ "probe-for-writing", probe_for_writing },
	{ "read-who-has-it", read_who_has_it },
	{ "read-what-was-unlocked", read_what_was_unlocked },
	{ "children-read", children_read },
	{ "convert-through-another", convert_through_another },
	{ "close-what-was-postponed", close_what_was_postponed },
	{ "downgrade", downgrade },
	{ "many-ranges", many_ranges },
	{ "read-what-is-flocked", read_what_is_flocked },
	{ "rename-while-locked", rename_while_locked },
	{ "unlink-while-locked", unlink_while_locked },
	{ "look-again", look_again },
	{ "look-by-system-call", look_by_system_call },
	{ "take-in-a-thread", take_in_a_thread },
	{ "children-close", children_close },
	{ "hand-over", hand_over },
	{ "give-up-waiting", give_up_waiting },
	{ "lock-both-ways", lock_both_ways },
	{ "mind-own-business", mind_own_business },
	{ "execute-under-a-lock", execute_under_a_lock },
	{ "release-by-close", release_by_close },
	{ "daemon-that-locks-afterwards", daemon_that_locks_afterwards },
};

#define HABITS (sizeof(habits) / sizeof(habits[0]))

int main(int argc, char **argv)
{
	if (argc == 2)
		for (size_t i = 0; i < HABITS; i++)
			puts(habits[i].name);
	if (argc != 3)
		return argc != 2;
	must(chdir(argv[1]) == 0, argv[1]);
	for (size_t i = 0; i < HABITS; i++)
		if (!strcmp(habits[i].name, argv[2])) {
			habits[i].act();
			return 0;
		}
	return 1;
}
