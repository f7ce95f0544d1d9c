/* SPDX-License-Identifier: MIT */
/*
 * Loses a lock, and reads the file by one of the calls that read, or writes it by a system call:
 * reads CALL FILE. reads.sh looks whether the checker has seen that.
 *
 * usage: reads CALL FILE
 *        reads --list
 *
 * Exit status 77: libc has no such function.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define CANNOT 77

static char bytes[64];
static struct iovec parts = { .iov_base = bytes, .iov_len = 4 };
static const char *name;
static int fd, other, sink;

/* By name: a compiler may make another call of it. */
static void *function(void)
{
	void *ret = dlsym(RTLD_DEFAULT, name);

	if (!ret)
		exit(CANNOT);
	return ret;
}

typedef ssize_t read_fn(int, void *, size_t, ...);
typedef ssize_t pread_fn(int, void *, size_t, off_t, ...);
typedef ssize_t readv_fn(int, const struct iovec *, int, ...);
typedef size_t fread_fn(void *, size_t, size_t, FILE *);
typedef size_t fread_chk_fn(void *, size_t, size_t, size_t, FILE *);
typedef char *fgets_fn(char *, int, FILE *);
typedef char *fgets_chk_fn(char *, size_t, int, FILE *);
typedef ssize_t getline_fn(char **, size_t *, FILE *);
typedef ssize_t getdelim_fn(char **, size_t *, int, FILE *);
typedef ssize_t sendfile_fn(int, int, off_t *, size_t);

static FILE *stream(void)
{
	return fdopen(fd, "r+");
}

static void by_read(void)
{
	((read_fn *)function())(fd, bytes, (size_t)4, sizeof(bytes));
}

static void by_pread(void)
{
	((pread_fn *)function())(fd, bytes, 4, 2, sizeof(bytes));
}

static void by_readv(void)
{
	((readv_fn *)function())(fd, &parts, 1, (off_t)2, 0);
}

static void by_fread(void)
{
	((fread_fn *)function())(bytes, 1, 4, stream());
}

static void by_fread_chk(void)
{
	((fread_chk_fn *)function())(bytes, sizeof(bytes), 1, 4, stream());
}

static void by_fgets(void)
{
	((fgets_fn *)function())(bytes, sizeof(bytes), stream());
}

static void by_fgets_chk(void)
{
	((fgets_chk_fn *)function())(bytes, sizeof(bytes), sizeof(bytes), stream());
}

static void by_getline(void)
{
	char *line = NULL;
	size_t room = 0;

	((getline_fn *)function())(&line, &room, stream());
}

static void by_getdelim(void)
{
	char *line = NULL;
	size_t room = 0;

	((getdelim_fn *)function())(&line, &room, ' ', stream());
}

static void by_sendfile(void)
{
	off_t at = 2;

	((sendfile_fn *)function())(sink, fd, &at, 4);
}

static void by_copy(void)
{
	copy_file_range(fd, NULL, sink, NULL, 4, 0);
}

static void by_syscall(void)
{
	off_t at = 2;

	if (!strcmp(name, "SYS_read"))
		syscall(SYS_read, fd, bytes, 4);
	else if (!strcmp(name, "SYS_readv"))
		syscall(SYS_readv, fd, &parts, 1);
	else if (!strcmp(name, "SYS_pread64"))
		syscall(SYS_pread64, fd, bytes, 4, 2L);
	else if (!strcmp(name, "SYS_preadv"))
		syscall(SYS_preadv, fd, &parts, 1, 2L, 0L);
	else if (!strcmp(name, "SYS_sendfile"))
		syscall(SYS_sendfile, sink, fd, &at, 4);
	else if (!strcmp(name, "SYS_copy_file_range"))
		syscall(SYS_copy_file_range, fd, NULL, sink, NULL, 4, 0);
	else if (!strcmp(name, "SYS_write"))
		syscall(SYS_write, fd, "x", 1);
	else if (!strcmp(name, "SYS_pwrite64"))
		syscall(SYS_pwrite64, fd, "x", 1, 2L);
	else if (!strcmp(name, "SYS_ftruncate"))
		syscall(SYS_ftruncate, fd, 4L);
}

/* A library may read the file and know of no lock. */
static void through_another(void)
{
	pread(other, bytes, 4, 0);
}

static void to_the_end(void)
{
	lseek(fd, 0, SEEK_END);
	read(fd, bytes, 4);
}

/* The buffer was filled when the lock was there. */
static FILE *filled;

static void from_the_buffer(void)
{
	fread(bytes, 1, 2, filled);
}

static const struct call {
	const char *name;
	void (*act)(void);
	const char *seen; /* what the report says of it */
} calls[] = {
	{ "read", by_read, "read by read" },
	{ "__read", by_read, "read by read" },
	{ "__read_chk", by_read, "read by read" },
	{ "pread", by_pread, "read by pread" },
	{ "pread64", by_pread, "read by pread" },
	{ "__pread64", by_pread, "read by pread" },
	{ "__pread_chk", by_pread, "read by pread" },
	{ "__pread64_chk", by_pread, "read by pread" },
	{ "readv", by_readv, "read by readv" },
	{ "preadv", by_readv, "read by preadv" },
	{ "preadv64", by_readv, "read by preadv" },
	{ "preadv2", by_readv, "read by preadv2" },
	{ "preadv64v2", by_readv, "read by preadv2" },
	{ "fread", by_fread, "read by fread" },
	{ "_IO_fread", by_fread, "read by fread" },
	{ "fread_unlocked", by_fread, "read by fread" },
	{ "__fread_chk", by_fread_chk, "read by fread" },
	{ "__fread_unlocked_chk", by_fread_chk, "read by fread" },
	{ "fgets", by_fgets, "read by fgets" },
	{ "_IO_fgets", by_fgets, "read by fgets" },
	{ "fgets_unlocked", by_fgets, "read by fgets" },
	{ "__fgets_chk", by_fgets_chk, "read by fgets" },
	{ "__fgets_unlocked_chk", by_fgets_chk, "read by fgets" },
	{ "getline", by_getline, "read by getline" },
	{ "getdelim", by_getdelim, "read by getdelim" },
	{ "__getdelim", by_getdelim, "read by getdelim" },
	{ "sendfile", by_sendfile, "read by sendfile" },
	{ "sendfile64", by_sendfile, "read by sendfile" },
	{ "copy_file_range", by_copy, "read by copy_file_range" },
	{ "SYS_read", by_syscall, "read by syscall" },
	{ "SYS_readv", by_syscall, "read by syscall" },
	{ "SYS_pread64", by_syscall, "read by syscall" },
	{ "SYS_preadv", by_syscall, "read by syscall" },
	{ "SYS_sendfile", by_syscall, "read by syscall" },
	{ "SYS_copy_file_range", by_syscall, "read by syscall" },
	{ "SYS_write", by_syscall, "written by syscall" },
	{ "SYS_pwrite64", by_syscall, "written by syscall" },
	{ "SYS_ftruncate", by_syscall, "written by syscall" },
	{ "another-descriptor", through_another, "" },
	{ "end-of-file", to_the_end, "" },
	{ "buffer", from_the_buffer, "" },
};

#define CALLS (sizeof(calls) / sizeof(calls[0]))

static void prepare(const char *file)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	fd = open(file, O_RDWR);
	other = open(file, O_RDONLY);
	sink = fileno(tmpfile());
	filled = stream();
	if (fcntl(fd, F_SETLK, &lock))
		exit(3);
	if (!strcmp(name, "buffer"))
		fread(bytes, 1, 2, filled);
	close(open(file, O_RDONLY));
}

int main(int argc, char **argv)
{
	if (argc == 2)
		for (size_t i = 0; i < CALLS; i++)
			printf("%s %s\n", calls[i].name, calls[i].seen);
	if (argc != 3)
		return argc != 2;
	for (size_t i = 0; i < CALLS; i++)
		if (!strcmp(calls[i].name, argv[1])) {
			name = argv[1];
			prepare(argv[2]);
			calls[i].act();
			_exit(0);
		}
	return 1;
}
