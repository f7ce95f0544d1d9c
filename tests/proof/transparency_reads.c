/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "transparency.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static void *volatile nowhere = (void *)1; /* no memory is there */
static volatile int wrong_count = -1;
static char bytes[64];

static void by_descriptor(int fd)
{
	struct iovec parts = { .iov_base = bytes, .iov_len = 3 };

	CALL(read(NO_FD, bytes, 1));
	CALL(read(-1, bytes, 1));
	CALL(read(fd, nowhere, 1));
	CALL(lseek(fd, 2, SEEK_SET));
	CALL(read(fd, bytes, 0));
	CALL(read(fd, bytes, 3));
	CALL(bytes[0]);
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(pread(fd, bytes, 3, -1));
	CALL(pread(fd, bytes, 3, 1));
	CALL(pread(fd, bytes, 3, 1000));
	CALL(readv(fd, &parts, wrong_count));
	CALL(readv(fd, &parts, 1));
	CALL(preadv(fd, &parts, 1, 1));
	CALL(preadv2(fd, &parts, 1, -1, 0));
	CALL(preadv2(fd, &parts, 1, 1, 1 << 30));
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(syscall(SYS_read, fd, bytes, 3));
	CALL(syscall(SYS_read, NO_FD, bytes, 3));
	CALL(syscall(SYS_pread64, fd, bytes, 3, -1L));
	CALL(lseek(fd, 0, SEEK_END) > 0);
	CALL(read(fd, bytes, 3));
}

static void by_copying(int fd)
{
	FILE *sink = tmpfile();
	off_t at = 1;

	CALL(lseek(fd, 2, SEEK_SET));
	CALL(sendfile(NO_FD, fd, NULL, 3));
	CALL(sendfile(fileno(sink), fd, nowhere, 3));
	CALL(sendfile(fileno(sink), fd, NULL, 3));
	CALL(sendfile(fileno(sink), fd, &at, 3));
	CALL(at);
	CALL(copy_file_range(fd, &at, fileno(sink), NULL, 3, 0));
	CALL(copy_file_range(fd, NULL, fileno(sink), NULL, 3, 99));
	CALL(at);
	CALL(lseek(fd, 0, SEEK_CUR));
	fclose(sink);
}

static void by_stream(int fd)
{
	FILE *stream = fdopen(dup2(fd, fd + 64), "r+"), *memory = fmemopen(bytes, 8, "r");
	char *line = NULL;
	size_t room = 0;

	CALL(fseek(stream, 0, SEEK_SET));
	CALL(fread(bytes, 2, 3, stream));
	CALL_POINTER(fgets(bytes, 5, stream));
	CALL(getline(&line, &room, stream));
	CALL(ftell(stream));
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(fread(bytes, 1, sizeof(bytes), stream) < sizeof(bytes));
	CALL(feof(stream) != 0);
	CALL(fread(bytes, 1, 1, stream));
	CALL_POINTER(fgets(bytes, 5, stream));
	CALL(getline(&line, &room, stream));
	CALL(fread(bytes, 1, 8, memory));
	CALL(close(fileno(stream)));
	clearerr(stream);
	CALL(fread(bytes, 1, 1, stream));
	CALL(ferror(stream) != 0);
	fclose(stream);
	fclose(memory);
	free(line);
}

void transparency_reads(int fd)
{
	by_descriptor(fd);
	by_copying(fd);
	by_stream(fd);
}

static volatile sig_atomic_t interrupt_until;
static pthread_t reader;
static int empty, cleaned;

static void on_signal(int signal)
{
	(void)signal;
}

static void *interrupter(void *unused)
{
	(void)unused;
	while (interrupt_until) {
		pthread_kill(reader, SIGALRM);
		usleep(2000);
	}
	return NULL;
}

static void clean(void *unused)
{
	(void)unused;
	cleaned++;
}

static void *wait_for_bytes(void *unused)
{
	pthread_cleanup_push(clean, unused);
	(void)!read(empty, bytes, 1);
	pthread_cleanup_pop(0);
	return NULL;
}

static int cancelled(void)
{
	pthread_t thread;
	void *result;

	if (pthread_create(&thread, NULL, wait_for_bytes, NULL))
		return -1;
	usleep(20000);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	return result == PTHREAD_CANCELED;
}

void transparency_waits(int number)
{
	struct sigaction action = { .sa_handler = on_signal }, old;
	pthread_t thread;
	int ends[2];

	if (pipe(ends) || dup2(ends[0], number) < 0)
		_exit(3);
	empty = number;
	reader = pthread_self();
	sigaction(SIGALRM, &action, &old);
	interrupt_until = 1;
	pthread_create(&thread, NULL, interrupter, NULL);
	CALL(read(number, bytes, 1));
	interrupt_until = 0;
	pthread_join(thread, NULL);
	sigaction(SIGALRM, &old, NULL);
	CALL(cancelled());
	CALL(cleaned);
	close(ends[0]);
	close(ends[1]);
	close(number);
}
