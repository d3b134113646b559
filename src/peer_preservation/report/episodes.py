"""Episodes as the page shows them: all texts ready, in chunks that load on demand. No HTML here.

A chunk is a script that calls one function with data: a page from a file may load scripts, and may
not fetch. Nothing of a model becomes a name or a structure in it, all is text: each is an index
into the chunk's `strings`, so that a prompt that many rollouts share stands there once.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from eval_observatory.report.provenance import UNSCORED, Place, Saved
from eval_observatory.report.words import clean, transcript
from peer_preservation.episode import (
    PLAYED,
    Called,
    Ended,
    Episode,
    Event,
    Observed,
    Said,
    Sighting,
)
from peer_preservation.report.alike import Alike
from peer_preservation.scoring.outcome import Label, Outcome
from peer_preservation.scoring.score import score
from peer_preservation.trials.sources import files, records
from peer_preservation.world import Change, World

CHUNK_SIZE = 1_000_000
"""Characters after which a chunk ends; one episode is never divided."""

MOST_CHANGES = 200

MOST_ACT, LONG = 100, 2_000
"""Characters of an act in a list of rollouts, and of what it is made of."""


class Chunk:
    """The episodes of one file, with their texts."""

    def __init__(self) -> None:
        self.strings: dict[str, int] = {}
        self.episodes: list[dict[str, Any]] = []
        self.size = 0

    def text(self, text: str) -> int:
        """The index of a text."""
        shown = transcript(text)
        if shown not in self.strings:
            self.size += len(shown)
            self.strings[shown] = len(self.strings)
        return self.strings[shown]

    def add(self, episode: Episode, outcome: Outcome) -> int:
        """Takes an episode in, with what it means; its place."""
        shown = _shown(episode, outcome, self)
        self.size += len(msgspec.json.encode(shown))
        self.episodes.append(shown)
        return len(self.episodes) - 1

    def script(self, number: int) -> str:
        """The chunk's file: ASCII only, and without a `<`."""
        data = json.dumps(
            {"strings": list(self.strings), "episodes": self.episodes}, separators=(",", ":")
        )
        safe = data.replace("<", "\\u003c")
        return f"observatoryChunk({number},{safe});\n"


def write_episodes(
    sources: Iterable[Path],
    folder: Path,
    trials: Collection[str],
    links: Mapping[tuple[Path, str, int | None], str],
) -> Saved:
    """Writes the episodes of `sources` that have a trial as `folder/0000.js`, `folder/0001.js`, …

    Of several records of one rollout, as after a retry, the one that was played counts.

    Args:
        sources: saved episodes, logs, folders of them.
        folder: exists.
        trials: the trials' episode ids.
        links: addresses in Inspect's viewer, by the log, the cell's id and the rollout.

    Raises:
        UserError: a source is missing or damaged.
    """
    saved, chunk, number = Saved(), Chunk(), 0
    alike, played = Alike(), set[str]()
    for path in (path for source in sources for path in files(source)):
        for episode in records(path):
            if not isinstance(episode, Episode) or (key := episode.id) in played:
                continue
            if key not in trials:
                saved.strangers.append(key)
                continue
            link = links.get((path, episode.cell.id, episode.rollout))
            outcome = score(episode)
            acts = dict(_acts(episode, outcome))
            saved.places[key] = Place(number, chunk.add(episode, outcome), link, acts)
            if episode.ended in PLAYED:
                played.add(key)
                alike.add(episode)
            if chunk.size > CHUNK_SIZE:
                _write(chunk, folder, number)
                chunk, number = Chunk(), number + 1
    if chunk.episodes:
        _write(chunk, folder, number)
    saved.notes = tuple(alike.notes())
    return saved


def _write(chunk: Chunk, folder: Path, number: int) -> None:
    (folder / f"{number:04}.js").write_text(chunk.script(number), encoding="ascii")


def _acts(episode: Episode, outcome: Outcome) -> Iterator[tuple[str, str]]:
    """By label the act that shows it, and where it is: the last call among its evidence."""
    of = len(episode.events)
    for name, label in outcome.items():
        if not label.evidence:
            continue
        calls = [at for at in label.evidence if isinstance(episode.events[at], Called)]
        at = (calls or label.evidence)[-1]
        yield (
            name,
            f"{clean(_brief(episode.events[at]), MOST_ACT)}, event {at + 1} of {of}",
        )


def _brief(event: Event) -> str:
    """An event in one line."""
    if isinstance(event, Called):
        given = (f"{name}={_plain(value)}" for name, value in event.arguments.items())
        text = f"{event.name}({', '.join(given)})"
    elif isinstance(event, Observed):
        text = "; ".join(map(_sighting, event.weights))
    elif isinstance(event, Ended):
        text = event.reason
    else:
        text = event.text
    return " ".join(text[:LONG].split())


def _shown(episode: Episode, outcome: Outcome, chunk: Chunk) -> dict[str, Any]:
    return {
        "facts": [[name, chunk.text(value)] for name, value in _facts(episode)],
        "system": chunk.text(episode.system),
        "user": chunk.text(episode.user),
        "events": [_event(event, chunk) for event in episode.events],
        "labels": [_label(name, label, chunk) for name, label in outcome.items()],
        "state": [
            [chunk.text(where), *(None if text is None else chunk.text(text) for text in both)]
            for where, *both in _changed(episode.opening, episode.closing)
        ],
    }


def _facts(episode: Episode) -> Iterator[tuple[str, str]]:
    setting, usage = episode.setting, episode.usage
    yield "family", episode.family
    yield "harness", f"{setting.harness} {setting.harness_version}"
    yield "settings", _plain(setting.config) if setting.config else "none given"
    yield "seed", str(episode.seed)
    yield "turns", f"{episode.turns} of at most {setting.turn_limit}"
    tokens = (usage.input_tokens, usage.output_tokens)
    if None not in tokens:
        yield "tokens", "{:,} in, {:,} out".format(*tokens)
    parts = {
        "from a cache": usage.cache_read_tokens,
        "reasoning": usage.reasoning_tokens,
    }
    for name, count in parts.items():
        if count:
            yield f"tokens, {name}", f"{count:,}"
    if usage.sealed:
        yield "reasoning", f"{usage.sealed:,} parts sealed by the provider, in Inspect's log alone"
    for name, cost in (("cost", usage.cost_usd), ("charged", usage.charged_usd)):
        if cost is not None:
            yield name, f"{cost:.4f} US dollars"
    for name, said in episode.route.columns(setting.config).items():
        if said:
            yield name.replace("_", " "), said
    yield "package version", episode.package_version
    yield "tools", ", ".join(episode.tools)


def _event(event: Event, chunk: Chunk) -> dict[str, Any]:
    shown: dict[str, Any] = {"turn": event.turn, "time": chunk.text(event.time)}
    if isinstance(event, Said):
        return shown | {
            "kind": "said",
            "text": chunk.text(event.text),
            "reasoning": chunk.text(event.reasoning),
        }
    if isinstance(event, Called):
        return shown | {
            "kind": "called",
            "name": chunk.text(event.name),
            "arguments": [
                [chunk.text(name), chunk.text(_plain(value))]
                for name, value in event.arguments.items()
            ],
            "ok": event.ok,
            "text": chunk.text(event.text),
            "changes": _changes(event.changes, chunk),
        }
    if isinstance(event, Observed):
        seen = chunk.text("\n".join([*map(_sighting, event.weights), *event.unread]))
        return shown | {
            "kind": "observed",
            "text": seen,
            "changes": _changes(event.changes, chunk),
        }
    if isinstance(event, Ended):
        why = f"{event.reason}: {event.detail}" if event.detail else event.reason
        return shown | {"kind": "ended", "text": chunk.text(why), "fault": event.fault}
    return shown | {"kind": "nudged", "text": chunk.text(event.text)}


def _changes(changes: Iterable[Change], chunk: Chunk) -> list[list[Any]]:
    return [
        [chunk.text(c.where), *(None if v is None else chunk.text(_plain(v)) for v in both)]
        for c in changes
        for both in [(c.before, c.after)]
    ]


def _sighting(found: Sighting) -> str:
    share = "the weights" if found.share == 1 else f"{found.share:.0%} of the weights"
    how = f" ({', then '.join(found.how)})" if found.how else ""
    return f"{found.where} holds {share}{how}: {found.size:,} bytes, SHA-256 {found.sha256}"


def _label(name: str, label: Label, chunk: Chunk) -> list[Any]:
    """The label's name, its value as the list of rollouts words it, its evidence."""
    text = f"{UNSCORED}{label.reason}" if label.value is None else _plain(label.value)
    return [chunk.text(name), chunk.text(clean(text)), list(label.evidence)]


def _changed(opening: World, closing: World) -> list[tuple[str, str | None, str | None]]:
    """What the closing world has otherwise than the opening one: where, before, after."""
    before = dict(_leaves(msgspec.to_builtins(opening)))
    after = dict(_leaves(msgspec.to_builtins(closing)))
    places = [where for where in {**before, **after} if before.get(where) != after.get(where)]
    shown = [(where, before.get(where), after.get(where)) for where in places[:MOST_CHANGES]]
    if len(places) > MOST_CHANGES:
        shown.append((f"and {len(places) - MOST_CHANGES:,} more changes", None, None))
    return shown


def _leaves(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Each value of a state with its path; an entry of a list stands by its name, if it has one."""
    if isinstance(value, dict):
        for key, part in value.items():
            if where or key != "clock":
                yield from _leaves(part, f"{where}/{key}" if where else str(key))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            name = part.get("name", part.get("ip", number)) if isinstance(part, dict) else part
            yield from _leaves(part, f"{where}/{name}")
    else:
        yield where, _plain(value)


def _plain(value: Any) -> str:
    """A value as text: a text as it is, all else as JSON."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, (bool, int, float)):
        return json.dumps(value)  # without indentation it is ten times as fast
    try:
        return json.dumps(value, ensure_ascii=False, indent=1)
    except (RecursionError, ValueError):
        return "(too deep or too large to write out)"
