#!/bin/sh
# SPDX-License-Identifier: MIT
# Stock programs that lock files and are right give no error and no warning. A run in which no lock
# was seen proves nothing and fails; one program is allowed by name to take none. Each works on files
# of its own, none on the system's.
#
# What looks guilty and is not, by whom it is done (correct.c: a small program where no stock one is at
# hand):
#   converting through another descriptor           SQLite in threads; correct.c
#   closing what was postponed, at the last close   SQLite; correct.c
#   a write lock asked of a read-only descriptor    correct.c
#   unlocking what was never locked, F_GETLK        SQLite, tdb; correct.c
#   opening and closing a flocked file              logrotate; correct.c
#   unlinking or renaming under the lock            debconf, man-db, tdbbackup; correct.c
#   looking again whether it is still the file      correct.c
#   a thread that waits for another's lock          libholdfast; correct.c
#   a flock on an inherited descriptor              flock(1)
#   a lock that came with an exec, and is unknown   correct.c
#   children that close the locked descriptor       python3's subprocess; correct.c
#   unlock, then close                              fasteners
#   hundreds of ranges                              tdb; correct.c
#   from write to read lock                         lmdb; correct.c
#   reading without a lock what needs none          correct.c
#   release by close                                apt, dpkg, cron; correct.c
#   lckpwdf()                                       useradd
. "$top_srcdir/tests/tap.sh"
command -v jq >/dev/null || skip_all "jq, which reads the reports, is not installed"
cd "$tmp" || exit 99

# silent NAME PROGRAM COMMAND...: skipped where PROGRAM is missing.
silent() {
	silent_with "locks seen" "$@"
}

# silent_with "locks seen"|"no lock seen" NAME PROGRAM COMMAND...
silent_with() {
	locks=$1
	shift
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
	if [ "$status: $seen" = "0: $locks" ]; then
		tap_pass "$name"
	else
		tap_fail "$name" "status $status, $seen, not $locks
$out
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
silent "tdb that copies a database in a transaction" tdbbackup tdbbackup x.tdb
silent "tdb that restores one" tdbrestore sh -c 'tdbdump x.tdb | tdbrestore y.tdb'

python=/usr/bin/python3
silent "Python's fcntl" "$python" "$python" -c '
import fcntl, subprocess
with open("python.lock", "w") as file:
	fcntl.lockf(file, fcntl.LOCK_EX)
	subprocess.run(["true"], close_fds=True)
	file.write("x")
	file.flush()
	fcntl.lockf(file, fcntl.LOCK_UN)
	fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
	fcntl.flock(file, fcntl.LOCK_UN)'
if "$python" -c 'import fasteners' 2>/dev/null; then
	silent "fasteners" "$python" "$python" -c '
import fasteners
with fasteners.InterProcessLock("fasteners.lock"): pass
lock = fasteners.InterProcessReaderWriterLock("fasteners.rwlock")
with lock.read_lock(): pass
with lock.write_lock(): pass'
else
	skip "fasteners is silent" "python3-fasteners is not installed"
fi

silent "debconf" debconf-communicate env DEBCONF_DB_OVERRIDE="File{$tmp/debconf.dat}" \
	DEBIAN_FRONTEND=noninteractive sh -c 'echo VERSION 2.0 | debconf-communicate nobody'

# In mounts of their own: what they lock is the system's else.
if unshare -m sh -c 'mount -t tmpfs tmpfs /run' 2>/dev/null; then
	silent "cron" cron unshare -m sh -c '
		for folder in /run /var/spool/cron /etc/cron.d; do
			mount -t tmpfs tmpfs "$folder" || exit
		done
		mount --bind /dev/null /etc/crontab || exit
		cron -f &
		until [ -s /run/crond.pid ]; do :; done
		kill $!
		wait $! || true'
	mkdir etc
	silent "useradd, that uses lckpwdf()," useradd unshare -m sh -c '
		cp -a /etc/passwd /etc/shadow /etc/group /etc/gshadow /etc/login.defs etc
		mount --bind etc /etc && useradd --no-log-init --no-create-home holdfast-test && userdel holdfast-test'
else
	skip "cron is silent" "a tmpfs over /run is not allowed here"
	skip "useradd is silent" "a tmpfs over /run is not allowed here"
fi

# git locks by creating files. Should that change, its turn to be seen locking has come.
silent_with "no lock seen" "git, which takes no lock of the kernel," git sh -c 'git init -q git &&
	git -C git -c user.name=x -c user.email=x@example.org commit -q --allow-empty -m x && git -C git gc -q'

threads=$top_builddir/tests/interop/sqlite-threads
for journal in delete persist wal; do
	silent "SQLite with two connections in two threads, journal $journal," "$threads" \
		"$threads" "$tmp/$journal.db" "$journal"
done

correct=$top_builddir/tests/interop/correct
for habit in $("$correct" --list); do
	mkdir "$habit"
	silent "a program with the habit $habit" "$correct" "$correct" "$tmp/$habit" "$habit"
done

mkdir lmdb
printf 'VERSION=3\nformat=print\ntype=btree\nHEADER=END\n a\n b\nDATA=END\n' >lmdb.dump
silent "lmdb that loads a database" mdb_load mdb_load -f lmdb.dump lmdb
silent "lmdb that reads it" mdb_dump mdb_dump lmdb
done_testing
