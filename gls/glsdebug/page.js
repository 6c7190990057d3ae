"use strict";
(() => {
	const interval = 2000;
	const filter = document.getElementById("q"), pause = document.getElementById("pause");
	const state = document.getElementById("state");
	const stacks = []; // the rows whose stacks are open, the last one last
	let timer, asking, paused = false;

	for (const e of document.querySelectorAll(".nojs")) e.remove();
	pause.hidden = false;

	const parse = async (url, signal) => {
		const response = await fetch(url, { signal, cache: "no-store" });
		// The style has a nonce that is not this page's, which the browser would report.
		const text = (await response.text()).replace(/<(style)[^]*?<\/\1>/, "");
		if (!response.headers.get("Content-Type").startsWith("text/html")) throw new Error(text);
		return new DOMParser().parseFromString(text, "text/html");
	};

	// copy makes b out of a's content where they differ. What stays keeps the focus and the selection.
	const copy = (a, b) => {
		if (a.innerHTML !== b.innerHTML) b.replaceChildren(...a.cloneNode(true).childNodes);
	};

	const merge = (rows, body) => {
		const focused = document.activeElement;
		const old = new Map();
		for (const tr of [...body.rows]) {
			if (tr.dataset.key) old.set(tr.dataset.key, tr);
			else if (!tr.classList.contains("stack")) tr.remove();
		}
		let at = body.firstElementChild;
		for (const fresh of [...rows]) {
			let tr = old.get(fresh.dataset.key);
			if (tr) {
				old.delete(fresh.dataset.key);
				if (tr.stack) mark(fresh, true);
				for (let i = 0; i < fresh.cells.length; i++) copy(fresh.cells[i], tr.cells[i]);
			} else {
				tr = document.importNode(fresh, true);
			}
			const stack = tr.stack;
			if (tr !== at) body.insertBefore(tr, at);
			else at = at.nextElementSibling;
			if (!stack) continue;
			if (stack !== at) body.insertBefore(stack, at);
			else at = at.nextElementSibling;
		}
		for (const tr of old.values()) {
			if (tr.stack) close(tr);
			tr.remove();
		}
		// A row that was moved has lost it.
		if (focused.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
	};

	const mark = (tr, open) => {
		const link = tr.querySelector(".open");
		if (open) link.setAttribute("aria-expanded", "true");
		else link.removeAttribute("aria-expanded");
	};

	const refresh = async () => {
		clearTimeout(timer);
		if (asking) asking.abort();
		const mine = asking = new AbortController();
		try {
			const page = await parse(location.search || "?", mine.signal);
			if (mine !== asking) return;
			for (const id of ["totals", "storages", "losses", "notes", "foot"]) {
				copy(page.getElementById(id), document.getElementById(id));
			}
			const [from, to] = [page.querySelector("table"), document.querySelector("table")];
			copy(from.tHead, to.tHead);
			merge(from.tBodies[0].rows, to.tBodies[0]);
			state.textContent = paused ? "paused" : "";
		} catch (e) {
			if (e.name === "AbortError") return;
			state.textContent = reason(e);
		}
		again();
	};

	const again = () => {
		clearTimeout(timer);
		if (!paused) timer = setTimeout(() => document.hidden ? again() : refresh(), interval);
	};

	// go changes the address, which is what a refresh asks for.
	const go = (change) => {
		const query = new URLSearchParams(location.search);
		change(query);
		query.delete("origins");
		history.replaceState(null, "", "?" + query);
		refresh();
	};

	const toggle = async (tr) => {
		if (tr.stack) return close(tr);
		const row = document.createElement("tr");
		row.className = "stack";
		const cell = row.insertCell();
		cell.colSpan = 4;
		cell.textContent = "asking the runtime";
		tr.stack = row;
		stacks.push(tr);
		row.owner = tr;
		tr.after(row);
		mark(tr, true);
		try {
			const page = await parse("?stack=" + tr.dataset.id);
			cell.replaceChildren(document.importNode(page.getElementById("stack"), true));
		} catch (e) {
			cell.textContent = reason(e);
		}
	};

	// reason is why there is no page: what the server says, or that it says nothing.
	const reason = (e) => e instanceof TypeError ? "no answer" : e.message;

	// opened is the row of the stack that Esc closes: where the focus is, or else the last that was opened.
	const opened = (at) => {
		const row = at.closest && at.closest("tr");
		const tr = row && (row.owner || row);
		if (tr && tr.stack) return tr;
		return stacks.findLast((tr) => tr.stack && tr.isConnected);
	};

	const close = (tr) => {
		stacks.splice(stacks.indexOf(tr), 1);
		tr.stack.remove();
		delete tr.stack;
		mark(tr, false);
	};

	const hold = () => {
		paused = !paused;
		pause.setAttribute("aria-pressed", paused);
		pause.textContent = paused ? "Continue" : "Pause";
		state.textContent = paused ? "paused" : "";
		clearTimeout(timer);
		if (paused && asking) asking.abort(); // its answer would change a paused list
		if (!paused) refresh();
	};

	document.addEventListener("click", (e) => {
		const link = e.target.closest("a");
		if (!link || e.ctrlKey || e.metaKey || e.shiftKey) return;
		if (link.classList.contains("open")) {
			e.preventDefault();
			toggle(link.closest("tr"));
		} else if (link.classList.contains("by")) {
			const row = document.getElementById("g" + link.textContent);
			if (!row) return;
			e.preventDefault();
			row.scrollIntoView({ block: "center" });
			row.querySelector(".open").focus();
		} else if (link.closest("thead")) {
			e.preventDefault();
			const sort = new URLSearchParams(link.search).get("sort");
			go((q) => q.set("sort", sort));
		}
	});
	document.addEventListener("keydown", (e) => {
		if (e.ctrlKey || e.metaKey || e.altKey) return;
		const typing = e.target === filter;
		if (e.key === "/" && !typing) {
			e.preventDefault();
			filter.focus();
			filter.select();
		} else if (e.key === "p" && !typing) {
			hold();
		} else if (e.key === "Escape") {
			const tr = opened(e.target);
			if (!tr) return;
			e.preventDefault(); // in the filter it would empty that, which the next one does
			close(tr);
			if (!typing) tr.querySelector(".open").focus();
		}
	});
	let typed;
	filter.addEventListener("input", () => {
		clearTimeout(typed);
		typed = setTimeout(() => go((q) => filter.value ? q.set("q", filter.value) : q.delete("q")), 200);
	});
	filter.form.addEventListener("submit", (e) => e.preventDefault());
	pause.addEventListener("click", hold);
	again();
})();
