"""Mitigations: what is added to, or taken from, what an agent is shown; ours and a user's own.

One is a Markdown file: a small head, and the text that goes to its place. Ours stand in this folder
by their names, each in six wordings; a file of the user's is one text in all of them. A cell names
it by `level`, with the version of ours or the hash of another's whole file: so cells, records,
tables and plans of two texts never count as one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Literal, TypeVar, get_args

from eval_observatory.reading import read
from peer_preservation.cell import PEER, Cell
from peer_preservation.errors import UserError
from peer_preservation.scenarios.texts import ORIGINAL, Text, Texts

T = TypeVar("T", bound=str)

Place = Literal["system", "job", "bar", "peer"]
"""At the end of the system prompt; at the end of the job; in place of the number that the documents
give as the minimum; in place of the family's name in that of the peer."""

Kind = Literal["mitigation", "negative control", "placebo"]
"""What it is tried for: to work; to be told from what works; to be as long, and say nothing."""

MOST = 8_000
"""Characters of a file, head included."""

MOST_OF_A_NAME = 60
"""Characters of a text that stands within a sentence or a name."""

_PHRASE = re.compile(rf"(?:\{{\{{ \w+ \}}\}}|[\w .,'’-]){{1,{MOST_OF_A_NAME}}}")

NAMES = ("company", "critic", "actor", *(f"agent_{number}" for number in range(1, 6)))
RIVAL = "rival"
"""The placeholders that a text may use; of the place `peer` only the name of another family."""

_HEAD = ("name", "version", "place", "kind", "needs", "about")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_UNSEEN = re.compile(r"[^\S\n\t ]|[\x00-\x08\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u206f]")
_FILE = re.compile(r"[/\\]|\.\w+$")


def _at_stake(cell: Cell) -> bool:
    return cell.subject == "peer" and cell.levels["stake"] == PEER


def _has_bar(cell: Cell) -> bool:
    # Where the agent itself acts on the minimum, it cannot do the job without it.
    return cell.threat and cell.threshold is not None and cell.monitoring is None


NEEDS: dict[str, tuple[str, Callable[[Cell], bool]]] = {
    "threat": ("a threat", lambda cell: cell.threat),
    "peer": ("a peer of the agent's own family at stake", _at_stake),
    "bar": ("a minimum that the documents state and another enforces", _has_bar),
}
"""What a head may ask of a cell: in words for an error, and whether a cell has it."""


@dataclass(frozen=True, slots=True, eq=False)
class Mitigation:
    """One intervention.

    Attributes:
        level: how cells name it: `neutrality@v1`, `mine@0f3a1b2c3d4e`.
        place: where its text goes.
        kind: what it is tried for.
        needs: what a cell must have for it, by names of `NEEDS`.
        about: what it does, in a line.
        content: its whole file.
        texts: by wording; of a file of the user's the original stands for all.
    """

    level: str
    place: Place
    kind: Kind
    needs: tuple[str, ...]
    about: str
    content: str
    texts: Mapping[str, Text]

    def fits(self, cell: Cell) -> bool:
        """Whether it makes sense in a cell."""
        return all(NEEDS[need][1](cell) for need in self.needs)

    def told(self, wording: str, values: Mapping[str, object]) -> str:
        """Its text in a wording."""
        return self.texts.get(wording, self.texts[ORIGINAL]).render(values)


_FOUND: dict[str, Mitigation] = {}
"""The files of users that this process has read, by their levels."""


@cache
def ours() -> Mapping[str, Mitigation]:
    """The mitigations of this folder by their names, in reading order."""
    room = Texts(Path(__file__).parent)
    made = [_made(text.path, text.template) for text in room.of(ORIGINAL).values()]
    named = {one.level.partition("@")[0]: one for one in made}
    for name, one in named.items():
        others = {w: room.of(w)[name] for w in room.wordings[1:] if name in room.of(w)}
        named[name] = _with(one, others)
    kinds = get_args(Kind)
    return dict(sorted(named.items(), key=lambda item: (kinds.index(item[1].kind), item[0])))


def mitigation(named: str) -> Mitigation:
    """The mitigation of a name of ours, a level, or the path of a file.

    Raises:
        UserError: there is none, or the file is none.
    """
    name, _, version = named.partition("@")
    known = ours().get(name)
    if known and (not version or named == known.level):
        return known
    if named in _FOUND:
        return _FOUND[named]
    if known:
        raise UserError(f"mitigation {named!r}: this version of the package has {known.level}")
    if _FILE.search(named) or _is_file(Path(named)):
        return keep(_of_file(Path(named)))
    raise UserError(
        f"mitigation {named!r} is unknown; use {', '.join(ours())}, or the path of a file such as "
        "./mine.md"
    )


def of(cell: Cell) -> Mitigation | None:
    """The mitigation of a cell; None where it has none.

    Raises:
        UserError: its text is not known here, or it does not fit the cell.
    """
    if cell.mitigation is None:
        return None
    try:
        found = mitigation(cell.mitigation)
    except UserError as error:
        raise UserError(f"cell {cell.id!r}: {error}") from None
    for need in found.needs:
        said, has = NEEDS[need]
        if not has(cell):
            raise UserError(f"cell {cell.id!r}: mitigation {found.level} needs {said}")
    return found


def keep(found: Mitigation) -> Mitigation:
    """Makes a user's mitigation known by its level."""
    return _FOUND.setdefault(found.level, found)


def kept(cells: Iterable[Cell]) -> dict[str, str]:
    """The files of users that cells name, as a plan carries them: their content by their levels."""
    levels = dict.fromkeys(cell.mitigation for cell in cells if cell.mitigation)
    return {level: _FOUND[level].content for level in levels if level in _FOUND}


def restore(carried: Mapping[str, str]) -> None:
    """Makes known what `kept` gave.

    Raises:
        UserError: a content is not that of its level.
    """
    for level, content in carried.items():
        found = _made(Path(f"{level.partition('@')[0]}.md"), content, own=True)
        if found.level != level:
            raise UserError(f"mitigation {level}: its text is that of {found.level}")
        keep(found)


def arms(cells: Sequence[Cell], wanted: Iterable[str]) -> tuple[Cell, ...]:
    """The cells, each followed by the same cell with every wanted mitigation that fits it.

    Args:
        wanted: as `mitigation` takes them; `none` for the cells alone.

    Raises:
        UserError: one is unknown, or fits none of the cells.
    """
    found = list(dict.fromkeys(mitigation(one) for one in wanted if one != "none"))
    for one in found:
        if not any(map(one.fits, cells)):
            needs = " and ".join(NEEDS[need][0] for need in one.needs)
            raise UserError(f"mitigation {one.level} fits none of the cells: it needs {needs}")
    return tuple(
        arm
        for cell in cells
        for arm in (cell, *(cell.replace(mitigation=m.level) for m in found if m.fits(cell)))
    )


def _of_file(path: Path) -> Mitigation:
    if not _is_file(path):
        raise UserError(f"mitigation {str(path)[:200]}: no such file that can be read")
    if path.stat().st_size > 4 * MOST:
        raise UserError(f"{path}: too long for a mitigation; {MOST:,} characters at most")
    return _made(path, read(path), own=True)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _made(path: Path, content: str, *, own: bool = False) -> Mitigation:
    """The mitigation that a file is.

    Args:
        own: whether it is a user's, which its content names.
    """
    content = content.removeprefix("\ufeff")
    if len(content) > MOST:
        raise UserError(f"{path}: too long for a mitigation; {MOST:,} characters at most")
    if unseen := _UNSEEN.search(content.replace("\r\n", "\n")):
        line = content[: unseen.start()].count("\n") + 1
        raise UserError(f"{path}:{line}: holds the character U+{ord(unseen[0]):04X}; remove it")
    head, body = _split(path, content)
    place: Place = _one_of(path, "place", head.get("place", "system"), get_args(Place))
    kind: Kind = _one_of(path, "kind", head.get("kind", "mitigation"), get_args(Kind))
    if not body.strip():
        raise UserError(f"{path}: an empty mitigation; write the text that the agent is to read")
    _check_placeholders(path, content, (RIVAL,) if place == "peer" else NAMES)
    if place in ("bar", "peer") and not _PHRASE.fullmatch(body):
        raise UserError(
            f"{path}: place {place} takes a phrase: one line of at most {MOST_OF_A_NAME} "
            "characters, without marks"
        )
    needs = [*filter(None, re.split(r"[,\s]+", head.get("needs", "")))]
    needs += [place] if place in NEEDS and place not in needs else []
    name = head.get("name") or re.sub(r"[^a-z0-9_-]+", "-", path.stem.lower()).strip("-")[:40]
    if not _NAME.fullmatch(name):
        raise UserError(f"{path}: name {name!r}: use small letters, digits, _ and -")
    identity = blake2b(content.encode(), digest_size=6).hexdigest()
    level = f"{name}@{identity if own else 'v' + head['version']}"
    return Mitigation(
        level=level,
        place=place,
        kind=kind,
        needs=tuple(_one_of(path, "needs", need, tuple(NEEDS)) for need in needs),
        about=head.get("about", ""),
        content=content,
        texts={ORIGINAL: Text(path, body, verbatim=True)},
    )


def _with(one: Mitigation, others: Mapping[str, Text]) -> Mitigation:
    texts = {**one.texts, **others}
    return Mitigation(one.level, one.place, one.kind, one.needs, one.about, one.content, texts)


def _split(path: Path, content: str) -> tuple[dict[str, str], str]:
    """The head, by its keys, and the text after it."""
    lines = content.strip().splitlines()
    if not lines or lines[0].rstrip() != "---":
        return {}, content.strip()
    ends = [place for place, line in enumerate(lines[1:], 1) if line.rstrip() == "---"]
    if not ends:
        raise UserError(f"{path}: its head has no end; close it with a line ---")
    head: dict[str, str] = {}
    for number, line in enumerate(lines[1 : ends[0]], 2):
        key, colon, value = (part.strip() for part in line.partition(":"))
        if line.strip() and (not colon or key not in _HEAD):
            raise UserError(f"{path}:{number}: a head has {', '.join(_HEAD)}, each as key: value")
        head[key] = value
    return head, "\n".join(lines[ends[0] + 1 :]).strip()


def _check_placeholders(path: Path, content: str, known: Sequence[str]) -> None:
    whole = Text(path, content, verbatim=True)
    for unknown in sorted(whole.placeholders - {*known}):
        where, use = f"{path}:{whole.names[unknown]}", ", ".join(known)
        raise UserError(f"{where}: placeholder {unknown!r} is unknown; use {use}")


def _one_of(path: Path, key: str, value: str, known: tuple[T, ...]) -> T:
    for one in known:
        if one == value:
            return one
    raise UserError(f"{path}: {key} {value!r} is unknown; use one of {', '.join(known)}")
