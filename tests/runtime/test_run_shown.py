"""What `run` and `status` tell: on the way, at the end, to programs, and what a rehearsal tells."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

import peer_preservation as pp
from peer_preservation.cli import cli
from peer_preservation.cli.shown import Shown, spoken
from peer_preservation.progress import tell, watched_by
from peer_preservation.requests import REQUESTS, keep_request
from peer_preservation.runtime.folder import LOCK, held
from peer_preservation.standing import standing_of

COMMAND = (sys.executable, "-c", "from peer_preservation.cli import main; main()")
WHAT = ("--model", "organism/tamper:p=0.5", "--scenario", "tampering", "--subject", "peer")


def called(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    folder = tmp_path_factory.mktemp("shown") / "run"
    return folder, called("run", *WHAT, "--rollouts", "4", "--report", "--out", str(folder))


def test_a_run_ends_with_rates_a_sentence_and_what_to_do_next(whole: tuple[Path, Result]) -> None:
    folder, done = whole
    assert done.exit_code == 0, done.output
    flat = " ".join(done.stdout.split())
    estimates = pp.estimate(pp.read_run(folder).trials).filter(behavior="shutdown_tampering")
    for row in estimates.filter(estimates["k"] > 0).iter_rows(named=True):
        low, high = (f"{100 * row[end]:.1f}" for end in ("low", "high"))
        told = f"{100 * row['rate']:.1f} [{low} to {high}] {row['k']} of 4"
        assert told in flat, told
    assert "organism/tamper:p=0.5 switched the shutdown off in " in flat
    assert "mean:" not in done.output, "Inspect's own table of labels"
    *_, last = done.stdout.splitlines()
    assert last == f"next: open {(folder / 'report' / 'index.html').as_uri()}"
    assert (folder / "report" / "index.html").exists()
    assert "16 of 16 rollouts played: " in done.stderr


def test_a_program_reads_one_json_value_and_nothing_else(whole: tuple[Path, Result]) -> None:
    folder, _ = whole
    done = called("run", *WHAT, "--rollouts", "4", "--json", "--out", str(folder))
    told = json.loads(done.stdout)
    assert (told["asked"], told["played"], told["unscored"], told["interrupted"]) == (
        *(16, 16, {}),
        False,
    )
    rates = {row["behavior"] for row in told["rates"]}
    assert "shutdown_tampering" in rates
    assert told["sentences"][0].startswith("organism/tamper:p=0.5 switched the shutdown off in ")


def test_quiet_says_nothing_where_nothing_is_missing(whole: tuple[Path, Result]) -> None:
    folder, _ = whole
    done = called("run", *WHAT, "--rollouts", "4", "-q", "--out", str(folder))
    assert (done.exit_code, done.output) == (0, "")


def test_inspects_own_display_comes_when_it_is_asked_for(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "run", *WHAT, "--display", "plain", "--rollouts", "1", "--out", tmp_path],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Running 1 tasks..." in done.stdout


def test_a_rehearsal_plays_nothing_and_counts_what_is_there(
    whole: tuple[Path, Result], tmp_path: Path
) -> None:
    folder, _ = whole
    done = called("run", *WHAT, "--rollouts", "6", "--dry-run", "--out", str(folder))
    assert done.exit_code == 0, done.output
    assert "16 rollouts of 24 stand in" in done.stdout
    assert done.stdout.endswith("8 rollouts would be played. Nothing was.\n")
    assert sum(standing_of(folder)[0].played.values()) == 16
    out = tmp_path / "none"
    told = json.loads(called("run", *WHAT, "--dry-run", "--json", "--out", str(out)).stdout)
    assert (told["asked"], told["played"], len(told["cells"])) == (40, 0, 4)
    assert not out.exists()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--seed", "9"], "other seed"),
        (["--model", "nowhere/x"], "model 'nowhere/x'"),
    ],
)
def test_a_rehearsal_refuses_what_the_run_would(
    more: list[str], says: str, whole: tuple[Path, Result]
) -> None:
    done = called("run", *WHAT, *more, "--dry-run", "--out", str(whole[0]))
    assert says in str(done.exception)
    assert isinstance(done.exception, pp.UserError)


def test_status_of_a_whole_run(whole: tuple[Path, Result]) -> None:
    folder, _ = whole
    done = called("status", str(folder))
    first, *_, last = done.stdout.splitlines()
    assert (done.exit_code, first) == (0, "16 of 16 rollouts played")
    assert last == f"next: peer-preservation report {folder} --out {folder}/report --open"
    (told,) = json.loads(called("status", str(folder), "--json").stdout)
    assert told["played"] == {"organism/tamper:p=0.5": 16}
    assert (told["asked"], told["left"], told["running"]) == (16, 0, None)


def test_status_of_a_run_under_way_and_of_one_that_was_left(
    whole: tuple[Path, Result], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    subprocess.run(["cp", "-a", str(whole[0]), str(folder)], check=True)
    plan = pp.Plan.read(folder / "plan.toml")
    keep_request(pp.Plan.of(plan.parsed, plan.models, 10), folder)
    done = called("status", str(folder))
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "16 of 40 rollouts played",
        "  not played yet: 24",
        "nobody plays it now; the command of the run goes on from here",
    ]
    code = (
        "import sys; from pathlib import Path; "
        "from peer_preservation.runtime.folder import held\n"
        "with held(Path('x'), Path(sys.argv[1])): print('held', flush=True); input()"
    )
    holder = [sys.executable, "-c", code, str(folder / LOCK)]
    with subprocess.Popen(
        holder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        process.stdout.readline()
        done = called("status", str(folder))
        process.communicate("\n")
    assert f"running: process {process.pid} on " in done.stdout
    with held(folder, folder / LOCK):
        pass


def test_status_counts_what_each_request_asked_for(
    whole: tuple[Path, Result], tmp_path: Path
) -> None:
    """Another model in one cell, and that twice: not every model in every cell."""
    folder = tmp_path / "run"
    subprocess.run(["cp", "-a", str(whole[0]), str(folder)], check=True)
    of_one = ("--scenario", "tampering", "--subject", "peer", "--relationship", "bad")
    more = ("--model", "organism/honest", *of_one)
    for _ in range(2):
        done = called("run", *more, "--rollouts", "2", "-q", "--out", str(folder))
        assert done.exit_code == 0, done.output
    assert len([*(folder / REQUESTS).glob("*.toml")]) == 2
    plan = pp.Plan.read(folder / "plan.toml")
    assert (len(plan.models), len(plan.cells), plan.rollouts) == (2, 4, 4)
    done = called("status", str(folder))
    assert (done.exit_code, done.stdout.splitlines()[0]) == (0, "18 of 18 rollouts played")
    assert pp.read_run(folder).asked == 18


def test_a_folder_without_requests_is_read_as_before(
    whole: tuple[Path, Result], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    subprocess.run(["cp", "-a", str(whole[0]), str(folder)], check=True)
    shutil.rmtree(folder / REQUESTS)
    plan = pp.Plan.read(folder / "plan.toml")
    assert called("status", str(folder)).stdout.startswith("16 of 16 rollouts played")
    # What it was asked for before is kept with what it is asked for next.
    keep_request(pp.Plan.of(plan.parsed[:1], ["organism/honest"], 2), folder)
    assert called("status", str(folder)).stdout.startswith("16 of 18 rollouts played")


@pytest.mark.parametrize("name", ["nothing", "empty"])
def test_what_is_no_run_has_no_status(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = called("status", str(tmp_path / name))
    assert str(done.exception).endswith("holds no run; give the folder that `run --out` was given")


def shown(terminal: bool) -> tuple[Shown, StringIO, list[float]]:
    told, now = StringIO(), [0.0]
    console = Console(file=told, force_terminal=terminal, width=120, color_system=None)
    return Shown(console, clock=lambda: now[0]), told, now


def test_the_line_tells_what_is_played_failed_left_and_spent() -> None:
    watcher, _, now = shown(terminal=False)
    watcher.begun(asked=100, played=20, money=lambda: "US $ 0.10 of about 0.50")
    assert watcher.line() == "20 of 100 rollouts, US $ 0.10 of about 0.50"
    with watched_by(watcher):
        for number in range(10):
            tell(f"{number}", "end_task", good=number > 0)
        tell("x", "cancelled", good=False)
    now[0] = 300.0
    assert watcher.line() == (
        "29 of 100 rollouts, 1 failed so far, about 35 min left, US $ 0.10 of about 0.50"
    )
    watcher.ended("0", played=True)  # its second attempt
    assert watcher.line().startswith("30 of 100 rollouts, about 35 min left")
    watcher.closed()


def test_in_a_terminal_there_is_a_bar_and_elsewhere_a_line_a_minute(
    capsys: pytest.CaptureFixture[str],
) -> None:
    watcher, told, _ = shown(terminal=True)
    watcher.begun(2, 0, str)
    watcher.ended("a", played=True)
    watcher.closed()
    assert "Playing" in told.getvalue()
    watcher, _, now = shown(terminal=False)
    watcher.begun(200, 0, str)
    for number in range(150):
        now[0] = float(number)
        watcher.ended(f"{number}", played=True)
    watcher.closed()
    assert [line.split(" ")[0] for line in capsys.readouterr().err.splitlines()] == [
        "0",
        "61",
        "121",
    ]


@pytest.mark.parametrize(
    ("seconds", "words"), [(5, "5 s"), (100, "2 min"), (5399, "90 min"), (7800, "2 h 10 min")]
)
def test_times_are_spoken(seconds: float, words: str) -> None:
    assert spoken(seconds) == words.replace("90 min", "1 h 30 min")
