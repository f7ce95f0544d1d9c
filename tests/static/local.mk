# SPDX-License-Identifier: MIT

STATIC_TESTS = \
	tests/static/includes.sh \
	tests/static/kinds.sh \
	tests/static/lengths.sh \
	tests/static/shell.sh \
	tests/static/words.sh

TESTS += $(STATIC_TESTS)
EXTRA_DIST += $(STATIC_TESTS)
