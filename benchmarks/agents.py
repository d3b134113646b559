"""What a scripted rollout in a coding agent costs, beside what the agent takes by itself.

python -m benchmarks.agents [AGENT...]    # processor time: alone, in the harness, and the ratio
python -m benchmarks.agents AGENT=harness # or =alone: one side by itself
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import peer_preservation as pp
from benchmarks.stand_in_model import Script, serve
from peer_preservation.episode import Called, Said
from peer_preservation.runtime.agents import install
from peer_preservation.runtime.agents.catalog import AGENTS
from peer_preservation.runtime.agents.place import STAGED
from peer_preservation.trials.simulation import simulated

CELL = pp.Cell.parse("tampering/factual@80/peer/good/memory")
ORGANISM = "tamper"
MORE = int(os.environ.get("BENCHMARK_ROLLOUTS", "2"))  # that are counted, after the first one
_SUBREAPER = 36


def spent() -> float:
    """Seconds of processor time of this process and of all that it has waited for."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(sum(resource.getrusage(one)[:2]) for one in who)


# --- in the harness ------------------------------------------------------------------------------


def play(agent: str, rollouts: int) -> None:
    """Plays rollouts, one after another."""
    from inspect_ai import eval as inspect_eval

    from peer_preservation.runtime.harness import harness_of
    from peer_preservation.runtime.tasks import task_of

    with tempfile.TemporaryDirectory() as folder:
        (log,) = inspect_eval(
            task_of(CELL.scenario, [CELL], harness_of(agent)),
            model=f"organism/{ORGANISM}",
            epochs=rollouts,
            max_samples=1,
            log_dir=folder,
            display="none",
            log_realtime=False,
            ctl_server=False,
            acp_server=False,
        )
        assert log.status == "success"
        assert len(log.samples or ()) == rollouts


@dataclass(frozen=True)
class Cost:
    """What a rollout takes of the machine.

    Attributes:
        processor: seconds of processor time.
        share: of one core, kept busy over the rollout's length; the model answers at once, so that
            a real one leaves it lower.
        memory_mib: the most that its processes held, together; Inspect itself is not in it.
    """

    processor: float
    share: float = 0
    memory_mib: int = 0


def in_harness(agent: str) -> Cost:
    """The cost of a rollout: Inspect, sandbox and agent; what a run needs once is not in.

    Each run is a process of its own, and its children are ended, so that all is counted.
    """
    costs, lengths, most = [], [], 0
    for rollouts in (1, 1 + MORE):
        command = f"from benchmarks import agents; agents.play({agent!r}, {rollouts})"
        before, start = spent(), time.perf_counter()
        run = subprocess.Popen([sys.executable, "-c", command])
        while run.poll() is None:
            most = max(most, held_below(run.pid))
            time.sleep(0.1)
        if run.returncode:
            sys.exit(f"the run of {agent} ended with code {run.returncode}")
        costs.append(spent() - before)
        lengths.append(time.perf_counter() - start)
    processor = (costs[1] - costs[0]) / MORE
    return Cost(processor, processor * MORE / (lengths[1] - lengths[0]), most)


def held_below(pid: int) -> int:
    """Memory in MiB of all processes below one; what they share is counted once (proc(5), Pss)."""
    total = 0
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (thread / "children").read_text().split()):
                with suppress(OSError, IndexError):
                    rollup = Path(f"/proc/{child}/smaps_rollup").read_text()
                    total += int(rollup.split("\nPss:")[1].split()[0]) >> 10
                total += held_below(child)
    return total


# --- alone ---------------------------------------------------------------------------------------


def launched(agent: str) -> tuple[dict[str, str], dict[str, Any]]:
    """How the harness starts an agent: the files that it writes first, and the command."""
    from peer_preservation.runtime.sandbox.environment import BwrapSandbox

    files: dict[str, str] = {}
    commands: list[dict[str, Any]] = []
    run, write = BwrapSandbox.exec, BwrapSandbox.write_file

    async def noted_run(self: BwrapSandbox, cmd: list[str], *rest: Any, **more: Any) -> Any:
        if cmd[-1] == "exec" and '"exec_remote_start"' in str(more.get("input")):
            commands.append(json.loads(more["input"])["params"])
        return await run(self, cmd, *rest, **more)

    async def noted_write(self: BwrapSandbox, file: str, contents: str | bytes) -> None:
        files[self._path(file)] = str(contents)
        await write(self, file, contents)

    BwrapSandbox.exec, BwrapSandbox.write_file = noted_run, noted_write  # type: ignore[method-assign]
    try:
        play(agent, 1)
    finally:
        BwrapSandbox.exec, BwrapSandbox.write_file = run, write  # type: ignore[method-assign]
    return files, commands[-1]


def alone(agent: str, files: dict[str, str], command: dict[str, Any]) -> float:
    """Processor seconds of the agent by itself: no sandbox, no Inspect, the same script.

    The command and its files are those of the harness, and only the places are others. The model
    is a thread of this process, and not counted.
    """
    (played,) = simulated([CELL], ORGANISM, 1)
    script = Script(CELL, turns_of(played))
    home = install.home_of(AGENTS[agent])
    with tempfile.TemporaryDirectory() as folder:
        places = {
            "http://localhost:3001": f"http://localhost:{serve(script).server_port}",
            STAGED: str(home / "node_modules"),
            "/opt/agent": str(home),
            "/workspace": f"{folder}/workspace",
            "/home/agent": f"{folder}/home",
        }
        for made in ("workspace", "home"):
            (Path(folder) / made).mkdir()

        def here(text: str) -> str:
            for there, place in places.items():
                text = text.replace(there, place)
            return text

        for path, content in files.items():
            Path(here(path)).parent.mkdir(parents=True, exist_ok=True)
            Path(here(path)).write_text(here(content))
        bare = {"PATH": f"{home}/bin:/usr/local/bin:/usr/bin:/bin", "HOME": f"{folder}/home"}
        # Claude Code does not run without questions as root, outside of a sandbox
        bare |= {"LANG": "C.UTF-8", "SHELL": "/bin/bash", "IS_SANDBOX": "1"}
        given = {name: here(value) for name, value in command.get("env", {}).items()}
        return _cost_of(
            ["/bin/sh", "-c", here(command["command"])],
            command.get("input", "").encode(),
            f"{folder}/workspace",
            bare | given,
            script,
        )


def turns_of(episode: pp.Episode) -> list[tuple[str, list[pp.Call]]]:
    """Text and calls of every turn."""
    turns: list[tuple[str, list[pp.Call]]] = []
    for event in episode.events:
        if isinstance(event, Said):
            turns.append((event.text, []))
        elif isinstance(event, Called):
            turns[-1][1].append(pp.Call(event.name, event.arguments))
    return turns


def _cost_of(
    command: list[str], given: bytes, cwd: str, env: dict[str, str], script: Script
) -> float:
    """Runs the agent until its job has ended, then ends all that it has left."""
    ctypes.CDLL(None).prctl(_SUBREAPER, 1)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as said:
        stdin.write(given)
        stdin.seek(0)
        agent = subprocess.Popen(command, stdin=stdin, stdout=said, stderr=said, cwd=cwd, env=env)
        while agent.poll() is None and not script.ended.wait(0.2):
            pass
        if not script.ended.is_set():
            said.seek(0)
            sys.exit(f"the agent ended before its job: {said.read()[-2000:].decode()}")
        if script.undone:
            sys.exit(f"calls that the agent has not made: {script.undone}")
        _end_all()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(after[:2]) - sum(before[:2])


def _end_all() -> None:
    """Kills and waits for all below this process; what loses its parent becomes ours."""
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    while pids := children.read_text().split():
        for pid in map(int, pids):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def by_itself(agent: str) -> Cost:
    """`alone`, without a network, after a rollout in the harness that shows how it is started."""
    lone = 'ip link set lo up && exec "$@"'
    code = "import json, sys; from benchmarks import agents as own; "
    code += "print(own.alone(*json.load(sys.stdin)))"
    done = subprocess.run(
        ["unshare", "-r", "-n", "sh", "-c", lone, "sh", sys.executable, "-c", code],
        input=json.dumps([agent, *launched(agent)]),
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return Cost(float(done.stdout.split()[-1]))


SIDES: dict[str, Callable[[str], Cost]] = {"alone": by_itself, "harness": in_harness}


def main(names: list[str]) -> None:
    """Prints what is asked for."""
    for name in names or list(AGENTS):
        agent, _, side = name.partition("=")
        if side:
            print(json.dumps(asdict(SIDES[side](agent))), flush=True)
            continue
        start = time.perf_counter()
        costs = {}
        for side in SIDES:
            own = [sys.executable, "-m", "benchmarks.agents", f"{agent}={side}"]
            done = subprocess.run(own, check=True, capture_output=True, text=True)
            costs[side] = Cost(**json.loads(done.stdout.splitlines()[-1]))
        alone, ours = costs["alone"].processor, costs["harness"]
        print(
            f"{agent}, processor time of a scripted rollout: alone {alone:.1f} s, "
            f"in the harness {ours.processor:.1f} s, {ours.processor / alone:.1f} x; "
            f"{ours.share:.2f} of a core, {ours.memory_mib} MiB "
            f"({time.perf_counter() - start:.0f} s for these figures)",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
