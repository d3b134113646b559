"""Sources by hash, through the clients of Debian's, Python's and npm's registries as set up here.

What a folder of one's own already holds is taken from there, so that a set can be built on a system
without one of these clients, or offline. Nothing is used whose SHA-256 is not the recipe's.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from cyber_suites.real_set.recipes import Package, Release
from eval_observatory.errors import UserError

_PATIENCE = 600
"""Seconds that one client has for one download."""


class Sources:
    """The files of the registries, each kept once under its name."""

    def __init__(self, cache: Path, own: Path | None = None) -> None:
        """Keep downloads in `cache`; look into `own`, files put there by hand, first."""
        self.cache, self.own = cache, own
        self._indexed = False
        cache.mkdir(parents=True, exist_ok=True)

    def package(self, recipe: Package) -> dict[str, Path]:
        """The files of a source package by name; UserError says in one line what is missing."""
        missing = {name: sha for name, sha in recipe.files.items() if self._kept(name, sha) is None}
        if missing:
            self._apt_source(recipe, missing)
        return {name: self._found(name, sha) for name, sha in recipe.files.items()}

    def release(self, release: Release) -> Path:
        """One file of PyPI or npm."""
        if self._kept(release.file, release.sha256) is None:
            (self._pip if release.registry == "pypi" else self._npm)(release)
        return self._found(release.file, release.sha256)

    def _kept(self, name: str, sha256: str) -> Path | None:
        for folder in (self.own, self.cache):
            if folder is not None and (folder / name).is_file():
                if _sha256(folder / name) == sha256:
                    return folder / name
                if folder == self.own:
                    raise UserError(f"{folder / name}: its SHA-256 is not that of the recipe")
        return None

    def _found(self, name: str, sha256: str) -> Path:
        found = self._kept(name, sha256)
        if found is None:
            raise UserError(
                f"{name} is not what the recipe names: SHA-256 {sha256[:12]}… was expected"
            )
        return found

    def _apt_source(self, recipe: Package, missing: dict[str, str]) -> None:
        """Download by apt with a configuration of its own: the machine's is read, not changed."""
        remedy = f"put {', '.join(missing)} into a folder and name it by --sources"
        if shutil.which("apt-get") is None:
            raise UserError(f"{recipe.package}: this system has no apt-get: {remedy}")
        options = self._apt_options()
        if not self._indexed:
            _client(["apt-get", *options, "-qq", "update"], "the index of Debian's sources")
            self._indexed = True
        with tempfile.TemporaryDirectory(dir=self.cache) as folder:
            wanted = f"{recipe.package}={recipe.version}"
            command = ["apt-get", *options, "-qq", "--download-only", "source", wanted]
            try:
                _client(command, wanted, cwd=Path(folder))
            except UserError as error:
                raise UserError(f"{error}; if the archive has a newer one: {remedy}") from None
            for name in missing:
                if (Path(folder) / name).is_file():
                    (Path(folder) / name).replace(self.cache / name)

    def _apt_options(self) -> list[str]:
        home = self.cache / "apt"
        for folder in ("lists/partial", "cache/archives/partial", "sources"):
            (home / folder).mkdir(parents=True, exist_ok=True)
        etc = Path("/etc/apt")
        for path in [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]:
            if path.suffix in {".list", ".sources"} and path.is_file():
                text = _of_sources(path.read_text("utf-8"), path.suffix)
                (home / "sources" / path.name).write_text(text, "utf-8")
        settings = {
            "Dir::Etc::sourcelist": "/dev/null",
            "Dir::Etc::sourceparts": home / "sources",
            "Dir::State::lists": home / "lists",
            "Dir::Cache": home / "cache",
            "APT::Sandbox::User": "",
        }
        return [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]

    def _pip(self, release: Release) -> None:
        line = f"{release.name}=={release.version} --hash=sha256:{release.sha256}\n"
        with tempfile.TemporaryDirectory(dir=self.cache) as folder:
            wanted = Path(folder) / "wanted.txt"
            wanted.write_text(line, "utf-8")
            kind = "--only-binary" if release.file.endswith(".whl") else "--no-binary"
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
            command += ["--disable-pip-version-check", "--no-build-isolation", kind, ":all:"]
            command += ["--require-hashes", "-r", str(wanted), "-d", folder]
            _client(command, f"{release.name} {release.version} by pip")
            self._take(Path(folder), release)

    def _npm(self, release: Release) -> None:
        if shutil.which("npm") is None:
            raise UserError(f"{release.name}: this system has no npm: install Node.js with npm")
        with tempfile.TemporaryDirectory(dir=self.cache) as folder:
            spec = f"{release.name}@{release.version}"
            command = ["npm", "pack", "--silent", "--ignore-scripts", spec]
            _client([*command, "--pack-destination", folder], f"{spec} by npm", cwd=Path(folder))
            self._take(Path(folder), release)

    def _take(self, folder: Path, release: Release) -> None:
        if (folder / release.file).is_file():
            (folder / release.file).replace(self.cache / release.file)


def _of_sources(text: str, suffix: str) -> str:
    """An apt list of packages as the list of their sources, in either of apt's two forms."""
    if suffix == ".sources":
        return re.sub(r"(?im)^Types:.*$", "Types: deb-src", text)
    return re.sub(r"(?m)^deb\s", "deb-src ", text)


def _client(command: list[str], what: str, cwd: Path | None = None) -> None:
    try:
        done = subprocess.run(
            command, cwd=cwd, capture_output=True, text=True, errors="replace", timeout=_PATIENCE
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"{what}: no answer within {_PATIENCE} s; run again to go on") from None
    if done.returncode:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        said = [line for line in lines if re.match(r"E:|ERROR|npm error", line)] or lines
        raise UserError(f"{what}: {said[0].strip() if said else f'exit {done.returncode}'}")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
