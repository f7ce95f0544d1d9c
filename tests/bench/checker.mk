# SPDX-License-Identifier: MIT
# What the checker costs the programs that it watches.

EXTRA_PROGRAMS += tests/bench/checker-bench tests/bench/ledger-bench
EXTRA_DIST += tests/bench/checker.sh

tests_bench_checker_bench_SOURCES = tests/bench/checker-bench.c
tests_bench_checker_bench_CFLAGS = $(WARN_CFLAGS) -O2
tests_bench_checker_bench_LDFLAGS = -no-install

tests_bench_ledger_bench_SOURCES = tests/bench/ledger-bench.c preload/ledger.c preload/arena.c
tests_bench_ledger_bench_CPPFLAGS = $(CHECKER_CPPFLAGS) -I$(top_srcdir)/preload
tests_bench_ledger_bench_CFLAGS = $(WARN_CFLAGS) -O2
tests_bench_ledger_bench_LDFLAGS = -no-install
tests_bench_ledger_bench_LDADD = libhfcore-preload.la libhfstrings.la

EXTRA_LTLIBRARIES = tests/bench/libempty.la
tests_bench_libempty_la_SOURCES = tests/bench/empty.c
tests_bench_libempty_la_LDFLAGS = -module -avoid-version -rpath $(abs_builddir)

.PHONY: bench-checker
bench: bench-checker
bench-checker: tests/bench/checker-bench$(EXEEXT) tests/bench/ledger-bench$(EXEEXT) \
	tests/bench/libempty.la libholdfast-check.la holdfast$(EXEEXT)
	top_builddir='$(abs_top_builddir)' $(SHELL) $(srcdir)/tests/bench/checker.sh \
		'$(abs_top_builddir)/tests/bench/checker-bench$(EXEEXT)' \
		'$(abs_top_builddir)/tests/bench/ledger-bench$(EXEEXT)' \
		'$(abs_top_builddir)/tests/bench/.libs/libempty.so'
