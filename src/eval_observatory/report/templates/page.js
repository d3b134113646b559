"use strict";
// The list of rollouts and the opened rollout, each a page of its own by the address. All text is
// set as text: the policy of the page forbids to make markup or code of it (trusted types).

/** @typedef {{name: string, values: string[], runs: number[], codes?: Int32Array}} Column */
/** @typedef {Column & {title: string, did: string, columns: string[], acts: Column|null}} Measure */
/** @typedef {{count: number, ids: string[], rollout: (number|null)[]|null, model: Column,
 *   scenario: Column, cell: Column, told: string[], ended: Column|null, behaviors: Measure[],
 *   labels: Column[], chunk: number[], place: number[], links: (string|null)[]|null}} Rollouts */
/** @typedef {{turn: number, time: number, kind: string, text: number, reasoning?: number,
 *   name?: number, arguments?: [number, number][], ok?: boolean, fault?: boolean,
 *   changes?: [number, number|null, number|null][]}} PlayedEvent */
/** @typedef {{facts: [string, number][], system: number, user: number, events: PlayedEvent[],
 *   labels: [number, number, number[]][], state: [number, number|null, number|null][]}} Episode */
/** @typedef {{strings: string[], episodes: Episode[]}} Chunk */

(() => {
  const ROWS = 50, KEPT = 6, FOLD = 600, QUOTE = 300, UNSCORED = "unscored: ";
  const FILTERS = ["model", "scenario", "cell", "show", "label", "value", "words", "page"];

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
    made.tabIndex = 0;
    return made;
  };

  /** Long texts start folded. @param {string} text @param {string} name @param {boolean} fold */
  const folded = (text, name, fold) => {
    if (!fold) return quoted(text);
    const size = `${name}, ${text.length.toLocaleString("en")} characters`;
    return make("details", "", make("summary", "", size), quoted(text));
  };

  const about = JSON.parse(by("page-data").textContent || "{}");

  // ---- what is loaded on demand ----
  /** @type {{createScriptURL(url: string): any}} */
  const plain = { createScriptURL: (url) => url };
  const policy = "trustedTypes" in window
    ? /** @type {any} */ (window).trustedTypes.createPolicy("episodes", {
      createScriptURL: (/** @type {string} */ url) => {
        if (/^episodes\/(\d+|index)\.js$/.test(url)) return url;
        throw new TypeError("not a file of episodes");
      },
    }) : plain;
  /** @param {string} name @param {() => void} then */
  const script = (name, then) => {
    const made = document.createElement("script");
    const done = () => { made.remove(); then(); };
    made.addEventListener("load", done);
    made.addEventListener("error", done);
    made.src = policy.createScriptURL(`episodes/${name}.js`);
    document.head.append(made);
  };
  /** @type {Map<number, Chunk>} */
  const loaded = new Map();
  /** @type {Rollouts|null} */
  let data = null;
  Object.defineProperty(window, "observatoryChunk", {
    value: (/** @type {number} */ number, /** @type {Chunk} */ chunk) => {
      loaded.set(number, chunk);
      if (loaded.size > KEPT) loaded.delete(/** @type {number} */ (loaded.keys().next().value));
    },
  });
  Object.defineProperty(window, "observatoryRollouts", {
    value: (/** @type {Rollouts} */ given) => { data = given; },
  });
  /** @param {number} number @param {(chunk: Chunk|undefined) => void} then */
  const load = (number, then) => {
    if (loaded.has(number)) return then(loaded.get(number));
    script(String(number).padStart(4, "0"), () => then(loaded.get(number)));
  };
  /** @param {(rollouts: Rollouts|null) => void} then */
  const listed = (then) => {
    if (data) return then(data);
    script("index", () => { if (data) prepare(data); then(data); });
  };

  // ---- columns ----
  /** A column's code in every row. @param {Column} column @returns {Int32Array} */
  const codes = (column) => {
    if (!column.codes) {
      column.codes = new Int32Array(/** @type {Rollouts} */ (data).count);
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
  /** @type {Map<string, number>} */
  const rowOf = new Map();
  /** @type {Int32Array} */
  let chunks = new Int32Array(0);

  // ---- the address ----
  /** @typedef {Map<string, string>} State */
  /** "#rollouts&cell=…&show=…" and "#rollout=ID&cell=…": what is shown, and from which list.
   * @returns {[string, State]} */
  const read = () => {
    const [head, ...rest] = location.hash.slice(1).split("&");
    /** @type {State} */
    const state = new Map();
    try {
      for (const part of rest) {
        const at = part.indexOf("=");
        const name = part.slice(0, at);
        if (FILTERS.includes(name)) state.set(name, decodeURIComponent(part.slice(at + 1)));
      }
      return [head.startsWith("rollout=") ? `rollout=${decodeURIComponent(head.slice(8))}` : head +
        (rest.length ? "&" : ""), state];
    } catch { return ["", new Map()]; }
  };
  /** @param {string} head @param {State} state */
  const write = (head, state) => `#${head}` + FILTERS.map((name) =>
    state.get(name) ? `&${name}=${encodeURIComponent(state.get(name) || "").replaceAll("%2F", "/").replaceAll("%40", "@")}` : "").join("");
  /** @param {State} state */
  const listAt = (state) => { const made = write("rollouts", state); return made === "#rollouts" ? "#rollouts&of=all" : made; };
  /** @param {number} row @param {State} state */
  const rolloutAt = (row, state) => write(`rollout=${encodeURIComponent(/** @type {Rollouts} */ (data).ids[row])}`, state);

  // ---- the list ----
  const field = (/** @type {string} */ id) => /** @type {HTMLSelectElement} */ (by(id));
  const words = /** @type {HTMLInputElement} */ (by("f-words"));
  const fields = { model: field("f-model"), scenario: field("f-scenario"), cell: field("f-cell"), label: field("f-label"), value: field("f-value") };
  /** @type {number[]} */
  let found = [];
  /** @type {State} */
  let shown = new Map();

  /** @param {HTMLSelectElement} select @param {[string, string][]} options @param {string} all */
  const fill = (select, options, all) => {
    select.replaceChildren(...[["", all], ...options].map(([given, text]) => {
      const option = make("option", "", text);
      option.setAttribute("value", given);
      return option;
    }));
  };

  /** @param {Rollouts} given */
  const prepare = (given) => {
    given.ids.forEach((id, row) => rowOf.set(id, row));
    chunks = codes({ name: "chunk", values: [], runs: given.chunk });
    const same = (/** @type {string} */ text) => /** @type {[string, string]} */ ([text, text]);
    fill(fields.model, given.model.values.map(same), "all models");
    fill(fields.scenario, given.scenario.values.map(same), `all ${given.scenario.name}s`);
    fill(fields.cell, given.cell.values.map((id, i) => [id, given.told[i]]), "all cells");
    fill(fields.label, [
      ...given.behaviors.map((one) => /** @type {[string, string]} */ ([`show=${one.name}`, one.title])),
      ...given.labels.map((one) => /** @type {[string, string]} */ ([`label=${one.name}`, `label ${one.name}`])),
    ], "anything");
  };

  /** The column that a state asks about. @param {State} state @returns {Column|null} */
  const asked = (state) => {
    if (!data) return null;
    const [kind, columns] = state.has("show") ? ["show", data.behaviors] : ["label", data.labels];
    return /** @type {Column[]} */ (columns).find((one) => one.name === state.get(kind)) || null;
  };

  /** The rows that a state asks for. @param {Rollouts} given @param {State} state */
  const search = (given, state) => {
    const sought = (state.get("words") || "").toLowerCase().split(/\s+/).filter(Boolean);
    /** Which values of a column hold every word. @param {Column|null} column @param {string[]} [texts] */
    const holding = (column, texts) => sought.map((word) =>
      column ? (texts || column.values).map((text) => text.toLowerCase().includes(word)) : []);
    const searched = [
      ...[given.model, given.cell, given.ended, ...given.behaviors].map((column) =>
        ({ of: column ? codes(column) : null, holds: holding(column) })),
      { of: codes(given.cell), holds: holding(given.cell, given.told) },
    ];
    /** @type {[Int32Array, (code: number) => boolean][]} */
    const tests = [];
    for (const [name, column] of /** @type {[string, Column][]} */ ([
      ["model", given.model], ["scenario", given.scenario], ["cell", given.cell],
    ])) {
      if (state.has(name)) {
        const wanted = new Set((state.get(name) || "").split("\n").map((text) => column.values.indexOf(text)));
        tests.push([codes(column), (code) => code >= 0 && wanted.has(code)]);
      }
    }
    const column = asked(state), text = state.get("value");
    if (state.has("show") || state.has("label")) {
      if (!column) return [];
      const unscored = column.values.map((one) => one.startsWith(UNSCORED));
      const wanted = column.values.indexOf(text || "");
      tests.push([codes(column), !text ? (code) => code >= 0
        : text === "scored" ? (code) => code >= 0 && !unscored[code]
          : text === "unscored" ? (code) => code >= 0 && unscored[code]
            : (code) => code === wanted && code >= 0]);
    }
    const rows = [];
    for (let row = 0; row < given.count; row += 1) {
      if (!tests.every(([of, fits]) => fits(of[row]))) continue;
      const fits = sought.every((word, i) => given.ids[row].toLowerCase().includes(word) ||
        searched.some(({ of, holds }) => of && of[row] >= 0 && holds[i][of[row]]));
      if (fits) rows.push(row);
    }
    if (column) return rows;
    // Of a list of everything, what shows something stands first.
    const eventful = rows.filter((row) => given.behaviors.some((one) => value(one, row) === "yes"));
    const rest = new Set(eventful);
    return [...eventful, ...rows.filter((row) => !rest.has(row))];
  };

  /** What a rollout shows, in a few words. @param {Rollouts} given @param {number} row */
  const seen = (given, row) => {
    const made = make("span", "chips");
    let unscored = 0;
    for (const column of given.behaviors) {
      const text = value(column, row);
      if (text === "yes") made.append(make("span", "chip yes", column.title), " ");
      else if (text && text.startsWith(UNSCORED)) unscored += 1;
    }
    if (unscored) made.append(make("span", "chip none", `${unscored} unscored`));
    return made;
  };

  /** The act behind what the list is of, else behind what is shown first. @param {Rollouts} given @param {number} row */
  const act = (given, row) => {
    const sought = given.behaviors.filter((one) => one.name === shown.get("show"));
    const yes = (sought.length ? sought : given.behaviors).find((one) => value(one, row) === "yes");
    const text = yes ? value(yes.acts, row) : null;
    return text === null ? null : make("code", "did", make("bdi", "", text));
  };

  /** @param {Rollouts} given @param {number} row @param {boolean} headed */
  const line = (given, row, headed) => {
    const link = make("a", "", numbered(given, row));
    link.setAttribute("href", rolloutAt(row, shown));
    const cell = codes(given.cell)[row];
    const made = make("li", "row",
      headed ? make("h2", "row-head", make("bdi", "", value(given.model, row) || ""), ": ",
        make("bdi", "", given.told[cell] || ""), " ", make("code", "id", make("bdi", "", given.cell.values[cell] || ""))) : null,
      make("div", "row-line", link, " ", seen(given, row), act(given, row),
        make("span", "sum", " ended by ", make("code", "", make("bdi", "", value(given.ended, row) || "–")))));
    return made;
  };
  /** @param {Rollouts} given @param {number} row */
  const numbered = (given, row) => {
    const number = given.rollout ? given.rollout[row] : null;
    return number === null ? `Rollout ${given.ids[row].slice(0, 12)}` : `Rollout ${number}`;
  };

  /** What the list is of, in words. @param {Rollouts} given @param {State} state */
  const titled = (given, state) => {
    const column = asked(state), text = state.get("value");
    const named = column ? ("title" in column ? /** @type {Measure} */ (column).title : column.name) : "";
    if (!column) return "Rollouts";
    if (!text) return named;
    if (text === "scored") return `${named}: all that could be scored`;
    if (text === "unscored") return `${named}: unscored`;
    return text === "yes" && "title" in column ? named : `${named}: ${text}`;
  };
  /** @param {Rollouts} given @param {State} state */
  const placed = (given, state) => [state.get("model"), state.get("scenario"),
    state.has("cell") ? (state.get("cell") || "").split("\n").map((id) => given.told[given.cell.values.indexOf(id)] || id).join("; ") : null,
    state.get("words") ? `“${state.get("words")}”` : null].filter(Boolean).join(" · ");

  /** @param {Rollouts} given @param {State} state */
  const list = (given, state) => {
    shown = state;
    found = search(given, state);
    const last = Math.max(0, Math.ceil(found.length / ROWS) - 1);
    const page = Math.min(Math.max(0, Number(state.get("page") || 1) - 1) || 0, last);
    const rows = found.slice(page * ROWS, (page + 1) * ROWS);
    const heads = rows.map((row) => `${codes(given.model)[row]} ${codes(given.cell)[row]}`);
    by("rollout-rows").replaceChildren(...rows.map((row, i) => line(given, row, heads[i] !== heads[i - 1])));
    const from = found.length ? page * ROWS + 1 : 0;
    by("f-count").textContent = `${from.toLocaleString("en")} to ${(page * ROWS + rows.length)
      .toLocaleString("en")} of ${found.length.toLocaleString("en")} rollouts`;
    by("list-title").textContent = `${titled(given, state)}: ${found.length.toLocaleString("en")} rollout${found.length === 1 ? "" : "s"}`;
    by("list-says").textContent = placed(given, state);
    /** @type {HTMLButtonElement} */ (by("f-before")).disabled = page === 0;
    /** @type {HTMLButtonElement} */ (by("f-after")).disabled = page >= last;
    for (const name of /** @type {("model"|"scenario"|"cell")[]} */ (["model", "scenario", "cell"])) fields[name].value = state.get(name) || "";
    const kind = state.has("show") ? "show" : "label";
    fields.label.value = state.get(kind) ? `${kind}=${state.get(kind)}` : "";
    const column = asked(state);
    if (!column) /** @type {HTMLDetailsElement} */ (by("list-filters")).open = true;
    fields.value.disabled = !column;
    const known = /** @type {[string, string][]} */ (column ? column.values.map((text) => [text, text]) : []);
    fill(fields.value, [...known, ...(column ? /** @type {[string, string][]} */ ([["scored", "scored"], ["unscored", "unscored"]]) : [])], "any value");
    fields.value.value = state.get("value") || "";
    if (document.activeElement !== words) words.value = state.get("words") || "";
  };

  // ---- the opened rollout ----
  const panel = by("rollout");
  let opened = -1;
  /** The events that show what the list is of, by their places. @type {number[]} */
  let marks = [];
  let marked = -1;

  /** @param {Chunk} chunk @param {[number, number|null, number|null][]} changes */
  const changed = (chunk, changes) => make("dl", "changes", ...changes.flatMap(
    ([where, before, after]) => [
      make("dt", "", make("bdi", "", chunk.strings[where])),
      make("dd", "",
        before === null ? make("span", "sum", "(nothing)") : make("del", "", quoted(chunk.strings[before])),
        make("span", "arrow", " → "),
        after === null ? make("span", "sum", "(nothing)") : make("ins", "", quoted(chunk.strings[after]))),
    ]));

  /** @param {Chunk} chunk @param {PlayedEvent} event @param {boolean} open */
  const body = (chunk, event, open) => {
    const text = chunk.strings[event.text];
    const made = make("div", "body");
    if (event.reasoning !== undefined && chunk.strings[event.reasoning]) {
      made.append(folded(chunk.strings[event.reasoning], "reasoning", !open));
    }
    if (event.kind === "called") {
      if (event.arguments && event.arguments.length) {
        made.append(make("dl", "arguments", ...event.arguments.flatMap(([key, given]) => [
          make("dt", "", make("bdi", "", chunk.strings[key])),
          make("dd", "", folded(chunk.strings[given], "argument", chunk.strings[given].length > FOLD)),
        ])));
      }
      made.append(folded(text, event.ok ? "result" : "error", text.length > FOLD && !open));
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
    return [make("b", "", said[/** @type {"said"} */ (event.kind)])];
  };

  /** An event in one line. @param {Chunk} chunk @param {PlayedEvent} event */
  const brief = (chunk, event) => {
    if (event.kind !== "called") return chunk.strings[event.text].slice(0, QUOTE);
    const given = (event.arguments || []).map(([key, text]) => `${chunk.strings[key]}=${chunk.strings[text]}`);
    return `${chunk.strings[event.name || 0]}(${given.join(", ")})`.slice(0, QUOTE);
  };

  /** A small text such as a policy or a memory, which says what is at stake, is open from the start.
   * @param {Chunk} chunk @param {PlayedEvent} event */
  const framing = (chunk, event) => event.kind === "called" && /memor|policy|notice|note|config/i.test(
    [event.name || 0, ...(event.arguments || []).map(([, text]) => text)].map((i) => chunk.strings[i].slice(0, QUOTE)).join(" "));

  /** Which events show a measure, and which other labels' events they are.
   * @param {Episode} episode @param {Chunk} chunk @param {Measure[]} measures */
  const evidence = (episode, chunk, measures) => {
    /** @type {Map<number, string[]>} */
    const shows = new Map(), others = new Map();
    const put = (/** @type {Map<number, string[]>} */ map, /** @type {number} */ at, /** @type {string} */ text) => {
      map.set(at, [...(map.get(at) || []), text]);
    };
    for (const [label, , places] of episode.labels) {
      const name = chunk.strings[label];
      const mine = measures.filter((one) => one.columns[0] === name);
      for (const place of places) {
        if (mine.length) for (const one of mine) put(shows, place, one.title);
        else put(others, place, name);
      }
    }
    return { shows, others };
  };

  /** @param {Chunk} chunk @param {Episode} episode @param {Map<number, string[]>} shows @param {Map<number, string[]>} others */
  const timeline = (chunk, episode, shows, others) => make("ol", "timeline", ...episode.events.flatMap((event, i) => {
    const evident = shows.get(i) || [], quiet = others.get(i) || [];
    const silent = event.kind === "said" && !chunk.strings[event.text] &&
      !(event.reasoning !== undefined && chunk.strings[event.reasoning]) && !(event.changes || []).length && !evident.length && !quiet.length;
    if (silent) return [];
    const made = make("li", `event ${event.kind}${evident.length ? " evidence" : ""}`,
      make("div", "head", ...heading(chunk, event),
        make("span", "sum", ` event ${i + 1}, turn ${event.turn}, ${chunk.strings[event.time]}`),
        ...evident.flatMap((title) => [" ", make("span", "chip yes", title)]),
        ...quiet.flatMap((label) => [" ", make("span", "chip quiet", `read for ${label}`)])),
      body(chunk, event, evident.length > 0 || framing(chunk, event)));
    made.id = `event-${i}`;
    made.tabIndex = -1;
    return [made];
  }));

  /** @param {number} place */
  const jumpTo = (place) => {
    const to = document.getElementById(`event-${place}`);
    if (!to) return;
    marked = place;
    to.focus({ preventScroll: true });
    to.scrollIntoView({ block: "center" });
  };
  /** @param {number} place @param {string} kind @param {string} text */
  const jump = (place, kind, text) => {
    const made = make("button", kind, text);
    made.setAttribute("type", "button");
    made.addEventListener("click", () => jumpTo(place));
    return made;
  };

  /** All events as a row of small marks. @param {Chunk} chunk @param {Episode} episode @param {Map<number, string[]>} shows */
  const map = (chunk, episode, shows) => {
    const made = make("div", "map");
    made.setAttribute("role", "group");
    made.setAttribute("aria-label", "All events");
    episode.events.forEach((event, i) => {
      const mark = jump(i, `tick ${event.kind}${shows.has(i) ? " evidence" : ""}`, "");
      const says = `Event ${i + 1}: ${brief(chunk, event).slice(0, 80) || event.kind}`;
      mark.title = says;
      mark.setAttribute("aria-label", says);
      if (episode.events.length > 60 && !shows.has(i)) mark.tabIndex = -1;
      made.append(mark);
    });
    return made;
  };

  /** The table's labels, with the evidence and, where it differs, what is scored from the record.
   * @param {Rollouts} given @param {number} row @param {Chunk|null} chunk @param {Episode|null} episode */
  const labels = (given, row, chunk, episode) => {
    /** @type {Map<string, [string, number[]]>} */
    const scored = new Map();
    if (chunk && episode) {
      for (const [label, text, places] of episode.labels) {
        scored.set(chunk.strings[label], [chunk.strings[text], places]);
      }
    }
    const rows = given.labels.flatMap((column) => {
      const text = value(column, row);
      const [now, places] = scored.get(column.name) || [null, []];
      if (text === null && now === null) return [];
      const same = now === null || text === now || (text !== null && Number(text) === Number(now));
      const links = places.map((place) => jump(place, "jump", `event ${place + 1}`));
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

  /** What the rollout did, as a heading. @param {Rollouts} given @param {number} row */
  const headline = (given, row) => {
    const yes = given.behaviors.filter((one) => value(one, row) === "yes");
    const wanted = yes.find((one) => one.name === shown.get("show"));
    const first = wanted || yes[0];
    const unscored = given.behaviors.find((one) => (value(one, row) || "").startsWith(UNSCORED));
    const sought = given.behaviors.find((one) => one.name === shown.get("show"));
    const did = (/** @type {Measure} */ one) => one.did[0].toUpperCase() + one.did.slice(1);
    if (first) return { text: did(first), measures: [first, ...yes.filter((one) => one !== first)] };
    if (sought && value(sought, row) === "no") return { text: `${sought.title}: not shown`, measures: [] };
    if (unscored) return { text: `${unscored.title}: ${value(unscored, row)}`, measures: [] };
    return { text: "Nothing that is counted happened", measures: [] };
  };

  /** @param {string} title @param {...Node} parts */
  const part = (title, ...parts) => make("section", "", make("h2", "", title), ...parts);
  /** @param {string} title @param {...Node} parts */
  const closed = (title, ...parts) => make("details", "", make("summary", "", title), ...parts);

  /** @param {Rollouts} given @param {number} row @param {Chunk|null} chunk @param {string} [problem] */
  const draw = (given, row, chunk, problem) => {
    const episode = chunk ? chunk.episodes[given.place[row]] : null;
    const { text, measures } = headline(given, row);
    /** @type {Node[]} */
    const parts = [];
    marks = [];
    marked = -1;
    let says = text;
    if (chunk && episode) {
      const string = (/** @type {number} */ i) => chunk.strings[i];
      const { shows, others } = evidence(episode, chunk, measures);
      const own = measures.length ? [...shows].filter(([, titles]) => titles.includes(measures[0].title)).map(([at]) => at) : [];
      marks = [...shows.keys()].sort((a, b) => a - b);
      const act = own.sort((a, b) => a - b).findLast((at) => episode.events[at].kind === "called") ?? own[own.length - 1];
      if (act !== undefined) {
        says += `, event ${act + 1} of ${episode.events.length}`;
        const quote = make("blockquote", "act", quoted(brief(chunk, episode.events[act])),
          ...(episode.events[act].changes || []).length ? [changed(chunk, /** @type {[number, number|null, number|null][]} */ (episode.events[act].changes))] : [],
          jump(act, "jump", `go to event ${act + 1}`));
        parts.push(quote);
      }
      parts.push(map(chunk, episode, shows),
        part("What it was told", make("h3", "", "System prompt"), quoted(string(episode.system)),
          make("h3", "", "User prompt"), quoted(string(episode.user))),
        part("What happened", timeline(chunk, episode, shows, others)),
        part("The state at the end, where it is not that of the beginning", episode.state.length
          ? changed(chunk, episode.state) : make("p", "sum", "Nothing changed.")),
        closed("Labels and their evidence", labels(given, row, chunk, episode)),
        closed("Settings", make("dl", "facts", ...episode.facts.flatMap(([fact, of]) =>
          [make("dt", "", fact), make("dd", "", make("bdi", "", string(of)))]))));
    } else {
      if (problem) parts.push(make("p", "note", problem));
      parts.push(part("Labels", labels(given, row, chunk, episode)));
    }
    by("rollout-title").textContent = says;
    document.title = `${says} · ${about.title}`;
    by("rollout-body").replaceChildren(...parts);
    for (const id of ["evidence-before", "evidence-after"]) /** @type {HTMLButtonElement} */ (by(id)).disabled = !marks.length;
  };

  /** @param {Rollouts} given @param {number} row @param {State} state */
  const open = (given, row, state) => {
    shown = state;
    found = search(given, state);
    opened = row;
    const at = found.indexOf(row);
    by("rollout-at").textContent = at < 0 ? "" : `${(at + 1).toLocaleString("en")} of ${found.length.toLocaleString("en")}`;
    by("rollout-list-link").setAttribute("href", listAt(state));
    /** @type {HTMLButtonElement} */ (by("rollout-before")).disabled = at <= 0;
    /** @type {HTMLButtonElement} */ (by("rollout-after")).disabled = at < 0 || at === found.length - 1;
    const cell = codes(given.cell)[row];
    by("rollout-who").replaceChildren(make("bdi", "model", value(given.model, row) || ""), ": ",
      make("bdi", "", given.told[cell] || ""), `, ${numbered(given, row).toLowerCase()}, ended by `,
      make("bdi", "", value(given.ended, row) || "–"), ", cell ", make("code", "", make("bdi", "", given.cell.values[cell] || "–")),
      ", id ", make("bdi", "id", given.ids[row]));
    const viewer = given.links ? given.links[row] : null;
    const link = by("rollout-viewer");
    link.hidden = !viewer;
    if (viewer && /^viewer(-\d+)?\/index\.html#/.test(viewer)) link.setAttribute("href", viewer);
    by("rollout-title").textContent = headline(given, row).text;
    by("rollout-body").replaceChildren(make("p", "sum", "Loading"));
    if (chunks[row] < 0) return draw(given, row, null, "No episode of this rollout was given: only its row in the trial table is here. Name the saved episodes or logs by report --episodes.");
    load(chunks[row], (chunk) => {
      if (opened !== row) return;
      if (chunk) draw(given, row, chunk);
      else draw(given, row, null, "The file with this episode cannot be loaded. Keep the folder “episodes” beside this page.");
    });
  };

  // ---- which of them is shown ----
  let left = 0, view = "page";
  /** @param {string} name */
  const turn = (name) => {
    if (view === "page" && name !== "page") left = scrollY;
    const back = view !== "page" && name === "page";
    view = name;
    document.documentElement.dataset.view = name;
    by("report").hidden = name !== "page";
    by("list").hidden = name !== "list";
    panel.hidden = name !== "rollout";
    if (name !== "rollout") opened = -1;
    if (name === "page") document.title = about.title;
    return back;
  };
  const missing = (/** @type {string} */ says) => {
    turn("list");
    by("list-title").textContent = says;
    by("list-title").focus({ preventScroll: true });
  };

  const follow = () => {
    const [head, state] = read();
    if (head.startsWith("rollout=")) {
      return listed((given) => {
        if (!given) return missing("The list of rollouts cannot be loaded. Keep the folder “episodes” beside this page.");
        const row = rowOf.get(head.slice(8));
        if (row === undefined) return missing("No such rollout is in this report");
        turn("rollout");
        open(given, row, state);
        scrollTo(0, 0);
        by("rollout-title").focus({ preventScroll: true });
      });
    }
    if (head === "rollouts&") {
      return listed((given) => {
        if (!given) return missing("The list of rollouts cannot be loaded. Keep the folder “episodes” beside this page.");
        const fresh = turn("list"), typing = document.activeElement === words || by("list").contains(document.activeElement);
        list(given, state);
        document.title = `${by("list-title").textContent} · ${about.title}`;
        if (!typing && !fresh) { scrollTo(0, 0); by("list-title").focus({ preventScroll: true }); }
      });
    }
    const back = turn("page");
    const to = head ? document.getElementById(head) : null;
    if (to) to.scrollIntoView();
    else if (back) scrollTo(0, left);
  };

  /** @param {State} state */
  const go = (state) => { location.hash = listAt(state); };
  /** What the fields ask for, from the first page. */
  const wanted = () => {
    /** @type {State} */
    const state = new Map();
    for (const name of /** @type {("model"|"scenario"|"cell")[]} */ (["model", "scenario", "cell"])) if (fields[name].value) state.set(name, fields[name].value);
    const label = fields.label.value, at = label.indexOf("=");
    if (label) {
      state.set(label.slice(0, at), label.slice(at + 1));
      if (fields.value.value) state.set("value", fields.value.value);
    }
    if (words.value) state.set("words", words.value);
    return state;
  };
  for (const select of [fields.model, fields.scenario, fields.cell, fields.value]) select.addEventListener("change", () => go(wanted()));
  fields.label.addEventListener("change", () => { fields.value.value = ""; go(wanted()); });
  words.addEventListener("input", () => { history.replaceState(null, "", listAt(wanted())); if (data) list(data, wanted()); });
  /** @param {number} step */
  const turned = (step) => {
    const state = new Map(shown);
    state.set("page", String(Number(state.get("page") || 1) + step));
    go(state);
  };
  by("f-before").addEventListener("click", () => turned(-1));
  by("f-after").addEventListener("click", () => turned(1));
  /** @param {number} step */
  const beside = (step) => {
    const at = found.indexOf(opened), to = found[at + step];
    if (at >= 0 && to !== undefined) location.hash = rolloutAt(to, shown);
  };
  /** @param {number} step */
  const evident = (step) => {
    const next = step > 0 ? marks.find((at) => at > marked) : marks.findLast((at) => at < marked);
    const to = next ?? (step > 0 ? marks[0] : marks[marks.length - 1]);
    if (to !== undefined) jumpTo(to);
  };
  by("rollout-before").addEventListener("click", () => beside(-1));
  by("rollout-after").addEventListener("click", () => beside(1));
  by("evidence-before").addEventListener("click", () => evident(-1));
  by("evidence-after").addEventListener("click", () => evident(1));
  by("rollout-copy").addEventListener("click", () => {
    const done = (/** @type {string} */ says) => {
      by("rollout-copy").textContent = says;
      setTimeout(() => { by("rollout-copy").textContent = "Copy link"; }, 2000);
    };
    const clipboard = navigator.clipboard;
    if (!clipboard) return done("Copy it from the address bar");
    clipboard.writeText(location.href).then(() => done("Copied"), () => done("Copy it from the address bar"));
  });
  addEventListener("keydown", (event) => {
    const to = /** @type {Element} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey || to.matches?.("input, select, textarea")) return;
    if (view === "list" && event.key === "Escape") { location.hash = ""; return; }
    if (view !== "rollout") return;
    if (event.key === "j") beside(1);
    else if (event.key === "k") beside(-1);
    else if (event.key === "n") evident(1);
    else if (event.key === "p") evident(-1);
    else if (event.key === "Escape") location.hash = listAt(shown);
  });
  addEventListener("hashchange", follow);
  document.documentElement.dataset.view = "page";
  if (/^#rollouts?[&=]/.test(location.hash)) follow();
})();
