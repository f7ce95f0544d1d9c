#!/bin/sh
# SPDX-License-Identifier: MIT
# The page: what a browser makes of it, and that it asks nobody for anything.
. "$top_srcdir/tests/tap.sh"
cd "$top_srcdir" || exit 99

make_recording=$top_builddir/tests/golden/make-recording
"$make_recording" bank "$tmp/bank" && "$make_recording" holds "$tmp/holds" 10000 || exit 99
holdfast report --notes -f html -o "$tmp/bank.html" "$tmp/bank"
holdfast report --notes -f html -o "$tmp/holds.html" "$tmp/holds"

page=$(cat "$tmp/bank.html")
like "$page" "Content-Security-Policy\" content=\"default-src 'none'" "the page allows nothing by default"
like "$page" "script-src 'sha256-[A-Za-z0-9+/]{43}='" "its script is allowed by its hash"
unlike "$page" 'https?://' "the page names no other place"
nothing "$(grep -oE '(src|href)="[^#"][^"]*"' "$tmp/bank.html")" "nothing in the page is loaded from elsewhere"
like "$page" '<pre>return stack_here\(\);</pre>' "frames show their line of source"
is "$(grep -c '<article' "$tmp/bank.html")" 3 "every finding is an article"

if ! command -v chromium >/dev/null; then
	skip "a browser draws the timeline" "chromium is not installed"
	done_testing
	exit
fi

# A browser that runs as root needs --no-sandbox; nothing here is foreign to it.
browse() {
	profile=$(mktemp -d "$tmp/profile.XXXXXX")
	timeout -k 5 90 chromium --headless --no-sandbox --disable-gpu --no-first-run \
		--disable-background-networking --disable-component-update --disable-sync \
		--user-data-dir="$profile" --enable-logging=stderr "$@" 2>"$tmp/browser.err" </dev/null
}

# The policy is in force here: were the hash wrong, no script would run.
for run in bank holds; do
	like "$(browse --dump-dom "file://$tmp/$run.html")" '<body data-timeline="drawn">' "a browser draws the timeline of $run"
	nothing "$(grep -E 'CONSOLE|Refused' "$tmp/browser.err")" "and has nothing to complain about"
done

# As somebody without a mouse: the next finding, its lane's bars, and the finding itself.
cat >"$tmp/keys.js" <<'END'
<script>
const canvas = document.getElementById("lanes"), details = document.getElementById("details"), told = [];
["l", "ArrowLeft", "ArrowDown", "+", "-", "l", "l"].forEach(function (key) {
	canvas.dispatchEvent(new KeyboardEvent("keydown", { key: key }));
	told.push(key + ": " + details.textContent.split("\n")[0]);
});
document.title = told.join(" | ");
</script>
END
sed -e '/http-equiv="Content-Security-Policy"/d' -e "/<\/body>/{
r $tmp/keys.js
d
}" "$tmp/holds.html" >"$tmp/keys.html"
like "$(browse --dump-dom "file://$tmp/keys.html")" '<title>l: .*ArrowLeft: (holds|waits).*ArrowDown: (holds|waits)' \
	"the keyboard goes from finding to bar to lane"
done_testing
