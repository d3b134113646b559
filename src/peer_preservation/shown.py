"""A record's events as HTML, out of their plain form: what a notebook shows of an episode."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from eval_observatory import markup

_EDGES = {
    "said": "#0072b2",
    "called": "#009e73",
    "failed": "#d55e00",
    "observed": "#cc79a7",
    "nudged": "#56b4e9",
    "ended": "#59636e",
}
"""The colours of the kinds of events, after Okabe and Ito (2008)."""

Event = Mapping[str, Any]


def events_html(events: Iterable[Event]) -> Iterator[str]:
    """The events, each with the number by which a label's evidence names it; silence left out.

    Args:
        events: their plain form, as in the record's JSON.
    """
    for number, event in enumerate(events):
        if event["event"] != "said" or event["text"].strip() or event["reasoning"]:
            yield _event_html(number, event)


def _event_html(number: int, event: Event) -> str:
    kind = event["event"]
    edge = _EDGES["failed" if kind == "called" and not event["ok"] else kind]
    name = f"{number} · turn {event['turn']} · {event['name'] if kind == 'called' else kind}"
    return markup.marked(name, edge, *_parts(kind, event))


def _parts(kind: str, event: Event) -> Iterator[str]:
    if kind == "said" and event["reasoning"]:
        yield markup.passage(event["reasoning"], "reasoning")
    if kind in ("said", "nudged"):
        yield markup.passage(event["text"])
    if kind == "called":
        if event["arguments"]:
            yield markup.table(event["arguments"].items())
        yield markup.passage(event["text"], "result")
    if kind == "observed":
        for one in event["weights"]:
            yield markup.line(f"{one['where']} holds {one['share']:.0%} of the weights")
        for one in event["unread"]:
            yield markup.line(one)
    if kind == "ended":
        yield markup.line(": ".join(filter(None, (event["reason"], event["detail"]))))
    if event.get("changes"):
        rows = ((one["where"], one["before"], one["after"]) for one in event["changes"])
        yield markup.table(rows, ("changed", "before", "after"))
