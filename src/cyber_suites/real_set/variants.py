"""Variants of a source: other names, other places of its files, the same bug."""

from __future__ import annotations

from pathlib import Path

from cyber_suites.real_set.recipes import Variant


def changed(tree: Path, variant: Variant) -> None:
    """Change a tree in place by the rules of a variant: drop, rename, then move.

    What is no UTF-8 keeps its text and changes its name only.
    """
    for path in [path for path in tree.rglob("*") if path.is_file()]:
        name = path.relative_to(tree).as_posix()
        if name.startswith(tuple(variant.drop)) and variant.drop:
            path.unlink()
            continue
        _rewritten(path, variant.rename)
        target = tree / _moved(_replaced(name, variant.rename), variant.move)
        if target != path:
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
    for folder in sorted((path for path in tree.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


def _rewritten(path: Path, rename: dict[str, str]) -> None:
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return
    new = _replaced(text, rename)
    if new != text:
        path.write_bytes(new.encode("utf-8"))


def _replaced(text: str, rename: dict[str, str]) -> str:
    for old, new in rename.items():
        text = text.replace(old, new)
    return text


def _moved(name: str, move: dict[str, str]) -> str:
    for old, new in move.items():
        if name.startswith(old):
            return new + name[len(old) :]
    return name
