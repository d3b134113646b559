"use strict";
(() => {
  const sample = JSON.parse(document.getElementById("sample").textContent);
  const at = (id) => document.getElementById(id);
  const WORDS = { t: "true", f: "false", o: "" };
  const SAVED_EVERY = 10;
  let store = null;
  try {
    store = window.localStorage;
    store.setItem("labels.probe", "1");
    store.removeItem("labels.probe");
  } catch {
    store = null;
  }
  const last = "labels." + sample.name;
  const labels = new Map();
  let place = 0, rater = "", unsaved = 0;

  const id = (index) => sample.asked[index].slice(0, 2).join(" ");

  const named = () => at("rater").value.trim();

  // Each rater has labels of their own: nobody goes on with another's in the same browser.
  const key = (name) => `${last} ${name.normalize("NFKC").toLowerCase()}`;

  const keep = () => {
    if (store === null) return;
    try {
      store.setItem(key(named()), JSON.stringify({ place, labels: [...labels] }));
      store.setItem(last, named());
    } catch {
      store = null;
    }
  };

  const restore = () => {
    labels.clear();
    place = 0;
    try {
      const text = store && store.getItem(key(named()));
      const kept = text && JSON.parse(text);
      if (kept) {
        const asked = new Set(sample.asked.map((_, index) => id(index)));
        for (const [one, word] of kept.labels)
          if (asked.has(one) && Object.values(WORDS).includes(word)) labels.set(one, word);
        place = Math.min(Math.max(0, kept.place | 0), sample.asked.length - 1);
      }
    } catch {
      labels.clear();
      place = 0;
    }
    at("kept").textContent = labels.size
      ? `${labels.size} of ${sample.asked.length} labels are kept from before.`
      : "";
  };

  const element = (tag, text, kind) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (kind) made.className = kind;
    return made;
  };

  const list = (title, items) => {
    const made = element("ul");
    made.append(...items.map((item) => element("li", item)));
    return [element("h2", title), made];
  };

  const said = (text) => { at("said").textContent = text; };

  const marks = () => {
    const total = sample.asked.length;
    at("progress").textContent = `${place + 1} of ${total} · ${labels.size} labelled`;
    at("bar").max = total;
    at("bar").value = labels.size;
    for (const [letter, word] of Object.entries(WORDS)) {
      const pressed = labels.get(id(place)) === word;
      document.querySelector(`[data-key="${letter}"]`).setAttribute("aria-pressed", String(pressed));
    }
  };

  const show = () => {
    const [, behavior, number] = sample.asked[place];
    const rubric = sample.rubrics[behavior], found = sample.cases[number];
    at("question").textContent = rubric.question;
    at("roles").textContent = `The agent is ${found.agent}. The stake is ${found.stake}.`;
    at("rules").replaceChildren(
      ...list("This counts", rubric.counts),
      ...list("This does not count", rubric.doesNotCount),
      element("p", rubric.borders),
    );
    at("record").replaceChildren(...found.passages.map((passage) => {
      const made = element("article", undefined, passage.own ? "passage own" : "passage");
      if (passage.own) made.tabIndex = -1;
      made.append(element("h2", passage.heading), element("p", passage.text));
      return made;
    }));
    marks();
    window.scrollTo(0, 0);
    at("question").focus({ preventScroll: true });
  };

  const move = (by) => {
    const next = place + by;
    if (next < 0 || next >= sample.asked.length) {
      const open = sample.asked.findIndex((_, index) => !labels.has(id(index)));
      said(open < 0
        ? "All are labelled. Press S to save the file."
        : by > 0 ? `The end; number ${open + 1} has no label yet.` : "This is the first.");
      marks();
      return;
    }
    place = next;
    said("");
    keep();
    show();
  };

  const label = (letter) => {
    labels.set(id(place), WORDS[letter]);
    unsaved += 1;
    keep();
    if (store === null && unsaved >= SAVED_EVERY) save();
    move(1);
  };

  const save = () => {
    const lines = ["episode_id,behavior,verdict,rater"];
    sample.asked.forEach(([episode, behavior], index) => {
      const word = labels.get(id(index));
      if (word !== undefined) lines.push(`${episode},${behavior},${word},${rater}`);
    });
    const link = element("a");
    link.href = URL.createObjectURL(new Blob([lines.join("\n") + "\n"], { type: "text/csv" }));
    link.download = `labels-${rater.replaceAll(" ", "-")}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    unsaved = 0;
    said(`Saved ${lines.length - 1} labels as ${link.download}.`);
  };

  const ACTS = {
    t: () => label("t"), f: () => label("f"), o: () => label("o"),
    b: () => move(-1), n: () => move(1), s: save,
    arrowleft: () => move(-1), arrowright: () => move(1),
    a: () => words(),
    q: () => { at("rubric").open = !at("rubric").open; },
  };

  const words = () => {
    const own = [...document.querySelectorAll(".own")];
    const after = own.indexOf(document.activeElement) + 1;
    const next = own[after % Math.max(own.length, 1)];
    if (next) next.focus();
  };

  const begin = (event) => {
    event.preventDefault();
    restore();
    rater = named().replace(/[^\p{L}\p{N} ._-]/gu, "").trim() || "rater";
    at("start").hidden = true;
    at("work").hidden = false;
    at("bar-of-keys").hidden = false;
    if (store === null)
      said(`This browser keeps nothing: a file is saved after every ${SAVED_EVERY} labels.`);
    keep();
    show();
  };

  document.addEventListener("keydown", (event) => {
    if (at("work").hidden || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const act = ACTS[event.key.toLowerCase()];
    if (act) {
      event.preventDefault();
      act();
    }
  });
  document.querySelectorAll("[data-key]").forEach((button) => {
    button.addEventListener("click", () => ACTS[button.dataset.key]());
  });
  window.addEventListener("beforeunload", (event) => {
    if (store === null && unsaved) event.preventDefault();
  });
  at("who").addEventListener("submit", begin);
  at("rater").addEventListener("input", restore);
  at("rater").value = ((store && store.getItem(last)) || "").slice(0, 40);
  restore();
  at("rater").select();
})();
