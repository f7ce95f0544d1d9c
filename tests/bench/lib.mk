# SPDX-License-Identifier: MIT

.PHONY: bench-lib
bench: bench-lib
EXTRA_DIST += tests/bench/lib.sh tests/bench/lib-peers.py

EXTRA_PROGRAMS += tests/bench/lib-bench
tests_bench_lib_bench_SOURCES = tests/bench/lib-bench.c
tests_bench_lib_bench_CFLAGS = $(AM_CFLAGS) -pthread
tests_bench_lib_bench_LDFLAGS = $(AM_LDFLAGS) -no-install
tests_bench_lib_bench_LDADD = libholdfast.la

bench-lib: tests/bench/lib-bench$(EXEEXT)
	@top_builddir='$(abs_top_builddir)' $(SHELL) $(top_srcdir)/tests/bench/lib.sh
