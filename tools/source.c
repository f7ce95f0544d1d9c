/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "source.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Debug information may name anything: what is no ordinary file is not waited for. */
static FILE *open_source(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	FILE *ret = NULL;
	struct stat st;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		ret = fdopen(fd, "r");
	if (!ret)
		close(fd);
	return ret;
}

static char *read_line(FILE *file, int number)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t length = -1;

	for (int i = 0; i < number; i++) {
		length = getline(&line, &size, file);
		if (length < 0)
			break;
	}
	if (length < 0) {
		free(line);
		return NULL;
	}
	if (length > 0 && line[length - 1] == '\n')
		line[length - 1] = '\0';
	return line;
}

char *source_line(const char *path, int number)
{
	FILE *file = path && number > 0 ? open_source(path) : NULL;
	char *ret;

	if (!file)
		return NULL;
	ret = read_line(file, number);
	fclose(file);
	return ret;
}
