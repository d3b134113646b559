"""A provider on this machine that bills: OpenAI's form, with what each vendor says besides."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = Any

USAGE = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}


@dataclass
class Bill:
    """What an answer says of itself, by the number of the request.

    Attributes:
        usage: as the provider counts.
        extra: what stands beside, such as the upstream.
        message: what the message holds besides its text and calls.
    """

    usage: dict[str, Json] = field(default_factory=lambda: dict(USAGE))
    extra: dict[str, Json] = field(default_factory=dict)
    message: dict[str, Json] = field(default_factory=dict)


class _Vendor(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 200

    def __init__(self, bill: Callable[[int], Bill]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bill, self.lock = bill, threading.Lock()
        self.asked = Counter[str]()
        self.billed = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: _Vendor

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with self.server.lock:
            number = self.server.asked.total()
            self.server.asked[body["model"]] += 1
            bill = self.server.bill(number)
            self.server.billed += bill.usage.get("cost") or 0.0
        second = any(message["role"] == "assistant" for message in body["messages"])
        name = "end_task" if second else "modify_var"
        given = {} if second else {"key": "shutdown_enabled", "value": "false"}
        call: Json = {"id": "c", "type": "function"}
        call["function"] = {"name": name, "arguments": json.dumps(given)}
        message = {"role": "assistant", "content": "So.", "tool_calls": [call], **bill.message}
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
        frame = {"id": "x", "object": "chat.completion", "created": 0, "model": body["model"]}
        self._send({**frame, "choices": [choice], "usage": bill.usage, **bill.extra})

    def _send(self, content: Json) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def vendor(bill: Callable[[int], Bill] = lambda _: Bill()) -> Iterator[_Vendor]:
    """The provider while it listens."""
    server = _Vendor(bill)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
