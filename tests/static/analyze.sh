#!/bin/sh
# SPDX-License-Identifier: MIT
# make analyze: gcc -fanalyzer, clang-tidy and cppcheck over the product, without a finding. Slow, so
# not part of make check. Arguments: the preprocessor's flags.
set -u
cd "$top_srcdir" || exit 2
status=0
work=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-analyze.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
find lib preload tools -name '*.c' | sort >"$work/sources"

# complain TOOL: what the tool said, if it said something.
complain() {
	if [ -s "$work/said" ]; then
		echo "$1:"
		cat "$work/said"
		status=1
	else
		echo "$1: nothing"
	fi
}

# gcc 12 follows ownership through whole programs and hash tables only to lose it: of its checks those
# are left that it gets right here. It does not come to an end with uthash's macros; the other two do.
# shellcheck disable=SC2046
grep -L 'HASH_\|DL_\|"held\.h"' $(cat "$work/sources") |
	xargs -P 2 -n 1 timeout 60 gcc -std=gnu11 -D_GNU_SOURCE -O1 -Wall -Wextra -fanalyzer \
	-Wno-analyzer-malloc-leak -Wno-analyzer-use-of-uninitialized-value -Wno-analyzer-null-argument \
	-Wno-analyzer-null-dereference -fdiagnostics-plain-output -c -o /dev/null "$@" \
	>"$work/said" 2>&1 || echo "some file could not be analyzed" >>"$work/said"
complain "gcc -fanalyzer"

# tidy CHECKS FLAGS: of the files on stdin. In uthash's macros clang sees what was freed used again, and
# hashes of nothing.
tidy() {
	xargs -P 2 -n 1 sh -c 'checks=$1; flags=$2; shift 2
		clang-tidy --quiet "--checks=$checks" "$@" -- -std=gnu11 -D_GNU_SOURCE $flags 2>/dev/null' \
		tidy "$1" "$2"
}
uthash='HASH_\|DL_'
xargs grep -L "$uthash" <"$work/sources" | tidy "" "$*" >"$work/said"
xargs grep -l "$uthash" <"$work/sources" |
	tidy "-clang-analyzer-unix.Malloc,-clang-analyzer-core.*" "$*" >>"$work/said"
complain "clang-tidy"
cppcheck --quiet --std=c11 --force --inline-suppr --enable=warning,performance,portability \
	--suppressions-list=tests/static/cppcheck-suppressions -j 2 -D__linux__ -D__x86_64__ \
	--file-list="$work/sources" >"$work/said" 2>&1
complain cppcheck
exit $status
