/* SPDX-License-Identifier: MIT */
/*
 * What a program may tell the checker.
 *
 * usage: annotate refused|handover|surprise|upgrade|guarded|unguarded|beside|ended FILE
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <holdfast-annotate.h>
#include <holdfast.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The library refuses what would be a misuse, and says so. */
static int ask_twice(const char *path)
{
	hf_lock *lock = NULL;
	int first, second;

	if (hf_lock_open(path, 0, &lock) < 0)
		return 3;
	first = hf_lock_acquire(lock, HF_EXCLUSIVE, HF_FOREVER);
	second = hf_lock_acquire(lock, HF_EXCLUSIVE, HF_FOREVER);
	printf("%s, %s\n", first ? strerror(-first) : "granted",
	       second ? strerror(-second) : "granted");
	hf_lock_release(lock);
	hf_lock_close(lock);
	return 0;
}

static void *finish(void *data)
{
	int fd = *(int *)data;

	if (pwrite(fd, "second", 6, 0) == 6)
		fcntl(fd, F_SETLK, &(struct flock){ .l_type = F_UNLCK });
	return NULL;
}

/* One thread locks, another finishes the work and unlocks; the first writes once more. */
static int pass_on(const char *path, int is_meant)
{
	int fd = open(path, O_RDWR | O_CREAT, 0666);
	pthread_t thread;

	if (fd < 0 || fcntl(fd, F_SETLK, &(struct flock){ .l_type = F_WRLCK }))
		return 3;
	if (is_meant && holdfast_annotate_handover)
		holdfast_annotate_handover(fd);
	if (pthread_create(&thread, NULL, finish, &fd) || pthread_join(thread, NULL))
		return 3;
	return pwrite(fd, "first", 5, 0) != 5;
}

/* A lock that is no thread's any more is upgraded: the finding about it cannot name one. */
static int upgrade(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0666);

	if (fd < 0 || fcntl(fd, F_SETLK, &(struct flock){ .l_type = F_RDLCK }))
		return 3;
	if (holdfast_annotate_handover)
		holdfast_annotate_handover(fd);
	return fcntl(fd, F_SETLK, &(struct flock){ .l_type = F_WRLCK }) != 0;
}

static int ask(int fd, int command, short type)
{
	return fcntl(fd, command, &(struct flock){ .l_type = type });
}

/* Asks for a read lock twice and then for the write lock, as a library may that keeps books. */
static int ask_for_more(const char *path, const char *what)
{
	int fd = open(path, O_RDWR | O_CREAT, 0666), other = open(path, O_RDWR);

	if (fd < 0 || other < 0 || ask(fd, F_OFD_SETLK, F_RDLCK))
		return 3;
	if (strcmp(what, "unguarded") && holdfast_annotate_guarded)
		holdfast_annotate_guarded(!strcmp(what, "beside") ? other : fd);
	if (!strcmp(what, "ended") && holdfast_annotate_guarded)
		holdfast_annotate_guarded(-1);
	return ask(fd, F_OFD_SETLK, F_RDLCK) || ask(fd, F_OFD_SETLKW, F_WRLCK);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	if (!strcmp(argv[1], "refused"))
		return ask_twice(argv[2]);
	if (!strcmp(argv[1], "upgrade"))
		return upgrade(argv[2]);
	if (!strcmp(argv[1], "handover") || !strcmp(argv[1], "surprise"))
		return pass_on(argv[2], !strcmp(argv[1], "handover"));
	return ask_for_more(argv[2], argv[1]);
}
