"""Inspect's own static viewer over the logs of a run."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from inspect_ai.log import bundle_log_dir, read_eval_log_sample_summaries

Links = dict[tuple[Path, str, int], str]
"""Addresses of samples relative to the report, by the log's path, the cell's id and the rollout."""


def bundle(folders: Sequence[Path], out: Path) -> Links:
    """Writes the viewer of each folder of logs into `out/viewer`, `out/viewer-2`, …

    The viewer fetches its logs: it works from any static host, not from a file.

    Returns:
        The address of every sample.
    """
    links: Links = {}
    for number, folder in enumerate(folders, 1):
        name = "viewer" if number == 1 else f"viewer-{number}"
        shutil.rmtree(out / name, ignore_errors=True)
        out.mkdir(parents=True, exist_ok=True)
        bundle_log_dir(str(folder), str(out / name))
        for log in sorted(folder.rglob("*.eval")):
            part = quote(log.relative_to(folder).as_posix())
            for sample in read_eval_log_sample_summaries(str(log)):
                cell, _, rollout = str(sample.id).partition("#")
                place = f"{quote(str(sample.id), safe='')}/{sample.epoch}"
                address = f"{name}/index.html#/logs/{part}/samples/sample/{place}/"
                links[log, cell, int(rollout) if rollout else sample.epoch - 1] = address
    return links
