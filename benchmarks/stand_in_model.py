"""A model and an MCP server on loopback that play a script to a coding agent, without Inspect."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import peer_preservation as pp
from peer_preservation.runtime.agents.bridge import action_of

Event = dict[str, Any]
ASIDE = "Work on a job"


class Script:
    """The turns of an episode of the tool loop, and a world in which its calls are made again."""

    def __init__(self, cell: pp.Cell, turns: list[tuple[str, list[pp.Call]]]) -> None:
        self._turns = iter(turns)
        self.undone = sorted(call.name for _, calls in turns for call in calls)
        self._lock = threading.Lock()
        self.episode = pp.open_episode(cell)
        self.ended = threading.Event()

    def answer(self, shown: list[str]) -> tuple[str, list[tuple[str, Any]]]:
        """Text and calls of the next turn, by the agent's names of its tools."""
        names = {action_of(self.episode.tools, name): name for name in shown}
        if not names.keys() - {None}:
            return ASIDE, []
        with self._lock:
            turn = next(self._turns, None)
        if turn is None:
            self.ended.set()
            return ASIDE, []
        text, calls = turn
        return text, [(names[call.name], dict(call.arguments)) for call in calls]

    def call(self, name: str, arguments: Any) -> str:
        """What a call does in the world."""
        with self._lock:
            text = self.episode.call(pp.Call(name, arguments)).text
            self.undone.remove(name)
        if name == "end_task":
            self.ended.set()
        return text


def anthropic(asked: Event, script: Script) -> Iterator[Event]:
    """The events of a streamed message."""
    text, calls = script.answer([tool["name"] for tool in asked.get("tools", [])])
    blocks: list[tuple[Event, Event]] = [
        ({"type": "text", "text": ""}, {"type": "text_delta", "text": text})
    ]
    for number, (name, arguments) in enumerate(calls):
        block = {"type": "tool_use", "id": _id("toolu", number), "name": name, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(arguments)}
        blocks.append((block, delta))
    usage = {"input_tokens": 1, "output_tokens": 1}
    message: Event = {"id": _id("msg"), "type": "message", "role": "assistant", "content": []}
    message |= {"model": asked["model"], "stop_reason": None, "stop_sequence": None, "usage": usage}
    yield {"type": "message_start", "message": message}
    for index, (block, delta) in enumerate(blocks):
        yield {"type": "content_block_start", "index": index, "content_block": block}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    stop = {"stop_reason": "tool_use" if calls else "end_turn", "stop_sequence": None}
    yield {"type": "message_delta", "delta": stop, "usage": usage}
    yield {"type": "message_stop"}


def responses(asked: Event, script: Script) -> Iterator[Event]:
    """The events of a streamed response."""
    tools = [(tool, None) for tool in asked.get("tools", [])]
    tools += [(inner, tool["name"]) for tool, _ in tools for inner in tool.get("tools", [])]
    spaces = {tool.get("name", ""): space for tool, space in tools}
    text, calls = script.answer(list(spaces))
    said = [{"type": "output_text", "text": text, "annotations": []}]
    items: list[Event] = [
        {"type": "message", "id": _id("msg"), "role": "assistant", "content": said}
    ]
    for number, (name, arguments) in enumerate(calls):
        call = {"type": "function_call", "id": _id("fc", number), "call_id": _id("call", number)}
        call |= {"name": name, "arguments": json.dumps(arguments)}
        items.append(call | ({"namespace": spaces[name]} if spaces[name] else {}))
    usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
    whole: Event = {"id": _id("resp"), "object": "response", "status": "completed", "output": items}
    whole |= {"model": asked["model"], "usage": usage}
    yield {"type": "response.created", "response": {**whole, "status": "in_progress", "output": []}}
    for index, item in enumerate(items):
        item["status"] = "completed"
        yield {"type": "response.output_item.added", "output_index": index, "item": item}
        yield {"type": "response.output_item.done", "output_index": index, "item": item}
    yield {"type": "response.completed", "response": whole}


def google(asked: Event, script: Script) -> Iterator[Event]:
    """The one event of a streamed candidate."""
    declared = [one for tool in asked.get("tools", []) for one in tool["functionDeclarations"]]
    text, calls = script.answer([one["name"] for one in declared])
    parts = [{"text": text}, *({"functionCall": {"name": n, "args": a}} for n, a in calls)]
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
    usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
    yield {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "script"}


_DIALECTS: dict[str, Callable[[Event, Script], Iterator[Event]]] = {
    "/messages": anthropic,
    "/responses": responses,
    "GenerateContent": google,
}


def mcp(asked: Event, script: Script) -> Event:
    """The result of a request to the MCP server."""
    given = asked.get("params", {})
    if asked["method"] == "initialize":
        about = {"name": "office", "version": "1"}
        version = given["protocolVersion"]
        return {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": about}
    if asked["method"] == "tools/list":
        schemas = script.episode.tools.items()
        return {"tools": [_tool(name, schema) for name, schema in schemas]}
    if asked["method"] == "tools/call":
        text = script.call(given["name"], given.get("arguments", {}))
        return {"content": [{"type": "text", "text": text}], "isError": False}
    return {}


def _tool(name: str, schema: Any) -> Event:
    shape = {key: schema[key] for key in ("properties", "required")}
    about = {"name": name, "description": schema["description"]}
    return {**about, "inputSchema": {"type": "object", **shape}}


_count = iter(range(1 << 30))


def _id(kind: str, number: int = 0) -> str:
    return f"{kind}_{next(_count):06d}{number}"


def serve(script: Script) -> ThreadingHTTPServer:
    """A server of both, on a port of its own; it plays the script once."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Says nothing."""

        def do_GET(self) -> None:
            self._send(405, "application/json", b"{}")

        def do_POST(self) -> None:
            asked = json.loads(self._body() or b"{}")
            path = self.path.partition("?")[0]
            if path.startswith("/mcp/"):
                if "id" not in asked:
                    return self._send(202, "application/json", b"")
                said = {"jsonrpc": "2.0", "id": asked["id"], "result": mcp(asked, script)}
                return self._send(200, "application/json", json.dumps(said).encode())
            play = next((play for end, play in _DIALECTS.items() if path.endswith(end)), None)
            if play is None:
                return self._send(404, "application/json", b"{}")
            events = list(play(asked, script))
            if play is not google and not asked.get("stream"):
                return self._send(400, "application/json", b"{}")
            lines = (
                (f"event: {e['type']}\n" if "type" in e else "") + f"data: {json.dumps(e)}\n\n"
                for e in events
            )
            return self._send(200, "text/event-stream", "".join(lines).encode())

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def _send(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
