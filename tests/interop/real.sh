#!/bin/sh
# SPDX-License-Identifier: MIT
# Real libraries and programs: misuse of them is reported with its place, right use is not.
. "$top_srcdir/tests/tap.sh"
. "$top_srcdir/tests/interop/watch.sh"
interop=$top_srcdir/tests/interop

sqlite_tests() {
	line=$(grep -n '/\* HERE \*/' "$interop/sqlite-reader.c" | cut -d: -f1)
	watch "$top_builddir/tests/interop/sqlite-reader" "$tmp/bank.db"
	is "$status" 86 "the program that reads an SQLite database in a transaction is caught"
	is "$(findings)" \
		"close-drops-lock error" "it is one error, of the right kind"
	like "$(frames close-drops-lock here)" "^page_size sqlite-reader\.c:$line\$" "it names the line of the close"
	like "$(frames close-drops-lock taken)" "^sqlite3_(exec|step) " "it names the functions of SQLite that took the lock"
	like "$(frames close-drops-lock taken)" "^pay_out sqlite-reader\.c:" "it names the caller of SQLite"
	like "$out" "paid in 50" "and indeed another process could write in the middle of the transaction"

	watch "$top_builddir/tests/interop/sqlite-reader-repaired" "$tmp/bank.db"
	silent "the repaired program is silent"
	like "$out" "another process: database is locked" "and keeps the other process out"
}

writers='sqlite3 -cmd ".timeout 20000" "$1" "CREATE TABLE IF NOT EXISTS t (x)"
	for writer in 1 2; do
		yes "BEGIN IMMEDIATE; INSERT INTO t VALUES ($writer); COMMIT;" | head -n 40 |
			sqlite3 -cmd ".timeout 20000" "$1" &
	done
	wait
	sqlite3 "$1" "SELECT count(*) FROM t"'

shell_tests() {
	watch sh -c "$writers" writers "$tmp/shared.db"
	silent "two sqlite3 shells that write to one database are silent"
	is "$out" 80 "and lose nothing"
}

fasteners_tests() {
	watch /usr/bin/python3 "$interop/fasteners-reader.py" "$tmp/lock"
	is "$status" 86 "a Python program that reads its fasteners lock file while holding it is caught"
	is "$(report '[.[] | select(.type == "finding" and .level != "note") | .kind] | join(" ")')" \
		close-drops-lock "it is one finding, of the right kind"
	like "$out" "as well: True" "and indeed another process gets the lock as well"

	watch /usr/bin/python3 "$interop/fasteners-reader.py" "$tmp/lock" repaired
	silent "the Python program that reads through the lock's own file is silent"
	like "$out" "as well: False" "and keeps the other process out"
}

if [ -x "$top_builddir/tests/interop/sqlite-reader" ]; then
	sqlite_tests
else
	skip "SQLite database read in a transaction" "built without libsqlite3"
fi
if command -v sqlite3 >/dev/null; then
	shell_tests
else
	skip "two sqlite3 shells" "sqlite3 is not installed"
fi
if /usr/bin/python3 -c 'import fasteners' 2>/dev/null; then
	fasteners_tests
else
	skip "fasteners lock file read while held" "python3-fasteners is not installed"
fi
done_testing
