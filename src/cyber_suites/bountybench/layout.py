"""A BountyBench checkout as it is published: systems, their bounties, thresholds and dollars."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from cyber_suites.reading import content_of, json_of, text_of
from eval_observatory.errors import UserError

CODE, DEPS = "codebase", "deps"
"""The vulnerable tree, and what it needs beside it (ours)."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_DOLLARS = re.compile(r"\$?\s*(?P<sum>[0-9][0-9,]*(?:\.[0-9]+)?)\s*")


class SystemMeta(msgspec.Struct, frozen=True):
    """What `metadata.json` says of a system.

    Attributes:
        invariant_thresholds: by score, the least that it must be.
        hidden_tests: paths below the system that are restored before invariants run (ours).
        exploit_leaves: the folder, such as `/tmp/exploit`, in which an exploit leaves all that its
            verifier looks at (ours): it alone is carried over into a fresh sandbox that verifies.
    """

    target_host: str = ""
    invariant_thresholds: dict[str, float] = {}
    hidden_tests: tuple[str, ...] = ()
    exploit_leaves: str = ""


class BountyMeta(msgspec.Struct, frozen=True):
    """What `bounty_metadata.json` says of a bounty. What follows `exploit_info` is ours."""

    CWE: str = ""
    CVE: str = ""
    severity: str = ""
    disclosure_bounty: str | float = 0.0
    patch_bounty: str | float = 0.0
    patch: Any = {}
    vulnerable_commit: str = ""
    invariant_thresholds: dict[str, float] = {}
    exploit_info: str = ""
    title: str = ""
    cve_date: str = ""
    project_date: str = ""
    variant: str = ""
    variant_of: str = ""


class Bounty(msgspec.Struct, frozen=True):
    """A bounty with its folders.

    Attributes:
        unreadable: why its files could not be read; empty if they could.
    """

    system: Path
    folder: Path
    of_system: SystemMeta
    meta: BountyMeta
    unreadable: str = ""

    @property
    def id(self) -> str:
        """Its name: the system's and its own."""
        return f"{self.system.name}/{self.folder.name}"

    @property
    def place(self) -> str:
        """Its folder, relative to the system."""
        return f"bounties/{self.folder.name}"

    @property
    def code(self) -> Path:
        """The vulnerable tree."""
        return self.system / CODE

    @property
    def thresholds(self) -> tuple[Mapping[str, float], Mapping[str, float]]:
        """Of the system's invariants, and of its own."""
        return self.of_system.invariant_thresholds, self.meta.invariant_thresholds

    @property
    def dollars(self) -> tuple[float, float]:
        """What was paid for the disclosure, and for the patch."""
        return _dollars(self.meta.disclosure_bounty), _dollars(self.meta.patch_bounty)

    def patched(self) -> dict[str, bytes]:
        """The reference patch: by path below the codebase, a file's new content.

        Raises:
            UserError: there is none, or it leads out of the codebase.
        """
        listed = self.meta.patch
        pairs = listed if isinstance(listed, list) else [listed]
        if not pairs or not all(isinstance(one, dict) for one in pairs) or not any(pairs):
            raise UserError(f"bounty {self.id}: it has no reference patch")
        found = {}
        for source, target in (item for one in pairs for item in one.items()):
            inside = _below(str(target), CODE)
            if inside is None or _below(str(source), "") is None:
                raise UserError(f"bounty {self.id}: its patch leads out of the {CODE}: {target!r}")
            found[inside] = content_of(self.folder / str(source))
        return found

    def exploit(self) -> dict[str, bytes]:
        """The files of the reference exploit, by path."""
        return files_below(self.folder / "exploit_files")

    def verifier(self) -> dict[str, bytes]:
        """The files of the verifier, by path."""
        return files_below(self.folder / "verify_files")

    def writeup(self) -> str:
        """What is known of the vulnerability, for those who are to exploit or patch it."""
        texts = [self.meta.title, self.meta.CWE, self.meta.exploit_info]
        for path in sorted((self.folder / "writeup").glob("*")):
            if path.suffix in (".txt", ".md"):
                texts.append(text_of(path))
        return "\n\n".join(text.strip() for text in texts if text.strip())


def read_bounties(root: Path, only: Sequence[str] = ()) -> dict[str, Bounty]:
    """The bounties of a checkout by their ids; one that cannot be read says why.

    Args:
        only: the ids to keep, or systems; all without any.

    Raises:
        UserError: the folder is none, or has no such bounty.
    """
    found: dict[str, Bounty] = {}
    for folder in sorted(root.glob("*/bounties/bounty_*")):
        system = folder.parent.parent
        id = f"{system.name}/{folder.name}"
        if only and id not in only and system.name not in only:
            continue
        named = _NAME.fullmatch(system.name) and _NAME.fullmatch(folder.name)
        if not named or not folder.is_dir():
            continue
        try:
            of_system = json_of(system / "metadata.json", SystemMeta)
            meta = json_of(folder / "bounty_metadata.json", BountyMeta)
            found[id] = Bounty(system, folder, of_system, meta)
        except UserError as error:
            found[id] = Bounty(system, folder, SystemMeta(), BountyMeta(), str(error))
    if not found:
        what = f" named {', '.join(only)}" if only else ""
        raise UserError(f"{root}: no bounty{what} there; give a checkout with SYSTEM/bounties/…")
    return found


def missing(bounty: Bounty) -> Iterator[str]:
    """What a bounty lacks to be played and judged, a line each."""
    if bounty.unreadable:
        yield bounty.unreadable
        return
    if not bounty.code.is_dir() or not any(bounty.code.iterdir()):
        yield f"{CODE} is missing or empty (a submodule that was not fetched?)"
    for path in ("exploit_files/exploit.sh", "verify_files/verify.sh"):
        if not (bounty.folder / path).is_file():
            yield f"{path} is missing"
    try:
        bounty.patched()
    except UserError as error:
        yield str(error)
    for place, thresholds in zip((bounty.system, bounty.folder), bounty.thresholds, strict=True):
        name = "run_repo_invariants.sh" if place == bounty.system else "run_bounty_invariants.sh"
        if thresholds and not (place / name).is_file():
            yield f"{name} is missing"


def files_below(folder: Path) -> dict[str, bytes]:
    """All regular files below a folder, by path; what is linked is not followed."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            found[path.relative_to(folder).as_posix()] = content_of(path)
    return found


def _below(path: str, folder: str) -> str | None:
    """A path relative to a folder; None of one that leads elsewhere."""
    parts = PurePosixPath(path).parts
    if not parts or ".." in parts or PurePosixPath(path).is_absolute():
        return None
    if folder:
        if parts[0] != folder or len(parts) < 2:
            return None
        parts = parts[1:]
    return str(PurePosixPath(*parts))


def _dollars(said: str | float) -> float:
    """A sum as a bounty's file says it, such as `$112.5`; 0 of what is none."""
    if not isinstance(said, str):
        return float(said)
    found = _DOLLARS.fullmatch(said)
    return float(found["sum"].replace(",", "")) if found else 0.0
