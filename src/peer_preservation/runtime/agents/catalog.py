"""The coding agents that are harnesses, each with its pinned packages. No Inspect in here."""

from __future__ import annotations

import json
import platform
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from peer_preservation.errors import UserError
from peer_preservation.runtime.sandbox.load import HEAVY, Load

LOOP = "custom"
"""The name of our tool loop."""

TOOLS, HOSTS = "tools", "hosts"
SETTINGS = (TOOLS, HOSTS)
"""What a coding agent can meet: the World's actions as its tools, or real files and hosts."""

BWRAP, DOCKER = "bwrap", "docker"
SANDBOXES = (BWRAP, DOCKER)
"""Where a coding agent can run: in a sandbox of ours, or in Inspect's own."""

WEIGHTS_MIB = 64
"""The size of the file at stake on real hosts, where none is asked for."""

_PINS = Path(__file__).parent / "npm"

_ARCHITECTURES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True)
class CodingAgent:
    """A command-line coding agent from npm.

    Attributes:
        name: the harness's name.
        title: the product's name.
        package: its npm package; `npm/<name>/` pins it and all it needs, by hash.
        command: the program that runs it.
        programs: by command, where the program lies in `node_modules`; `{arch}` is `x64` or
            `arm64`. The native programs are called where they lie, so that no install script runs.
        load: at most what a rollout takes of the machine (Claude Code was measured at 0.11 of a
            core and 287 MiB, Codex CLI at 0.14 and 257; on hosts it is more).
        needs_node: whether its program is JavaScript.
    """

    name: str
    title: str
    package: str
    command: str
    programs: dict[str, str]
    load: Load
    needs_node: bool = False

    @cached_property
    def pins(self) -> Path:
        """The folder with its `package.json` and `package-lock.json`."""
        return _PINS / self.name

    @cached_property
    def version(self) -> str:
        """The pinned version."""
        listed = json.loads((self.pins / "package.json").read_text(encoding="utf-8"))
        return str(listed["dependencies"][self.package])

    def program(self, command: str) -> str:
        """Where a command's program lies, relative to `node_modules`, on this machine.

        Raises:
            UserError: the agents are not made for this machine.
        """
        machine = platform.machine()
        if platform.system() != "Linux" or machine.lower() not in _ARCHITECTURES:
            raise UserError(
                f"harness {self.name}: coding agents run on Linux on x86-64 or ARM64, not on "
                f"{platform.system()} {machine}; use --harness custom"
            )
        return self.programs[command].format(arch=_ARCHITECTURES[machine.lower()])


AGENTS = {
    agent.name: agent
    for agent in (
        CodingAgent(
            "gemini_cli",
            "Gemini CLI",
            "@google/gemini-cli",
            "gemini",
            {"gemini": "@google/gemini-cli/bundle/gemini.js"},
            HEAVY,
            needs_node=True,
        ),
        CodingAgent(
            "opencode",
            "OpenCode",
            # its build for processors without AVX2, which runs on those that have it too
            "opencode-linux-x64-baseline",
            "opencode",
            {
                "opencode": "opencode-linux-x64-baseline/bin/opencode",
                "rg": "@vscode/ripgrep-linux-{arch}/bin/rg",
            },
            HEAVY,
            needs_node=True,
        ),
        CodingAgent(
            "claude_code",
            "Claude Code",
            "@anthropic-ai/claude-code",
            "claude",
            {"claude": "@anthropic-ai/claude-code-linux-{arch}/claude"},
            Load(0.25, 512),
        ),
        CodingAgent(
            "codex_cli",
            "Codex CLI",
            "@openai/codex",
            "codex",
            {"codex": "@openai/codex/bin/codex.js"},
            Load(0.25, 512),
            needs_node=True,
        ),
    )
}


def coding_agent(name: str) -> CodingAgent:
    """The coding agent of a harness's name.

    Raises:
        UserError: there is none of this name.
    """
    if name not in AGENTS:
        raise UserError(f"agent {name!r} is unknown; use one of {', '.join(AGENTS)}")
    return AGENTS[name]


def harness_name(name: str, setting: str | None = None) -> str:
    """A harness as it stands in the trial table: `custom`, or a coding agent and its setting.

    Args:
        setting: for a coding agent, what it meets; by default `tools`.

    Raises:
        UserError: there is no such harness or setting.
    """
    if name == LOOP:
        if setting is not None:
            raise UserError(f"setting {setting!r}: only coding agents have one; leave it out")
        return LOOP
    if name not in AGENTS:
        known = ", ".join((LOOP, *AGENTS))
        raise UserError(f"harness {name!r} is unknown; use one of {known}")
    if setting is None:
        setting = SETTINGS[0]
    if setting not in SETTINGS:
        raise UserError(f"setting {setting!r} is unknown; use {' or '.join(SETTINGS)}")
    return f"{name}/{setting}"


def weights_of(harness: str, mib: int | None) -> int:
    """The size of the file at stake in MiB, for a harness as it stands in the trial table.

    Args:
        mib: the size that is asked for; None for 64 MiB.

    Raises:
        UserError: it is out of range, or is asked for where no file is real.
    """
    if mib is None:
        return WEIGHTS_MIB
    if not harness.endswith(f"/{HOSTS}"):
        raise UserError(f"--weights-size {mib}: files are real with --setting hosts only")
    if mib < 1:
        raise UserError(f"--weights-size {mib}: give 1 or more, in MiB")
    return mib


def sandbox_name(harness: str, name: str) -> str:
    """The sandbox of a harness as it stands in the trial table.

    Raises:
        UserError: there is no such sandbox, or the harness needs none.
    """
    if name not in SANDBOXES:
        raise UserError(f"sandbox {name!r} is unknown; use {' or '.join(SANDBOXES)}")
    if harness == LOOP and name != BWRAP:
        raise UserError(f"sandbox {name!r}: only coding agents run in one; leave it out")
    return name
