/* SPDX-License-Identifier: MIT */
#include "pool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "clock.h"
#include "message.h"
#include "options.h"
#include "own_pool.h"
#include "rawsys.h"
#include "recorder.h"

#define ARGUMENTS_MAX 1024 /* of the program's arguments, kept until it has an image in use */
#define NO_IMAGE 0
#define IMAGES_FULL UINT32_MAX

/* Constant once the constructor has mapped it; log is NULL when there is no mapping. */
static struct {
	struct hf_pool *header; /* for its counters only */
	struct hf_image *images;
	unsigned char *log;
	struct hf_event *ring;
	uint32_t image_slots;
	uint32_t ring_mask;
	uint64_t log_size;
} pool;

/* This process. `image` is the number of its slot plus one, NO_IMAGE or IMAGES_FULL; atomic. */
static struct {
	uint32_t image;
	uint32_t parent; /* the same of the process that forked this one, 0 after an exec */
	bool is_fork;
	uint64_t born;	  /* of a fork: when that was */
	uint64_t fork_at; /* while this process forks: when it began to */
	hf_ref arguments; /* atomic; inherited by fork children */
	char name[sizeof(((struct hf_image *)0)->name)];
	size_t argument_length;
	char argument_text[ARGUMENTS_MAX];
} self;

static bool introduced;	     /* atomic: by whom is decided here */
static uint32_t known_image; /* the number of the image once it is introduced, plus one; atomic */
static bool overflow_said;   /* atomic */

/* A thread's number changes in a fork child, where its thread-local data are the parent's. */
static uint32_t fork_count = 1;
static __thread struct {
	uint32_t fork_count;
	int tid;
} thread_id;

int hf_pool_tid(void)
{
	if (thread_id.fork_count != fork_count) {
		thread_id.tid = raw_gettid();
		thread_id.fork_count = fork_count;
	}
	return thread_id.tid;
}

void hf_pool_forget_tid(void)
{
	thread_id.fork_count = 0;
}

/* The time of hf_pool_prepare(), and the same once the clock is stopped, else 0; atomic. */
static uint64_t prepared_time, stopped_time;

uint64_t hf_pool_now(void)
{
	uint64_t stopped = __atomic_load_n(&stopped_time, __ATOMIC_RELAXED);

	return stopped ? stopped : hf_clock_monotonic();
}

/* Takes over a mapping of size bytes if it holds a pool. 0 or -errno as hf_pool_open_view(). */
static int adopt(void *data, uint64_t size)
{
	struct hf_pool_view view;
	struct hf_pool *header = data;
	int ret = hf_pool_open_view(data, size, &view);

	if (ret < 0)
		return ret;
	if (view.missing)
		return -EBADMSG;
	pool.header = header;
	pool.image_slots = header->image_slots;
	pool.ring_mask = header->ring_cells - 1;
	pool.log_size = header->log_size;
	pool.images = (void *)((unsigned char *)data + header->images_offset);
	pool.ring = (void *)((unsigned char *)data + header->ring_offset);
	pool.log = (unsigned char *)data + header->log_offset;
	return 0;
}

static int map_file(int fd)
{
	struct stat st;
	void *data;
	int ret = raw_fstat(fd, &st);

	if (ret < 0)
		return ret;
	if (st.st_size <= 0)
		return -ENOMSG;
	data = raw_mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (raw_is_error(data))
		return (int)(intptr_t)data;
	ret = adopt(data, (uint64_t)st.st_size);
	if (ret < 0)
		(void)raw_munmap(data, (size_t)st.st_size);
	return ret;
}

static int map_run(const char *path)
{
	int fd = raw_openat(AT_FDCWD, path, O_RDWR | O_CLOEXEC | O_NOCTTY, 0);
	int ret;

	if (fd < 0)
		return fd;
	ret = map_file(fd);
	(void)raw_close(fd);
	return ret;
}

static void complain_about_run(const char *path, int error)
{
	char reason[64];
	struct hf_text text = hf_text_in(reason, sizeof(reason));

	switch (error) {
	case -ENOMSG:
		hf_text_add(&text, "it is no recording");
		break;
	case -EPROTO:
		hf_text_add(&text, "it was made by another version of holdfast");
		break;
	case -EBADMSG:
		hf_text_add(&text, "it is damaged");
		break;
	default:
		hf_text_add_errno(&text, -error);
	}
	hf_recorder_say("%s: nothing is recorded there: %s", path, reason);
}

bool hf_pool_map(const char *path)
{
	uint64_t size;
	void *data;
	int ret;

	if (path) {
		ret = map_run(path);
		if (ret == 0)
			return true;
		complain_about_run(path, ret);
	}
	data = hf_own_pool_map(&size);
	if (data)
		(void)adopt(data, size);
	return false;
}

void hf_pool_describe(const char *name, const char *arguments, size_t length)
{
	memcpy(self.name, name, strnlen(name, sizeof(self.name)));
	self.argument_length = length < ARGUMENTS_MAX ? length : ARGUMENTS_MAX;
	memcpy(self.argument_text, arguments, self.argument_length);
}

static uint64_t pid_namespace(void)
{
	struct stat st;

	return raw_fstatat(AT_FDCWD, "/proc/self/ns/pid", &st, 0) == 0 ? st.st_ino : 0;
}

/* Fills a slot and commits it. */
static void fill_image(struct hf_image *image)
{
	image->pid = raw_getpid();
	image->ppid = raw_getppid();
	image->start_time = self.is_fork ? self.born : hf_pool_now();
	image->parent = self.parent;
	image->exec = __atomic_load_n(&self.arguments, __ATOMIC_RELAXED);
	image->kinds_off = hf_options_kinds_off(&hf_options);
	image->wait_report_ms = hf_options.wait_report_ms;
	memcpy(image->name, self.name, sizeof(image->name));
	__atomic_store_n(&image->kind, self.is_fork ? HF_IMAGE_FORK : HF_IMAGE_EXEC,
			 __ATOMIC_RELEASE);
}

/*
 * Takes a slot. When two threads do, or a signal handler does meanwhile, the second one's slot
 * stays uncommitted, which readers skip: cheaper than to wait for each other, and a handler could
 * not.
 */
static uint32_t make_image(void)
{
	uint32_t slot = __atomic_fetch_add(&pool.header->images_next, 1, __ATOMIC_RELAXED);
	uint32_t image = slot < pool.image_slots ? slot + 1 : IMAGES_FULL;
	uint32_t found = NO_IMAGE;

	if (!__atomic_compare_exchange_n(&self.image, &found, image, false, __ATOMIC_RELAXED,
					 __ATOMIC_RELAXED))
		return found;
	if (image != IMAGES_FULL)
		fill_image(&pool.images[slot]);
	return image;
}

void hf_pool_hello(void)
{
	if (pool.log)
		(void)make_image();
}

static void write_arguments(struct hf_image *image)
{
	size_t size = sizeof(struct hf_rec_args) + self.argument_length;
	struct hf_rec_args *record = self.argument_length ? hf_pool_reserve(size) : NULL;
	hf_ref ref;

	if (!record)
		return;
	memcpy(record->text, self.argument_text, self.argument_length);
	ref = hf_pool_commit(record, HF_RECORD_ARGS, size);
	__atomic_store_n(&self.arguments, ref, __ATOMIC_RELAXED);
	__atomic_store_n(&image->exec, ref, __ATOMIC_RELAXED);
}

/*
 * What only images that record something need: most programs of a run lock nothing, and each would
 * pay with room in the log and with the look into /proc, a sixth of the time that the constructor
 * takes.
 */
static void introduce(struct hf_image *image)
{
	if (__atomic_exchange_n(&introduced, true, __ATOMIC_RELAXED))
		return;
	__atomic_store_n(&image->pid_ns, pid_namespace(), __ATOMIC_RELAXED);
	if (!image->exec)
		write_arguments(image);
}

static __attribute__((noinline)) uint32_t find_image(void)
{
	uint32_t image = __atomic_load_n(&self.image, __ATOMIC_RELAXED);

	if (image == NO_IMAGE)
		image = make_image();
	if (image == IMAGES_FULL)
		return HF_NO_IMAGE;
	if (!__atomic_load_n(&introduced, __ATOMIC_RELAXED))
		introduce(&pool.images[image - 1]);
	__atomic_store_n(&known_image, image, __ATOMIC_RELAXED);
	return image - 1;
}

/* The number of this process's image in its records. */
static inline uint32_t image_number(void)
{
	uint32_t known = __atomic_load_n(&known_image, __ATOMIC_RELAXED);

	return __builtin_expect(known != NO_IMAGE, 1) ? known - 1 : find_image();
}

struct hf_image *hf_pool_image(void)
{
	uint32_t number = pool.log ? image_number() : HF_NO_IMAGE;

	return number == HF_NO_IMAGE ? NULL : &pool.images[number];
}

void hf_pool_prepare(void)
{
	(void)hf_pool_image();
	(void)hf_pool_tid();
	__atomic_store_n(&prepared_time, hf_pool_now(), __ATOMIC_RELAXED);
}

void hf_pool_stop_clock(void)
{
	__atomic_store_n(&stopped_time, __atomic_load_n(&prepared_time, __ATOMIC_RELAXED),
			 __ATOMIC_RELAXED);
}

void hf_pool_before_fork(void)
{
	self.fork_at = hf_pool_now();
}

void hf_pool_after_fork(void)
{
	self.fork_at = 0;
}

void hf_pool_forked(void)
{
	uint32_t image = self.image;

	fork_count++;
	introduced = false;
	known_image = NO_IMAGE;
	self.is_fork = true;
	self.born = self.fork_at ? self.fork_at : hf_pool_now(); /* not by fork(): noticed now */
	self.fork_at = 0;
	/* A parent that never recorded anything is skipped: its own parent is this one's. */
	if (image != NO_IMAGE && image != IMAGES_FULL)
		self.parent = image;
	self.image = NO_IMAGE;
}

static void count_lost(void)
{
	__atomic_fetch_add(&pool.header->log_lost, 1, __ATOMIC_RELAXED);
	if (!__atomic_exchange_n(&overflow_said, true, __ATOMIC_RELAXED))
		hf_recorder_say("the recording is full: from here on findings are only counted");
}

void *hf_pool_reserve(size_t size)
{
	uint64_t *tail = &pool.header->log_tail;
	uint64_t room = hf_record_room(size), at;

	if (!pool.log)
		return NULL;
	/* Once it is full the tail stays where it is, and does not run on for ever. */
	if (size > HF_RECORD_MAX || __atomic_load_n(tail, __ATOMIC_RELAXED) >= pool.log_size) {
		count_lost();
		return NULL;
	}
	at = __atomic_fetch_add(tail, room, __ATOMIC_RELAXED);
	if (at > pool.log_size || room > pool.log_size - at) {
		count_lost();
		return NULL;
	}
	return pool.log + at;
}

hf_ref hf_pool_commit(void *record, enum hf_record_type type, size_t size)
{
	struct hf_record *head = record;

	head->image = image_number();
	head->tid = hf_pool_tid();
	head->time = hf_pool_now();
	__atomic_store_n(&head->word, hf_record_word(type, (uint32_t)size), __ATOMIC_RELEASE);
	return hf_ref_of((uint64_t)((unsigned char *)record - pool.log));
}

void *hf_pool_record(hf_ref ref, enum hf_record_type type)
{
	struct hf_pool_view view = {
		.log = pool.log,
		.log_end = pool.log_size,
	};

	return pool.log ? (void *)(uintptr_t)hf_log_at(&view, ref, type) : NULL;
}

void hf_pool_push_held(struct hf_rec_held *record, hf_ref ref)
{
	hf_ref *last = &pool.header->held_last;

	record->previous = __atomic_load_n(last, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(last, &record->previous, ref, true, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED))
		;
}

hf_ref hf_pool_last_held(void)
{
	return pool.log ? __atomic_load_n(&pool.header->held_last, __ATOMIC_ACQUIRE) : 0;
}

/*
 * One by one: words that were stored in pieces a moment ago and are read whole would have to reach
 * the cache first.
 */
static void fill_cell(struct hf_event *cell, const struct hf_event *event)
{
	cell->type = event->type;
	cell->primitive = event->primitive;
	cell->mode = event->mode;
	cell->error = event->error;
	cell->id.dev = event->id.dev;
	cell->id.ino = event->id.ino;
	cell->start = event->start;
	cell->end = event->end;
	cell->stack = event->stack;
	cell->fd = event->fd;
}

void hf_pool_expect_event(void)
{
	if (pool.log)
		__builtin_prefetch(
			&pool.ring[__atomic_load_n(&pool.header->ring_next, __ATOMIC_RELAXED) &
				   pool.ring_mask],
			1);
}

struct hf_image *hf_pool_event(const struct hf_event *event)
{
	struct hf_event *cell;
	uint32_t image;
	uint64_t number;

	if (!pool.log)
		return NULL;
	image = image_number();
	number = __atomic_fetch_add(&pool.header->ring_next, 1, __ATOMIC_RELAXED);
	cell = &pool.ring[number & pool.ring_mask];
	/*
	 * A reader believes a cell whose sequence is the number it looks for. Should a whole lap
	 * pass between two lines here, two writers meet in the cell: the one that is late spoils
	 * it.
	 */
	__atomic_store_n(&cell->sequence, 0, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	fill_cell(cell, event);
	cell->image = image;
	cell->tid = hf_pool_tid();
	cell->time = event->time ? event->time : hf_pool_now();
	__atomic_store_n(&cell->sequence, (uint32_t)number + 1, __ATOMIC_RELEASE);
	return image == HF_NO_IMAGE ? NULL : &pool.images[image];
}
