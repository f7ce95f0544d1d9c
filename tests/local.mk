# SPDX-License-Identifier: MIT
# Criterion programs and TAP scripts, all through one driver. A program named *.t is TAP by itself.

TESTS_ENVIRONMENT_VARS = CC='$(CC)' top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)'
# ASan takes its signal stack down wrongly in a thread that is cancelled, as the library's waiter is.
AM_TESTS_ENVIRONMENT = \
	$(TESTS_ENVIRONMENT_VARS); CRITERION_OUTPUTS=tap:/dev/fd/1; \
	LSAN_OPTIONS=suppressions='$(abs_top_srcdir)'/tests/lsan-suppressions:print_suppressions=0; \
	ASAN_OPTIONS=use_sigaltstack=0; \
	export CC top_srcdir top_builddir CRITERION_OUTPUTS LSAN_OPTIONS ASAN_OPTIONS; \
	PATH='$(abs_top_builddir)':$$PATH; export PATH;

LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
TEST_EXTENSIONS = .sh
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = $(SHELL)

TEST_CFLAGS = $(WARN_CFLAGS) -Wno-missing-prototypes -Wno-shadow $(CRITERION_CFLAGS)

include $(top_srcdir)/tests/unit/local.mk
include $(top_srcdir)/tests/misuse/local.mk
include $(top_srcdir)/tests/golden/local.mk
include $(top_srcdir)/tests/cli/local.mk
include $(top_srcdir)/tests/interop/local.mk
include $(top_srcdir)/tests/proof/local.mk
include $(top_srcdir)/tests/proof/differential.mk
include $(top_srcdir)/tests/bench/local.mk
include $(top_srcdir)/tests/fuzz/local.mk
include $(top_srcdir)/tests/static/local.mk

# The tests of logic alone, for builds of which only that is asked: sanitized, without OFD locks.
.PHONY: check-unit
check-unit:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(filter tests/unit/%,$(TESTS))'

EXTRA_DIST += tests/installed.sh
installcheck-local:
	@bindir='$(DESTDIR)$(bindir)' libdir='$(DESTDIR)$(libdir)' mandir='$(DESTDIR)$(mandir)' CC='$(CC)' \
		pairs='$(abs_top_srcdir)/tests/misuse' $(SHELL) $(top_srcdir)/tests/installed.sh
