"use strict";
// Search, filters and order of the list of entries; any two entries side by side. Text is only ever
// set as text. The state stands in the address, so that a view can be shared.
(() => {
  /** @param {string} id @returns {any} */
  const by = (id) => document.getElementById(id);
  const read = () => new URLSearchParams(location.hash.slice(1));
  /** @param {URLSearchParams} state */
  const keep = (state) => history.replaceState(null, "", state.size ? `#${state}` : location.pathname.split("/").pop() || "#");

  const list = by("entries");
  if (list) {
    const form = by("filters"), body = list.tBodies[0], rows = [...body.rows];
    const text = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
    const columns = { vendor: 1, suite: 3, kind: 4, standing: 5 };
    const heads = [...list.tHead.rows[0].cells];
    const show = () => {
      const words = form.q.value.toLowerCase().split(/\s+/).filter(Boolean);
      const asked = Object.entries(columns).filter(([name]) => form[name].value);
      let count = 0;
      for (const row of rows) {
        const fits = words.every((/** @type {string} */ word) => text.get(row).includes(word))
          && asked.every(([name, at]) => row.cells[at].textContent === form[name].value);
        row.hidden = !fits;
        count += fits ? 1 : 0;
      }
      by("count").textContent = `${count} of ${rows.length} entries`;
    };
    const order = (at, down) => {
      const key = (row) => row.cells[at].textContent.replaceAll(",", "");
      const number = heads[at].textContent === "Rows" || heads[at].textContent === "Cost";
      const sign = down ? -1 : 1;
      rows.sort((a, b) => sign * (number ? Number(key(a) || -1) - Number(key(b) || -1) : key(a).localeCompare(key(b), "en")));
      body.append(...rows);
      heads.forEach((head, i) => { if (i === at) head.setAttribute("aria-sort", down ? "descending" : "ascending"); else head.removeAttribute("aria-sort"); });
    };
    let sorted = "";
    const save = () => {
      const state = new URLSearchParams([...new FormData(form)].filter(([, value]) => value).map(([name, value]) => [name, String(value)]));
      if (sorted) state.set("sort", sorted);
      keep(state);
    };
    heads.forEach((head, at) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = sorted === `${at}`;
        sorted = down ? `-${at}` : `${at}`;
        order(at, down);
        save();
      });
    });
    const restore = () => {
      const state = read();
      for (const field of form.elements) if (field.name) field.value = state.get(field.name) || "";
      sorted = /^-?\d$/.test(state.get("sort") || "") ? String(state.get("sort")) : "";
      if (sorted && heads[Math.abs(Number(sorted))]) order(Math.abs(Number(sorted)), sorted.startsWith("-"));
      show();
    };
    form.addEventListener("input", () => { show(); save(); });
    form.addEventListener("submit", (event) => event.preventDefault());
    addEventListener("hashchange", restore);
    form.hidden = false;
    restore();
  }

  const pair = by("pair");
  if (pair) {
    /** @type {Map<string, any[]>} */
    const known = new Map();
    const policy = window.trustedTypes?.createPolicy("board", { createScriptURL: (url) => (/^data\/rows\/[a-z0-9-]{1,64}\.js$/.test(url) ? url : "") });
    Object.defineProperty(window, "boardRows", { value: (id, rows) => { known.set(id, rows); show(); } });
    const ids = new Set([...pair.a.options].map((option) => option.value));
    const load = (id) => {
      if (!id || known.has(id) || !ids.has(id)) return;
      known.set(id, []);
      const script = document.createElement("script");
      const url = `data/rows/${id}.js`;
      script.src = policy ? policy.createScriptURL(url) : url;
      script.addEventListener("error", () => { by("said").textContent = `${id} could not be loaded`; });
      document.body.append(script);
    };
    const cell = (row, text, kind, label) => { const made = row.insertCell(); made.textContent = text; if (kind) made.className = kind; if (label) made.dataset.l = label; };
    const show = () => {
      const one = known.get(pair.a.value) || [], two = known.get(pair.b.value) || [];
      const body = by("both").tBodies[0];
      body.replaceChildren();
      const chosen = [pair.a, pair.b].map((side) => (side.value ? side.selectedOptions[0].textContent : "not chosen"));
      by("names").querySelectorAll("b").forEach((name, i) => { name.textContent = chosen[i]; });
      by("names").hidden = !pair.a.value && !pair.b.value;
      if (!one.length || !two.length) { by("both").hidden = true; return; }
      const there = new Map(two.map((row) => [row.key, row]));
      const both = one.filter((row) => there.has(row.key));
      by("both").hidden = !both.length;
      by("said").textContent = both.length ? `${both.length} rows that both have` : "They have no measure in the same cell of the same suite.";
      for (const first of both) {
        const second = there.get(first.key), row = body.insertRow();
        cell(row, first.name, "", "");
        cell(row, first.difference, "", "first, difference"); cell(row, second.difference, "", "second, difference");
        cell(row, first.figure, "", "first, figure"); cell(row, second.figure, "", "second, figure");
        const open = [first.low, first.high, second.low, second.high].includes(null);
        const apart = !open && (first.low > second.high || second.low > first.high);
        cell(row, open ? "not reported" : apart ? "apart" : "overlap", apart ? "apart" : "", "intervals");
      }
    };
    const choose = () => { load(pair.a.value); load(pair.b.value); show(); };
    const restore = () => {
      const state = read();
      for (const side of ["a", "b"]) if (ids.has(state.get(side) || "")) pair[side].value = state.get(side);
      choose();
    };
    pair.addEventListener("input", () => {
      keep(new URLSearchParams(["a", "b"].filter((side) => pair[side].value).map((side) => [side, pair[side].value])));
      choose();
    });
    addEventListener("hashchange", restore);
    pair.hidden = false;
    restore();
  }
})();
