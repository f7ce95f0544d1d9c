/* SPDX-License-Identifier: MIT */
/* The files of the differential test, and the table of what the program calls. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "differential.h"
#include "rawsys.h"

static char folder[200];
static char tracing[256];
static char paths[FILES][256], aliases[FILES][256];
static struct hf_fileid ids[FILES];

/* The hooks as the linker sees them: functions with the exported names. */
#define HF_FUNCTION(ret, name, params, body) extern ret hooked_##name params __asm__(#name);
#define HF_SPECIAL(ret, name, params) extern ret hooked_##name params __asm__(#name);
#include "functions.def"
#undef HF_FUNCTION
#undef HF_SPECIAL

struct hf_real calls = {
#define HF_FUNCTION(ret, name, params, body) .name = hooked_##name,
#define HF_SPECIAL(ret, name, params) .name = hooked_##name,
#include "functions.def"
#undef HF_FUNCTION
#undef HF_SPECIAL
};

const char *tracing_folder(void)
{
	return tracing;
}

const char *file_path(unsigned file)
{
	return paths[file];
}

const char *file_alias(unsigned file)
{
	return aliases[file];
}

struct hf_fileid file_id(unsigned file)
{
	return ids[file];
}

int file_of(int fd)
{
	struct stat st;

	if (raw_fstat(fd, &st) < 0)
		return -1;
	for (int file = 0; file < FILES; file++)
		if (ids[file].ino == st.st_ino && ids[file].dev == st.st_dev)
			return file;
	return -1;
}

static void give_up(const char *what)
{
	perror(what);
	exit(2);
}

/* Regular files have a second name; a directory is its own. */
static void name_file(unsigned file)
{
	snprintf(paths[file], sizeof(paths[file]), "%s/%u", folder, file);
	snprintf(aliases[file], sizeof(aliases[file]), file == DIRECTORY ? "%s/%u/." : "%s/%u.alias",
		 folder, file);
}

static bool find_file(unsigned file)
{
	struct stat st;

	if (raw_fstatat(AT_FDCWD, paths[file], &st, 0) < 0)
		return false;
	ids[file] = (struct hf_fileid){ st.st_dev, st.st_ino };
	return true;
}

static void make_file(unsigned file)
{
	int fd;

	name_file(file);
	if (file == DIRECTORY) {
		if (mkdir(paths[file], 0700))
			give_up(paths[file]);
	} else {
		fd = open(paths[file], O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0 || close(fd) || link(paths[file], aliases[file]))
			give_up(paths[file]);
	}
	if (!find_file(file))
		give_up(paths[file]);
}

bool files_find(const char *made_there)
{
	bool found = true;

	snprintf(folder, sizeof(folder), "%s", made_there);
	for (unsigned file = 0; file < FILES; file++) {
		name_file(file);
		found &= find_file(file);
	}
	return found;
}

const char *files_folder(void)
{
	return folder;
}

void files_make(void)
{
	const char *parent = getenv("TMPDIR");

	snprintf(folder, sizeof(folder), "%s/holdfast-differential.XXXXXX", parent ? parent : "/tmp");
	if (!mkdtemp(folder))
		give_up(folder);
	snprintf(tracing, sizeof(tracing), "%s/tracing", folder);
	if (mkdir(tracing, 0700))
		give_up(tracing);
	for (unsigned file = 0; file < FILES; file++)
		make_file(file);
}

void files_remove(void)
{
	char spare[300];

	snprintf(spare, sizeof(spare), "%s.spare", aliases[0]);
	(void)unlink(spare);
	for (unsigned file = 0; file < DIRECTORY; file++) {
		(void)unlink(paths[file]);
		(void)unlink(aliases[file]);
	}
	(void)rmdir(tracing);
	(void)rmdir(paths[DIRECTORY]);
	(void)rmdir(folder);
}
