#!/bin/sh
# SPDX-License-Identifier: MIT
# For every kind of kinds.def: <slug>.bad.c gives exactly one finding, of that kind and level, with
# both stacks on the lines that the source marks HERE and TAKEN; <slug>.good.c, the repaired twin,
# gives none and has taken locks. Each is built plain, with 64-bit offsets, fortified, with its body
# in a second thread, against musl, and once per value of its "via:" line. "also:" names kinds that
# cannot but be found as well, "options:" is the text of HOLDFAST_OPTIONS, "on: fuse" has the file on
# a FUSE file system. Notes count where the kind is one.
#
# run-pairs.sh              all pairs, as TAP
# run-pairs.sh one SLUG HALF VARIANT     builds and runs one; a line says what is wrong
# run-pairs.sh build SLUG HALF VARIANT   builds one, and prints the program's path
if [ "${1-}" = one ] || [ "${1-}" = build ]; then
	tmp=${PAIRS_TMP-}
else
	. "$top_srcdir/tests/tap.sh"
	. "$top_srcdir/tests/fuse.sh"
fi

pairs=$top_srcdir/tests/misuse
built=$top_builddir/tests/misuse/built

# What is marked so in source $1, without the comment around it.
directive() {
	sed -n "s|^/\* $2: \(.*\) \*/\$|\1|p" "$pairs/$1"
}

# Variants of source $1: how it is built, or via-NAME.
variants() {
	echo plain lfs64 fortified threaded
	! command -v musl-gcc >/dev/null || echo musl
	for name in $(directive "$1" via); do
		echo "via-$name"
	done | sed 1d # the first is what the others are built with
}

# compile SOURCE VARIANT PROGRAM, unless it is there from an earlier run.
compile() {
	[ -e "$3" ] && [ -z "$(find "$pairs/$1" "$pairs/pair.h" -newer "$3")" ] && return
	compiler=$CC
	via=$(directive "$1" via)
	via=${via%% *}
	flags=
	case $2 in
	lfs64) flags=-D_FILE_OFFSET_BITS=64 ;;
	fortified) flags='-O2 -D_FORTIFY_SOURCE=2' ;;
	threaded) flags='-pthread -DTHREADED' ;;
	musl) compiler=musl-gcc flags=-Wl,--eh-frame-hdr ;; # as a compiler made for musl does
	via-closedir) via=closedir flags=-DDIRECTORY ;;
	via-*) via=${2#via-} ;;
	esac
	# shellcheck disable=SC2086
	$compiler -g -Wall -Wextra -Werror -Wno-unused-result $flags ${via:+-DVIA="$via"} \
		"$pairs/$1" -o "$3"
}

# Kind, level and the first program frames of the one finding of report $1 by program $2, made of
# source $3. Notes are looked at only where one is expected.
seen() {
	case $(directive "$3" level) in
	note) which=".kind == \"${3%%.*}\"" ;;
	*) which='.level != "note"' ;;
	esac
	jq -rs '($also | split(" ")) as $also | [.[] | select(.type == "finding") |
		select([.kind] | inside($also) | not) | select('"$which"')] |
		if length == 1 then .[0] |
		[.kind, .level, (.stacks[] | select(.role == "here" or .role == "taken") |
			.role, (first(.frames[] | select(.file and (.module == $program))) |
			"\(.file | sub(".*/"; "")):\(.line)"))] | join(" ")
		else "\(length) findings: \(map(.kind))" end' --arg program "$2" \
		--arg also "$(directive "$3" also)" "$1"
}

# " role file:line" of the line that source $1 marks with the word $2.
marked() {
	grep -n "/\* $2" "$pairs/$1" | cut -d: -f1 |
		sed "s|.*| $(echo "$2" | tr '[:upper:]' '[:lower:]') $1:&|"
}

# A "level in VARIANT" line of the program goes before its "level" line: with a second thread, say,
# a deadlock is less certain.
wanted() {
	level=$(directive "$1.bad.c" "level in $2")
	echo "$1 ${level:-$(directive "$1.bad.c" level)}$(marked "$1.bad.c" HERE)$(marked "$1.bad.c" TAKEN)"
}

# Prints what is wrong with this build of this program; nothing when all is well.
one() {
	program=$built/$1.$2.$3
	base=$tmp/$1.$2.$3
	compile "$1.$2.c" "$3" "$program" >"$base.cc" 2>&1 || { cat "$base.cc"; return; }
	file=$base.file
	[ "$(directive "$1.$2.c" on)" != fuse ] || file=$tmp/fuse/$1.$2.$3.file
	status=0
	HOLDFAST_OPTIONS=$(directive "$1.$2.c" options) \
		timeout -k 5 30 holdfast check --notes --format json -o "$base.json" -- "$program" "$file" \
		>"$base.out" 2>&1 </dev/null || status=$?
	if [ "$2" = bad ]; then
		expected_status=86
		[ "$(directive "$1.bad.c" level)" != note ] || expected_status=0
		expected=$(wanted "$1" "$3")
		got=$(seen "$base.json" "$1.$2.$3" "$1.$2.c" 2>&1)
	else
		expected_status=0
		expected="0 findings, locks taken"
		[ "$(directive "$1.bad.c" level)" = note ] && note=$1 || note=
		got=$(jq -rs '"\(map(select(.type == "finding" and
			(.level != "note" or .kind == $note))) | length) findings, " +
			if .[-1].locks > 0 then "locks taken" else "no lock was seen" end' \
			--arg note "$note" "$base.json" 2>&1)
	fi
	[ "$status $got" = "$expected_status $expected" ] && return
	echo "exit status $status, wanted $expected_status"
	echo "got    $got"
	echo "wanted $expected"
	cat "$base.out"
}

lacks_fuse() {
	[ -n "$fuse_reason" ] && [ "$(directive "$1.bad.c" on)" = fuse ]
}

if [ "${1-}" = build ]; then
	compile "$2.$3.c" "$4" "$built/$2.$3.$4" >&2 || exit 1
	echo "$built/$2.$3.$4"
	exit
fi
if [ "${1-}" = one ]; then
	one "$2" "$3" "$4" >"$tmp/$2.$3.$4.result" 2>&1
	exit
fi

command -v jq >/dev/null || skip_all "jq, which reads the reports, is not installed"
PAIRS_TMP=$tmp
export PAIRS_TMP CC top_srcdir top_builddir
mkdir -p "$built"
if fuse_mount fuse; then fuse_reason=; fi
slugs=$(sed -n 's/^HF_KIND([A-Z_0-9]*, "\([a-z0-9-]*\)".*/\1/p' "$top_srcdir/lib/core/kinds.def")
for slug in $slugs; do
	! lacks_fuse "$slug" || continue
	for half in bad good; do
		for variant in $(variants "$slug.$half.c"); do
			echo "$slug $half $variant"
		done
	done
done >"$tmp/all"
xargs -P 2 -L 1 sh "$0" one <"$tmp/all"
while read -r slug half variant; do
	case $half in
	bad) name="the bad $slug program, $variant, gives its one finding" ;;
	good) name="the repaired $slug program, $variant, is silent" ;;
	esac
	nothing "$(cat "$tmp/$slug.$half.$variant.result" 2>&1)" "$name"
done <"$tmp/all"
for slug in $slugs; do
	! lacks_fuse "$slug" || skip "the $slug pair" "$fuse_reason"
done
command -v musl-gcc >/dev/null || skip "the pairs built against musl" "musl-gcc is not installed"
done_testing
