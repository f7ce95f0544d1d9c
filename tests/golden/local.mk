# SPDX-License-Identifier: MIT
# Reports compared with what is kept in the tree, byte by byte.

check_PROGRAMS += tests/golden/make-recording
tests_golden_make_recording_SOURCES = tests/golden/make-recording.c
tests_golden_make_recording_CFLAGS = $(WARN_CFLAGS) -g -fno-optimize-sibling-calls -fno-inline -fno-ipa-icf \
	-fdebug-prefix-map=$(srcdir)/= -fdebug-prefix-map=$(abs_builddir)=$(abs_srcdir)
tests_golden_make_recording_LDFLAGS = -Wl,--build-id
tests_golden_make_recording_LDADD = libhfcore-preload.la

dist_check_SCRIPTS += tests/golden/golden.sh
TESTS += tests/golden/golden.sh
EXTRA_DIST += tests/golden/bank.github tests/golden/bank.html tests/golden/bank.json tests/golden/bank.junit \
	tests/golden/bank.sarif tests/golden/bank.text

.PHONY: update-golden
update-golden: holdfast$(EXEEXT) tests/golden/make-recording$(EXEEXT)
	UPDATE_GOLDEN=1 top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' \
		$(SHELL) $(srcdir)/tests/golden/golden.sh
