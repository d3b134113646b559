"""A visit to a page that notes all that a page of ours must not do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from playwright.sync_api import Browser, Dialog, Page


@dataclass
class Visit:
    """An open page, where it lives, and what it did."""

    page: Page
    home: str
    said: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Nothing ran, nothing was refused by the policy, nothing left the page's own folder."""
        assert self.said == []
        assert [url for url in self.requests if not url.startswith(self.home)] == []
        assert self.page.evaluate("window.ran") is None
        assert self.page.evaluate("Object.keys(Object.prototype)") == []

    def fits(self) -> bool:
        """Whether the page does not scroll sideways as a whole."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))

    def open(self, episode_id: str) -> str:
        """Opens a rollout by its address, waits for its episode, unfolds it; its text."""
        self.page.evaluate("id => { location.hash = 'rollout=' + id; }", episode_id)
        self.page.wait_for_function(
            "id => document.querySelector('#rollout-who .id')?.textContent === id"
            " && document.querySelector('#rollout .timeline')",
            arg=episode_id,
        )
        self.page.evaluate(
            "document.querySelectorAll('#rollout details').forEach(part => { part.open = true; })"
        )
        return self.page.inner_text("#rollout")


@contextmanager
def visit(browser: Browser, address: str, **options: Any) -> Iterator[Visit]:
    """Opens the page at an address in a fresh context; `options` are the context's."""
    context = browser.new_context(**options)
    context.set_default_timeout(600_000)  # milliseconds: a busy machine is no fault
    page = context.new_page()
    visited = Visit(page, address.rpartition("/")[0] + "/")

    def dismissed(dialog: Dialog) -> None:
        visited.said.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("dialog", dismissed)
    page.on("console", lambda message: visited.said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: visited.said.append(f"error: {error}"))
    page.on("popup", lambda popup: visited.said.append(f"popup: {popup.url}"))
    page.on(
        "request",
        lambda request: (
            None if request.url.startswith("data:") else visited.requests.append(request.url)
        ),
    )
    page.goto(address)
    try:
        yield visited
    finally:
        context.close()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder on a loopback server; its address."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def seconds_to_open(page: Page) -> float:
    """Processor time of the page's own thread, which another job on the machine cannot lengthen."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return float(next(each["value"] for each in metrics if each["name"] == "TaskDuration"))

    before = spent()
    page.reload()
    return spent() - before
