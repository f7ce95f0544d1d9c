#!/bin/sh
# SPDX-License-Identifier: MIT
# make demo: a real misuse in a program that uses a real library, caught. Exit status 0 when the
# report said what it should.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top_builddir=${top_builddir:-$(pwd)}
source=$here/sqlite-reader.c
work=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-demo.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT

# Runs program $1 under the checker; the report stays in $work/$1.report.
check() {
	echo "\$ holdfast check -- $1 bank.db"
	"$top_builddir/run" timeout -k 5 60 holdfast check -- \
		"$top_builddir/tests/interop/$1" "$work/$1.db" 2>"$work/$1.report"
	status=$?
	cat "$work/$1.report"
	echo "\$ echo \$?"
	echo "$status"
}

fail() {
	echo "demo: $1" >&2
	exit 1
}

# expect TEXT: the report of the misuse has it.
expect() {
	grep -q -e "$1" "$work/sqlite-reader.report" || fail "the report does not say: $1"
}

cat <<'END'
A small bank keeps its balance in an SQLite database. In the middle of a transaction it reads two
bytes of the database file with open(), pread() and close(). Nothing fails, and nothing is logged.

END
check sqlite-reader
[ "$status" -eq 86 ] || fail "holdfast check ended with $status, not with 86 as it should on a finding"
expect close-drops-lock
expect "sqlite-reader\.c:$(grep -n '/\* HERE \*/' "$source" | cut -d: -f1)"
expect sqlite3_exec

cat <<'END'

100 + 50 - 30 is not 70: the close() took SQLite's lock away, another process wrote in the middle of
the transaction, and its 50 are lost. The report names the line of that close and the call into
SQLite that had taken the lock. The repaired program reads through SQLite's own descriptor:

END
check sqlite-reader-repaired
[ "$status" -eq 0 ] || fail "the repaired program ended with $status, not with 0"
