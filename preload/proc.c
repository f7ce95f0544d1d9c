/* SPDX-License-Identifier: MIT */
#include "proc.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#include "oracle.h"
#include "proclocks.h"
#include "rawsys.h"
#include "text.h"

static bool each_line(int file, hf_proc_line *visit, void *ctx)
{
	char text[1024], *line, *newline;
	size_t filled = 0;
	ssize_t n;

	while ((n = raw_read(file, text + filled, sizeof(text) - filled)) > 0) {
		filled += (size_t)n;
		for (line = text; (newline = memchr(line, '\n', filled)); line = newline + 1) {
			if (!visit(ctx, line, (size_t)(newline - line)))
				return false;
			filled -= (size_t)(newline - line) + 1;
		}
		memmove(text, line, filled);
		if (filled == sizeof(text))
			filled = 0;
	}
	return n == 0;
}

bool hf_proc_each_line(const char *path, hf_proc_line *visit, void *ctx)
{
	int file = raw_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	bool ret;

	if (file < 0)
		return false;
	ret = each_line(file, visit, ctx);
	(void)raw_close(file);
	return ret;
}

struct linux_dirent {
	uint64_t ino;
	int64_t next;
	uint16_t size;
	uint8_t type;
	char name[];
};

/* -1 for "." and "..". */
static int number_of(const char *name)
{
	int n = 0;

	if (*name < '0' || *name > '9')
		return -1;
	for (; *name >= '0' && *name <= '9'; name++)
		n = n * 10 + (*name - '0');
	return n;
}

static bool each_number(int dir, hf_proc_fd *visit, void *ctx)
{
	char buffer[1024];
	long n, at;
	int fd;

	while ((n = raw_getdents64(dir, buffer, sizeof(buffer))) > 0)
		for (at = 0; at < n; at += ((struct linux_dirent *)(buffer + at))->size) {
			fd = number_of(((struct linux_dirent *)(buffer + at))->name);
			if (fd >= 0 && fd != dir && !visit(ctx, fd))
				return false;
		}
	return n == 0;
}

bool hf_proc_each_number(const char *folder, hf_proc_fd *visit, void *ctx)
{
	int dir = raw_openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	bool ret;

	if (dir < 0)
		return false;
	ret = each_number(dir, visit, ctx);
	(void)raw_close(dir);
	return ret;
}

bool hf_proc_each_fd(hf_proc_fd *visit, void *ctx)
{
	return hf_proc_each_number("/proc/thread-self/fd", visit, ctx);
}

void hf_proc_fdinfo_path(char path[HF_FDINFO_PATH], int fd)
{
	struct hf_text text = hf_text_in(path, HF_FDINFO_PATH);

	hf_text_format(&text, "/proc/thread-self/fdinfo/%d", fd);
}

struct search {
	struct hf_fileid id;
	int fd;
	bool found;
};

/* The close of an O_PATH descriptor releases nothing. */
static bool is_closed_by_exec(void *ctx, int fd)
{
	struct search *search = ctx;

	if (!hf_oracle_is_open(fd, search->id) || !(raw_fcntl(fd, F_GETFD, 0) & FD_CLOEXEC) ||
	    (raw_fcntl(fd, F_GETFL, 0) & O_PATH))
		return true;
	search->fd = fd;
	search->found = true;
	return false;
}

int hf_proc_cloexec_fd(struct hf_fileid id)
{
	struct search search = { .id = id };
	bool complete = hf_proc_each_fd(is_closed_by_exec, &search);

	if (search.found)
		return search.fd;
	return complete ? -1 : -2;
}

static bool is_waiter(void *ctx, const char *line, size_t length)
{
	struct search *search = ctx;
	struct hf_proclock lock;

	search->found = hf_proclock_parse(line, length, &lock) == 0 && lock.waiting &&
			lock.primitive == HF_PRIM_POSIX && lock.id.ino == search->id.ino;
	return !search->found;
}

bool hf_proc_has_waiter(struct hf_fileid id)
{
	struct search search = { .id = id };

	(void)hf_proc_each_line("/proc/locks", is_waiter, &search);
	return search.found;
}

static void process_path(char path[HF_FDINFO_PATH], int pid, const char *file)
{
	struct hf_text text = hf_text_in(path, HF_FDINFO_PATH);

	hf_text_format(&text, "/proc/%d/%s", pid, file);
}

/* Each thread is a folder there, and a folder has a link from each of its folders. */
bool hf_proc_has_threads(int pid)
{
	char path[HF_FDINFO_PATH];
	struct stat st;

	process_path(path, pid, "task");
	return raw_fstatat(AT_FDCWD, path, &st, 0) == 0 && st.st_nlink > 3;
}

void hf_proc_command(int pid, char ret[HF_COMMAND_LENGTH])
{
	char path[HF_FDINFO_PATH];
	ssize_t n = 0;
	int file;

	process_path(path, pid, "comm");
	memset(ret, 0, HF_COMMAND_LENGTH);
	file = raw_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (file < 0)
		return;
	n = raw_read(file, ret, HF_COMMAND_LENGTH);
	if (n > 0 && ret[n - 1] == '\n')
		ret[n - 1] = '\0';
	(void)raw_close(file);
}
