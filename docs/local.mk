# SPDX-License-Identifier: MIT

EXTRA_DIST += docs/misuse.md docs/report.schema.json

dist_man_MANS += docs/holdfast-kinds.7

# The pages made from kinds.def are kept in the tree, so that they can be read there; tests/cli/explain.sh
# compares them with what holdfast prints.
.PHONY: update-docs
update-docs: holdfast$(EXEEXT)
	./holdfast explain --markdown >$(top_srcdir)/docs/misuse.md
	./holdfast explain --mdoc >$(top_srcdir)/docs/holdfast-kinds.7
