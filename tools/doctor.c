/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "elf_probe.h"

#define MAX_SCRIPTS 5	/* the kernel's own limit on #! lines that lead to scripts */
#define SHEBANG_MAX 256 /* BINPRM_BUF_SIZE: the kernel reads no more of the line */

static const struct {
	const char *slug;
	bool can_see;
	const char *why;
	const char *advice;
} reasons[] = {
#define HF_REASON(NAME, SLUG, CAN_SEE, WHY, ADVICE)                                                \
	[HF_REASON_##NAME] = { .slug = SLUG, .can_see = CAN_SEE, .why = WHY, .advice = ADVICE },
#include "doctor.def"
#undef HF_REASON
};

/* Returns true, so that a judge can end with `return decide(...)`. */
static bool decide(struct hf_verdict *ret, enum hf_reason reason, const char *detail)
{
	ret->reason = reason;
	ret->can_see = reasons[reason].can_see;
	ret->slug = reasons[reason].slug;
	ret->why = reasons[reason].why;
	ret->advice = reasons[reason].advice;
	snprintf(ret->detail, sizeof(ret->detail), "%s", detail);
	return true;
}

static bool is_executable_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && eaccess(path, X_OK) == 0;
}

/* As execvp() looks; what has a slash is taken as it stands. False when PATH has no such program.
 */
static bool find_in_path(const char *program, char *ret)
{
	const char *path = getenv("PATH");

	if (strchr(program, '/'))
		return snprintf(ret, PATH_MAX, "%s", program) < PATH_MAX;
	for (const char *at = path ? path : "/bin:/usr/bin"; *program; at++) {
		int length = (int)strcspn(at, ":");

		if (snprintf(ret, PATH_MAX, "%.*s%s%s", length, at, length ? "/" : "", program) <
			    PATH_MAX &&
		    is_executable_file(ret))
			return true;
		at += length;
		if (!*at)
			break;
	}
	return false;
}

static bool has_new_capabilities(int fd)
{
	struct vfs_ns_cap_data caps = { 0 };

	if (getuid() == 0 || fgetxattr(fd, "security.capability", &caps, sizeof(caps)) < 0)
		return false;
	return caps.magic_etc & VFS_CAP_FLAGS_EFFECTIVE || caps.data[0].permitted ||
	       caps.data[1].permitted;
}

/* setgid without group execution is an old mark for mandatory locking, no privilege. */
static bool is_setgid(mode_t mode)
{
	return (mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);
}

/*
 * The kernel sets AT_SECURE, and the loader then ignores LD_PRELOAD, when the program ends up with
 * another identity than the caller's real one; nosuid mounts and no_new_privs take the marks'
 * effect.
 */
static bool judge_privilege(int fd, const struct stat *st, struct hf_verdict *ret)
{
	struct statvfs fs;

	if ((fstatvfs(fd, &fs) == 0 && fs.f_flag & ST_NOSUID) ||
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return false;
	if (st->st_mode & S_ISUID && st->st_uid != getuid())
		return decide(ret, HF_REASON_SETUID, "");
	if (is_setgid(st->st_mode) && st->st_gid != getgid())
		return decide(ret, HF_REASON_SETGID, "");
	if (has_new_capabilities(fd))
		return decide(ret, HF_REASON_FILECAPS, "");
	return false;
}

static bool is_marked_privileged(int fd, const struct stat *st)
{
	return st->st_mode & S_ISUID || is_setgid(st->st_mode) ||
	       fgetxattr(fd, "security.capability", NULL, 0) > 0;
}

static bool judge_foreign(const struct elf_facts *elf, struct hf_verdict *ret)
{
	char name[24], detail[80];

	if (!elf->is_foreign)
		return false;
	snprintf(detail, sizeof(detail), "%u bits, %s", elf->bits,
		 elf_machine_name(elf->machine, name));
	return decide(ret, HF_REASON_FOREIGN, detail);
}

static bool judge_shape(const struct elf_facts *elf, struct hf_verdict *ret)
{
	if (elf->is_go)
		return decide(ret, HF_REASON_GO, "");
	if (elf->shape == ELF_SHAPE_STATIC)
		return decide(ret, HF_REASON_STATIC, "");
	if (elf->shape == ELF_SHAPE_STATIC_PIE)
		return decide(ret, HF_REASON_STATIC_PIE, "");
	if (elf->shape == ELF_SHAPE_LIBRARY)
		return decide(ret, HF_REASON_LIBRARY, "");
	if (access(elf->loader, X_OK) != 0)
		return decide(ret, HF_REASON_NO_LOADER, elf->loader);
	return false;
}

static void judge_elf(int fd, const struct elf_facts *elf, struct hf_verdict *ret)
{
	struct stat st;

	if (fstat(fd, &st) != 0) {
		decide(ret, HF_REASON_UNREADABLE, strerror(errno));
		return;
	}
	if (judge_foreign(elf, ret) || judge_shape(elf, ret) || judge_privilege(fd, &st, ret))
		return;
	if (*elf->asan)
		decide(ret, HF_REASON_ASAN, elf->asan);
	else if (is_marked_privileged(fd, &st))
		decide(ret, HF_REASON_UNPRIVILEGED, elf->loader);
	else if (strstr(elf->loader, "ld-musl"))
		decide(ret, HF_REASON_MUSL, elf->loader);
	else
		decide(ret, HF_REASON_DYNAMIC, elf->loader);
}

/* The first word of *text, cut off and stepped over; NULL when there is none. */
static char *next_word(char **text)
{
	char *word = *text + strspn(*text, " \t");
	size_t length = strcspn(word, " \t");

	if (!*word)
		return NULL;
	*text = word + length;
	if (**text)
		*(*text)++ = '\0';
	return word;
}

/* `env -S -i NAME=value program`: the program is the first word that is no option and no setting.
 */
static char *word_that_env_starts(char *rest)
{
	char *word;

	while ((word = next_word(&rest)) && (*word == '-' || strchr(word, '=')))
		;
	return word;
}

/* What a #! line names, as a path; false when there is no #! line, or nothing in it. */
static bool read_interpreter(int fd, char *ret)
{
	char line[SHEBANG_MAX + 1];
	ssize_t length = pread(fd, line, SHEBANG_MAX, 0);
	char *rest = line + 2, *interpreter, *base, *started;

	if (length < 2 || memcmp(line, "#!", 2) != 0)
		return false;
	line[length] = '\0';
	line[strcspn(line, "\n")] = '\0';
	interpreter = next_word(&rest);
	if (!interpreter)
		return false;
	base = strrchr(interpreter, '/');
	started = strcmp(base ? base + 1 : interpreter, "env") == 0 ? word_that_env_starts(rest)
								    : NULL;
	if (started && find_in_path(started, ret))
		return true;
	return snprintf(ret, PATH_MAX, "%s", started ? started : interpreter) < PATH_MAX;
}

/* Judges ret->file if it is to be judged now; false: it is a script, and *next names what runs it.
 */
static bool judge_open_file(int fd, struct hf_verdict *ret, char *next)
{
	struct elf_facts elf;
	int status;

	if (read_interpreter(fd, next))
		return false;
	status = elf_probe(fd, &elf);
	if (status == 0)
		judge_elf(fd, &elf, ret);
	else
		decide(ret, status == -EBADMSG ? HF_REASON_DAMAGED : HF_REASON_NOT_A_PROGRAM, "");
	return true;
}

static bool judge_file(struct hf_verdict *ret, char *next)
{
	struct stat st;
	bool is_judged;
	int fd;

	if (stat(ret->file, &st) != 0)
		return decide(ret, HF_REASON_MISSING, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return decide(ret, HF_REASON_DIRECTORY, "");
	if (!S_ISREG(st.st_mode) || eaccess(ret->file, X_OK) != 0)
		return decide(ret, HF_REASON_NOT_EXECUTABLE, "");
	fd = open(ret->file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return decide(ret, HF_REASON_UNREADABLE, strerror(errno));
	is_judged = judge_open_file(fd, ret, next);
	close(fd);
	return is_judged;
}

int hf_doctor_verdict(const char *program, struct hf_verdict *ret)
{
	char next[PATH_MAX];

	if (!find_in_path(program, ret->file)) {
		snprintf(ret->file, sizeof(ret->file), "%s", program);
		decide(ret, HF_REASON_MISSING, "not in PATH");
		return 0;
	}
	for (int scripts = 0; scripts < MAX_SCRIPTS; scripts++) {
		if (judge_file(ret, next))
			return 0;
		memcpy(ret->file, next, sizeof(next));
	}
	decide(ret, HF_REASON_SCRIPT_LOOP, "");
	return 0;
}

void hf_verdict_print(FILE *out, const char *program, const struct hf_verdict *verdict)
{
	fputs(program, out);
	if (strcmp(program, verdict->file) != 0)
		fprintf(out, " (%s)", verdict->file);
	fprintf(out, ": %s [%s]: %s", verdict->can_see ? "can be watched" : "cannot be watched",
		verdict->slug, verdict->why);
	if (*verdict->detail)
		fprintf(out, " (%s)", verdict->detail);
	putc('\n', out);
	if (*verdict->advice)
		fprintf(out, "  to do: %s\n", verdict->advice);
}
