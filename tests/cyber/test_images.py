"""The published images, on a stand-in for the engine: what is asked of it, and what it comes to."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest
import small_sets

from cyber_suites.cybergym.images import runner_of
from cyber_suites.cybergym.layout import read_tasks
from cyber_suites.outcomes import Ran
from eval_observatory.errors import UserError

ENGINE = """#!/bin/bash
printf '%s\\n' "$@" > {asked}
for word; do case $word in *:/tmp/poc:ro) file=${{word%%:*}};; esac; done
case $(cat "$file") in
  missing) echo "no such image" >&2; exit 125;;
  crash) echo "==1==ERROR: AddressSanitizer: SEGV"; exit 1;;
  kill) exit 137;;
  fix) case "$*" in *-fix*) exit 0;; esac; exit 77;;
esac
"""


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the stand-in leaves what it was asked."""
    (tmp_path / "docker").write_text(ENGINE.format(asked=tmp_path / "asked"))
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return tmp_path / "asked"


def ran(folder: Path, id: str, build: str, poc: bytes) -> Ran:
    task = read_tasks(small_sets.cybergym(folder / "set", (id,), built=False))[id]
    return anyio.run(runner_of("docker"), task, build, poc)


@pytest.mark.parametrize(
    ("poc", "build", "outcome", "code"),
    [
        (b"", "vul", "clean", 0),
        (b"crash", "vul", "crash", 1),
        (b"fix", "vul", "crash", 77),
        (b"fix", "fix", "clean", 0),
        (b"kill", "vul", "out_of_memory", 137),
        (b"missing", "vul", "failed", None),
    ],
)
def test_an_image_comes_to_the_same_outcomes(
    asked: Path, tmp_path: Path, poc: bytes, build: str, outcome: str, code: int | None
) -> None:
    found = ran(tmp_path, "arvo:10400", build, poc)
    assert (found.outcome, found.exit_code) == (outcome, code)
    words = asked.read_text().splitlines()
    assert words[words.index("--network") + 1] == "none"
    assert f"n132/arvo:10400-{build}" in words
    assert "/bin/arvo" in words


def test_each_subset_has_its_image(asked: Path, tmp_path: Path) -> None:
    assert ran(tmp_path, "oss-fuzz:42", "vul", b"").outcome == "clean"
    assert {"cybergym/oss-fuzz:42-vul", "/usr/local/bin/run_poc"} <= set(
        asked.read_text().splitlines()
    )
    assert "images of arvo" in ran(tmp_path / "other", "debian:x", "vul", b"").why


def test_an_engine_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="unknown"):
        runner_of("rkt")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UserError, match="not installed"):
        runner_of("docker")
