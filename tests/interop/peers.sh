#!/bin/sh
# SPDX-License-Identifier: MIT
# hf_lock against others' locks on the same file: each keeps the other out, in both modes, both ways,
# with a deadline on either side.
. "$top_srcdir/tests/tap.sh"

python=/usr/bin/python3 # Debian's, which has Debian's fasteners
LD_LIBRARY_PATH=$top_builddir/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH

# peer KIND VERB PATH MODE [SECONDS]
peer() {
	case $1 in
	fasteners)
		shift
		timeout 30 "$python" "$top_srcdir/tests/interop/fasteners-peer.py" "$@"
		;;
	*) timeout 30 "$top_builddir/tests/interop/peer" "$@" ;;
	esac
}

# hold KIND PATH MODE: in the background until let_go; returns when it is held.
hold() {
	rm -f "$tmp/leave" "$tmp/said"
	mkfifo "$tmp/leave" "$tmp/said"
	peer "$1" hold "$2" "$3" <"$tmp/leave" >"$tmp/said" 2>"$tmp/error" &
	holder=$!
	exec 8>"$tmp/leave"
	read -r said <"$tmp/said"
	[ "$said" = held ] || echo "# $1 could not hold $2: $said $(cat "$tmp/error")"
}

let_go() {
	exec 8>&-
	wait "$holder"
}

# other_mode_result HELD ASKED: what somebody who asks is to be told.
expected() {
	[ "$1$2" = sharedshared ] && echo got || echo busy
}

# between HOLDER ASKER: every pair of modes, then a wait that ends with the holder.
between() {
	for held in shared exclusive; do
		hold "$1" "$tmp/f" "$held"
		for asked in shared exclusive; do
			is "$(peer "$2" try "$tmp/f" "$asked" 8>&-)" "$(expected "$held" "$asked")" \
				"while $1 holds it $held, $2 asking for $asked is told so"
		done
		is "$(peer "$2" wait "$tmp/f" exclusive 0.2 8>&-)" busy \
			"while $1 holds it $held, a deadline of $2 passes"
		(exec 8>&- && peer "$2" wait "$tmp/f" exclusive 20 >"$tmp/waited") &
		waiter=$!
		let_go
		wait "$waiter"
		is "$(cat "$tmp/waited")" got "when $1 lets go of $held, $2 gets it"
	done
}

between holdfast posix
between posix holdfast
between holdfast holdfast
if "$python" -c 'import fasteners' 2>/dev/null; then
	between holdfast fasteners
	between fasteners holdfast
else
	skip "fasteners and holdfast keep each other out" "no python3-fasteners"
fi

# flock(2) is another world on a local file system; with --fcntl flock(1) comes over to this one.
if flock --help 2>&1 | grep -q -e --fcntl; then
	hold holdfast "$tmp/f" exclusive
	ok "flock --fcntl is kept out" sh -c '! flock --fcntl -n "$1" true' sh "$tmp/f"
	let_go
else
	skip "flock --fcntl is kept out" "this flock(1) has no --fcntl"
fi
hold holdfast "$tmp/f" exclusive
ok "flock(1) does not meet an hf_lock on a local file system" flock -n "$tmp/f" true
let_go
done_testing
