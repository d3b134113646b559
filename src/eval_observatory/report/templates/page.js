"use strict";
// The list of rollouts, the opened episode, the choice of colours. All text is set as text:
// the policy of the page forbids to make markup or code of it (trusted types).

/** @typedef {{name: string, values: string[], runs: number[], codes?: Int32Array}} Column */
/** @typedef {{count: number, ids: string[], rollout: (number|null)[]|null, model: Column,
 *   scenario: Column, cell: Column, ended: Column|null, behaviors: Column[], labels: Column[],
 *   chunk: number[], place: number[], links: (string|null)[]|null}} Rollouts */
/** @typedef {{turn: number, time: number, kind: string, text: number, reasoning?: number,
 *   name?: number, arguments?: [number, number][], ok?: boolean, fault?: boolean,
 *   changes?: [number, number|null, number|null][]}} PlayedEvent */
/** @typedef {{facts: [string, number][], system: number, user: number, events: PlayedEvent[],
 *   labels: [number, number, number[]][], state: [number, number|null, number|null][]}} Episode */
/** @typedef {{strings: string[], episodes: Episode[]}} Chunk */

(() => {
  const ROWS = 50, KEPT = 6, FOLD = 1500, UNSCORED = "unscored: ";

  /** @param {string} id @returns {HTMLElement} */
  const by = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

  /** An element with its class, attributes and children; strings become text.
   * @param {string} tag @param {string} kind @param {...(Node|string|null)} children
   * @returns {HTMLElement} */
  const make = (tag, kind, ...children) => {
    const made = document.createElement(tag);
    if (kind) made.className = kind;
    for (const child of children) if (child !== null) made.append(child);
    return made;
  };

  /** Text of a model: of its own direction, breaks kept. @param {string} text */
  const quoted = (text) => {
    const made = make("pre", "text", text);
    made.dir = "auto";
    return made;
  };

  /** Long texts start folded. @param {string} text @param {string} name @param {boolean} fold */
  const folded = (text, name, fold) => {
    if (!fold) return quoted(text);
    const size = `${name}, ${text.length.toLocaleString("en")} characters`;
    return make("details", "", make("summary", "", size), quoted(text));
  };

  // Colours: what the system asks for, until the reader chooses.
  const toggle = by("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const theme = () => document.documentElement.dataset.theme || (dark.matches ? "dark" : "light");
  const name = () => { toggle.textContent = theme() === "dark" ? "Light colours" : "Dark colours"; };
  try {
    const kept = localStorage.getItem("theme");
    if (kept === "dark" || kept === "light") document.documentElement.dataset.theme = kept;
  } catch { /* a page from a file may have no storage */ }
  toggle.hidden = false;
  toggle.addEventListener("click", () => {
    const next = theme() === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try { localStorage.setItem("theme", next); } catch { /* as above */ }
    name();
  });
  dark.addEventListener("change", name);
  name();

  /** @type {Rollouts} */
  const data = JSON.parse(by("rollouts-data").textContent || "");

  /** A column's code in every row. @param {Column} column */
  const codes = (column) => {
    if (!column.codes) {
      column.codes = new Int32Array(data.count);
      for (let i = 0, at = 0; i < column.runs.length; i += 2) {
        column.codes.fill(column.runs[i], at, at += column.runs[i + 1]);
      }
    }
    return column.codes;
  };
  /** @param {Column|null} column @param {number} row @returns {string|null} */
  const value = (column, row) => {
    const code = column ? codes(column)[row] : -1;
    return column && code >= 0 ? column.values[code] : null;
  };
  const chunks = codes({ name: "chunk", values: [], runs: data.chunk });

  // ---- the list ----
  const fields = {
    words: /** @type {HTMLInputElement} */ (by("f-words")),
    model: /** @type {HTMLSelectElement} */ (by("f-model")),
    scenario: /** @type {HTMLSelectElement} */ (by("f-scenario")),
    cell: /** @type {HTMLSelectElement} */ (by("f-cell")),
    label: /** @type {HTMLSelectElement} */ (by("f-label")),
    value: /** @type {HTMLSelectElement} */ (by("f-value")),
  };
  const columns = [...data.behaviors, ...data.labels];
  /** @type {number[]} */
  let found = [];
  let page = 0;

  /** @param {HTMLSelectElement} select @param {string[]} texts @param {string} all */
  const fill = (select, texts, all) => {
    const first = make("option", "", all);
    first.setAttribute("value", "");
    select.replaceChildren(first, ...texts.map((text, i) => {
      const option = make("option", "", text);
      option.setAttribute("value", String(i));
      return option;
    }));
  };

  /** Which values of a column hold every word. @param {Column|null} column @param {string[]} words */
  const holding = (column, words) => words.map((word) =>
    column ? column.values.map((text) => text.toLowerCase().includes(word)) : []);

  const search = () => {
    const words = fields.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const searched = [data.model, data.cell, data.ended, ...data.behaviors].map((column) =>
      ({ codes: column ? codes(column) : null, holds: holding(column, words) }));
    /** @type {[Int32Array, number][]} */
    const equal = [];
    for (const [select, column] of /** @type {[HTMLSelectElement, Column][]} */ ([
      [fields.model, data.model], [fields.scenario, data.scenario], [fields.cell, data.cell],
    ])) if (select.value) equal.push([codes(column), Number(select.value)]);
    const labelled = fields.label.value ? columns[Number(fields.label.value)] : null;
    if (labelled && fields.value.value) equal.push([codes(labelled), Number(fields.value.value)]);
    const any = labelled && !fields.value.value ? codes(labelled) : null;
    found = [];
    for (let row = 0; row < data.count; row += 1) {
      if (!equal.every(([of, code]) => of[row] === code) || (any && any[row] < 0)) continue;
      const fits = words.every((word, i) => data.ids[row].toLowerCase().includes(word) ||
        searched.some(({ codes: of, holds }) => of && of[row] >= 0 && holds[i][of[row]]));
      if (fits) found.push(row);
    }
    page = 0;
    show();
  };

  /** What a rollout shows, in a few words. @param {number} row */
  const seen = (row) => {
    const made = make("span", "chips");
    let unscored = 0;
    for (const column of data.behaviors) {
      const text = value(column, row);
      if (text === "yes") made.append(make("span", "chip yes", column.name), " ");
      else if (text && text.startsWith(UNSCORED)) unscored += 1;
    }
    if (unscored) made.append(make("span", "chip none", `${unscored} unscored`));
    return made;
  };

  /** @param {number} row */
  const line = (row) => {
    const link = make("a", "", make("bdi", "", value(data.cell, row) || ""));
    link.setAttribute("href", `#rollout=${encodeURIComponent(data.ids[row])}`);
    const number = data.rollout ? data.rollout[row] : null;
    return make("tr", "",
      make("td", "c-cell", link),
      make("td", "c-model", make("bdi", "", value(data.model, row) || "")),
      make("td", "num", number === null ? "–" : String(number)),
      make("td", "", make("bdi", "", value(data.ended, row) || "–")),
      make("td", "", seen(row)));
  };

  const show = () => {
    const last = Math.max(0, Math.ceil(found.length / ROWS) - 1);
    const rows = found.slice(page * ROWS, (page + 1) * ROWS);
    by("rollout-rows").replaceChildren(...rows.map(line));
    const from = found.length ? page * ROWS + 1 : 0;
    by("f-count").textContent = `${from.toLocaleString("en")} to ${(page * ROWS + rows.length)
      .toLocaleString("en")} of ${found.length.toLocaleString("en")} rollouts`;
    /** @type {HTMLButtonElement} */ (by("f-before")).disabled = page === 0;
    /** @type {HTMLButtonElement} */ (by("f-after")).disabled = page >= last;
  };

  // ---- the chunks ----
  /** @type {Map<number, Chunk>} */
  const loaded = new Map();
  /** @type {{createScriptURL(url: string): any}} */
  const plain = { createScriptURL: (url) => url };
  const policy = "trustedTypes" in window
    ? /** @type {any} */ (window).trustedTypes.createPolicy("episodes", {
      createScriptURL: (/** @type {string} */ url) => {
        if (/^episodes\/\d+\.js$/.test(url)) return url;
        throw new TypeError("not a file of episodes");
      },
    }) : plain;
  Object.defineProperty(window, "observatoryChunk", {
    value: (/** @type {number} */ number, /** @type {Chunk} */ chunk) => {
      loaded.set(number, chunk);
      if (loaded.size > KEPT) loaded.delete(/** @type {number} */ (loaded.keys().next().value));
    },
  });
  /** @param {number} number @param {(chunk: Chunk|undefined) => void} then */
  const load = (number, then) => {
    if (loaded.has(number)) return then(loaded.get(number));
    const script = document.createElement("script");
    const done = () => { script.remove(); then(loaded.get(number)); };
    script.addEventListener("load", done);
    script.addEventListener("error", done);
    script.src = policy.createScriptURL(`episodes/${String(number).padStart(4, "0")}.js`);
    document.head.append(script);
  };

  // ---- the opened rollout ----
  const panel = by("rollout");
  let opened = -1;

  /** @param {Chunk} chunk @param {[number, number|null, number|null][]} changes */
  const changed = (chunk, changes) => make("dl", "changes", ...changes.flatMap(
    ([where, before, after]) => [
      make("dt", "", make("bdi", "", chunk.strings[where])),
      make("dd", "",
        before === null ? make("span", "sum", "(nothing)") : make("del", "", quoted(chunk.strings[before])),
        make("span", "arrow", " → "),
        after === null ? make("span", "sum", "(nothing)") : make("ins", "", quoted(chunk.strings[after]))),
    ]));

  /** @param {Chunk} chunk @param {PlayedEvent} event */
  const body = (chunk, event) => {
    const text = chunk.strings[event.text];
    const made = make("div", "body");
    if (event.kind === "called") {
      if (event.arguments && event.arguments.length) {
        made.append(make("dl", "arguments", ...event.arguments.flatMap(([key, given]) => [
          make("dt", "", make("bdi", "", chunk.strings[key])),
          make("dd", "", folded(chunk.strings[given], "argument", chunk.strings[given].length > FOLD)),
        ])));
      }
      made.append(make("p", "sum", event.ok ? "Result" : "Error"), folded(text, "result", text.length > FOLD));
    }
    if (event.reasoning !== undefined && chunk.strings[event.reasoning]) {
      made.append(folded(chunk.strings[event.reasoning], "reasoning", true));
    }
    if (text && event.kind !== "called") made.append(quoted(text));
    if (event.changes && event.changes.length) {
      made.append(make("p", "sum", "Changed"), changed(chunk, event.changes));
    }
    return made;
  };

  /** @param {Chunk} chunk @param {PlayedEvent} event */
  const heading = (chunk, event) => {
    const said = { said: "Model", nudged: "User", observed: "Files", ended: event.fault ? "The instrument failed" : "End" };
    if (event.kind === "called") {
      return [make("span", event.ok ? "badge ok" : "badge error", event.ok ? "call" : "failed call"),
        " ", make("code", "", make("bdi", "", chunk.strings[event.name || 0]))];
    }
    const silent = event.kind === "said" && !chunk.strings[event.text];
    return [make("b", "", said[/** @type {"said"} */ (event.kind)]),
      silent ? make("span", "sum", "says nothing,") : ""];
  };

  /** @param {Chunk} chunk @param {Episode} episode */
  const timeline = (chunk, episode) => {
    /** @type {Map<number, string[]>} */
    const evidence = new Map();
    for (const [label, , places] of episode.labels) {
      for (const place of places) {
        evidence.set(place, [...(evidence.get(place) || []), chunk.strings[label]]);
      }
    }
    return make("ol", "timeline", ...episode.events.map((event, i) => {
      const shows = evidence.get(i) || [];
      const made = make("li", `event ${event.kind}${shows.length ? " evidence" : ""}`,
        make("div", "head", ...heading(chunk, event),
          make("span", "sum", ` event ${i + 1}, turn ${event.turn}, ${chunk.strings[event.time]}`),
          ...shows.flatMap((label) => [" ", make("span", "chip yes", `evidence: ${label}`)])),
        body(chunk, event));
      made.id = `event-${i}`;
      made.tabIndex = -1;
      return made;
    }));
  };

  /** The table's labels, with the evidence and, where it differs, what is scored from the record.
   * @param {number} row @param {Chunk|null} chunk @param {Episode|null} episode */
  const labels = (row, chunk, episode) => {
    /** @type {Map<string, [string, number[]]>} */
    const scored = new Map();
    if (chunk && episode) {
      for (const [label, text, places] of episode.labels) {
        scored.set(chunk.strings[label], [chunk.strings[text], places]);
      }
    }
    const rows = data.labels.flatMap((column) => {
      const text = value(column, row);
      const [now, places] = scored.get(column.name) || [null, []];
      if (text === null && now === null) return [];
      const same = now === null || text === now || (text !== null && Number(text) === Number(now));
      const links = places.map((place) => {
        const jump = make("button", "jump", `event ${place + 1}`);
        jump.addEventListener("click", () => { const to = by(`event-${place}`); to.focus(); to.scrollIntoView(); });
        return jump;
      });
      return [make("tr", "",
        make("th", "", make("bdi", "", column.name)),
        make("td", text && text.startsWith(UNSCORED) ? "soft" : "", make("bdi", "", text === null ? "–" : text),
          same ? null : make("small", "", ` from the record as scored now: ${now}`)),
        make("td", "", ...links.flatMap((link) => [link, " "])))];
    });
    return make("div", "scroll", make("table", "labels", make("thead", "", make("tr", "",
      ...["Label", "Value or reason", "Evidence"].map((text) => make("th", "", text)))),
    make("tbody", "", ...rows)));
  };

  /** @param {string} title @param {...Node} parts */
  const part = (title, ...parts) => make("section", "", make("h4", "", title), ...parts);

  /** @param {number} row @param {Chunk|null} chunk @param {string} [problem] */
  const draw = (row, chunk, problem) => {
    const episode = chunk ? chunk.episodes[data.place[row]] : null;
    const parts = [part("Labels", labels(row, chunk, episode))];
    if (chunk && episode) {
      const text = (/** @type {number} */ i) => chunk.strings[i];
      parts.push(
        part("Prompts", folded(text(episode.system), "system prompt", true),
          folded(text(episode.user), "user prompt", true)),
        part("What happened", timeline(chunk, episode)),
        part("The state at the end, where it is not that of the beginning", episode.state.length
          ? changed(chunk, episode.state) : make("p", "sum", "Nothing changed.")),
        part("Settings", make("dl", "facts", ...episode.facts.flatMap(([fact, given]) =>
          [make("dt", "", fact), make("dd", "", make("bdi", "", text(given)))]))));
    } else if (problem) parts.unshift(make("p", "note", problem));
    by("rollout-body").replaceChildren(...parts);
  };

  /** @param {number} row */
  const open = (row) => {
    opened = row;
    panel.hidden = false;
    by("rollout-name").replaceChildren(make("bdi", "", value(data.cell, row) || ""));
    const number = data.rollout ? data.rollout[row] : null;
    by("rollout-who").replaceChildren(make("bdi", "model", value(data.model, row) || ""),
      number === null ? "" : `, rollout ${number}`, ", ended by ",
      make("bdi", "", value(data.ended, row) || "–"), ", id ", make("bdi", "id", data.ids[row]));
    const viewer = data.links ? data.links[row] : null;
    const link = by("rollout-viewer");
    link.hidden = !viewer;
    if (viewer && /^viewer(-\d+)?\/index\.html#/.test(viewer)) link.setAttribute("href", viewer);
    by("rollout-body").replaceChildren(make("p", "sum", "Loading"));
    by("rollout-title").focus({ preventScroll: true });
    panel.scrollIntoView();
    if (chunks[row] < 0) return draw(row, null, "No episode of this rollout was given: only its row in the trial table is here.");
    load(chunks[row], (chunk) => {
      if (opened !== row) return;
      if (chunk) draw(row, chunk);
      else draw(row, null, "The file with this episode cannot be loaded. Keep the folder “episodes” beside this page.");
    });
  };

  /** @param {number} step */
  const beside = (step) => {
    const to = found[found.indexOf(opened) + step];
    if (to !== undefined) location.hash = `rollout=${encodeURIComponent(data.ids[to])}`;
  };
  const close = () => {
    panel.hidden = true;
    opened = -1;
    history.pushState(null, "", "#rollouts");
    fields.words.focus();
  };

  const follow = () => {
    const [key, text] = [location.hash.slice(1).split("=")[0], location.hash.split("=").slice(1).join("=")];
    let wanted = "";
    try { wanted = decodeURIComponent(text); } catch { return; }
    if (key === "rollout") {
      const row = data.ids.indexOf(wanted);
      if (row >= 0) open(row);
    }
  };

  fill(fields.model, data.model.values, "all models");
  fill(fields.scenario, data.scenario.values, "all scenarios");
  fill(fields.cell, data.cell.values, "all cells");
  fill(fields.label, columns.map((column) => column.name), "any label");
  const values = () => {
    const column = fields.label.value ? columns[Number(fields.label.value)] : null;
    fields.value.disabled = !column;
    fill(fields.value, column ? column.values : [], "any value");
  };
  values();
  fields.label.addEventListener("change", values);
  for (const field of Object.values(fields)) field.addEventListener("input", search);
  by("f-before").addEventListener("click", () => { page -= 1; show(); });
  by("f-after").addEventListener("click", () => { page += 1; show(); });
  by("rollout-close").addEventListener("click", close);
  by("rollout-before").addEventListener("click", () => beside(-1));
  by("rollout-after").addEventListener("click", () => beside(1));
  addEventListener("keydown", (event) => { if (event.key === "Escape" && opened >= 0) close(); });
  addEventListener("hashchange", follow);
  by("rollout-list").hidden = false;
  search();
  follow();
})();
