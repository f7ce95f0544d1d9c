#!/bin/sh
# SPDX-License-Identifier: MIT
. "$top_srcdir/tests/tap.sh"

chmod 755 "$tmp"
cd "$tmp" || exit 99
CC=${CC:-cc}
echo 'int main(void) { return 0; }' >p.c

# verdict PROGRAM WANTED-STATUS WANTED-SLUG NAME
verdict() {
	capture holdfast doctor "$1"
	is "$status" "$2" "$4 (status)"
	like "$out" "^$1.*watched \[$3\]: " "$4"
}

# build PROGRAM FLAG...: false when this compiler cannot
build() {
	output=$1
	shift
	$CC -o "$output" p.c "$@" 2>/dev/null
}

ok "a program can be built" build plain
verdict ./plain 0 dynamic "a dynamically linked program can be watched"
like "$out" 'ld-linux|ld-musl|/ld' "the loader is named"
ok "a program at a fixed address can be built" build fixed -no-pie
verdict ./fixed 0 dynamic "a program at a fixed address can be watched"

for flavour in static static-pie; do
	if build "$flavour" "-$flavour"; then
		verdict "./$flavour" 1 "$flavour" "a program linked with -$flavour cannot be watched"
		like "$out" '^  to do: link it without' "$flavour comes with advice"
	else
		skip "a program linked with -$flavour cannot be watched" "this compiler cannot link -$flavour"
	fi
done

if command -v musl-gcc >/dev/null && musl-gcc -o musl p.c 2>/dev/null && [ -x "$(
	readelf -l musl | sed -n 's/.*interpreter: \(.*\)]/\1/p')" ]; then
	verdict ./musl 0 musl "a program linked with musl can be watched"
else
	skip "a program linked with musl can be watched" "no musl-gcc here, or no musl loader"
fi

if build asan -fsanitize=address; then
	verdict ./asan 0 asan "a program with the shared ASan runtime can be watched"
	like "$out" '\(libasan\.so\.[0-9]+\)|libclang_rt' "the runtime is named"
	like "$out" 'ASAN_OPTIONS=verify_asan_link_order=0' "what plain LD_PRELOAD needs is told"
else
	skip "a program with the shared ASan runtime can be watched" "this compiler has no ASan"
fi
if build asan-static -fsanitize=address -static-libasan; then
	verdict ./asan-static 0 dynamic "a program with the static ASan runtime can be watched"
else
	skip "a program with the static ASan runtime can be watched" "this compiler has no static ASan"
fi

# What Go's linker writes into every program.
cat >go.s <<'END'
	.section .note.go.buildid, "a", %note
	.balign 4
	.long 4, 4, 4
	.ascii "Go\0\0"
	.ascii "id\0\0"
	.section .note.GNU-stack, "", %progbits
END
if build go-cgo go.s; then
	verdict ./go-cgo 1 go "a Go program that links libc cannot be watched"
else
	skip "a Go program that links libc cannot be watched" "the assembler does not take the note"
fi
if build go-static go.s -static; then
	verdict ./go-static 1 go "a static Go program is called Go, not only static"
else
	skip "a static Go program is called Go, not only static" "this compiler cannot link -static"
fi

# The word of doctor against what happens: check ends with 125 when the checker was loaded nowhere.
for program in plain fixed musl asan asan-static static static-pie; do
	[ -x "$program" ] || continue
	capture holdfast doctor "./$program"
	can_see=$status
	capture holdfast check -- "./$program"
	is "$((status == 125))" "$can_see" "doctor is right about $program"
done

cp plain foreign
printf '\375\375' | dd of=foreign bs=1 seek=18 conv=notrunc 2>/dev/null
verdict ./foreign 1 foreign-architecture "a program for another machine cannot be watched"
like "$out" '\(64 bits, machine 65021\)|\(32 bits' "the machine is named"

head -c 100 plain >short && chmod +x short
verdict ./short 1 damaged "an ELF file that is cut off is called damaged"
printf '\177ELF' >short && chmod +x short
capture holdfast doctor ./short
is "$status" 1 "four bytes of an ELF file are refused"

printf '#!%s/plain\n' "$tmp" >"script" && chmod +x script
verdict ./script 0 dynamic "a script is judged by its interpreter"
like "$out" "^\./script \($tmp/plain\):" "the interpreter is named"
printf '#!%s/foreign -x\n' "$tmp" >"script2" && chmod +x script2
verdict ./script2 1 foreign-architecture "a script whose interpreter cannot be watched cannot either"
printf '#!/usr/bin/env -S A=1 %s/foreign\n' "$tmp" >"script3" && chmod +x script3
verdict ./script3 1 foreign-architecture "a script through env is judged by what env starts"
printf '#!%s/loop\n' "$tmp" >loop && chmod +x loop
verdict ./loop 1 script-loop "a script that names itself is not followed for ever"
printf '#!\n' >empty && chmod +x empty
verdict ./empty 1 unknown-format "an empty #! line is no program"
printf 'echo hello\n' >text && chmod +x text
verdict ./text 1 unknown-format "a text without #! is no program"

mkdir dir
cp p.c noexec
verdict ./dir 1 directory "a directory is no program"
verdict ./noexec 1 not-executable "a file that cannot be executed is told"
verdict ./absent 1 missing "a file that is not there is told"
verdict no-such-program-anywhere 1 missing "a program that is not in PATH is told"
verdict sh 0 dynamic "a program is looked up in PATH"
if build lib.so -shared -fPIC; then
	chmod +x lib.so
	verdict ./lib.so 1 library "a shared library is no program"
else
	skip "a shared library is no program" "this compiler cannot link -shared"
fi

capture holdfast doctor ./plain ./absent
is "$status" 1 "of several programs, one that cannot be watched decides the status"
is "$(printf '%s\n' "$out" | grep -c watched)" 2 "each program has its line"
capture holdfast doctor
is "$status" 2 "no program is a usage error"

cp plain suid && cp plain sgid && cp plain capable
if ! can_be_nobody; then
	skip "privileged programs" "only root can make programs setuid to another user"
elif findmnt -no OPTIONS -T . 2>/dev/null | grep -q nosuid; then
	skip "privileged programs" "$tmp is mounted nosuid"
else
	chmod 4755 suid
	verdict ./suid 0 privileges-unused "root's own setuid program can be watched by root"
	as_nobody holdfast doctor ./suid
	is "$status" 1 "a setuid program of another user cannot be watched"
	like "$out" '\[setuid\]' "the reason is setuid"
	chown 65534 suid && chmod 4755 suid
	verdict ./suid 1 setuid "root cannot watch a program that is setuid to somebody else"
	chmod 2755 sgid
	as_nobody holdfast doctor ./sgid
	like "$out" 'cannot be watched \[setgid\]' "a setgid program of another group cannot be watched"
	chmod 2745 sgid && chown 65534 sgid
	as_nobody holdfast doctor ./sgid
	like "$out" 'can be watched \[dynamic\]' "setgid without group execution is no privilege"
	as_nobody setpriv --no-new-privs holdfast doctor ./suid
	like "$out" 'can be watched \[privileges-unused\]' "a process without new privileges gains none"
	if setcap cap_net_raw+p capable 2>/dev/null; then
		verdict ./capable 0 privileges-unused "file capabilities do not stop root"
		as_nobody holdfast doctor ./capable
		like "$out" 'cannot be watched \[file-capabilities\]' "file capabilities stop others"
	else
		skip "file capabilities" "no setcap here, or the file system has no capabilities"
	fi
	chmod 711 plain
	as_nobody holdfast doctor ./plain
	like "$out" 'cannot be watched \[unreadable\]' "a program that cannot be read is told"
fi

done_testing
