/* SPDX-License-Identifier: MIT */
/*
 * What functions.def calls. A hook makes the real call exactly once, returns what it returned and
 * leaves errno as it left it. "via" is the name that reports show.
 */
#ifndef HF_PRELOAD_HOOKS_H
#define HF_PRELOAD_HOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef int hf_fcntl_fn(int, int, uintptr_t);
typedef int hf_lockf_fn(int, int, off_t);
typedef int hf_flock_fn(int, int);
typedef int hf_close_fn(int);
typedef int hf_object_fn(void *);
typedef int hf_exec_fn(const char *, char *const *, char *const *);
typedef int hf_spawn_fn(int *, const char *, const void *, const void *, char *const *,
			char *const *);

/* on_lock.c */
int hf_on_fcntl(int fd, int command, uintptr_t arg, hf_fcntl_fn *real, const char *via);
int hf_on_lockf(int fd, int command, off_t length, hf_lockf_fn *real);
int hf_on_flock(int fd, int operation, hf_flock_fn *real);

/* libc took a write lock on the whole file for the program, through that descriptor of its own. */
void hf_taken_by_libc(int fd, const char *via);

/* on_passwd.c */
int hf_on_lckpwdf(int (*real)(void));
int hf_on_ulckpwdf(int (*real)(void));

/* on_close.c */
int hf_on_close(int fd, hf_close_fn *real, const char *via);
int hf_on_raw_close(int fd, hf_close_fn *real, const char *via); /* no cancellation point */
int hf_on_stream_close(void *stream, hf_object_fn *real, const char *via);
int hf_on_dir_close(void *dir, hf_object_fn *real, const char *via);
int hf_on_other_close(void *object, hf_object_fn *real, const char *via);
int hf_on_dup2(int fd, int target, int (*real)(int, int), const char *via);
int hf_on_dup3(int fd, int target, int flags, int (*real)(int, int, int));
int hf_on_close_range(unsigned first, unsigned last, int flags,
		      int (*real)(unsigned, unsigned, int));
void hf_on_closefrom(int first, void (*real)(int));
void *hf_on_freopen(const char *path, const char *mode, void *stream,
		    void *(*real)(const char *, const char *, void *));
int hf_on_login_tty(int fd, int (*real)(int));

/* fd was just opened on a held file: what the ledger has of an earlier file of that number is over.
 */
void hf_closed_unseen(int fd);

/* on_file.c */
void hf_before_open(int dir, const char *path, int flags);
void hf_before_fopen(const char *path, const char *mode);
int hf_on_open(const char *path, int fd);
int hf_on_openat(int dir, const char *path, int fd);
void *hf_on_fopen(const char *path, void *stream);
void *hf_on_opendir(void *dir);
int hf_on_new_fd(int fd);
void *hf_on_new_stream(void *stream);
void *hf_on_fdopen(int fd, void *stream);
int hf_on_fflush(void *stream, hf_object_fn *real);
int hf_on_dup(int fd, int (*real)(int));
void hf_duplicated(int fd, int copy);
int hf_on_paths_moved(int ret);
/* The name that is about to lose its file: around every unlink and rename. */
void hf_before_unlink(int dir, const char *path);
int hf_on_unlinked(int ret, const char *via);
int hf_on_renamed(int ret, const char *via);
int hf_on_looked(int ret); /* stat and its like */
ssize_t hf_on_written(int fd, off_t at, ssize_t ret, const char *via);

/* on_read.c */
ssize_t hf_on_read(int fd, off_t at, ssize_t ret, const char *via);
/* From in, after *at was moved by ret; at NULL: the file position was. */
ssize_t hf_on_copied(int in, const void *at, ssize_t ret, const char *via);
/* Around a call that reads from a stream: where its file position is, -1 if that is not known. */
off_t hf_before_stream_read(void *stream);
void hf_after_stream_read(void *stream, off_t before, const char *via);

/* What reads is forwarded as it came, but for one load, unless somebody waits for a read. */
#define HF_READ(fd, at, call, via)                                                                 \
	(hf_watching_reads_of(fd) ? hf_on_read(fd, at, call, via) : (call))
#define HF_READ_STREAM(stream, call, via)                                                          \
	(hf_watching_reads() ? ({                                                                  \
		off_t before_ = hf_before_stream_read(stream);                                     \
		__typeof__(call) ret_ = (call);                                                    \
                                                                                                   \
		hf_after_stream_read(stream, before_, via);                                        \
		ret_;                                                                              \
	})                                                                                         \
			     : (call))

/* annotate.c */
void hf_on_note_refused(const char *what, int fd);
void hf_on_annotate_handover(int fd);
void hf_on_annotate_guarded(int fd);

/* on_process.c */
int hf_on_execve(const char *path, char *const *argv, char *const *envp, hf_exec_fn *real,
		 const char *via);
int hf_on_execv(const char *path, char *const *argv, hf_exec_fn *real_execve, const char *via);
int hf_on_execvp(const char *path, char *const *argv, hf_exec_fn *real_execvpe, const char *via);
int hf_on_fexecve(int fd, char *const *argv, char *const *envp,
		  int (*real)(int, char *const *, char *const *));
int hf_on_execveat(int dir, const char *path, char *const *argv, char *const *envp, int flags,
		   int (*real)(int, const char *, char *const *, char *const *, int));
int hf_on_spawn(int *pid, const char *path, const void *actions, const void *attributes,
		char *const *argv, char *const *envp, hf_spawn_fn *real);
int hf_on_clone(int (*fn)(void *), void *stack, int flags, void *arg, void *a, void *b, void *c,
		int (*real)(int (*)(void *), void *, int, void *, void *, void *, void *));
void hf_on_exit(int status, void (*real)(int)) __attribute__((noreturn));
int hf_on_prctl(int option, long a, long b, long c, long d,
		int (*real)(int, long, long, long, long));
/* Once, from the constructor: what programs under a run must inherit. */
void hf_process_init(char **envp);

/* A system call that makes a process: does it share our memory? */
void hf_expect_sharing_children(unsigned long flags);

/* Around what installs a seccomp filter; ret is its result. */
void hf_before_filter(void);
void hf_after_filter(long ret);

/* on_signal.c */
int hf_on_sigaction(int signal, const void *new_action, void *old_action,
		    int (*real)(int, const void *, void *));
void *hf_on_signal(int signal, void *handler, int flags, void *(*real)(int, void *));

/* on_child.c */
int hf_on_fork(int (*real)(void));
void hf_on_spawned(int pid);
void hf_before_waitpid(int pid, int options);
void hf_before_waitid(int type, int id, int options);
int hf_on_daemon(int keep_dir, int keep_fds, int (*real)(int, int));

/* on_syscall.c */
typedef long hf_syscall_fn(long, long, long, long, long, long, long);
long hf_on_syscall(long number, long a, long b, long c, long d, long e, long f,
		   hf_syscall_fn *real);

#endif
