/* SPDX-License-Identifier: MIT */
#include "message.h"

#include <errno.h>
#include <string.h>

const char *hf_primitive_name(unsigned primitive)
{
	static const char *const names[HF_PRIM_COUNT] = { "unknown", "POSIX", "OFD", "flock" };

	return names[primitive < HF_PRIM_COUNT ? primitive : HF_PRIM_NONE];
}

const char *hf_mode_name(unsigned mode, unsigned primitive)
{
	switch (mode) {
	case HF_MODE_READ:
		return primitive == HF_PRIM_FLOCK ? "shared" : "read";
	case HF_MODE_WRITE:
		return primitive == HF_PRIM_FLOCK ? "exclusive" : "write";
	default:
		return "unknown";
	}
}

void hf_text_add_range(struct hf_text *text, uint64_t start, uint64_t end)
{
	hf_text_add_number(text, start, 10);
	if (end >= HF_EOF)
		hf_text_add(text, "-EOF");
	else if (end != start)
		hf_text_format(text, "-%lu", (unsigned long)end);
}

void hf_text_add_duration(struct hf_text *text, uint64_t ns)
{
	static const char units[][4] = { "ns", "us", "ms", "s" };
	unsigned unit = 0;
	uint64_t tenths = 0;

	for (; ns >= 1000 && unit < 3; unit++) {
		tenths = ns % 1000 / 100;
		ns /= 1000;
	}
	if (ns < 10 && tenths)
		hf_text_format(text, "%lu.%lu %s", (unsigned long)ns, (unsigned long)tenths,
			       units[unit]);
	else
		hf_text_format(text, "%lu %s", (unsigned long)ns, units[unit]);
}

/* What lock calls and open() answer: strerror() needs the program's locale, and may allocate. */
void hf_text_add_errno(struct hf_text *text, int error)
{
	static const struct {
		int error;
		const char *name;
	} names[] = {
		/* clang-format off */
		{ EAGAIN, "EAGAIN" }, { EACCES, "EACCES" }, { EBADF, "EBADF" },
		{ EINTR, "EINTR" }, { EDEADLK, "EDEADLK" }, { EINVAL, "EINVAL" },
		{ ENOLCK, "ENOLCK" }, { ENOMEM, "ENOMEM" }, { EOVERFLOW, "EOVERFLOW" },
		{ EFAULT, "EFAULT" }, { EIO, "EIO" }, { ESTALE, "ESTALE" },
		{ ENOSYS, "ENOSYS" }, { EPERM, "EPERM" }, { EROFS, "EROFS" },
		{ ENOENT, "ENOENT" }, { EOPNOTSUPP, "EOPNOTSUPP" }, { EEXIST, "EEXIST" },
		{ EFBIG, "EFBIG" }, { EISDIR, "EISDIR" }, { ELOOP, "ELOOP" },
		{ EMFILE, "EMFILE" }, { ENAMETOOLONG, "ENAMETOOLONG" }, { ENFILE, "ENFILE" },
		{ ENOSPC, "ENOSPC" }, { ENOTDIR, "ENOTDIR" },
		/* clang-format on */
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].error == error) {
			hf_text_add(text, names[i].name);
			return;
		}
	}
	hf_text_format(text, "error %d", error);
}

/* A finding and how to name its file. */
struct subject {
	const struct hf_rec_finding *finding;
	const char *file;
};

/* Each adds a value; false when it is not known, and a question mark stands for it. */
typedef bool add_value(struct hf_text *ret, const struct subject *subject);

static bool known(struct hf_text *ret, bool is_known)
{
	if (!is_known)
		hf_text_add(ret, "?");
	return is_known;
}

/* As stat(1) prints a device: the kernel's numbers, unpacked as libc's macros do. */
static bool add_file(struct hf_text *ret, const struct subject *subject)
{
	uint64_t dev = subject->finding->id.dev;

	if (subject->file)
		hf_text_format(ret, "%s", subject->file);
	else
		hf_text_format(ret, "inode %lu of device %lu:%lu",
			       (unsigned long)subject->finding->id.ino,
			       (unsigned long)((dev >> 8 & 0xfff) | (dev >> 32 & 0xfffff000)),
			       (unsigned long)((dev & 0xff) | (dev >> 12 & 0xffffff00)));
	return true;
}

static bool add_mode(struct hf_text *ret, const struct subject *subject)
{
	const struct hf_rec_finding *finding = subject->finding;

	hf_text_add(ret, hf_mode_name(finding->mode, finding->primitive));
	return finding->mode != HF_MODE_NONE;
}

static bool add_wanted(struct hf_text *ret, const struct subject *subject)
{
	const struct hf_rec_finding *finding = subject->finding;

	hf_text_add(ret, hf_mode_name(finding->wanted, finding->wanted_primitive));
	return finding->wanted != HF_MODE_NONE;
}

static bool add_primitive(struct hf_text *ret, const struct subject *subject)
{
	hf_text_add(ret, hf_primitive_name(subject->finding->primitive));
	return subject->finding->primitive != HF_PRIM_NONE;
}

static bool add_wantedprimitive(struct hf_text *ret, const struct subject *subject)
{
	hf_text_add(ret, hf_primitive_name(subject->finding->wanted_primitive));
	return subject->finding->wanted_primitive != HF_PRIM_NONE;
}

static bool add_range(struct hf_text *ret, const struct subject *subject)
{
	hf_text_add_range(ret, subject->finding->start, subject->finding->end);
	return true;
}

static bool add_known_number(struct hf_text *ret, bool is_known, int64_t number)
{
	if (is_known)
		hf_text_add_signed(ret, number);
	return known(ret, is_known);
}

static bool add_fd(struct hf_text *ret, const struct subject *subject)
{
	return add_known_number(ret, subject->finding->fd >= 0, subject->finding->fd);
}

static bool add_otherfd(struct hf_text *ret, const struct subject *subject)
{
	return add_known_number(ret, subject->finding->other_fd >= 0, subject->finding->other_fd);
}

static bool add_secondfd(struct hf_text *ret, const struct subject *subject)
{
	return add_known_number(ret,
				subject->finding->other_fd >= 0 &&
					subject->finding->other_fd != subject->finding->fd,
				subject->finding->other_fd);
}

static bool add_replacedfd(struct hf_text *ret, const struct subject *subject)
{
	return add_known_number(ret,
				subject->finding->other_fd >= 0 &&
					subject->finding->other_fd == subject->finding->fd,
				subject->finding->fd);
}

static bool add_thread(struct hf_text *ret, const struct subject *subject)
{
	return add_known_number(ret, subject->finding->head.tid > 0, subject->finding->head.tid);
}

static bool add_holder(struct hf_text *ret, const struct subject *subject)
{
	return add_known_number(ret, subject->finding->holder_tid > 0,
				subject->finding->holder_tid);
}

static bool add_via(struct hf_text *ret, const struct subject *subject)
{
	hf_text_format(ret, "%.*s", HF_VIA_LENGTH, subject->finding->via);
	return known(ret, subject->finding->via[0] != '\0');
}

/* "4711 (bank)". */
static bool add_process(struct hf_text *ret, const struct subject *subject)
{
	const struct hf_rec_finding *finding = subject->finding;

	if (finding->holder_pid > 0)
		hf_text_add_signed(ret, finding->holder_pid);
	if (finding->holder_pid > 0 && finding->name[0])
		hf_text_format(ret, " (%.*s)", HF_NAME_LENGTH, finding->name);
	return known(ret, finding->holder_pid > 0);
}

static bool add_name(struct hf_text *ret, const struct subject *subject)
{
	hf_text_format(ret, "%.*s", HF_NAME_LENGTH, subject->finding->name);
	return known(ret, subject->finding->name[0] != '\0');
}

static bool add_errno(struct hf_text *ret, const struct subject *subject)
{
	if (subject->finding->error)
		hf_text_add_errno(ret, subject->finding->error);
	return known(ret, subject->finding->error != 0);
}

static const struct {
	const char *name;
	add_value *add;
} placeholders[] = {
	{ "file", add_file },
	{ "mode", add_mode },
	{ "wanted", add_wanted },
	{ "primitive", add_primitive },
	{ "wantedprimitive", add_wantedprimitive },
	{ "range", add_range },
	{ "fd", add_fd },
	{ "otherfd", add_otherfd },
	{ "secondfd", add_secondfd },
	{ "replacedfd", add_replacedfd },
	{ "thread", add_thread },
	{ "holder", add_holder },
	{ "process", add_process },
	{ "name", add_name },
	{ "via", add_via },
	{ "errno", add_errno },
};

static add_value *find_placeholder(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); i++)
		if (strlen(placeholders[i].name) == length &&
		    !memcmp(placeholders[i].name, name, length))
			return placeholders[i].add;
	return NULL;
}

/* Adds one sentence of kinds.def; false when something in it is not known. */
static bool add_sentence(struct hf_text *ret, const char *sentence, size_t length,
			 const struct subject *subject)
{
	const char *end = sentence + length;
	bool complete = true;

	while (sentence < end) {
		const char *open = memchr(sentence, '{', (size_t)(end - sentence));
		const char *close = open ? memchr(open, '}', (size_t)(end - open)) : NULL;
		add_value *add =
			close ? find_placeholder(open + 1, (size_t)(close - open - 1)) : NULL;

		if (!add) /* a test holds that kinds.def has no other placeholders */
			break;
		hf_text_add_bytes(ret, sentence, (size_t)(open - sentence));
		complete &= add(ret, subject);
		sentence = close + 1;
	}
	hf_text_add_bytes(ret, sentence, (size_t)(end - sentence));
	return complete;
}

static void take_back(struct hf_text *text, size_t used)
{
	text->used = used;
	text->data[used] = '\0';
}

static void add_sentences(struct hf_text *ret, const char *sentences, const struct subject *subject)
{
	size_t begin = ret->used;

	while (*sentences) {
		size_t length = strcspn(sentences, "\n");
		size_t before = ret->used;

		if (before != begin)
			hf_text_add(ret, "\n");
		if (!add_sentence(ret, sentences, length, subject) && before != begin)
			take_back(ret, before);
		sentences += length;
		sentences += *sentences == '\n';
	}
}

/* What is so in some cases of a kind only. */
static void add_flags(struct hf_text *ret, unsigned flags)
{
	static const struct {
		enum hf_finding_flags flag;
		const char *sentence;
	} sentences[] = {
		{ HF_FINDING_LOCKS_LOCAL,
		  "It is mounted so that locks stay on this machine: others are not kept out." },
		{ HF_FINDING_MAY_BE_SPURIOUS, "This may be spurious: a process that takes part has "
					      "several threads, and another "
					      "of them may be about to release." },
		{ HF_FINDING_UNASKED,
		  "On a network or FUSE file system this follows from the calls alone: what is "
		  "really locked cannot be asked." },
	};

	for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++)
		if (flags & sentences[i].flag)
			hf_text_format(ret, "\n%s", sentences[i].sentence);
}

void hf_message_what(struct hf_text *ret, const struct hf_rec_finding *finding, const char *file)
{
	const struct hf_kind_info *info = hf_kind_info(finding->kind);
	struct subject subject = { finding, file };

	if (!info) {
		(void)add_file(ret, &subject);
		hf_text_format(ret, ": misuse of a kind that this holdfast does not know (%u).",
			       finding->kind);
		return;
	}
	add_sentences(ret, info->what, &subject);
	add_flags(ret, finding->flags);
	if (finding->proof != HF_PROOF_LATE)
		return;
	hf_text_add(ret, "\nWhat released it was not seen");
	if (finding->since && finding->since < finding->head.time) {
		hf_text_add(ret, "; the kernel last listed it ");
		hf_text_add_duration(ret, finding->head.time - finding->since);
		hf_text_add(ret, " before this was noticed");
	}
	hf_text_add(ret, ".");
}

static void add_access(struct hf_text *ret, const char *did, const struct hf_rec_consequence *then)
{
	hf_text_format(ret, "%s without the lock", did);
	if (then->via[0])
		hf_text_format(ret, ": %.*s()", HF_VIA_LENGTH, then->via);
	if (then->bytes)
		hf_text_format(ret, ", %lu bytes at %lu", (unsigned long)then->bytes,
			       (unsigned long)then->offset);
	if (then->fd >= 0)
		hf_text_format(ret, ", fd %d", then->fd);
}

void hf_message_then(struct hf_text *ret, const struct hf_rec_consequence *then)
{
	static const char *const clauses[] = {
		[HF_THEN_UNLOCKED] = "unlocked by the program, which believed that it held it",
		[HF_THEN_TEARDOWN] = "the descriptor that took it was closed, nothing was used "
				     "in between",
		[HF_THEN_RETAKEN] = "taken again, nothing was used in between",
		[HF_THEN_CHANGED] = "the file was changed without the lock, by a call that was "
				    "not seen",
		[HF_THEN_WITHDRAWN] = "what was announced did not happen",
		[HF_THEN_RETURNED] = "the call returned after all",
		[HF_THEN_CONFIRMED] = "confirmed: the new program does not have the lock",
	};

	switch (then->what) {
	case HF_THEN_WRITTEN:
		add_access(ret, "written", then);
		break;
	case HF_THEN_READ:
		add_access(ret, "read", then);
		break;
	case HF_THEN_TAKEN:
		hf_text_add(ret, "taken by somebody else");
		if (then->pid > 0)
			hf_text_format(ret, ", pid %d", then->pid);
		break;
	default:
		if (then->what < sizeof(clauses) / sizeof(clauses[0]) && clauses[then->what])
			hf_text_add(ret, clauses[then->what]);
		else
			hf_text_format(ret, "something that this holdfast does not know (%u)",
				       then->what);
	}
}

const char *hf_message_proof(enum hf_proof proof)
{
	switch (proof) {
	case HF_PROOF_GETLK:
	case HF_PROOF_FDINFO:
		return "the kernel listed the lock before the call and not after it";
	case HF_PROOF_RESULT:
		return "the result of the call says so";
	case HF_PROOF_LATE:
		return "the kernel does not list the lock any more, and the program did not "
		       "release "
		       "it by a call that was seen";
	case HF_PROOF_NONE:
		break;
	}
	return "";
}

#define USED_SINCE                                                                                 \
	(HF_THEN_BIT(HF_THEN_WRITTEN) | HF_THEN_BIT(HF_THEN_READ) |                                \
	 HF_THEN_BIT(HF_THEN_UNLOCKED) | HF_THEN_BIT(HF_THEN_TAKEN) |                              \
	 HF_THEN_BIT(HF_THEN_CHANGED))
#define WITHDRAWN (HF_THEN_BIT(HF_THEN_WITHDRAWN) | HF_THEN_BIT(HF_THEN_RETURNED))

static enum hf_level level_of_consequence(unsigned then)
{
	if (then & USED_SINCE)
		return HF_LEVEL_ERROR;
	return then & HF_THEN_BIT(HF_THEN_TEARDOWN) ? HF_LEVEL_NOTE : HF_LEVEL_WARNING;
}

static enum hf_level level_as_proven(const struct hf_rec_finding *finding, unsigned then)
{
	const struct hf_kind_info *info = hf_kind_info(finding->kind);
	enum hf_level own = finding->level <= HF_LEVEL_ERROR ? finding->level : HF_LEVEL_NONE;
	enum hf_level level = info ? info->level : HF_LEVEL_WARNING;

	if (then & WITHDRAWN)
		return HF_LEVEL_NONE;
	if (level != HF_LEVEL_OF_CONSEQUENCE)
		return own ? own : level;
	level = level_of_consequence(then);
	return level < own ? own : level;
}

enum hf_level hf_finding_level(const struct hf_rec_finding *finding, unsigned then)
{
	enum hf_level level = level_as_proven(finding, then);

	if ((finding->flags & HF_FINDING_UNASKED) && level > HF_LEVEL_WARNING)
		return HF_LEVEL_WARNING;
	return level;
}
