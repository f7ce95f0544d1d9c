#!/bin/sh
# SPDX-License-Identifier: MIT
# Stock programs that lock files and are right give no error and no warning. A run in which no lock
# was seen proves nothing and fails. Each works on files of its own, none on the system's.
#
# git is not here: it locks by creating files, and takes no lock that a checker of locks could see.
. "$top_srcdir/tests/tap.sh"
command -v jq >/dev/null || skip_all "jq, which reads the reports, is not installed"
cd "$tmp" || exit 99

# silent NAME PROGRAM COMMAND...: skipped where PROGRAM is missing.
silent() {
	name="$1 is silent"
	if ! command -v "$2" >/dev/null; then
		skip "$name" "$2 is not installed"
		return
	fi
	shift 2
	rm -f report.json
	capture holdfast check --format json -o report.json -- "$@"
	seen=$(jq -rs '[.[] | select(.type == "finding" and .level != "note") | .kind] +
		[if .[-1].locks > 0 then "locks seen" else "no lock seen" end] | join(" ")' report.json 2>&1)
	if [ "$status: $seen" = "0: locks seen" ]; then
		tap_pass "$name"
	else
		tap_fail "$name" "status $status, $seen
$err"
	fi
}

# An apt and a dpkg with a system of their own, of one package.
mkdir -p apt/state/lists/partial apt/cache/archives/partial root/var/lib/dpkg/updates root/var/lib/dpkg/info
mkdir -p package/DEBIAN package/usr/share/hello
: >root/var/lib/dpkg/status
: >root/var/lib/dpkg/available
cat >package/DEBIAN/control <<'END'
Package: hello
Version: 1
Architecture: all
Maintainer: Nobody <nobody@example.org>
Description: a file
END
echo hello >package/usr/share/hello/file
! command -v dpkg-deb >/dev/null || dpkg-deb -b package hello.deb >/dev/null

silent "apt-get" apt-get apt-get -o Dir::State="$tmp/apt/state" -o Dir::Cache="$tmp/apt/cache" clean
if [ "$(id -u)" -eq 0 ]; then
	silent "dpkg that installs a package" dpkg dpkg --root="$tmp/root" --log="$tmp/dpkg.log" -i hello.deb
	silent "dpkg that removes it" dpkg dpkg --root="$tmp/root" --log="$tmp/dpkg.log" -r hello
else
	skip "dpkg is silent" "only root installs packages"
fi

mkdir -p man/man1
printf '.TH X 1\n.SH NAME\nx \\- nothing\n' >man/man1/x.1
silent "man-db" mandb mandb -q -u man

touch a.log
printf '%s {\n\trotate 1\n}\n' "$tmp/a.log" >logrotate.conf
chmod 600 logrotate.conf
silent "logrotate" logrotate logrotate -f -s "$tmp/logrotate.state" logrotate.conf

silent "flock(1) around a command" flock flock lock true
silent "flock(1) on a descriptor of the shell" flock sh -c '(flock 9; flock -u 9; flock 9; echo x >&9) 9>lock'

printf 'create x.tdb\ninsert a b\nshow a\ndump\nquit\n' >tdb.commands
silent "tdb" tdbtool sh -c 'tdbtool <tdb.commands'

threads=$top_builddir/tests/interop/sqlite-threads
for journal in delete persist wal; do
	silent "SQLite with two connections in two threads, journal $journal," "$threads" \
		"$threads" "$tmp/$journal.db" "$journal"
done

mkdir lmdb
printf 'VERSION=3\nformat=print\ntype=btree\nHEADER=END\n a\n b\nDATA=END\n' >lmdb.dump
silent "lmdb that loads a database" mdb_load mdb_load -f lmdb.dump lmdb
silent "lmdb that reads it" mdb_dump mdb_dump lmdb
done_testing
