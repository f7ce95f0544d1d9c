# SPDX-License-Identifier: MIT
# `make fuzz` runs each target for FUZZ_SECONDS, five minutes unless told; `make fuzz-short` for 20 s.

EXTRA_DIST += tests/fuzz/fuzz.sh tests/fuzz/fuzz_options.c tests/fuzz/fuzz_proclocks.c \
	tests/fuzz/fuzz_recording.c tests/fuzz/fuzz_suppress.c

FUZZ_SECONDS = 300
FUZZ_RUN = top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' \
	$(SHELL) $(srcdir)/tests/fuzz/fuzz.sh

.PHONY: fuzz fuzz-short
fuzz: all tests/golden/make-recording$(EXEEXT)
	FUZZ_SECONDS=$(FUZZ_SECONDS) $(FUZZ_RUN)

fuzz-short: all tests/golden/make-recording$(EXEEXT)
	FUZZ_SECONDS=20 $(FUZZ_RUN)

CLEAN_LOCAL += clean-fuzz
.PHONY: clean-fuzz
clean-fuzz:
	-rm -rf tests/fuzz/built tests/fuzz/found
