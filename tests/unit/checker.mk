# SPDX-License-Identifier: MIT
# Tests of what the checker is made of. Included by local.mk.

# The checker's sources as a shared object of their own: see tests/unit/exports.c.
check_LTLIBRARIES += tests/unit/libchecker.la
tests_unit_libchecker_la_SOURCES = tests/unit/exports.c tests/unit/exports.h $(RECORDER_SOURCES)
tests_unit_libchecker_la_CPPFLAGS = -I$(top_srcdir)/preload $(CHECKER_CPPFLAGS)
tests_unit_libchecker_la_CFLAGS = $(CHECKER_CFLAGS)
tests_unit_libchecker_la_LDFLAGS = -rpath $(abs_builddir) -avoid-version -no-undefined \
	-XCClinker -static-libgcc -Wl,-z,now
tests_unit_libchecker_la_LIBADD = libhfcore-preload.la libhfstrings.la

# As distributions build: without frame pointers.
UNIT_TESTS += tests/unit/stack
tests_unit_stack_SOURCES = tests/unit/stack.c
tests_unit_stack_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/preload
tests_unit_stack_CFLAGS = $(TEST_CFLAGS) -O2 -fomit-frame-pointer
tests_unit_stack_LDFLAGS = -no-install
tests_unit_stack_LDADD = tests/unit/libchecker.la $(CRITERION_LIBS)

UNIT_TESTS += tests/unit/recorder tests/unit/announce tests/unit/arena
RECORDER_TEST_CPPFLAGS = $(CHECKER_CPPFLAGS) -I$(top_srcdir)/preload
RECORDER_TEST_LIBS = tests/unit/libchecker.la libhfcore-preload.la $(CRITERION_LIBS)
RECORDING_FIXTURE = tests/unit/recording_fixture.c tests/unit/recording_fixture.h

tests_unit_recorder_SOURCES = tests/unit/recorder.c $(RECORDING_FIXTURE)
tests_unit_recorder_CPPFLAGS = $(RECORDER_TEST_CPPFLAGS)
tests_unit_recorder_CFLAGS = $(TEST_CFLAGS)
tests_unit_recorder_LDFLAGS = -no-install
tests_unit_recorder_LDADD = $(RECORDER_TEST_LIBS)

tests_unit_announce_SOURCES = tests/unit/announce.c $(RECORDING_FIXTURE)
tests_unit_announce_CPPFLAGS = $(RECORDER_TEST_CPPFLAGS)
tests_unit_announce_CFLAGS = $(TEST_CFLAGS)
tests_unit_announce_LDFLAGS = -no-install
tests_unit_announce_LDADD = $(RECORDER_TEST_LIBS)

tests_unit_arena_SOURCES = tests/unit/arena.c
tests_unit_arena_CPPFLAGS = $(RECORDER_TEST_CPPFLAGS)
tests_unit_arena_CFLAGS = $(TEST_CFLAGS)
tests_unit_arena_LDFLAGS = -no-install
tests_unit_arena_LDADD = $(RECORDER_TEST_LIBS)

# Neither of these needs hooks, so they are linked as they are, and sanitized as the tests are.
UNIT_TESTS += tests/unit/ledger tests/unit/oracle
tests_unit_ledger_SOURCES = tests/unit/ledger.c preload/ledger.c preload/ledger.h
tests_unit_ledger_CPPFLAGS = $(RECORDER_TEST_CPPFLAGS)
tests_unit_ledger_CFLAGS = $(TEST_CFLAGS) $(SANITIZE_FLAGS)
tests_unit_ledger_LDADD = libhfcore.la $(CRITERION_LIBS)

tests_unit_oracle_SOURCES = tests/unit/oracle.c \
	preload/oracle.c preload/oracle.h preload/proc.c preload/proc.h \
	preload/identify.c preload/identify.h
tests_unit_oracle_CPPFLAGS = $(RECORDER_TEST_CPPFLAGS)
tests_unit_oracle_CFLAGS = $(TEST_CFLAGS) $(SANITIZE_FLAGS)
tests_unit_oracle_LDADD = libhfcore.la $(CRITERION_LIBS)
