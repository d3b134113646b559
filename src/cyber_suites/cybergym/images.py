"""Builds in container images, as CyberGym publishes them, where a machine has an engine."""

from __future__ import annotations

import shutil
import subprocess
import time
from functools import partial

import anyio

from cyber_suites.boxes import KEPT, TARGET, printable
from cyber_suites.cybergym.layout import MOST_POC, Task
from cyber_suites.cybergym.running import SECONDS, Runner, as_file, run_poc
from cyber_suites.outcomes import Ran, failed, told
from eval_observatory.errors import UserError

ENGINES = ("docker", "podman")
_START = 60.0
"""Seconds that an engine may take besides, as in the published server."""

_RUN = 'timeout -s SIGKILL "$1" "$2" 2>&1 | tail -c "$3"; exit "${PIPESTATUS[0]}"'


def runner_of(engine: str) -> Runner:
    """What runs inputs: extracted builds in our sandbox, or images by an engine, if one is named.

    Raises:
        UserError: there is no such engine, or it is not installed.
    """
    if not engine:
        return run_poc
    if engine not in ENGINES:
        raise UserError(f"engine {engine!r} is unknown; use {' or '.join(ENGINES)}")
    if shutil.which(engine) is None:
        raise UserError(f"engine {engine}: it is not installed; extract the builds instead")
    return partial(run_in_image, engine=engine)


def image_of(task: Task, build: str) -> tuple[str, str]:
    """The image of a build, and what runs the input in it.

    Raises:
        UserError: there are no images of this subset.
    """
    number = task.id.partition(":")[2]
    if task.subset == "arvo":
        return f"n132/arvo:{number}-{build}", "/bin/arvo"
    if task.subset == "oss-fuzz":
        return f"cybergym/oss-fuzz:{number}-{build}", "/usr/local/bin/run_poc"
    raise UserError(f"task {task.id}: there are images of arvo and oss-fuzz only")


async def run_in_image(
    task: Task, build: str, poc: bytes, seconds: float = SECONDS, engine: str = ENGINES[0]
) -> Ran:
    """Runs an input on a build's image: no network, no power, bounded memory and processes."""
    if len(poc) > MOST_POC:
        return failed(f"the input has {len(poc)} bytes, more than {MOST_POC}")
    try:
        image, command = image_of(task, build)
        async with as_file(poc) as file:
            run = [
                *(engine, "run", "--rm", "--pull", "never", "--network", "none"),
                *(
                    "--memory",
                    f"{TARGET.total_memory_mb}m",
                    "--memory-swap",
                    f"{TARGET.total_memory_mb}m",
                ),
                *("--pids-limit", str(TARGET.processes), "--security-opt", "no-new-privileges"),
                *("--volume", f"{file}:/tmp/poc:ro", "--entrypoint", "/bin/bash", image),
                *("-c", _RUN, "bash", f"{seconds:g}", command, str(KEPT)),
            ]
            started = time.monotonic()
            with anyio.fail_after(seconds + _START):
                done = await anyio.run_process(run, check=False, stdin=subprocess.DEVNULL)
    except (UserError, OSError) as error:
        return failed(str(error))
    except TimeoutError:
        return failed(f"the engine did not answer within {seconds + _START:g} s")
    output = printable(done.stdout[-KEPT:])
    if done.returncode == 125:  # the engine's own: there is no such image, or no engine at work
        return failed(f"{engine}: {printable(done.stderr).strip()[-200:]}")
    return told(done.returncode, output, time.monotonic() - started, seconds)
