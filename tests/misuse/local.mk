# SPDX-License-Identifier: MIT

MISUSE_TESTS = tests/misuse/run-pairs.sh

EXTRA_DIST += \
	$(wildcard $(srcdir)/tests/misuse/*.bad.c) $(wildcard $(srcdir)/tests/misuse/*.good.c)
EXTRA_DIST += $(MISUSE_TESTS) tests/misuse/pair.h
TESTS += $(MISUSE_TESTS)

# The programs that the script builds.
CLEAN_LOCAL += clean-misuse
.PHONY: clean-misuse
clean-misuse:
	rm -rf tests/misuse/built
