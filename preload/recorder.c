/* SPDX-License-Identifier: MIT */
#include "recorder.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "announce.h"
#include "halt.h"
#include "intern.h"
#include "large.h"
#include "message.h"
#include "options.h"
#include "pool.h"
#include "rawsys.h"
#include "say.h"

#define STACK_BITS 12
#define MODULE_BITS 9
#define FILE_BITS 12
#define FINDING_BITS 11
#define CONSEQUENCES_KEPT 16 /* of one finding, from one process */

static struct hf_interned stacks[1 << STACK_BITS] HF_LARGE;
static struct hf_interned modules[1 << MODULE_BITS] HF_LARGE;
static struct hf_interned files[1 << FILE_BITS] HF_LARGE;
/* extra: repetitions that came before the record did */
static struct hf_interned findings[1 << FINDING_BITS] HF_LARGE;
/* By reference; extra: the set of consequences below, and how many there were above COUNT_SHIFT */
static struct hf_interned outcomes[1 << FINDING_BITS] HF_LARGE;

#define COUNT_SHIFT 16
_Static_assert(HF_THEN_CONFIRMED < COUNT_SHIFT, "the set of consequences fits below the count");

uint64_t hf_recorder_now(void)
{
	return hf_pool_now();
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* argv's strings lie one behind the other, as the kernel made them: one block of text. */
static size_t arguments_length(int argc, char **argv)
{
	return argc > 0 ? (size_t)(argv[argc - 1] + strlen(argv[argc - 1]) + 1 - argv[0]) : 0;
}

void hf_recorder_init(int argc, char **argv, char **envp)
{
	const char *run = hf_env_find(envp, "HOLDFAST_RUN");
	bool mapped = hf_pool_map(run && *run ? run : NULL);

	if (!mapped && run && *run)
		hf_options.to_stderr = true; /* findings must go somewhere */
	hf_pool_describe(argc > 0 ? base_name(argv[0]) : "", argc > 0 ? argv[0] : "",
			 arguments_length(argc, argv));
	hf_pool_hello();
}

void hf_recorder_before_fork(void)
{
	hf_pool_before_fork();
}

void hf_recorder_after_fork(void)
{
	hf_pool_after_fork();
}

void hf_recorder_forked(void)
{
	hf_stack_forked();
	hf_announce_forked();
	hf_pool_forked();
}

/*
 * A path is up to 4 KiB, too much for a signal stack, and is needed once for a file or module: so
 * it is put into memory that is mapped for it. NULL when there is none.
 */
static char *map_path(void)
{
	char *path = raw_mmap(NULL, PATH_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			      -1, 0);

	return raw_is_error(path) ? NULL : path;
}

static void unmap_path(char *path)
{
	if (path)
		(void)raw_munmap(path, PATH_MAX);
}

/* Reads a link to text + used; returns the new length of text, used when it cannot be read. */
static size_t add_link(char *text, size_t used, const char *link)
{
	ssize_t length = text ? raw_readlinkat(AT_FDCWD, link, text + used, PATH_MAX - used) : 0;

	return length > 0 ? used + (size_t)length : used;
}

/* The path of an object, absolute where that can be told, in memory from map_path(). */
static size_t object_path(const struct hf_object *object, char *path)
{
	const char *name = object->path;
	size_t used = 0, length;

	if (!path)
		return 0;
	if (*name == '\0')
		return add_link(path, 0, "/proc/self/exe");
	if (*name != '/' && strchr(name, '/')) {
		used = add_link(path, 0, "/proc/self/cwd");
		if (used > 0 && used < PATH_MAX)
			path[used++] = '/';
		if (name[0] == '.' && name[1] == '/')
			name += 2;
	}
	length = strnlen(name, PATH_MAX - used);
	memcpy(path + used, name, length);
	return used + length;
}

static hf_ref write_module(const struct hf_object *object)
{
	char *path = map_path();
	size_t length = object_path(object, path);
	size_t size = sizeof(struct hf_rec_module) + length;
	struct hf_rec_module *record = hf_pool_reserve(size);
	hf_ref ref = 0;

	if (record) {
		record->base = object->base;
		record->end = object->end;
		record->build_id_length = object->build_id_length;
		if (record->build_id_length > sizeof(record->build_id))
			record->build_id_length = sizeof(record->build_id);
		if (object->build_id)
			memcpy(record->build_id, object->build_id, record->build_id_length);
		memcpy(record->path, path ? path : "", length);
		ref = hf_pool_commit(record, HF_RECORD_MODULE, size);
	}
	unmap_path(path);
	return ref;
}

/* Another object at the same place, after dlclose() and dlopen(), has another build-id or name. */
static uint64_t module_key(const struct hf_object *object)
{
	uint64_t key = hf_intern_key(object->base, object->end);
	uint64_t id = 0;

	if (object->build_id_length >= sizeof(id))
		memcpy(&id, object->build_id, sizeof(id));
	key = hf_intern_key(key, id);
	for (const char *c = object->path; *c; c++)
		key = hf_intern_key(key, (unsigned char)*c);
	return key;
}

static hf_ref record_module(const struct hf_object *object)
{
	bool is_new;
	struct hf_interned *slot = hf_intern(modules, MODULE_BITS, module_key(object), &is_new);
	hf_ref ref = hf_intern_ref(slot);

	return ref ? ref : hf_intern_set(slot, write_module(object));
}

static struct hf_frame frame_of(uintptr_t pc)
{
	struct hf_object object;
	struct hf_frame frame = { .offset = pc - 1 };

	if (hf_stack_object(pc - 1, &object) != 0)
		return frame;
	frame.module = record_module(&object);
	if (frame.module)
		frame.offset -= object.base;
	return frame;
}

static hf_ref write_stack(const struct hf_stack *stack)
{
	size_t size = sizeof(struct hf_rec_stack) + stack->count * sizeof(struct hf_frame);
	struct hf_rec_stack *record = hf_pool_reserve(size);

	if (!record)
		return 0;
	record->count = stack->count;
	for (uint32_t i = 0; i < stack->count; i++)
		record->frames[i] = frame_of(stack->pc[i]);
	return hf_pool_commit(record, HF_RECORD_STACK, size);
}

hf_ref hf_recorder_stack(const struct hf_stack *stack)
{
	bool is_new;
	struct hf_interned *slot =
		hf_intern(stacks, STACK_BITS, stack->id ? stack->id : 1, &is_new);
	hf_ref ref = hf_intern_ref(slot);

	return ref ? ref : hf_intern_set(slot, write_stack(stack));
}

static uint64_t file_key(struct hf_fileid id)
{
	return hf_intern_key(id.dev, id.ino);
}

static hf_ref write_file(struct hf_fileid id, int fd, uint32_t fs_type)
{
	char link[32], *path = map_path();
	struct hf_text text = hf_text_in(link, sizeof(link));
	struct hf_rec_file *record;
	size_t length, size;
	hf_ref ref = 0;

	hf_text_format(&text, "/proc/self/fd/%d", fd);
	length = add_link(path, 0, link);
	size = sizeof(*record) + length + 1; /* a NUL, for hf_recorder's own use */
	record = hf_pool_reserve(size);
	if (record) {
		record->id = id;
		record->fs_type = fs_type;
		memcpy(record->path, path ? path : "", length);
		ref = hf_pool_commit(record, HF_RECORD_FILE, size);
	}
	unmap_path(path);
	return ref;
}

void hf_recorder_file(struct hf_fileid id, int fd, uint32_t fs_type)
{
	bool is_new;
	struct hf_interned *slot = hf_intern(files, FILE_BITS, file_key(id), &is_new);

	/* Without a slot it would be written again at every call. */
	if (slot && !hf_intern_ref(slot))
		(void)hf_intern_set(slot, write_file(id, fd, fs_type));
}

/* The path as it was recorded by this process or its parents, NULL when it was not. */
static const char *file_name(struct hf_fileid id)
{
	bool is_new;
	const struct hf_interned *slot = hf_intern(files, FILE_BITS, file_key(id), &is_new);
	const struct hf_rec_file *record = hf_pool_record(hf_intern_ref(slot), HF_RECORD_FILE);

	return record && record->path[0] ? record->path : NULL;
}

/* Where stacks could not be recorded, the file stands in for them. */
static uint64_t finding_key(const struct hf_rec_finding *finding)
{
	uint64_t where = (uint64_t)finding->here << 32 | finding->taken;

	return hf_intern_key(finding->kind, where ? where : finding->id.ino);
}

static hf_ref write_finding(struct hf_rec_finding *finding)
{
	struct hf_rec_finding *record = hf_pool_reserve(sizeof(*record));
	hf_ref ref;

	if (!record)
		return 0;
	memcpy((char *)record + sizeof(record->head), (char *)finding + sizeof(finding->head),
	       sizeof(*record) - sizeof(record->head));
	ref = hf_pool_commit(record, HF_RECORD_FINDING, sizeof(*record));
	finding->head = record->head;
	return ref;
}

/* Adds repetitions to the record, once there is one. */
static void bump(struct hf_interned *slot, uint32_t times)
{
	struct hf_rec_finding *record;

	__atomic_fetch_add(&slot->extra, times, __ATOMIC_SEQ_CST);
	record = hf_pool_record(hf_intern_ref(slot), HF_RECORD_FINDING);
	if (!record)
		return;
	times = __atomic_exchange_n(&slot->extra, 0, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&record->count, times, __ATOMIC_RELAXED);
}

/* Notes are told to those who want them, or whose program is about to be stopped by one. */
static bool is_told(enum hf_level level)
{
	bool stops = hf_options.halt_on != HF_LEVEL_NONE && level >= hf_options.halt_on;

	return hf_options.to_stderr && (level >= HF_LEVEL_WARNING || hf_options.notes || stops);
}

hf_ref hf_recorder_finding(struct hf_rec_finding *finding)
{
	bool is_new = true;
	struct hf_interned *slot = hf_intern(findings, FINDING_BITS, finding_key(finding), &is_new);
	hf_ref ref;

	finding->count = 1;
	if (finding->flags & HF_FINDING_UNASKED)
		finding->proof = HF_PROOF_NONE;
	finding->head.tid = hf_pool_tid();
	finding->head.time = hf_pool_now();
	if (slot && !is_new) {
		bump(slot, 1);
		ref = hf_intern_ref(slot);
	} else {
		ref = hf_intern_set(slot, write_finding(finding));
		if (slot)
			bump(slot, 0);
		if (is_told(hf_finding_level(finding, 0)))
			hf_announce_finding(finding, file_name(finding->id));
	}
	hf_halt_at(hf_finding_level(finding, 0));
	return ref;
}

uint32_t *hf_recorder_counter(hf_ref finding)
{
	struct hf_rec_finding *record = hf_pool_record(finding, HF_RECORD_FINDING);

	return record ? &record->count : NULL;
}

static void write_consequence(struct hf_rec_consequence *consequence)
{
	struct hf_rec_consequence *record = hf_pool_reserve(sizeof(*record));

	if (!record)
		return;
	memcpy((char *)record + sizeof(record->head),
	       (char *)consequence + sizeof(consequence->head),
	       sizeof(*record) - sizeof(record->head));
	(void)hf_pool_commit(record, HF_RECORD_CONSEQUENCE, sizeof(*record));
}

/* Adds what to the set of what followed; returns the set before, *ret_count how many there were. */
static unsigned add_outcome(struct hf_interned *slot, unsigned what, unsigned *ret_count)
{
	uint32_t old = __atomic_load_n(&slot->extra, __ATOMIC_RELAXED), updated;

	do {
		*ret_count = old >> COUNT_SHIFT;
		updated = old | HF_THEN_BIT(what);
		if (*ret_count < CONSEQUENCES_KEPT)
			updated += 1u << COUNT_SHIFT;
	} while (!__atomic_compare_exchange_n(&slot->extra, &old, updated, true, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return old & ((1u << COUNT_SHIFT) - 1);
}

void hf_recorder_consequence(struct hf_rec_consequence *consequence)
{
	const struct hf_rec_finding *finding =
		hf_pool_record(consequence->finding, HF_RECORD_FINDING);
	enum hf_level before, after;
	struct hf_interned *slot;
	unsigned then, count = 0;
	bool is_new;

	if (!finding || consequence->what >= COUNT_SHIFT)
		return;
	slot = hf_intern(outcomes, FINDING_BITS, consequence->finding, &is_new);
	then = slot ? add_outcome(slot, consequence->what, &count) : 0;
	if (count < CONSEQUENCES_KEPT)
		write_consequence(consequence);
	before = hf_finding_level(finding, then);
	after = hf_finding_level(finding, then | HF_THEN_BIT(consequence->what));
	if (after <= before)
		return;
	if (hf_options.to_stderr)
		hf_announce_rise(finding, after, consequence);
	hf_halt_at(after);
}

void hf_recorder_event(const struct hf_event *event)
{
	struct hf_image *image = hf_pool_event(event);

	if (image && event->type == HF_EVENT_ACQUIRE)
		__atomic_fetch_add(&image->locks, 1, __ATOMIC_RELAXED);
}

void hf_recorder_expect_event(void)
{
	hf_pool_expect_event();
}

hf_ref hf_recorder_exec(const char *path, int32_t pid, uint32_t held)
{
	size_t length = strnlen(path, PATH_MAX - 1);
	size_t size = sizeof(struct hf_rec_exec) + length;
	struct hf_rec_exec *record = hf_pool_reserve(size);
	hf_ref ret;

	if (!record)
		return 0;
	record->pid = pid;
	record->held = held;
	memcpy(record->path, path, length);
	hf_pool_forget_tid();
	ret = hf_pool_commit(record, HF_RECORD_EXEC, size);
	hf_pool_forget_tid();
	return ret;
}

void hf_recorder_spawned(const char *path, int32_t pid, uint64_t since)
{
	struct hf_record *record = hf_pool_record(hf_recorder_exec(path, pid, 0), HF_RECORD_EXEC);

	if (record)
		record->time = since;
}

void hf_recorder_exec_failed(hf_ref exec)
{
	struct hf_rec_consequence withdrawn = { .finding = exec,
						.what = HF_THEN_WITHDRAWN,
						.fd = HF_NO_FD };

	if (!exec)
		return;
	hf_pool_forget_tid();
	write_consequence(&withdrawn);
	hf_pool_forget_tid();
}

void hf_recorder_prepare(void)
{
	hf_pool_prepare();
}

void hf_recorder_flag(enum hf_image_flags flag)
{
	struct hf_image *image;

	if (flag == HF_IMAGE_SECCOMP) {
		hf_pool_stop_clock();
		hf_say_stop();
	}
	image = hf_pool_image();
	if (image)
		__atomic_fetch_or(&image->flags, flag, __ATOMIC_RELAXED);
}

void hf_recorder_count_file(void)
{
	struct hf_image *image = hf_pool_image();

	if (image)
		__atomic_fetch_add(&image->files, 1, __ATOMIC_RELAXED);
}

void hf_recorder_count_late(void)
{
	struct hf_image *image = hf_pool_image();

	if (image)
		__atomic_fetch_add(&image->late, 1, __ATOMIC_RELAXED);
}
