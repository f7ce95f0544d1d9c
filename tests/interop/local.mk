# SPDX-License-Identifier: MIT

INTEROP_TESTS = \
	tests/interop/real.sh \
	tests/interop/catches.sh \
	tests/interop/silence.sh

EXTRA_DIST += $(INTEROP_TESTS) tests/interop/watch.sh tests/interop/demo.sh \
	tests/interop/fasteners-reader.py tests/interop/lmdb-twice.c tests/interop/tdb-twice.c \
	tests/interop/pidfile-daemon.c
TESTS += $(INTEROP_TESTS)

check_PROGRAMS += tests/interop/correct
tests_interop_correct_SOURCES = tests/interop/correct.c tests/interop/correct.h tests/interop/correct_process.c
tests_interop_correct_CFLAGS = $(WARN_CFLAGS) -g -O0 -pthread
tests_interop_correct_LDFLAGS =

if HAVE_SQLITE3
SQLITE_READERS = tests/interop/sqlite-reader tests/interop/sqlite-reader-repaired
check_PROGRAMS += $(SQLITE_READERS) tests/interop/sqlite-threads

tests_interop_sqlite_threads_SOURCES = tests/interop/sqlite-threads.c
tests_interop_sqlite_threads_CFLAGS = $(WARN_CFLAGS) $(SQLITE3_CFLAGS)
tests_interop_sqlite_threads_LDADD = $(SQLITE3_LIBS) -lpthread
tests_interop_sqlite_threads_LDFLAGS =

# Neither optimised nor sanitized, so that the lines that the tests expect are those of the source.
tests_interop_sqlite_reader_SOURCES = tests/interop/sqlite-reader.c
tests_interop_sqlite_reader_CFLAGS = $(WARN_CFLAGS) $(SQLITE3_CFLAGS) -g -O0
tests_interop_sqlite_reader_LDADD = $(SQLITE3_LIBS)
tests_interop_sqlite_reader_LDFLAGS =

tests_interop_sqlite_reader_repaired_SOURCES = $(tests_interop_sqlite_reader_SOURCES)
tests_interop_sqlite_reader_repaired_CFLAGS = $(tests_interop_sqlite_reader_CFLAGS) -DREPAIRED
tests_interop_sqlite_reader_repaired_LDADD = $(SQLITE3_LIBS)
tests_interop_sqlite_reader_repaired_LDFLAGS =
endif

.PHONY: demo
if HAVE_SQLITE3
demo: all $(SQLITE_READERS)
	@top_builddir='$(abs_top_builddir)' $(SHELL) $(top_srcdir)/tests/interop/demo.sh
else
demo:
	@echo 'make demo needs SQLite: ./bootstrap --install-deps, or install libsqlite3-dev'; exit 1
endif

include $(top_srcdir)/tests/interop/lib.mk
