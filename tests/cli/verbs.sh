#!/bin/sh
# SPDX-License-Identifier: MIT
. "$top_srcdir/tests/tap.sh"

verbs=$(sed -n 's/^HF_COMMAND(\([a-z]*\),.*/\1/p' "$top_srcdir/tools/commands.def")

capture holdfast --help
is "$status" 0 "--help succeeds"
for verb in $verbs; do
	like "$out" "^  $verb " "--help lists the verb $verb"
done

capture holdfast --version
like "$out" '^holdfast [0-9]+\.[0-9]+' "--version prints the version"

capture holdfast
is "$status" 2 "a missing verb is a usage error"

capture holdfast frobnicate
is "$status" 2 "an unknown verb is a usage error"
is "$err" "holdfast: frobnicate: no such verb: see holdfast --help" "an unknown verb is told in one line"

if [ -w /dev/full ]; then
	timeout 10 holdfast --help >/dev/full 2>"$tmp/err"
	is "$?" 1 "output to a full device is a failure"
else
	skip "output to a full device is a failure" "/dev/full is not writable here"
fi

for verb in $verbs; do
	capture holdfast "$verb" --help
	is "$status" 0 "$verb --help succeeds"
	like "$out" "^usage: holdfast $verb" "$verb --help begins with the usage"
	capture holdfast "$verb" --no-such-option
	is "$status" 2 "$verb refuses an unknown option"
	is "$err" "holdfast $verb: --no-such-option: unknown or ambiguous option (see holdfast $verb --help)" \
		"$verb names the unknown option in one line"
done

done_testing
