/* SPDX-License-Identifier: MIT */
/*
 * The recording: what the checker writes in the program's process and what the command reads
 * afterwards. docs/recording.md tells the same to people.
 *
 * A recording is one file, mapped MAP_SHARED by every process of a run, so that whatever was stored
 * survives SIGKILL without a system call. Four parts, at the offsets that the header names:
 *
 *   header   struct hf_pool. Fixed once written, but for the counters, which only grow.
 *   images   struct hf_image slots: one per exec and per fork that took part in locking.
 *   log      findings and what they need (files, modules, stacks, consequences, execs): never
 *            overwritten. A record that finds no room is counted in log_lost.
 *   ring     struct hf_event cells: acquisitions, releases, waits. The newest win; the difference
 *            between ring_next and ring_cells is what was lost.
 *
 * Writing (preload/recorder.c): reserve with an atomic add on log_tail, fill the payload, then
 * store the first word (hf_record_word) with release order. A process killed in between leaves a
 * hole; hf_log_next() steps over holes HF_LOG_ALIGN bytes at a time until a word makes sense again.
 *
 * A reference to a log record (hf_ref) is its offset in the log divided by HF_LOG_ALIGN, plus one;
 * 0 refers to nothing. Strings are padded with NULs to their field and may fill it completely.
 * All integers are in the writer's byte order; the magic tells a foreign one.
 */
#ifndef HF_CORE_RECORD_H
#define HF_CORE_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "fileid.h"
#include "locktypes.h"

#define HF_POOL_MAGIC UINT64_C(0x314c4f4f50544648) /* "HFTPOOL1" */
#define HF_POOL_VERSION 2
#define HF_LOG_ALIGN 32
#define HF_LOG_MARK 0x4846u /* in the high half of every record's first word */
#define HF_RECORD_MAX (64u * 1024)
#define HF_STACK_MAX 32
#define HF_VIA_LENGTH 24
#define HF_NAME_LENGTH 16
#define HF_NO_FD (-1)
#define HF_NO_IMAGE UINT32_MAX /* in a record: its process found no free slot */

typedef uint32_t hf_ref;

struct hf_pool {
	uint64_t magic;
	uint32_t version;
	uint32_t header_size;
	uint64_t size; /* of the whole file */
	uint64_t images_offset;
	uint64_t log_offset;
	uint64_t log_size;
	uint64_t ring_offset;
	uint32_t image_slots;
	uint32_t ring_cells;	  /* a power of two */
	uint64_t start_realtime;  /* ns since the epoch, when the run began */
	uint64_t start_monotonic; /* ns, the same moment on the clock of all the records' times */
	/* Counters, each on a cache line of its own. */
	_Alignas(64) uint32_t images_next; /* may pass image_slots: those were lost */
	_Alignas(64) uint64_t log_tail;	   /* may pass log_size: those were lost */
	uint64_t log_lost;
	hf_ref held_last; /* the newest HF_RECORD_HELD, from which the others hang; 0: none */
	_Alignas(64) uint64_t ring_next;
};

/* How an image came to be. */
enum hf_image_kind {
	HF_IMAGE_NONE, /* the slot is not committed */
	HF_IMAGE_EXEC, /* a program was loaded: its constructor said hello */
	HF_IMAGE_FORK  /* a child of a watched image, seen at its first lock event */
};

enum hf_image_flags {
	HF_IMAGE_SECCOMP = 1, /* a filter was installed: not watched from there on */
	HF_IMAGE_UNSHARED = 2 /* a CLONE_VM child was seen */
};

/* A HELLO. 128 bytes; kind is stored last, with release order. */
struct hf_image {
	uint32_t kind;
	uint32_t flags;
	int32_t pid;
	int32_t ppid;
	uint64_t start_time;	 /* ns, CLOCK_MONOTONIC, of the hello; FORK: of the fork */
	uint32_t parent;	 /* FORK: image of the parent + 1; EXEC: 0 */
	uint32_t exec;		 /* log reference of the argument vector record, or 0 */
	uint64_t pid_ns;	 /* inode of the pid namespace, 0 when not known or not recording */
	uint64_t locks;		 /* acquisitions that succeeded */
	uint64_t files;		 /* different files that were locked */
	uint64_t late;		 /* audits that found a lock gone without a culprit */
	uint64_t kinds_off;	 /* bit 1 << kind: HOLDFAST_OPTIONS has it not looked for */
	uint32_t wait_report_ms; /* as HOLDFAST_OPTIONS has it */
	char name[52];		 /* base name of the program */
};

enum hf_record_type {
	HF_RECORD_NONE,
	HF_RECORD_FILE,	  /* the path of a file, once per image and file */
	HF_RECORD_MODULE, /* an ELF object in memory */
	HF_RECORD_STACK,  /* return addresses as module and offset */
	HF_RECORD_FINDING,
	HF_RECORD_CONSEQUENCE, /* what followed from a finding */
	HF_RECORD_EXEC,	       /* about to exec */
	HF_RECORD_ARGS,	       /* the program's arguments */
	HF_RECORD_HELD,	       /* about to exec with a POSIX lock: for the new image to compare */
	HF_RECORD_TYPES
};

/* The start of every log record. */
struct hf_record {
	uint64_t word; /* HF_LOG_MARK, type and size: see hf_record_word(); stored last */
	uint32_t image;
	int32_t tid;
	uint64_t time; /* ns, CLOCK_MONOTONIC */
};

struct hf_rec_file {
	struct hf_record head;
	struct hf_fileid id;
	uint32_t fs_type; /* statfs f_type, 0 when it is not known */
	uint32_t reserved;
	char path[]; /* to the end of the record */
};

struct hf_rec_module {
	struct hf_record head;
	uint64_t base; /* load bias */
	uint64_t end;
	uint8_t build_id[20];
	uint32_t build_id_length; /* 0: the object has none */
	char path[];
};

struct hf_frame {
	hf_ref module; /* an HF_RECORD_MODULE; 0: not in any object */
	uint32_t reserved;
	uint64_t offset; /* return address - 1 - base; absolute when module is 0 */
};

struct hf_rec_stack {
	struct hf_record head;
	uint32_t count;
	uint32_t reserved;
	struct hf_frame frames[]; /* innermost first: frames[0] is the interposed call's caller */
};

/* How the kernel confirmed a finding. */
enum hf_proof {
	HF_PROOF_NONE,	 /* a fact of the call itself: needs no oracle */
	HF_PROOF_GETLK,	 /* F_OFD_GETLK showed our lock before and not after */
	HF_PROOF_FDINFO, /* /proc/self/fdinfo listed it before and not after */
	HF_PROOF_RESULT, /* the call's own result says so */
	HF_PROOF_LATE	 /* an audit found it gone; the culprit was not seen */
};

enum hf_finding_flags {
	/*
	 * The file is on a network or FUSE file system, which may answer anything: this follows
	 * from the calls and nobody was asked, so it is a warning at most.
	 */
	HF_FINDING_UNASKED = 1,
	HF_FINDING_LOCKS_LOCAL = 2,    /* network-fs: the mount keeps locks to this machine */
	HF_FINDING_MAY_BE_SPURIOUS = 4 /* edeadlk: another thread of a process may release */
};

struct hf_rec_finding {
	struct hf_record head;
	uint16_t kind;	   /* enum hf_kind */
	uint8_t proof;	   /* enum hf_proof */
	uint8_t primitive; /* of the lock that was held */
	uint8_t mode;	   /* it was held in this mode */
	uint8_t wanted;	   /* the mode asked for, 0 when nothing was */
	uint8_t wanted_primitive;
	uint8_t level;	  /* enum hf_level of this case of the kind: see hf_finding_level() */
	int32_t fd;	  /* the descriptor that took the lock */
	int32_t other_fd; /* the descriptor that was closed, or asked for more; HF_NO_FD */
	int32_t error;	  /* errno of the call, 0 */
	int32_t holder_tid;
	uint64_t taken_time;
	uint64_t since; /* LATE: the last moment the lock was seen in the kernel */
	struct hf_fileid id;
	uint64_t start; /* the bytes it is about */
	uint64_t end;
	hf_ref here;		   /* stack of the call */
	hf_ref taken;		   /* stack of the acquisition */
	hf_ref opened;		   /* stack that opened other_fd, when it was seen */
	uint32_t count;		   /* how often: grows in place */
	char via[HF_VIA_LENGTH];   /* the interposed function, "" when it is not known */
	int32_t holder_pid;	   /* the process whose lock is in the way, 0 when it is not known;
				      fd-lost: that waited for this one */
	uint32_t flags;		   /* enum hf_finding_flags */
	char name[HF_NAME_LENGTH]; /* of the holder's program, or of the file system; "" */
};

enum hf_consequence {
	HF_THEN_NONE,
	HF_THEN_WRITTEN, /* the program wrote to the file: fd, bytes, offset */
	HF_THEN_READ,
	HF_THEN_UNLOCKED,  /* it unlocked what it no longer held */
	HF_THEN_TAKEN,	   /* somebody else got the lock: pid */
	HF_THEN_TEARDOWN,  /* the locking descriptor was closed, nothing used in between */
	HF_THEN_RETAKEN,   /* the program took it again, nothing used in between */
	HF_THEN_CHANGED,   /* size or mtime moved: a write that no hook saw */
	HF_THEN_WITHDRAWN, /* what was announced did not happen (an exec that failed) */
	HF_THEN_RETURNED,  /* the call that could not return did: the finding was wrong or
			      cancelled */
	HF_THEN_CONFIRMED  /* the program that was to lose it by an exec does not have it */
};

struct hf_rec_consequence {
	struct hf_record head;
	hf_ref finding; /* or, WITHDRAWN, the EXEC record of an exec that failed */
	uint16_t what;	/* enum hf_consequence */
	uint16_t reserved;
	int32_t fd;
	int32_t pid;
	uint64_t bytes;
	uint64_t offset;
	hf_ref here;
	uint32_t reserved2;
	char via[HF_VIA_LENGTH];
};

struct hf_rec_exec {
	struct hf_record head;
	int32_t pid;   /* of the caller: a vfork child may be about to exec */
	uint32_t held; /* POSIX holds of this process at that moment */
	char path[];
};

/*
 * What an image held when it was about to exec, one for each file. The next image of that process
 * looks whether it has it still, and sets pid to 0.
 */
struct hf_rec_held {
	struct hf_record head;
	hf_ref finding;	  /* that says what is held, and what will become of it */
	hf_ref previous;  /* HF_RECORD_HELD of anybody, older; 0 */
	int32_t pid;	  /* 0: the exec failed, or was compared */
	uint32_t program; /* hf_program_hash() */
};

/* Of the last component of a path: by what name a program was started. */
uint32_t hf_program_hash(const char *path);

/* NUL-separated arguments, cut where the record ends. */
struct hf_rec_args {
	struct hf_record head;
	char text[];
};

enum hf_event_type {
	HF_EVENT_NONE,
	HF_EVENT_ACQUIRE,
	HF_EVENT_RELEASE, /* unlock, mode is NONE; or close of the locking descriptor */
	HF_EVENT_WAIT,	  /* a blocking request is about to be made */
	HF_EVENT_FAILED,  /* a request was refused: error in fd's place is never needed, flags hold
			     errno */
	HF_EVENT_LOST,	  /* an audit found it gone */
	HF_EVENT_FORK,	  /* fd holds the child's pid */
	HF_EVENT_EXEC,
	HF_EVENT_EXIT,
	HF_EVENT_WAITPID, /* fd holds the pid waited for, -1 for any */
	HF_EVENT_TYPES
};

/* Of an ACQUIRE, WAIT or RELEASE, in its error field. */
enum hf_event_flags {
	/*
	 * ACQUIRE, WAIT: its process opened the description since it was forked, and did not
	 * duplicate it: a description of another process is another one.
	 */
	HF_EVENT_UNSHARED = 1,
	/* RELEASE by an unlock: of a description that came locked from the parent, with the fork.
	 */
	HF_EVENT_INHERITED = 2
};

/* One cell of the ring: 64 bytes. sequence is stored last: cell number + 1 (low 32 bits). */
struct hf_event {
	uint32_t sequence;
	uint8_t type;
	uint8_t primitive;
	uint8_t mode;
	uint8_t error; /* errno of a FAILED; of others enum hf_event_flags */
	uint32_t image;
	int32_t tid;
	uint64_t time;
	struct hf_fileid id;
	uint64_t start;
	/* The range's end is never below its start; 0..EOF is by far the most common. */
	uint64_t end;
	hf_ref stack;
	int32_t fd;
};

_Static_assert(sizeof(struct hf_image) == 128, "a HELLO is two cache lines");
_Static_assert(sizeof(struct hf_event) == 64, "an event is one cache line");

/* The parts of a pool file of the given capacities, for whoever creates one. Returns its size. */
uint64_t hf_pool_layout(struct hf_pool *pool, uint32_t image_slots, uint64_t log_size,
			uint32_t ring_cells);

/* Bytes that a record of this size takes in the log. */
static inline uint64_t hf_record_room(uint64_t size)
{
	return (size + HF_LOG_ALIGN - 1) & ~(uint64_t)(HF_LOG_ALIGN - 1);
}

static inline uint64_t hf_record_word(enum hf_record_type type, uint32_t size)
{
	return (uint64_t)HF_LOG_MARK << 48 | (uint64_t)type << 32 | size;
}

static inline enum hf_record_type hf_record_type(const struct hf_record *record)
{
	return (enum hf_record_type)(record->word >> 32 & 0xffff);
}

static inline uint32_t hf_record_size(const struct hf_record *record)
{
	return (uint32_t)record->word;
}

static inline hf_ref hf_ref_of(uint64_t log_offset)
{
	return (hf_ref)(log_offset / HF_LOG_ALIGN) + 1;
}

static inline uint64_t hf_ref_offset(hf_ref ref)
{
	return (uint64_t)(ref - 1) * HF_LOG_ALIGN;
}

/* Puts the name of a call into a via field that is all zeros; one too long is cut. */
void hf_via_put(char field[HF_VIA_LENGTH], const char *name);

/*
 * A recording being read. data/size is the whole file, mapped or loaded; it may be cut short or
 * damaged anywhere, and a live run may still be growing it.
 */
struct hf_pool_view {
	const struct hf_pool *pool;
	const struct hf_image *images;
	uint32_t image_count; /* slots that can be read; some may not be committed */
	const unsigned char *log;
	uint64_t log_end; /* bytes of the log that were reserved and are in the file */
	const struct hf_event *ring;
	uint64_t event_first; /* numbers of the events still in the ring: [first, next) */
	uint64_t event_next;
	uint64_t missing; /* bytes that the header promises and the file does not have */
};

/*
 * Checks the header and fills *ret. 0; -ENOMSG: not a recording (wrong magic or too short for a
 * header); -EPROTO: made by another version of the format; -EBADMSG: the header contradicts itself.
 * A file that ends early is 0 with ret->missing set: what is there can be read.
 */
int hf_pool_open_view(const void *data, uint64_t size, struct hf_pool_view *ret);

/*
 * Steps through the log: *offset is where to look and becomes where to look next. Returns the next
 * record that is committed and well-formed (its size fits its type and the log), NULL at the end;
 * bytes stepped over because they made no sense are added to *skipped.
 */
const struct hf_record *hf_log_next(const struct hf_pool_view *view, uint64_t *offset,
				    uint64_t *skipped);

/* The record that ref refers to if there is one of that type, else NULL. */
const struct hf_record *hf_log_at(const struct hf_pool_view *view, hf_ref ref,
				  enum hf_record_type type);

/* The event with that number, NULL when its cell was not committed or is being overwritten. */
const struct hf_event *hf_event_at(const struct hf_pool_view *view, uint64_t number);

#endif
