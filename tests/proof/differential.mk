# SPDX-License-Identifier: MIT
# The differential test: differential.h tells what it is.

check_PROGRAMS += tests/proof/differential
TESTS += tests/proof/differential.sh
EXTRA_DIST += tests/proof/differential.sh

# The hooks inside a program: its own calls go through them, and it can look at the ledger.
check_LTLIBRARIES += tests/proof/libhooks.la
tests_proof_libhooks_la_SOURCES = $(HOOKS_SOURCES) $(RECORDER_SOURCES)
tests_proof_libhooks_la_CPPFLAGS = $(CHECKER_CPPFLAGS)
tests_proof_libhooks_la_CFLAGS = $(CHECKER_CFLAGS)

tests_proof_differential_SOURCES = \
	tests/proof/agree.c tests/proof/children.h tests/proof/counting.c tests/proof/counts.c tests/proof/differential.c \
	tests/proof/differential.h tests/proof/files.c tests/proof/locklist.c tests/proof/locklist.h \
	tests/proof/kept.c tests/proof/kept.h tests/proof/ops.c tests/proof/ops.def \
	tests/proof/ops_child.c tests/proof/ops_libc.c tests/proof/ops_open.c tests/proof/ops_process.c tests/proof/ops_table.c tests/proof/ops_wait.c \
	tests/proof/shrink.c tests/proof/shrink.h tests/proof/slots.c tests/proof/slots.h \
	tests/proof/trace.c tests/proof/trace.h tests/proof/tracefs.c tests/proof/tracefs.h \
	tests/proof/witness.c
tests_proof_differential_CPPFLAGS = -I$(top_srcdir)/preload $(CHECKER_CPPFLAGS)
tests_proof_differential_CFLAGS = $(WARN_CFLAGS) -fexceptions -pthread
tests_proof_differential_LDADD = tests/proof/libhooks.la libhfcore-preload.la libhfstrings.la
tests_proof_differential_LDFLAGS = -no-install -static-libgcc \
	-Wl,--wrap=hf_recorder_finding -Wl,--wrap=hf_recorder_consequence

# The long form, and the one of make check.
DIFFERENTIAL_OPS = 1000000
.PHONY: differential differential-short
differential: tests/proof/differential$(EXEEXT)
	tests/proof/differential$(EXEEXT) --trace --ops $(DIFFERENTIAL_OPS)
	tests/proof/differential$(EXEEXT) --test-the-test --ops 50000
differential-short: tests/proof/differential$(EXEEXT)
	$(TESTS_ENVIRONMENT_VARS) $(SHELL) $(top_srcdir)/tests/proof/differential.sh
