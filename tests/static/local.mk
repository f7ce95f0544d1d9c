# SPDX-License-Identifier: MIT

STATIC_TESTS = \
	tests/static/api.sh \
	tests/static/docs.sh \
	tests/static/entrypoints.sh \
	tests/static/format.sh \
	tests/static/includes.sh \
	tests/static/kinds.sh \
	tests/static/lengths.sh \
	tests/static/options.sh \
	tests/static/shell.sh \
	tests/static/symbols.sh \
	tests/static/words.sh

TESTS += $(STATIC_TESTS)
EXTRA_DIST += $(STATIC_TESTS) tests/static/entry-points tests/static/analyze.sh tests/static/cppcheck-suppressions \
	.clang-tidy preload/.clang-tidy tests/lsan-suppressions tests/valgrind-suppressions

.PHONY: analyze
analyze:
	@top_srcdir='$(abs_top_srcdir)' $(SHELL) $(top_srcdir)/tests/static/analyze.sh \
		-I'$(abs_top_builddir)' $(holdfast_CPPFLAGS) -I$(top_srcdir)/preload \
		$(LIBDW_CFLAGS) $(JANSSON_CFLAGS) $(SMARTCOLS_CFLAGS)
