#!/bin/sh
# SPDX-License-Identifier: MIT
# Every format's report of one recording, compared with what is kept here. After a change that is
# meant, `make update-golden` writes the new reports; git shows what changed.
. "$top_srcdir/tests/tap.sh"
cd "$top_srcdir" || exit 99

make_recording=$top_builddir/tests/golden/make-recording
formats=$(sed -n 's/^HF_FORMAT(\([a-z]*\),.*/\1/p' tools/formats.def)

# The version and the list of all kinds change for reasons of their own.
settle() {
	sed -e 's/"\(version\|semanticVersion\)": "[0-9][^"]*",/"\1": "VERSION",/' \
		-e '/^     "rules": \[$/,/^     \],\{0,1\}$/d' -e 's/"ruleIndex": [0-9]*/"ruleIndex": INDEX/' \
		-e 's/<\(testsuites\{0,1\}\) name="holdfast" tests="[0-9]*"/<\1 name="holdfast" tests="ALL"/' \
		-e '/^<style>/,/^<\/style>/d' -e '/^<script>/,/^<\/script>/d' -e "s/'sha256-[^']*'/HASH/g" \
		-e '/<testcase/{N;/\n *<\/testcase>$/d}'
}

print() {
	holdfast report --notes --format "$1" "$tmp/bank" | settle
}

"$make_recording" bank "$tmp/bank" || exit 99
if [ "${UPDATE_GOLDEN-}" ]; then
	for format in $formats; do
		print "$format" >"tests/golden/bank.$format"
	done
	exit 0
fi

for format in $formats; do
	print "$format" >"$tmp/first"
	ok "the report as $format is the one that is kept" diff -u "tests/golden/bank.$format" "$tmp/first"
	print "$format" >"$tmp/second"
	ok "the same recording gives the same $format" cmp "$tmp/first" "$tmp/second"
done
done_testing
