# SPDX-License-Identifier: MIT

if HAVE_CRITERION
UNIT_TESTS = tests/unit/rangeset tests/unit/rangeset-small tests/unit/proclocks tests/unit/record \
	tests/unit/text tests/unit/options tests/unit/message tests/unit/mounts \
	tests/unit/progress tests/unit/locktable tests/unit/report tests/unit/judge

tests_unit_rangeset_SOURCES = tests/unit/rangeset.c
tests_unit_rangeset_CFLAGS = $(TEST_CFLAGS) $(SANITIZE_FLAGS)
tests_unit_rangeset_LDADD = libhfcore.la $(CRITERION_LIBS)

# The same with blocks of six ranges: everything that happens at the ends of a block happens all the time.
tests_unit_rangeset_small_SOURCES = tests/unit/rangeset.c lib/core/rangeset.c lib/core/rangeplace.c
tests_unit_rangeset_small_CPPFLAGS = $(AM_CPPFLAGS) -DROOM=6
tests_unit_rangeset_small_CFLAGS = $(TEST_CFLAGS) $(SANITIZE_FLAGS)
tests_unit_rangeset_small_LDADD = $(CRITERION_LIBS)

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

tests_unit_mounts_SOURCES = tests/unit/mounts.c
tests_unit_mounts_CFLAGS = $(TEST_CFLAGS) $(SANITIZE_FLAGS)
tests_unit_mounts_LDADD = libhfcore.la $(CRITERION_LIBS)

tests_unit_progress_SOURCES = tests/unit/progress.c
tests_unit_progress_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tools
tests_unit_progress_CFLAGS = $(TEST_CFLAGS) $(SANITIZE_FLAGS)
tests_unit_progress_LDADD = $(TOOLS_LIBS) $(CRITERION_LIBS) -lutil

tests_unit_locktable_SOURCES = tests/unit/locktable.c
tests_unit_locktable_CPPFLAGS = -I$(top_srcdir)/tools $(AM_CPPFLAGS)
tests_unit_locktable_CFLAGS = $(TEST_CFLAGS) $(SANITIZE_FLAGS)
tests_unit_locktable_LDADD = $(TOOLS_LIBS) $(CRITERION_LIBS)

MADE_RECORDING = tests/unit/made_recording.c tests/unit/made_recording.h

tests_unit_report_SOURCES = tests/unit/report.c $(MADE_RECORDING)
tests_unit_report_CPPFLAGS = -I$(top_srcdir)/tools $(AM_CPPFLAGS)
tests_unit_report_CFLAGS = $(TEST_CFLAGS) $(SANITIZE_FLAGS)
tests_unit_report_LDADD = $(TOOLS_LIBS) $(CRITERION_LIBS)

tests_unit_judge_SOURCES = tests/unit/judge.c tests/unit/judge_lost.c $(MADE_RECORDING)
tests_unit_judge_CPPFLAGS = -I$(top_srcdir)/tools $(AM_CPPFLAGS)
tests_unit_judge_CFLAGS = $(TEST_CFLAGS) $(SANITIZE_FLAGS)
tests_unit_judge_LDADD = $(TOOLS_LIBS) $(CRITERION_LIBS)

include $(top_srcdir)/tests/unit/lib.mk
include $(top_srcdir)/tests/unit/checker.mk

check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif
