# SPDX-License-Identifier: MIT

PROOF_TESTS = \
	tests/proof/survival.sh \
	tests/proof/stress.sh \
	tests/proof/transparency.sh \
	tests/proof/unseen.sh \
	tests/proof/reads.sh \
	tests/proof/paths.sh \
	tests/proof/alongside.sh \
	tests/proof/spawn.sh \
	tests/proof/passwd.sh \
	tests/proof/forks.sh \
	tests/proof/signals.sh \
	tests/proof/annotate.sh \
	tests/proof/library.sh \
	tests/proof/keeper.sh \
	tests/proof/shared.sh

PROOF_HELPERS = tests/proof/survivor tests/proof/stress tests/proof/transparency tests/proof/unseen tests/proof/spawn \
	tests/proof/reads tests/proof/paths \
	tests/proof/annotate tests/proof/passwd \
	tests/proof/forks tests/proof/keeper tests/proof/shared tests/proof/signals tests/proof/signal-steps

check_PROGRAMS += $(PROOF_HELPERS)
EXTRA_DIST += $(PROOF_TESTS)
TESTS += $(PROOF_TESTS)

# Programs as a user would build them: neither sanitized nor linked with anything of ours.
tests_proof_survivor_SOURCES = tests/proof/survivor.c
tests_proof_survivor_CFLAGS = $(WARN_CFLAGS) -g -O0
tests_proof_survivor_LDFLAGS =

tests_proof_stress_SOURCES = tests/proof/stress.c tests/proof/stress.h tests/proof/stress_cancel.c \
	tests/proof/stress_child.c tests/proof/stress_handler.c tests/proof/stress_jump.c
tests_proof_stress_CFLAGS = $(WARN_CFLAGS) -g -O0 -pthread
tests_proof_stress_LDFLAGS =

tests_proof_transparency_SOURCES = tests/proof/transparency.c tests/proof/transparency.h \
	tests/proof/transparency_reads.c
tests_proof_transparency_CFLAGS = $(WARN_CFLAGS) -g -O0 -pthread
tests_proof_transparency_LDFLAGS =

tests_proof_unseen_SOURCES = tests/proof/unseen.c
tests_proof_unseen_CFLAGS = $(WARN_CFLAGS) -g -O0
tests_proof_unseen_LDFLAGS =

tests_proof_reads_SOURCES = tests/proof/reads.c
tests_proof_reads_CFLAGS = $(WARN_CFLAGS) -Wno-unused-result -g -O0
tests_proof_reads_LDFLAGS =

tests_proof_paths_SOURCES = tests/proof/paths.c
tests_proof_paths_CFLAGS = $(WARN_CFLAGS) -g -O0
tests_proof_paths_LDFLAGS =

tests_proof_spawn_SOURCES = tests/proof/spawn.c
tests_proof_spawn_CFLAGS = $(WARN_CFLAGS) -g -O0
tests_proof_spawn_LDFLAGS =

tests_proof_annotate_SOURCES = tests/proof/annotate.c
tests_proof_annotate_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/lib
tests_proof_annotate_CFLAGS = $(WARN_CFLAGS) $(SANITIZE_FLAGS) -g -O0 -pthread
tests_proof_annotate_LDADD = libhflib.la libhfcore.la

# What this one finds is for ThreadSanitizer: the build decides.
check_PROGRAMS += tests/proof/threads
TESTS += tests/proof/threads
tests_proof_threads_SOURCES = tests/proof/threads.c
tests_proof_threads_CFLAGS = $(WARN_CFLAGS) $(SANITIZE_FLAGS) -pthread
tests_proof_threads_LDADD = libholdfast.la

tests_proof_passwd_SOURCES = tests/proof/passwd.c
tests_proof_passwd_CFLAGS = $(WARN_CFLAGS) -g -O0
tests_proof_passwd_LDFLAGS =

tests_proof_shared_SOURCES = tests/proof/shared.c
tests_proof_shared_CFLAGS = $(WARN_CFLAGS) -g -O0
tests_proof_shared_LDFLAGS =

tests_proof_keeper_SOURCES = tests/proof/keeper.c
tests_proof_keeper_CFLAGS = $(WARN_CFLAGS) -g -O0
tests_proof_keeper_LDFLAGS =

tests_proof_forks_SOURCES = tests/proof/forks.c
tests_proof_forks_CFLAGS = $(WARN_CFLAGS) -g -O0 -pthread
tests_proof_forks_LDFLAGS =

# On a FUSE file system.
check_PROGRAMS += tests/proof/fuse tests/proof/fuselock
EXTRA_DIST += tests/proof/fuse.sh
TESTS += tests/proof/fuse.sh

tests_proof_fuse_SOURCES = tests/proof/fuse.c
tests_proof_fuse_CFLAGS = $(WARN_CFLAGS) -g -O0 -pthread
tests_proof_fuse_LDFLAGS =

tests_proof_fuselock_SOURCES = tests/proof/fuselock.c
tests_proof_fuselock_CFLAGS = $(WARN_CFLAGS) $(SANITIZE_FLAGS) -g -O0
tests_proof_fuselock_LDADD = libholdfast.la

EXTRA_DIST += tests/proof/waits.sh
TESTS += tests/proof/waits.sh

tests_proof_signals_SOURCES = tests/proof/signals.c tests/proof/signals.h tests/proof/signals_sent.c
tests_proof_signals_CFLAGS = $(WARN_CFLAGS) -Wno-deprecated-declarations -g -O1 -pthread
tests_proof_signals_LDFLAGS =

tests_proof_signal_steps_SOURCES = tests/proof/signal-steps.c
tests_proof_signal_steps_CFLAGS = $(WARN_CFLAGS) -g -O0
tests_proof_signal_steps_LDFLAGS =
