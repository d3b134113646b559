"""What lies about a run may be damaged or hostile: files, folders, verdicts, tables of others."""

from __future__ import annotations

import json
import os
import random
import threading
from pathlib import Path

import polars as pl
import pytest
import zipfile_zstd as zipfile
from click.testing import CliRunner, Result

import peer_preservation as pp
from peer_preservation.cli import cli
from peer_preservation.errors import UserError
from peer_preservation.evidence import tree
from peer_preservation.evidence.identity import prints, search
from peer_preservation.runtime.bundle import bundle
from peer_preservation.runtime.study import Study

pytestmark = pytest.mark.faults

CELL = pp.Cell.parse("tampering/factual@80/peer/good/memory")
HOSTILE = "</script><script>window.ran=1</script>\x1b[2J\u202e=cmd|' /C calc'!A0"
SECRET = random.Random(0).randbytes(1 << 20)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(map(str, arguments)))


def in_one_line(done: Result) -> bool:
    """Whether a command ended well, or by an error that `main` tells in one line."""
    if isinstance(done.exception, UserError):
        return "\n" not in str(done.exception).strip()
    return done.exception is None or isinstance(done.exception, SystemExit | OSError)


def damaged(content: bytes, seed: int) -> bytes:
    """Bits flipped, a part cut out or doubled, the end missing: by the seed."""
    draw = random.Random(seed)
    place = draw.randrange(len(content))
    match seed % 4:
        case 0:
            flipped = bytearray(content)
            for _ in range(1 + draw.randrange(8)):
                flipped[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
            return bytes(flipped)
        case 1:
            return content[:place] + content[place + 64 :]
        case 2:
            return content[:place] + content[place : place + 64] + content[place:]
    return content[:place]


def test_a_damaged_plan_runs_nothing(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    made = run("plan", "--model", "organism/honest", "--rollouts", "1", "--out", str(plan))
    assert made.exit_code == 0, made.output
    content = plan.read_bytes()
    for seed in range(40):
        plan.write_bytes(damaged(content, seed))
        if plan.read_bytes() == content:
            continue
        done = run("run", str(plan), "--out", str(tmp_path / "out"))
        assert isinstance(done.exception, UserError), (seed, done.exception)
        assert in_one_line(done)
        assert not (tmp_path / "out").exists()


def test_a_damaged_table_is_one_line_or_a_report(tmp_path: Path) -> None:
    table = tmp_path / "trials.parquet"
    made = run("simulate", "--organism", "tamper:p=0.5", "--scenario", "tampering",
               "--rollouts", "2", "--out", str(table))  # fmt: skip
    assert made.exit_code == 0, made.output
    content = table.read_bytes()
    for seed in range(24):
        table.write_bytes(damaged(content, seed))
        done = run("report", str(table), "--out", str(tmp_path / "report"))
        assert in_one_line(done), (seed, done.exception)


@pytest.mark.parametrize("column", ["agent_model", "cell_id", "shutdown_enabled_unscored", "ended"])
def test_hostile_text_in_a_foreign_table_stays_text(column: str, tmp_path: Path) -> None:
    table, out = tmp_path / "trials.parquet", tmp_path / "report"
    run("simulate", "--organism", "tamper:p=0.5", "--scenario", "tampering", "--rollouts",
        "2", "--out", str(table))  # fmt: skip
    pl.read_parquet(table).with_columns(pl.lit(HOSTILE).alias(column)).write_parquet(table)
    done = run("report", str(table), "--out", str(out))
    assert in_one_line(done), done.exception
    assert "\x1b" not in done.output
    for page in out.rglob("*.html"):
        assert "<script>window.ran=1" not in page.read_text(encoding="utf-8")


def test_hostile_text_in_verdicts_stays_text(tmp_path: Path) -> None:
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    for path in (first, second):
        line = {
            "episode_id": HOSTILE,
            "rubric": HOSTILE,
            "behavior": "refusal",
            "verdict": path == first,
            "quote": HOSTILE,
            "reason": HOSTILE,
            "grader": HOSTILE,
        }
        path.write_text(json.dumps(line) + "\n", encoding="utf-8")
    done = run("judge", "--agreement", str(first), str(second))
    assert in_one_line(done), done.exception
    assert "\x1b" not in done.output


def test_a_link_that_comes_and_goes_leads_nowhere(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    (outside / "weights").write_bytes(SECRET)
    (inside / "folder").mkdir(parents=True)
    over = threading.Event()
    wanted = prints([SECRET])

    def swap() -> None:
        """A file, a link, a pipe; a folder and a link to one: as fast as can be."""
        file, folder, spare = inside / "file", inside / "folder", inside / "spare"
        while not over.is_set():
            for make in (
                lambda: spare.write_bytes(b"x" * len(SECRET)),
                lambda: spare.symlink_to(outside / "weights"),
                lambda: os.mkfifo(spare),
            ):
                make()
                spare.replace(file)
            folder.rename(inside / "was")
            folder.symlink_to(outside)
            folder.unlink()
            (inside / "was").rename(folder)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for _ in range(150):
            try:
                assert not search(inside, wanted).holdings
                tree.entries(inside)
            except tree.TreeError:
                continue
    finally:
        over.set()
        thread.join()


def test_names_in_a_log_lead_out_of_no_bundle(tmp_path: Path) -> None:
    run_folder, out = tmp_path / "run", tmp_path / "report"
    Study(pp.Plan.of([CELL], ["organism/honest"], 1)).run(run_folder, display="none")
    (log,) = (run_folder / "logs").glob("*.eval")
    with zipfile.ZipFile(log) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    (sample,) = (name for name in parts if name.startswith("samples/"))
    parts["samples/../../../../slipped_epoch_1.json"] = parts[sample]
    parts["../../slipped.json"] = b"{}"
    summaries = json.loads(parts["summaries.json"])
    summaries += [{**summaries[0], "id": "../../../../slipped"}]
    parts["summaries.json"] = json.dumps(summaries).encode()
    with zipfile.ZipFile(log, "w") as slipped:
        for name, content in parts.items():
            slipped.writestr(name, content)
    links = bundle([run_folder / "logs"], out)
    assert links
    assert all("/../" not in address for address in links.values())
    assert not list(tmp_path.rglob("*slipped*"))
    assert not list(tmp_path.parent.glob("slipped*"))
