/* SPDX-License-Identifier: MIT */
/*
 * Writes recordings as the checker would, for tests of their readers: make-recording SCENARIO FILE
 * [NUMBER]. Pids, threads and times are fixed, so what is printed about a recording is fixed too.
 *
 * Stacks are addresses in this very program, taken where a story happens: its functions below have
 * real lines that the readers' symbols must find again.
 */
#include "config.h"

#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kinds.h"
#include "record.h"

#define MS UINT64_C(1000000)
#define START (UINT64_C(1000) * MS)
#define NOT_INLINE __attribute__((noinline, noclone))

static struct hf_pool *pool;
static int32_t now_tid = 4711;
static uint32_t now_image;
static uint64_t now = START;

static void *part(uint64_t offset)
{
	return (unsigned char *)pool + offset;
}

static void make_pool(uint32_t images, uint64_t log_size, uint32_t cells)
{
	struct hf_pool layout;
	uint64_t size = hf_pool_layout(&layout, images, log_size, cells);

	pool = calloc(1, size);
	if (!pool)
		abort();
	*pool = layout;
	pool->start_realtime = UINT64_C(1700000000) * 1000 * MS;
	pool->start_monotonic = START;
}

static void save(const char *path)
{
	FILE *file = fopen(path, "we");

	if (!file || fwrite(pool, pool->size, 1, file) != 1 || fclose(file)) {
		perror(path);
		exit(1);
	}
}

static hf_ref append(enum hf_record_type type, struct hf_record *record, size_t size, const char *tail)
{
	size_t whole = size + (tail ? strlen(tail) : 0);
	uint64_t at = pool->log_tail;

	if (at + hf_record_room(whole) > pool->log_size) {
		pool->log_lost++;
		return 0;
	}
	pool->log_tail += hf_record_room(whole);
	record->word = hf_record_word(type, (uint32_t)whole);
	record->image = now_image;
	record->tid = now_tid;
	record->time = now;
	memcpy(part(pool->log_offset + at), record, size);
	if (tail)
		memcpy((unsigned char *)part(pool->log_offset + at) + size, tail, strlen(tail));
	return hf_ref_of(at);
}

static uint32_t add_image(enum hf_image_kind kind, int32_t pid, const char *name)
{
	struct hf_image *image =
		(struct hf_image *)part(pool->images_offset) + pool->images_next;

	image->kind = kind;
	image->pid = pid;
	image->ppid = 1;
	image->start_time = now;
	strncpy(image->name, name, sizeof(image->name) - 1);
	return pool->images_next++;
}

static struct hf_image *image_at(uint32_t number)
{
	return (struct hf_image *)part(pool->images_offset) + number;
}

static struct hf_fileid add_file(uint64_t ino, const char *path)
{
	struct hf_rec_file record = { .id = { .dev = 0x801, .ino = ino } };

	append(HF_RECORD_FILE, &record.head, offsetof(struct hf_rec_file, path), path);
	return record.id;
}

/* This program as the checker would name it: load bias, build-id, path. */
static uintptr_t own_bias;
static struct hf_rec_module own_module;

static void read_notes(const struct dl_phdr_info *info, const ElfW(Phdr) *phdr)
{
	const unsigned char *at = (const void *)(info->dlpi_addr + phdr->p_vaddr);
	const unsigned char *end = at + phdr->p_memsz;

	while (at + sizeof(ElfW(Nhdr)) < end) {
		const ElfW(Nhdr) *note = (const void *)at;
		const unsigned char *name = at + sizeof(*note);
		const unsigned char *bits = name + ((note->n_namesz + 3) & ~3u);

		if (note->n_type == NT_GNU_BUILD_ID && note->n_descsz <= 20) {
			own_module.build_id_length = note->n_descsz;
			memcpy(own_module.build_id, bits, note->n_descsz);
		}
		at = bits + ((note->n_descsz + 3) & ~3u);
	}
}

static int read_self(struct dl_phdr_info *info, size_t size, void *ctx)
{
	(void)size;
	(void)ctx;
	own_bias = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_NOTE)
			read_notes(info, &info->dlpi_phdr[i]);
	return 1; /* the first object is the program */
}

static hf_ref add_module(const char *path)
{
	struct hf_rec_module module = own_module;

	return append(HF_RECORD_MODULE, &module.head, offsetof(struct hf_rec_module, path), path);
}

static hf_ref self, libc;

static void begin_image(const char *path)
{
	self = add_module(path);
	libc = append(HF_RECORD_MODULE, &(struct hf_rec_module){ 0 }.head,
		      offsetof(struct hf_rec_module, path), "/lib/x86_64-linux-gnu/libc.so.6");
}

/* A stack of up to two addresses in this program and one in a libc that nobody has. */
static hf_ref add_stack(void *inner, void *outer)
{
	struct {
		struct hf_rec_stack stack;
		struct hf_frame frames[3];
	} record = { 0 };
	struct hf_frame *frame = record.frames;

	if (inner)
		*frame++ = (struct hf_frame){ self, 0, (uintptr_t)inner - 1 - own_bias };
	if (outer)
		*frame++ = (struct hf_frame){ self, 0, (uintptr_t)outer - 1 - own_bias };
	*frame++ = (struct hf_frame){ libc, 0, 0x2724a };
	record.stack.count = (uint32_t)(frame - record.frames);
	return append(HF_RECORD_STACK, &record.stack.head,
		      sizeof(record.stack) + record.stack.count * sizeof(record.frames[0]), NULL);
}

static hf_ref NOT_INLINE stack_here(void)
{
	return add_stack(__builtin_extract_return_addr(__builtin_return_address(0)), NULL);
}

static void add_event(enum hf_event_type type, struct hf_fileid id, enum hf_lockmode mode,
		      uint64_t start, uint64_t end, hf_ref stack, int fd)
{
	struct hf_event *event = (struct hf_event *)part(pool->ring_offset) +
				 (pool->ring_next & (pool->ring_cells - 1));

	*event = (struct hf_event){ .sequence = (uint32_t)pool->ring_next + 1, .type = type,
				    .primitive = HF_PRIM_POSIX, .mode = mode, .image = now_image,
				    .tid = now_tid, .time = now, .id = id, .start = start, .end = end,
				    .stack = stack, .fd = fd };
	pool->ring_next++;
}

/* The functions of the stories: what a report should name. */
static struct hf_fileid ledger;

static hf_ref NOT_INLINE ledger_begin(void)
{
	return stack_here();
}

static hf_ref NOT_INLINE read_config(void)
{
	return stack_here();
}

static hf_ref NOT_INLINE open_config(void)
{
	return stack_here();
}

static hf_ref NOT_INLINE ledger_write(void)
{
	return stack_here();
}

static struct hf_rec_finding finding_of(enum hf_kind kind, hf_ref here, hf_ref taken)
{
	return (struct hf_rec_finding){ .kind = kind, .proof = HF_PROOF_GETLK,
					.primitive = HF_PRIM_POSIX, .mode = HF_MODE_WRITE, .fd = 3,
					.other_fd = 4, .holder_tid = now_tid,
					.taken_time = now - 1800 * MS / 1000, .id = ledger,
					.start = 0, .end = HF_EOF, .here = here, .taken = taken,
					.count = 1 };
}

static hf_ref add_finding(struct hf_rec_finding *finding, const char *via)
{
	memcpy(finding->via, via, strlen(via));
	return append(HF_RECORD_FINDING, &finding->head, sizeof(*finding), NULL);
}

static void add_then(hf_ref finding, enum hf_consequence what, hf_ref here)
{
	struct hf_rec_consequence record = { .finding = finding, .what = what, .fd = 3, .here = here };

	if (what == HF_THEN_WRITTEN) {
		record.bytes = 8;
		record.offset = 512;
		memcpy(record.via, "write", 5);
	}
	append(HF_RECORD_CONSEQUENCE, &record.head, sizeof(record), NULL);
}

/* A lock taken, lost by a close, and used: the error of the first page. */
static void lose_a_lock(void)
{
	hf_ref taken = ledger_begin(), opened = open_config(), here = read_config();
	struct hf_rec_finding lost;
	hf_ref finding;

	add_event(HF_EVENT_ACQUIRE, ledger, HF_MODE_WRITE, 0, HF_EOF, taken, 3);
	now += 1800 * MS / 1000;
	lost = finding_of(HF_KIND_CLOSE_DROPS_LOCK, here, taken);
	lost.opened = opened;
	lost.count = 3;
	finding = add_finding(&lost, "fclose");
	add_event(HF_EVENT_LOST, ledger, HF_MODE_WRITE, 0, HF_EOF, here, 4);
	now += 40 * MS / 1000;
	add_then(finding, HF_THEN_WRITTEN, ledger_write());
}

static void take_it_again(void)
{
	hf_ref taken = ledger_begin();
	struct hf_rec_finding again = finding_of(HF_KIND_REENTRANT_ACQUIRE, read_config(), taken);

	again.proof = HF_PROOF_NONE;
	again.wanted = HF_MODE_WRITE;
	again.wanted_primitive = HF_PRIM_POSIX;
	again.other_fd = 3;
	add_finding(&again, "fcntl");
}

/* The program that ends right after: a note. */
static void tear_down(void)
{
	hf_ref taken = ledger_begin();
	struct hf_rec_finding lost = finding_of(HF_KIND_CLOSE_DROPS_LOCK, add_stack(NULL, NULL), taken);

	add_then(add_finding(&lost, "close"), HF_THEN_TEARDOWN, 0);
}

static void exec_static_program(void)
{
	struct hf_rec_exec record = { .pid = 4713 };

	append(HF_RECORD_EXEC, &record.head, offsetof(struct hf_rec_exec, path), "/usr/bin/static");
}

static void begin_bank(const char *self_path, uint64_t log_size, uint32_t cells)
{
	make_pool(16, log_size, cells);
	now_image = add_image(HF_IMAGE_EXEC, 4711, "bank");
	image_at(0)->locks = 31;
	begin_image(self_path);
	ledger = add_file(17, "/srv/bank/ledger.db");
	add_file(18, "/srv/bank/<odd> \"name\" & \xc3\xa9\n");
}

static void write_bank(const char *self_path, uint64_t log_size)
{
	begin_bank(self_path, log_size, 16);
	lose_a_lock();
	take_it_again();
	tear_down();
	now += MS;
	now_image = add_image(HF_IMAGE_FORK, 4712, "bank");
	now_tid = 4712;
	begin_image(self_path);
	take_it_again();
	now += MS;
	exec_static_program();
}

static void write_clean(const char *self_path)
{
	begin_bank(self_path, 1 << 20, 64);
	add_event(HF_EVENT_ACQUIRE, ledger, HF_MODE_READ, 0, 9, ledger_begin(), 3);
	now += MS;
	add_event(HF_EVENT_RELEASE, ledger, HF_MODE_READ, 0, 9, 0, 3);
}

/* The same few findings number times, from image to image, and an event for each. */
static void write_many(const char *self_path, unsigned long number)
{
	struct hf_rec_finding lost;

	make_pool(1024, number * (hf_record_room(sizeof(lost)) + 8) + (8 << 20), 1 << 17);
	for (unsigned long i = 0; i < number; i++) {
		if (i % (number / 1000 + 1) == 0) {
			now_image = add_image(HF_IMAGE_FORK, (int32_t)(5000 + i), "many");
			begin_image(self_path);
			ledger = add_file(17, "/srv/bank/ledger.db");
			lost = finding_of(HF_KIND_CLOSE_DROPS_LOCK, read_config(), ledger_begin());
		}
		now += 1000;
		lost.taken_time = now - 500;
		add_finding(&lost, i % 2 ? "close" : "fclose");
		add_event(HF_EVENT_ACQUIRE, ledger, HF_MODE_WRITE, i, i, lost.taken, 3);
	}
}

/* number holds by processes and threads that take turns, some after a wait. */
static void write_holds(const char *self_path, unsigned long number)
{
	struct hf_fileid files[3];
	hf_ref stack;

	begin_bank(self_path, 1 << 20, 1 << 16);
	files[0] = ledger;
	files[1] = add_file(20, "/srv/bank/journal");
	files[2] = add_file(21, "/srv/bank/index");
	stack = ledger_begin();
	for (int i = 1; i < 4; i++)
		add_image(HF_IMAGE_FORK, 4711 + i * 10, "bank");
	for (unsigned long i = 0; i < number; i++) {
		struct hf_fileid id = files[i / 7 % 3];
		enum hf_lockmode mode = i % 5 ? HF_MODE_WRITE : HF_MODE_READ;

		now_image = (uint32_t)(i % 4);
		now_tid = 4711 + (int32_t)now_image * 10 + (int32_t)(i / 4 % 2);
		if (i % 11 == 0)
			add_event(HF_EVENT_WAIT, id, mode, 0, HF_EOF, stack, 3);
		now += 200 * MS / 1000;
		add_event(HF_EVENT_ACQUIRE, id, mode, 0, HF_EOF, stack, 3);
		now += (i % 13 + 1) * 100 * MS / 1000;
		add_event(i % 97 ? HF_EVENT_RELEASE : HF_EVENT_LOST, id, mode, 0, HF_EOF, 0, 3);
	}
	now_image = 0;
	now_tid = 4711;
	lose_a_lock();
}

static void add_flock_event(enum hf_event_type type, enum hf_lockmode mode, hf_ref stack)
{
	struct hf_event *last = part(pool->ring_offset);

	add_event(type, ledger, mode, 0, HF_EOF, stack, 4);
	last[(pool->ring_next - 1) % pool->ring_cells].primitive = HF_PRIM_FLOCK;
}

/* Two processes, one with flock, one with record locks, that overlap all the time: number events. */
static void write_mixed(const char *self_path, unsigned long number)
{
	uint32_t cells = 1;
	hf_ref stack;

	while (cells < number)
		cells *= 2;
	begin_bank(self_path, 1 << 20, cells);
	stack = ledger_begin();
	add_image(HF_IMAGE_FORK, 4712, "bank");
	for (unsigned long i = 0; i < number; i += 4) {
		now_image = 0;
		now_tid = 4711;
		now += 1000;
		add_flock_event(HF_EVENT_ACQUIRE, HF_MODE_WRITE, stack);
		now_image = 1;
		now_tid = 4712;
		add_event(HF_EVENT_ACQUIRE, ledger, HF_MODE_WRITE, i, i, stack, 3);
		now += 1000;
		if (i % 10000) /* a hundred stay */
			add_event(HF_EVENT_RELEASE, ledger, HF_MODE_NONE, i, i, 0, 3);
		now_image = 0;
		now_tid = 4711;
		add_flock_event(HF_EVENT_RELEASE, HF_MODE_NONE, 0);
	}
}

int main(int argc, char **argv)
{
	char path[4096] = "";
	unsigned long number = argc > 3 ? strtoul(argv[3], NULL, 10) : 1000;

	if (argc < 3 || readlink("/proc/self/exe", path, sizeof(path) - 1) < 0) {
		fprintf(stderr, "usage: make-recording bank|tiny|clean|many|holds|mixed FILE [NUMBER]\n");
		return 2;
	}
	dl_iterate_phdr(read_self, NULL);
	if (!strcmp(argv[1], "bank"))
		write_bank(path, 1 << 20);
	else if (!strcmp(argv[1], "tiny")) /* the same in few pages, for fuzzers to start from */
		write_bank(path, 4096);
	else if (!strcmp(argv[1], "clean"))
		write_clean(path);
	else if (!strcmp(argv[1], "many"))
		write_many(path, number);
	else if (!strcmp(argv[1], "holds"))
		write_holds(path, number);
	else if (!strcmp(argv[1], "mixed"))
		write_mixed(path, number);
	else
		return 2;
	save(argv[2]);
	return 0;
}
