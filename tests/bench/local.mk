# SPDX-License-Identifier: MIT

.PHONY: bench bench-report
bench: bench-report
EXTRA_DIST += tests/bench/report.sh
bench-report: holdfast$(EXEEXT) tests/golden/make-recording$(EXEEXT)
	PATH='$(abs_top_builddir)':$$PATH top_builddir='$(abs_top_builddir)' \
		$(SHELL) $(srcdir)/tests/bench/report.sh
