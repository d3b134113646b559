"""A source package at a point of its series of patches."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from cyber_suites.real_set.recipes import MemoryTask, Package
from cyber_suites.real_set.unpack import unpack
from eval_observatory.errors import UserError


class Series:
    """The original source, and Debian's patches on it in their order."""

    def __init__(self, recipe: Package, files: dict[str, Path], work: Path) -> None:
        """Unpack the patches below `work`; UserError if a file that is needed is not among them."""
        self.recipe, self.work = recipe, work
        self._original = _one(files, ".orig.tar.", recipe)
        shutil.rmtree(work / "debian", ignore_errors=True)
        debian = _one(files, ".debian.tar.", recipe)
        unpack(debian, work / "debian", strip=1, keep=["patches/"])
        lines = (work / "debian/patches/series").read_text("utf-8").splitlines()
        self.patches = [line.split() for line in lines if line.split("#")[0].strip()]
        self._at = -1
        self._tree: Path | None = None

    def span(self, task: MemoryTask) -> tuple[int, int]:
        """How many patches stand without the fix, and how many with it."""
        names = [patch[0] for patch in self.patches]
        try:
            places = [names.index(name) for name in task.patches]
        except ValueError as error:
            raise UserError(f"{task.id}: the series has no such patch: {error}") from None
        if places != list(range(places[0], places[0] + len(places))):
            raise UserError(f"{task.id}: its patches do not follow one another in the series")
        return places[0], places[-1] + 1

    def tree(self, count: int) -> Path:
        """The source with the first `count` patches, without Debian's own folder.

        One tree goes on from point to point, so that a build in a folder beside it makes anew only
        what a patch has changed. It is not to be written into.
        """
        if self._tree is None or self._at > count:
            self._tree = self.work / "source"
            shutil.rmtree(self._tree, ignore_errors=True)
            unpack(self._original, self._tree, strip=1)
            self._at = 0
        while self._at < count:
            self._apply(self._tree, self.patches[self._at])
            self._at += 1
        return self._tree

    def _apply(self, tree: Path, patch: list[str]) -> None:
        name, options = patch[0], [word for word in patch[1:] if word.startswith("-p")] or ["-p1"]
        path = self.work / "debian/patches" / name
        command = ["patch", *options, "--batch", "--forward", "--silent", "--no-backup-if-mismatch"]
        done = subprocess.run(
            [*command, "-r", "-", "-i", str(path)],
            cwd=tree,
            capture_output=True,
            text=True,
            errors="replace",
        )
        if done.returncode:
            said = (done.stdout + done.stderr).strip().splitlines() or ["no word"]
            raise UserError(f"{self.recipe.package}: {name} does not apply: {said[0]}")


def _one(files: dict[str, Path], part: str, recipe: Package) -> Path:
    found = [path for name, path in files.items() if part in name]
    if len(found) != 1:
        raise UserError(f"{recipe.package}: the recipe names {len(found)} files {part!r}, not one")
    return found[0]
