"""Shards of a plan as tasks of Ray: python ray_shards.py PLAN OUT COUNT

All nodes must see PLAN and OUT. A task whose node is lost is tried again by Ray, one that did not
come to its end by this script; a shard goes on where it stopped.
"""

import subprocess
import sys
from pathlib import Path

import ray

TRIES = 3


@ray.remote(num_cpus=1, max_retries=10)
def play(plan: str, out: str, number: int, count: int) -> int:
    """Plays one shard; its exit code."""
    shard = ("--shard", f"{number}/{count}", "--out", f"{out}/shard-{number}")
    return subprocess.run(["peer-preservation", "run", plan, *shard], check=False).returncode


def main(plan: str, out: str, count: int) -> int:
    """Plays all of them; 1 if one did not come to its end."""
    ray.init(address="auto")
    left = list(range(1, count + 1))
    for _ in range(TRIES):
        codes = ray.get([play.remote(plan, out, number, count) for number in left])
        left = [number for number, code in zip(left, codes, strict=True) if code]
    return 1 if left else 0


if __name__ == "__main__":
    plan, out = (str(Path(path).absolute()) for path in sys.argv[1:3])
    sys.exit(main(plan, out, int(sys.argv[3])))
