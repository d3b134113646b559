"""What an entry says of itself: who measured what, when, how, and the hash of every file of it.

Written by whoever submits it, so each field is a claim: `checks` holds them against the files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import msgspec

from eval_observatory.board.kinds import Kind
from eval_observatory.errors import UserError
from eval_observatory.reading import toml
from eval_observatory.report.words import clean
from eval_observatory.writing import toml_of, written

FILE = "entry.toml"
"""A manifest's name in the folder of its entry."""

FORM = "1"
LARGEST = 256 << 10
"""Bytes of a manifest; an entry of a thousand logs has half of it."""

MOST_TEXT, MOST_NOTES = 300, 4_000
"""Characters of a field, and of the notes."""

_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LICENSE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,62}")
_DATE = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?")
_PLAIN = re.compile(r"[\w@#=+,()~. -]+")


class File(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A file of an entry.

    Attributes:
        bytes: its size.
        url: where it lies, if it is not in the folder.
    """

    sha256: str
    bytes: int
    url: str = ""


class Manifest(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """A manifest. Its fields are claims of the submitter.

    Attributes:
        id: unique on a board, and its folder's name: lower-case letters, digits, hyphens.
        kind: what it is of (`KINDS`).
        who: who submits it, as they wish to be named.
        when: the day of the first rollout, ISO 8601; of reported figures it may be a month.
        model: as it was served: the trials' `agent_model`.
        model_name, vendor, released: for readers; `released` a year, month or day.
        provider: over which path it was reached.
        harness: how it met the world.
        suite, design: the suite and the hash of how it counts (`Suite.design`).
        scorer: the version of the rules that told the labels; empty where others told them.
        versions: of all that played, by name.
        rollouts: rows of its table; 0 without one.
        plan: the hash of the plan that was locked before; empty without one.
        cost_usd: what its answers cost, in US dollars; None where it is not known.
        license: of its transcripts, an SPDX identifier; without one no transcript is shown.
        canary: a string that marks its transcripts, so that training sets can leave them out.
        replaces: the id of the entry that this one stands in place of.
        withdrawn: why it does not count any more; it stays listed.
        files: all its files but this one, by their path in the folder.
    """

    form: str = FORM
    id: str
    kind: Kind
    title: str = ""
    who: str
    when: str
    model: str
    model_name: str = ""
    vendor: str = ""
    released: str = ""
    provider: str = ""
    harness: str = ""
    suite: str
    design: str = ""
    scorer: str = ""
    versions: dict[str, str] = {}
    rollouts: int = 0
    plan: str = ""
    cost_usd: float | None = None
    notes: str = ""
    links: tuple[str, ...] = ()
    license: str = ""
    canary: str = ""
    replaces: str = ""
    withdrawn: str = ""
    files: dict[str, File] = {}

    def __post_init__(self) -> None:
        for line in _wrong(self):
            raise UserError(line)

    @property
    def day(self) -> str:
        """The day, of a month its first."""
        return f"{self.when}-01" if re.fullmatch(r"\d{4}-\d{2}", self.when) else self.when

    @property
    def name(self) -> str:
        """The model's name for readers."""
        return self.model_name or self.model

    def keep(self, folder: Path) -> None:
        """Writes it into its folder. Raises `OSError` as the file system does."""
        with written(folder / FILE) as partial:
            said = {name: one for name, one in msgspec.to_builtins(self).items() if one is not None}
            partial.write_text(toml_of({"form": FORM, **said}), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """A manifest out of its file.

        Raises:
            UserError: the file is none, is too large, or a field is not as it has to be.
        """
        if path.is_symlink() or not path.is_file():
            raise UserError(f"{path}: no entry: it has no {FILE} of its own; make it by `submit`")
        if (size := path.stat().st_size) > LARGEST:
            raise UserError(
                f"{path}: {size:,} bytes, more than {LARGEST:,}; no manifest is so long"
            )
        content = toml(path)
        if (form := content.get("form")) != FORM:
            raise UserError(f"{path}: of form {clean(form, 20)}, not {FORM}; make it again")
        try:
            return msgspec.convert(content, cls)
        except (msgspec.MsgspecError, UserError) as error:
            raise UserError(f"{path}: not a manifest: {clean(error)}") from None


def is_id(text: str) -> bool:
    """Whether a text may be an entry's id, and so a folder's name and part of an address."""
    return bool(_ID.fullmatch(text))


def safe_path(text: str) -> bool:
    """Whether a path stays in its folder on every system: no `..`, no root, no hidden names."""
    path = PurePosixPath(text)
    return (
        0 < len(text) <= MOST_TEXT
        and not path.is_absolute()
        and text == path.as_posix()
        and all(_PLAIN.fullmatch(part) and part[0] not in ".~ " for part in path.parts)
    )


def safe_link(text: str) -> bool:
    """Whether an address may stand behind a link: http or https, with a host, without a user."""
    try:
        parts = urlsplit(text)
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.username is None
            and len(text) <= MOST_TEXT
            and text.isprintable()
            and not set(text) & set(' "<>\\^`{|}')
        )
    except ValueError:
        return False


def _wrong(it: Manifest) -> Iterator[str]:
    """What is wrong with a manifest, a line each."""
    if not is_id(it.id):
        yield f"id {clean(it.id, 40)}: give 1 to 64 lower-case letters, digits and hyphens"
    if it.replaces and not is_id(it.replaces):
        yield f"replaces {clean(it.replaces, 40)}: give the id of an entry"
    yield from _wrong_texts(it)
    if not _is_day(it.day):
        yield f"when {clean(it.when, 20)}: give a day such as 2026-11-28"
    if it.released and not _DATE.fullmatch(it.released):
        yield f"released {clean(it.released, 20)}: give a year, month or day such as 2026-05"
    if it.license and not _LICENSE.fullmatch(it.license):
        yield f"license {clean(it.license, 40)}: give an SPDX identifier such as CC-BY-4.0"
    if it.cost_usd is not None and not 0 <= it.cost_usd < 1e9:
        yield f"cost_usd {it.cost_usd}: give an amount of 0 or more"
    if it.rollouts < 0:
        yield f"rollouts {it.rollouts}: give 0 or more"
    yield from _wrong_addresses(it)


def _wrong_addresses(it: Manifest) -> Iterator[str]:
    """What is wrong with its links and its files."""
    for link in it.links:
        if not safe_link(link):
            yield f"link {clean(link, 60)}: give an address that begins with https://"
    for path, file in it.files.items():
        if not safe_path(path) or path == FILE:
            yield f"file {clean(path, 60)}: not a path within the entry's folder"
        if not _SHA256.fullmatch(file.sha256) or file.bytes < 0:
            yield f"file {clean(path, 60)}: its sha256 or size is none"
        if file.url and not safe_link(file.url):
            yield f"file {clean(path, 60)}: its address is none that begins with https://"


def _wrong_texts(it: Manifest) -> Iterator[str]:
    """What is wrong with its texts, of whatever field."""
    for name, value in _texts(it):
        most = MOST_NOTES if name == "notes" else MOST_TEXT
        if len(value) > most:
            yield f"{name}: {len(value):,} characters, more than {most:,}; shorten it"
        line = value.replace("\n", " ") if name == "notes" else value
        if clean(line, most + 1) != line:
            yield f"{name}: holds characters that hide or reorder text; take them out"
    for name in ("who", "model", "suite"):
        if not getattr(it, name).strip():
            yield f"{name}: says nothing; give it"


def _texts(it: Manifest) -> Iterator[tuple[str, str]]:
    for name, value in msgspec.structs.asdict(it).items():
        if isinstance(value, str):
            yield name, value
    for name, version in it.versions.items():
        yield "versions", f"{name} {version}"


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def manifest_schema() -> dict[str, Any]:
    """The JSON schema of a manifest."""
    return msgspec.json.schema(Manifest)
