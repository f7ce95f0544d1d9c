# SPDX-License-Identifier: MIT

if HAVE_CRITERION
UNIT_TESTS = tests/unit/rangeset tests/unit/proclocks tests/unit/record \
	tests/unit/text tests/unit/options tests/unit/message \
	tests/unit/progress tests/unit/locktable

tests_unit_rangeset_SOURCES = tests/unit/rangeset.c
tests_unit_rangeset_CFLAGS = $(TEST_CFLAGS) $(SANITIZE_FLAGS)
tests_unit_rangeset_LDADD = libhfcore.la $(CRITERION_LIBS)

tests_unit_proclocks_SOURCES = tests/unit/proclocks.c
tests_unit_proclocks_CFLAGS = $(TEST_CFLAGS) $(SANITIZE_FLAGS)
tests_unit_proclocks_LDADD = libhfcore.la $(CRITERION_LIBS)

tests_unit_record_SOURCES = tests/unit/record.c
tests_unit_record_CFLAGS = $(TEST_CFLAGS) $(SANITIZE_FLAGS)
tests_unit_record_LDADD = libhfcore.la $(CRITERION_LIBS)

tests_unit_text_SOURCES = tests/unit/text.c
tests_unit_text_CFLAGS = $(TEST_CFLAGS) $(SANITIZE_FLAGS)
tests_unit_text_LDADD = libhfcore.la $(CRITERION_LIBS)

tests_unit_options_SOURCES = tests/unit/options.c
tests_unit_options_CFLAGS = $(TEST_CFLAGS) $(SANITIZE_FLAGS)
tests_unit_options_LDADD = libhfcore.la $(CRITERION_LIBS)

tests_unit_message_SOURCES = tests/unit/message.c
tests_unit_message_CFLAGS = $(TEST_CFLAGS) $(SANITIZE_FLAGS)
tests_unit_message_LDADD = libhfcore.la $(CRITERION_LIBS)

tests_unit_progress_SOURCES = tests/unit/progress.c
tests_unit_progress_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tools
tests_unit_progress_CFLAGS = $(TEST_CFLAGS) $(SANITIZE_FLAGS)
tests_unit_progress_LDADD = $(TOOLS_LIBS) $(CRITERION_LIBS) -lutil

# The checker's sources as a shared object of their own: see tests/unit/exports.c.
check_LTLIBRARIES += tests/unit/libchecker.la
tests_unit_libchecker_la_SOURCES = tests/unit/exports.c tests/unit/exports.h $(RECORDER_SOURCES)
tests_unit_libchecker_la_CPPFLAGS = $(CHECKER_CPPFLAGS) -I$(top_srcdir)/preload
tests_unit_libchecker_la_CFLAGS = $(CHECKER_CFLAGS)
tests_unit_libchecker_la_LDFLAGS = -rpath $(abs_builddir) -avoid-version -no-undefined \
	-XCClinker -static-libgcc -Wl,-z,now
tests_unit_libchecker_la_LIBADD = libhfcore-preload.la

# As distributions build: without frame pointers.
UNIT_TESTS += tests/unit/stack
tests_unit_stack_SOURCES = tests/unit/stack.c
tests_unit_stack_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/preload
tests_unit_stack_CFLAGS = $(TEST_CFLAGS) -O2 -fomit-frame-pointer
tests_unit_stack_LDFLAGS = -no-install
tests_unit_stack_LDADD = tests/unit/libchecker.la $(CRITERION_LIBS)

tests_unit_locktable_SOURCES = tests/unit/locktable.c
tests_unit_locktable_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tools
tests_unit_locktable_CFLAGS = $(TEST_CFLAGS) $(SANITIZE_FLAGS)
tests_unit_locktable_LDADD = $(TOOLS_LIBS) $(CRITERION_LIBS)

include $(top_srcdir)/tests/unit/lib.mk

check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif
