/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "procinfo.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#define COMMAND_MAX 4096

static int compare_ints(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return x < y ? -1 : x > y;
}

struct numbers {
	int *at;
	size_t count, room;
};

static int append_number(struct numbers *numbers, int number)
{
	int *more = numbers->at;

	if (numbers->count == numbers->room) {
		numbers->room = numbers->room ? 2 * numbers->room : 64;
		more = reallocarray(more, numbers->room, sizeof(*more));
	}
	if (!more)
		return -ENOMEM;
	numbers->at = more;
	numbers->at[numbers->count++] = number;
	return 0;
}

/* All entries that are numbers, in ascending order. ret->at is to be freed, also on failure. */
static int read_numbers(const char *directory, struct numbers *ret)
{
	DIR *dir = opendir(directory);
	const struct dirent *entry;
	int status = 0;

	if (!dir)
		return -errno;
	while (status == 0 && (entry = readdir(dir)))
		if (isdigit((unsigned char)*entry->d_name))
			status = append_number(ret, atoi(entry->d_name));
	closedir(dir);
	if (ret->count > 1)
		qsort(ret->at, ret->count, sizeof(*ret->at), compare_ints);
	return status;
}

int procinfo_each_number(const char *directory, procinfo_number_fn *fn, void *arg)
{
	struct numbers numbers = { 0 };
	int status = read_numbers(directory, &numbers);

	for (size_t i = 0; i < numbers.count && status >= 0; i++)
		status = fn(numbers.at[i], arg);
	free(numbers.at);
	return status < 0 ? status : 0;
}

/* Up to size - 1 bytes of a file, ended by NUL; their count, or -errno. */
static ssize_t read_file(const char *path, char *ret, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return -errno;
	length = read(fd, ret, size - 1);
	if (length < 0)
		length = -errno;
	close(fd);
	ret[length > 0 ? length : 0] = '\0';
	return length;
}

static char *kernel_name(const char *proc, pid_t pid)
{
	char path[PATH_MAX], name[64], *ret;

	snprintf(path, sizeof(path), "%s/%d/comm", proc, (int)pid);
	if (read_file(path, name, sizeof(name)) <= 0)
		return NULL;
	name[strcspn(name, "\n")] = '\0';
	return asprintf(&ret, "[%s]", name) < 0 ? NULL : ret;
}

char *procinfo_command(const char *proc, pid_t pid)
{
	char path[PATH_MAX], line[COMMAND_MAX];
	ssize_t length;

	snprintf(path, sizeof(path), "%s/%d/cmdline", proc, (int)pid);
	length = read_file(path, line, sizeof(line));
	while (length > 0 && line[length - 1] == '\0')
		length--;
	if (length <= 0)
		return kernel_name(proc, pid);
	for (ssize_t i = 0; i < length; i++)
		if (line[i] == '\0') /* NOLINT(clang-analyzer-core.*): errno is not negative */
			line[i] = ' ';
		else if (iscntrl((unsigned char)line[i]))
			line[i] = '?';
	return strndup(line, (size_t)length);
}

char *procinfo_fd_path(const char *proc, pid_t pid, int fd)
{
	char link[PATH_MAX], path[PATH_MAX];
	ssize_t length;

	snprintf(link, sizeof(link), "%s/%d/fd/%d", proc, (int)pid, fd);
	length = readlink(link, path, sizeof(path));
	return length > 0 ? strndup(path, (size_t)length) : NULL;
}

static int fd_stat(const char *proc, pid_t pid, int fd, struct stat *ret)
{
	char link[PATH_MAX];

	snprintf(link, sizeof(link), "%s/%d/fd/%d", proc, (int)pid, fd);
	return stat(link, ret) == 0 ? 0 : -errno;
}

uint64_t procinfo_fd_device(const char *proc, pid_t pid, int fd)
{
	struct stat st;

	return fd_stat(proc, pid, fd, &st) == 0 ? st.st_dev : 0;
}

/* The "mnt_id:" of a descriptor; -1 when it is not told. */
static int mount_of_fd(const char *proc, pid_t pid, int fd)
{
	char path[PATH_MAX], text[512];
	const char *line;

	snprintf(path, sizeof(path), "%s/%d/fdinfo/%d", proc, (int)pid, fd);
	if (read_file(path, text, sizeof(text)) <= 0)
		return -1;
	line = strstr(text, "mnt_id:");
	return line ? atoi(line + strlen("mnt_id:")) : -1;
}

/* "25 1 0:23 / /mnt ...": the superblock's device stands third, in decimal. */
static bool superblock_of_mount(const char *proc, pid_t pid, int mount, uint64_t *ret)
{
	char path[PATH_MAX], *line = NULL;
	unsigned major, minor;
	bool is_found = false;
	size_t size = 0;
	FILE *in;
	int id;

	snprintf(path, sizeof(path), "%s/%d/mountinfo", proc, (int)pid);
	in = fopen(path, "re");
	while (in && !is_found && getline(&line, &size, in) > 0)
		is_found = sscanf(line, "%d %*d %u:%u", &id, &major, &minor) == 3 && id == mount;
	if (is_found)
		*ret = makedev(major, minor);
	if (in)
		fclose(in);
	free(line);
	return is_found;
}

int procinfo_fd_id(const char *proc, pid_t pid, int fd, struct hf_fileid *ret)
{
	struct stat st;
	int status = fd_stat(proc, pid, fd, &st);
	int mount;

	if (status < 0)
		return status;
	*ret = (struct hf_fileid){ .dev = st.st_dev, .ino = st.st_ino };
	mount = mount_of_fd(proc, pid, fd);
	if (mount >= 0)
		(void)superblock_of_mount(proc, pid, mount, &ret->dev);
	return 0;
}

static bool read_memory(pid_t pid, unsigned long address, void *ret, size_t size)
{
	struct iovec here = { .iov_base = ret, .iov_len = size };
	struct iovec there = { .iov_base = (void *)address, .iov_len = size };

	return process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)size;
}

int procinfo_waits_for_ofd(const char *proc, pid_t pid, pid_t tid, struct flock *ret)
{
	char path[PATH_MAX], text[256];
	unsigned long fd, command, request;
	ssize_t length;
	long number;

	snprintf(path, sizeof(path), "%s/%d/task/%d/syscall", proc, (int)pid, (int)tid);
	length = read_file(path, text, sizeof(text));
	if (length < 0)
		return (int)length;
	if (sscanf(text, "%ld %lx %lx %lx", &number, &fd, &command, &request) != 4 ||
	    number != SYS_fcntl || command != F_OFD_SETLKW)
		return -ENOENT;
	if (!read_memory(tid, request, ret, sizeof(*ret)))
		ret->l_type = -1;
	return (int)fd;
}
