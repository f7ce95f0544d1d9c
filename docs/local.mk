# SPDX-License-Identifier: MIT

EXTRA_DIST += docs/architecture.md docs/ci.md docs/misuse.md docs/recording.md docs/releasing.md \
	docs/report.schema.json

dist_man_MANS += \
	docs/holdfast.1 \
	docs/holdfast-check.1 \
	docs/holdfast-doctor.1 \
	docs/holdfast-explain.1 \
	docs/holdfast-list.1 \
	docs/holdfast-report.1 \
	docs/holdfast-run.1 \
	docs/holdfast-suppress.1 \
	docs/holdfast-kinds.7 \
	docs/holdfast.3 \
	docs/holdfast.7 \
	docs/hf_lockset.3 \
	docs/hf_rwlock.3 \
	docs/libholdfast-check.7

# The pages made from kinds.def are kept in the tree, so that they can be read there; tests/cli/explain.sh
# compares them with what holdfast prints.
.PHONY: update-docs
update-docs: holdfast$(EXEEXT)
	./holdfast explain --markdown >$(top_srcdir)/docs/misuse.md
	./holdfast explain --mdoc >$(top_srcdir)/docs/holdfast-kinds.7

EXTRA_DIST += docs/examples/holders.c docs/examples/once.c docs/examples/reread.c \
	docs/examples/scope.c docs/examples/set.c
