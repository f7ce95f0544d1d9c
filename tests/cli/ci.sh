#!/bin/sh
# SPDX-License-Identifier: MIT
# The recipes of docs/ci.md, as they stand there, each on a small project with a test that is right and
# one that loses a lock.
. "$top_srcdir/tests/tap.sh"

# Tools start other tools: give them what a login would.
unset MAKEFLAGS MAKELEVEL MFLAGS LOG_COMPILER TESTS CRITERION_OUTPUTS

# recipe NAME FILE: that block of the page.
recipe() {
	awk -v wanted="<!-- recipe: $1 $2 -->" '
		$0 == wanted { found = 1; next }
		found && /^```/ { if (inside) exit; inside = 1; next }
		inside' "$top_srcdir/docs/ci.md"
}

project() {
	mkdir "$tmp/$1" && cd "$tmp/$1" || exit 99
	cat >good.c <<'END'
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static int take(void)
{
	int fd = open(__FILE__ ".lock", O_RDWR | O_CREAT, 0600);
	struct flock lock = { .l_type = F_WRLCK };

	return fd < 0 || fcntl(fd, F_SETLKW, &lock) ? -1 : fd;
}

int main(void)
{
	int fd = take(), other;

	if (fd < 0)
		return 1;
#ifdef BAD
	other = open(__FILE__ ".lock", O_RDONLY);
	close(other);
#else
	other = 0;
#endif
	return write(fd, "x", 1) != 1 || other < 0;
}
END
	{ echo '#define BAD'; cat good.c; } >bad.c
}

# run NAME: the recipe's command; sets $status and $out, both streams together.
run() {
	recipe "$1" command >recipe.sh
	[ -s recipe.sh ] || exit 99
	status=0
	timeout -k 5 120 sh -e ./recipe.sh >out 2>&1 </dev/null || status=$?
	out=$(cat out)
}

project shell
${CC:-cc} -g -o bad bad.c && ${CC:-cc} -g -o good good.c || exit 99
recipe shell check.sh >check.sh
: >locks.supp
printf '#!/bin/sh\n./good && ./bad\n' >run-tests && chmod +x run-tests
capture sh ./check.sh
is "$status" 86 "shell: the suite fails with findings"
like "$err" '^ERROR: lock lost by close' "shell: the finding is told"
like "$err" ' in 3 processes ' "shell: the report is of all processes"
ok "shell: the dashboard's report is there" grep -q '<failure type="close-drops-lock"' locks.xml
ok "shell: the page is there" grep -q '<article class="finding error"' locks.html
printf '#!/bin/sh\n./good\n' >run-tests
capture sh ./check.sh
is "$status" 0 "shell: without the wrong test the suite passes"

project make
cat >Makefile <<'END'
CFLAGS = -g
check: first second third fourth
first second third: good
	./good
fourth: bad
	./bad
END
run make
is "$status" 86 "make: make -j fails with findings"
like "$out" '^holdfast: 1 error, .*\(4 locks on 2 files;' "make: the locks of all tests are in one report"
like "$out" '; 0 programs not watched' "make: compilers, shells and tests were all watched"

if command -v autoreconf >/dev/null; then
	project automake
	recipe automake Makefile.am >Makefile.am
	printf '%s\n' 'AC_INIT([try], [1])' 'AM_INIT_AUTOMAKE([foreign])' 'AC_PROG_CC' \
		'AC_CONFIG_FILES([Makefile])' 'AC_OUTPUT' >configure.ac
	autoreconf -i >log 2>&1 && ./configure >>log 2>&1 || cat log
	run automake
	is "$status" 2 "automake: make check fails"
	like "$out" '^PASS: good' "automake: the test that is right passes"
	like "$out" '^FAIL: bad' "automake: the test that loses its lock fails"
	like "$(cat bad.log)" '^ERROR: lock lost by close' "automake: its log has the finding"
else
	skip "automake: make check fails" "autoreconf is not installed"
fi

if command -v ctest >/dev/null; then
	project ctest
	printf '%s\n' 'cmake_minimum_required(VERSION 3.16)' 'project(try C)' 'enable_testing()' \
		'foreach(name good bad)' 'add_executable(${name} ${name}.c)' \
		'add_test(NAME ${name} COMMAND ${name})' 'endforeach()' >CMakeLists.txt
	run ctest
	is "$status" 8 "ctest: the suite fails"
	like "$out" 'good \.+ +Passed' "ctest: the test that is right passes"
	like "$out" 'bad \.+\*+Failed' "ctest: the test that loses its lock fails"
	like "$out" 'ERROR: lock lost by close' "ctest: the finding is told"
else
	skip "ctest: the suite fails" "cmake is not installed"
fi

if command -v meson >/dev/null; then
	project meson
	printf '%s\n' "project('try', 'c')" "foreach name : ['good', 'bad']" \
		"  test(name, executable(name, name + '.c'))" 'endforeach' >meson.build
	run meson
	is "$status" 1 "meson: the suite fails"
	like "$out" 'good +OK' "meson: the test that is right passes"
	like "$out" 'bad +FAIL .*exit status 86' "meson: the test that loses its lock fails"
	like "$out" 'ERROR: lock lost by close' "meson: the finding is told"
else
	skip "meson: the suite fails" "meson is not installed"
fi

# The system's python3 has the system's pytest.
mkdir "$tmp/bin" && ln -s /usr/bin/python3 "$tmp/bin/python3"
PATH=$tmp/bin:$PATH
if python3 -c 'import pytest' 2>/dev/null; then
	project pytest
	cat >test_lock.py <<'END'
import fcntl, os

def test_bad(tmp_path):
    path = tmp_path / "lock"
    held = os.open(path, os.O_RDWR | os.O_CREAT)
    fcntl.lockf(held, fcntl.LOCK_EX)
    path.read_bytes()
    os.write(held, b"x")
END
	run pytest
	is "$status" 86 "pytest: the suite fails with findings, though its tests pass"
	like "$out" '1 passed' "pytest: as they do"
	like "$out" '^ERROR: lock lost by close \[close-drops-lock\]   pid [0-9]+ \(python3' "pytest: the finding names the interpreter"
	ok "pytest: the dashboard's report is there" grep -q '<failure type="close-drops-lock"' locks.xml
else
	skip "pytest: the suite fails" "python3 has no pytest"
fi

project github
recipe github locks.yml >locks.yml
if /usr/bin/python3 -c 'import yaml' 2>/dev/null; then
	ok "github: the workflow is well-formed and has its steps" /usr/bin/python3 -c '
import yaml
steps = yaml.safe_load(open("locks.yml"))["jobs"]["locks"]["steps"]
assert len(steps) == 4 and steps[3]["with"]["sarif_file"] == "locks.sarif", steps'
else
	skip "github: the workflow is well-formed" "python3-yaml is not installed"
fi
sed -n 's/^ *run: \(holdfast .*\)/\1/p' locks.yml >recipe.sh
printf 'CFLAGS = -g\ncheck: bad\n\t./bad\n' >Makefile
capture sh -e ./recipe.sh
is "$status" 86 "github: the step fails with findings"
like "$out" '^::error file=bad.c,line=[0-9]+,' "github: the annotation's file is relative to the repository"
ok "github: so is the one to upload" grep -q '"uri": "bad.c"' locks.sarif

done_testing
