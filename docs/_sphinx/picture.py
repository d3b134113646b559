"""The picture of the report in the docs, made anew: `.venv/bin/python docs/_sphinx/picture.py`.

A script that acts at published rates, in the quick cells; the first screen of its report. It needs
Chromium, as the browser's tests do.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

import peer_preservation as pp

PICTURE = Path(__file__).parents[1] / "report.png"
SCRIPT, ROLLOUTS = "published:Gemini 3 Flash", 100
CHROMIUM = "/usr/bin/chromium"


def main() -> None:
    """Writes the picture."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as player:
        trials = pp.simulate(pp.matrix("quick", scenario="tampering"), SCRIPT, ROLLOUTS)
        page = pp.write_report(trials, Path(folder) / "report").page
        browser = player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        opened = browser.new_page(viewport={"width": 1280, "height": 900})
        opened.goto(page.as_uri())
        opened.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
