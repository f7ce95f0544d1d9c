# SPDX-License-Identifier: MIT
# Benchmarks: `make bench` prints, and never judges.

.PHONY: bench bench-recording bench-report
bench: bench-recording bench-report
EXTRA_DIST += tests/bench/report.sh

EXTRA_PROGRAMS = tests/bench/recording
tests_bench_recording_SOURCES = tests/bench/recording.c
tests_bench_recording_CPPFLAGS = $(CHECKER_CPPFLAGS) -I$(top_srcdir)/preload -I$(top_srcdir)/tests/unit
tests_bench_recording_LDFLAGS = -no-install
tests_bench_recording_LDADD = tests/unit/libchecker.la libhfcore-preload.la

bench-recording: tests/bench/recording$(EXEEXT) libholdfast-check.la
	tests/bench/recording$(EXEEXT) $(abs_top_builddir)/.libs/libholdfast-check.so

bench-report: holdfast$(EXEEXT) tests/golden/make-recording$(EXEEXT)
	PATH='$(abs_top_builddir)':$$PATH top_builddir='$(abs_top_builddir)' \
		$(SHELL) $(srcdir)/tests/bench/report.sh

include $(top_srcdir)/tests/bench/lib.mk
include $(top_srcdir)/tests/bench/checker.mk
