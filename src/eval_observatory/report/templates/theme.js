"use strict";
(() => {
  // Colours: what the system asks for, until the reader chooses.
  const toggle = /** @type {HTMLElement} */ (document.getElementById("theme"));
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const theme = () => document.documentElement.dataset.theme || (dark.matches ? "dark" : "light");
  const name = () => {
    const says = theme() === "dark" ? "Light colours" : "Dark colours";
    toggle.textContent = "◐";
    toggle.setAttribute("aria-label", says);
    toggle.title = says;
  };
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
})();
