/* SPDX-License-Identifier: MIT */
"use strict";
/*
 * The timeline: lanes of threads and files on a canvas. Everything that a mouse can do a keyboard can
 * do too, and what is picked is told in words below. Kinds of bars differ by pattern and height, not
 * by colour alone.
 */
(function () {
	const data = JSON.parse(document.getElementById("data").textContent);
	const canvas = document.getElementById("lanes");
	const details = document.getElementById("details");
	const ROW = 22, TOP = 24, GUTTER = 300, MAX_HEIGHT = 640;
	const HOLD = 0, LOST = 1, FAILED = 2, OPEN = 3;
	const ENDS = ["released", "LOST: the kernel no longer had it", "refused", "not released before the recording ended", "ended with its process", "released by a close", "converted or taken anew"];
	const rows = data.rows, marks = data.marks;
	const spans = data.spans.map(function (s) {
		return { row: s[0], from: s[1], to: s[2], wait: s[3] === 1, end: s[4], mode: s[5], lock: s[6], fd: s[7], bytes: s[8], stack: s[9] };
	});
	const byRow = rows.map(function () { return []; });
	spans.forEach(function (s) { byRow[s.row].push(s); });
	marks.forEach(function (m) { byRow[m[0]].push({ row: m[0], from: m[1], to: m[1], mark: m }); });
	byRow.forEach(function (list) { list.sort(function (a, b) { return a.from - b.from; }); });
	/* No span of a row is longer than this: where to begin looking for those that reach into view. */
	const longest = byRow.map(function (list) {
		return list.reduce(function (n, s) { return Math.max(n, s.to - s.from); }, 0);
	});
	const whole = Math.max(data.end, 1) * 1.02; /* what is marked at the very end must be seen whole */
	const view = { from: 0, to: whole, top: 0 };
	let picked = null, colours = {}, drag = null, due = false;

	function readColours() {
		const style = getComputedStyle(document.documentElement);
		["ink", "dim", "paper", "box", "line", "write", "read", "wait", "lost", "pick", "error", "warning", "note"].forEach(function (name) {
			colours[name] = style.getPropertyValue("--" + name).trim();
		});
	}

	function duration(ns) {
		const units = ["ns", "us", "ms", "s"];
		let unit = 0;
		for (; Math.abs(ns) >= 1000 && unit < 3; unit++)
			ns /= 1000;
		return (ns < 10 && unit ? ns.toFixed(1) : Math.round(ns)) + " " + units[unit];
	}

	function baseName(path) { return path.slice(path.lastIndexOf("/") + 1) || path || "unknown file"; }
	function plotWidth() { return Math.max(canvas.clientWidth - GUTTER, 50); }
	function xOf(time) { return GUTTER + (time - view.from) / (view.to - view.from) * plotWidth(); }
	function timeAt(x) { return view.from + (x - GUTTER) / plotWidth() * (view.to - view.from); }
	function visibleHeight() { return Math.min(rows.length * ROW + TOP, MAX_HEIGHT); }

	/* The first place in a sorted list whose span begins at time or later. */
	function firstFrom(list, time) {
		let low = 0, high = list.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if (list[middle].from < time)
				low = middle + 1;
			else
				high = middle;
		}
		return low;
	}

	function hatch(g, x, y, width, height, step) {
		g.save();
		g.beginPath();
		g.rect(x, y, width, height);
		g.clip();
		g.beginPath();
		for (let at = x - height; at < x + width; at += step) {
			g.moveTo(at, y + height);
			g.lineTo(at + height, y);
		}
		g.stroke();
		g.restore();
	}

	/* Write: solid and high. Read: framed and hatched. Wait: a thin dashed line. Lost: a cross at its end. */
	function drawSpan(g, span, y) {
		const x = xOf(span.from), width = Math.max(xOf(span.to) - x, 1.5);
		if (span.wait) {
			g.strokeStyle = colours.wait;
			g.lineWidth = 2;
			g.setLineDash([4, 3]);
			g.beginPath();
			g.moveTo(x, y + ROW / 2);
			g.lineTo(x + width, y + ROW / 2);
			g.stroke();
			g.setLineDash([]);
		} else if (span.mode === "read" || span.mode === "shared") {
			g.strokeStyle = colours.read;
			g.lineWidth = 1.5;
			g.strokeRect(x, y + 6, width, ROW - 12);
			hatch(g, x, y + 6, width, ROW - 12, 5);
		} else {
			g.fillStyle = colours.write;
			g.fillRect(x, y + 3, width, ROW - 6);
		}
		if (span.end === LOST)
			drawCross(g, x + width, y + ROW / 2);
	}

	function drawCross(g, x, y) {
		g.strokeStyle = colours.paper;
		for (let pass = 0; pass < 2; pass++) {
			g.lineWidth = pass ? 2.5 : 5;
			g.beginPath();
			g.moveTo(x - 5, y - 5);
			g.lineTo(x + 5, y + 5);
			g.moveTo(x + 5, y - 5);
			g.lineTo(x - 5, y + 5);
			g.stroke();
			g.strokeStyle = colours.lost;
		}
	}

	function drawMark(g, mark, y) {
		const x = xOf(mark[1]);
		g.fillStyle = colours[mark[2]];
		g.strokeStyle = colours.paper;
		g.lineWidth = 1.5;
		g.beginPath();
		g.moveTo(x, y + ROW / 2);
		g.lineTo(x - 6, y + 1);
		g.lineTo(x + 6, y + 1);
		g.closePath();
		g.fill();
		g.stroke();
	}

	function drawRow(g, number, y) {
		const list = byRow[number];
		let lastPixel = -1;
		for (let i = firstFrom(list, view.from - longest[number]); i < list.length && list[i].from <= view.to; i++) {
			const span = list[i];
			if (span.to < view.from)
				continue;
			/* Thousands of bars in one pixel look like one. */
			const pixel = Math.round(xOf(span.from)), narrow = xOf(span.to) - xOf(span.from) < 1;
			if (narrow && pixel === lastPixel && span.end !== LOST && !span.mark && span !== picked)
				continue;
			lastPixel = narrow ? pixel : -1;
			if (span.mark)
				drawMark(g, span.mark, y);
			else
				drawSpan(g, span, y);
		}
	}

	function cut(g, text, width) {
		if (g.measureText(text).width <= width)
			return text;
		while (text.length > 1 && g.measureText(text + "\u2026").width > width)
			text = text.slice(0, -1);
		return text + "\u2026";
	}

	function drawLabels(g, number, y) {
		const row = rows[number], before = rows[number - 1];
		const first = !before || before.process !== row.process || number === Math.floor(view.top);
		g.fillStyle = colours.ink;
		if (first) {
			g.font = "600 12px sans-serif";
			g.fillText(cut(g, row.process, 105), 6, y + 15);
		}
		g.font = "12px sans-serif";
		if (first || before.tid !== row.tid)
			g.fillText(cut(g, "thread " + row.tid, 80), 116, y + 15);
		g.fillStyle = colours.dim;
		g.fillText(cut(g, baseName(row.file), 92), 202, y + 15);
	}

	function drawAxis(g, width, height) {
		const raw = (view.to - view.from) / Math.max(Math.floor(plotWidth() / 110), 1);
		const power = Math.pow(10, Math.floor(Math.log10(Math.max(raw, 1))));
		const step = [1, 2, 5, 10].map(function (n) { return n * power; }).find(function (n) { return n >= raw; }) || raw;
		g.font = "12px sans-serif";
		for (let t = Math.ceil(view.from / step) * step; t <= view.to; t += step) {
			g.strokeStyle = colours.line;
			g.lineWidth = 1;
			g.beginPath();
			g.moveTo(xOf(t), TOP - 6);
			g.lineTo(xOf(t), height);
			g.stroke();
			g.fillStyle = colours.dim;
			g.fillText(duration(t), xOf(t) + 3, 14);
		}
	}

	function drawPicked(g, y) {
		const x = xOf(picked.from), width = Math.max(xOf(picked.to) - x, 3);
		g.strokeStyle = colours.pick;
		g.lineWidth = 2;
		g.strokeRect(x - 2, y + 1, width + 4, ROW - 2);
	}

	function draw() {
		const width = canvas.clientWidth, height = visibleHeight(), ratio = window.devicePixelRatio || 1;
		const g = canvas.getContext("2d"), shown = Math.floor((height - TOP) / ROW);
		due = false;
		canvas.style.height = height + "px";
		canvas.width = width * ratio;
		canvas.height = height * ratio;
		g.scale(ratio, ratio);
		g.fillStyle = colours.paper;
		g.fillRect(0, 0, width, height);
		view.top = Math.max(0, Math.min(view.top, rows.length - shown));
		drawAxis(g, width, height);
		for (let i = 0, number = Math.floor(view.top); i < shown && number < rows.length; i++, number++) {
			const y = TOP + i * ROW;
			if (number === 0 || rows[number - 1].process !== rows[number].process) {
				g.strokeStyle = colours.dim;
				g.lineWidth = 1;
				g.beginPath();
				g.moveTo(0, y + .5);
				g.lineTo(width, y + .5);
				g.stroke();
			}
			g.save();
			g.beginPath();
			g.rect(GUTTER - 7, y, width - GUTTER + 7, ROW);
			g.clip();
			drawRow(g, number, y);
			if (picked && picked.row === number)
				drawPicked(g, y);
			g.restore();
			drawLabels(g, number, y);
		}
	}

	function redraw() {
		if (!due) {
			due = true;
			requestAnimationFrame(draw);
		}
	}

	function describe(span) {
		const row = rows[span.row], lines = [];
		if (span.mark) {
			lines.push("FINDING (" + span.mark[2] + "): " + span.mark[4] + ", at " + duration(span.from));
			lines.push(row.process + ", thread " + row.tid + ", " + (row.file || "unknown file"));
			lines.push("Enter: go to the finding");
			return lines.join("\n");
		}
		lines.push((span.wait ? "waits for a " : "holds a ") + span.mode + " lock (" + span.lock + "), bytes " + span.bytes + ", fd " + span.fd + ", for " + duration(span.to - span.from));
		lines.push(row.process + ", thread " + row.tid + ", " + (row.file || "unknown file"));
		lines.push("from " + duration(span.from) + " to " + duration(span.to) + "; " + (span.wait && span.end === HOLD ? "granted" : ENDS[span.end]));
		(data.stacks[span.stack] || []).forEach(function (frame) { lines.push("  " + frame); });
		return lines.join("\n");
	}

	function pick(span) {
		picked = span;
		details.textContent = span ? describe(span) : "";
		redraw();
	}

	function reveal(span) {
		const width = view.to - view.from, shown = Math.floor((visibleHeight() - TOP) / ROW);
		if (span.to < view.from || span.from > view.to)
			show(span.from - width / 2, width);
		if (span.row < view.top)
			view.top = span.row;
		if (span.row >= view.top + shown)
			view.top = span.row - shown + 1;
	}

	function show(from, width) {
		width = Math.max(Math.min(width, whole), 100);
		view.from = Math.max(0, Math.min(from, whole - width));
		view.to = view.from + width;
		redraw();
	}

	function zoom(factor, around) {
		const width = (view.to - view.from) * factor;
		show(around - (around - view.from) * factor, width);
	}

	function centre() {
		return picked && picked.from >= view.from && picked.from <= view.to ? picked.from : (view.from + view.to) / 2;
	}

	function spanAt(x, y) {
		const number = Math.floor(view.top) + Math.floor((y - TOP) / ROW);
		if (y < TOP || x < GUTTER - 7 || number >= rows.length)
			return null;
		const slack = (view.to - view.from) / plotWidth() * 4, time = timeAt(x), list = byRow[number];
		let best = null, bestRank = Infinity;
		for (let i = firstFrom(list, time - longest[number] - slack); i < list.length && list[i].from <= time + slack; i++) {
			const s = list[i];
			/* Marks first, then the bar that is nearest, then the shorter one. */
			const distance = Math.max(s.from - time, time - s.to, 0);
			const rank = distance > slack ? Infinity : s.mark ? -1 : distance + (s.to - s.from) * 1e-6;
			if (rank < bestRank) {
				best = s;
				bestRank = rank;
			}
		}
		return best;
	}

	function goToFinding() {
		if (picked && picked.mark) {
			const target = document.getElementById("f-" + picked.mark[3]);
			if (target) {
				location.hash = "f-" + picked.mark[3];
				target.focus();
			}
		}
	}

	function step(by) {
		let row = picked ? picked.row : Math.floor(view.top);
		const list = byRow[row];
		const at = picked ? list.indexOf(picked) + by : Math.min(firstFrom(list, view.from), list.length - 1);
		if (list[at]) {
			pick(list[at]);
			reveal(list[at]);
		}
	}

	function stepRow(by) {
		let row = picked ? picked.row + by : Math.floor(view.top);
		while (row >= 0 && row < rows.length && !byRow[row].length)
			row += by;
		if (row < 0 || row >= rows.length)
			return;
		const list = byRow[row], time = picked ? picked.from : view.from;
		pick(list[Math.min(firstFrom(list, time), list.length - 1)]);
		reveal(picked);
	}

	const keys = {
		ArrowRight: function () { step(1); }, ArrowLeft: function () { step(-1); },
		ArrowDown: function () { stepRow(1); }, ArrowUp: function () { stepRow(-1); },
		"+": function () { zoom(.5, centre()); }, "=": function () { zoom(.5, centre()); },
		"-": function () { zoom(2, centre()); }, "0": function () { show(0, whole); },
		"[": function () { show(view.from - (view.to - view.from) / 3, view.to - view.from); },
		"]": function () { show(view.from + (view.to - view.from) / 3, view.to - view.from); },
		l: function () { nextLoss(); }, Enter: goToFinding, Escape: function () { pick(null); }
	};

	function nextLoss() {
		const told = [];
		byRow.forEach(function (list) {
			list.forEach(function (s) { if (s.mark || s.end === LOST) told.push(s); });
		});
		told.sort(function (a, b) { return a.from - b.from || a.row - b.row; });
		const next = told[(told.indexOf(picked) + 1) % told.length];
		if (next) {
			pick(next);
			reveal(next);
		}
	}

	canvas.addEventListener("keydown", function (event) {
		const key = keys[event.key];
		if (key && !event.ctrlKey && !event.metaKey && !event.altKey) {
			key();
			event.preventDefault();
		}
	});
	canvas.addEventListener("mousemove", function (event) {
		if (drag) {
			const shift = (drag.x - event.offsetX) / plotWidth() * (view.to - view.from);
			drag.moved = drag.moved || Math.abs(drag.x - event.offsetX) > 3;
			show(drag.from + shift, view.to - view.from);
			return;
		}
		const span = spanAt(event.offsetX, event.offsetY);
		if (span && span !== picked)
			pick(span);
	});
	canvas.addEventListener("mousedown", function (event) { drag = { x: event.offsetX, from: view.from, moved: false }; });
	window.addEventListener("mouseup", function () { drag = null; });
	canvas.addEventListener("dblclick", goToFinding);
	canvas.addEventListener("wheel", function (event) {
		if (event.ctrlKey || event.metaKey)
			zoom(event.deltaY > 0 ? 1.25 : .8, timeAt(event.offsetX));
		else if (event.shiftKey)
			show(view.from + (view.to - view.from) * (event.deltaY > 0 ? .1 : -.1), view.to - view.from);
		else if (rows.length * ROW + TOP > MAX_HEIGHT) {
			view.top += event.deltaY > 0 ? 3 : -3;
			redraw();
		} else
			return;
		event.preventDefault();
	}, { passive: false });

	[["zoom-in", "+"], ["zoom-out", "-"], ["zoom-all", "0"], ["earlier", "["], ["later", "]"], ["next-loss", "l"]].forEach(function (pair) {
		document.getElementById(pair[0]).addEventListener("click", keys[pair[1]]);
	});

	function drawLegend() {
		[["legend-write", { mode: "write", end: HOLD }], ["legend-read", { mode: "read", end: HOLD }],
		 ["legend-wait", { wait: true, end: HOLD }], ["legend-lost", { mode: "write", end: LOST }]].forEach(function (pair) {
			const g = document.getElementById(pair[0]).getContext("2d"), saved = { from: view.from, to: view.to };
			const span = Object.assign({ from: 0, to: 1 }, pair[1]);
			g.clearRect(0, 0, 44, ROW);
			g.save();
			g.translate(4 - GUTTER, 0);
			view.from = 0;
			view.to = plotWidth() / 30;
			drawSpan(g, span, 0);
			view.from = saved.from;
			view.to = saved.to;
			g.restore();
		});
	}

	function begin() {
		readColours();
		drawLegend();
		redraw();
	}
	window.addEventListener("resize", redraw);
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", begin);
	begin();
	document.body.dataset.timeline = "drawn";
})();
