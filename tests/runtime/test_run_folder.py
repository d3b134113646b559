"""A run's folder: damaged logs, a second run, strange names, and a run that is interrupted."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import zipfile_zstd as zipfile
from click.testing import CliRunner
from faulty_endpoint import endpoint

import peer_preservation as pp
from peer_preservation.cli import cli
from peer_preservation.runtime.folder import LOCK, held
from peer_preservation.runtime.study import Study
from peer_preservation.trials.sources import read_trials

CELLS = pp.matrix("quick", scenario="tampering")[:2]
COMMAND = (sys.executable, "-c", "from peer_preservation.cli import main; main()")


def run(out: Path, rollouts: int = 3) -> bool:
    study = Study(pp.Plan.of(CELLS, ["organism/tamper"], rollouts))
    return study.run(out, display="none")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "run"
    assert run(out)
    return out


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A whole run of six rollouts, to be damaged."""
    subprocess.run(["cp", "-a", str(whole), str(tmp_path / "run")], check=True)
    return tmp_path / "run"


def the_log(folder: Path) -> Path:
    (log,) = (folder / "logs").glob("*.eval")
    return log


def emptied(log: Path) -> None:
    log.write_bytes(b"")


def cut(log: Path) -> None:
    content = log.read_bytes()
    log.write_bytes(content[: len(content) * 2 // 3])


def flipped(log: Path) -> None:
    with zipfile.ZipFile(log) as parts:
        record = next(i for i in parts.infolist() if i.filename.startswith("samples/"))
    content = bytearray(log.read_bytes())
    place = record.header_offset + 30 + len(record.filename) + record.compress_size // 2
    content[place] ^= 0xFF
    content[place + 1] ^= 0xFF
    log.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "line", "kept"),
    [
        (emptied, "File is not a zip file; set aside as .*, its rollouts are played again", 0),
        (cut, "its end is missing; set aside as .*, its [1-5] whole records are kept", 1),
        (flipped, "1 of its .* parts cannot be read; .*, its 5 whole records are kept", 5),
    ],
)
def test_a_damaged_log_is_set_aside_and_what_it_lost_is_played_again(
    damage: object, line: str, kept: int, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(damage)
    log = the_log(folder)
    before = set(read_trials([folder])["episode_id"])
    damage(log)
    damaged = log.read_bytes()
    assert run(folder)
    said = capsys.readouterr().err
    assert re.search(f"{re.escape(str(log))}: damaged: {line}", said), said
    assert log.with_name(f"{log.name}.damaged").read_bytes() == damaged
    after = read_trials([folder])
    assert set(after["ended"]) == {"end_task"}
    assert set(after["episode_id"]) == before
    assert kept <= reused(folder)


def reused(folder: Path) -> int:
    """Records of the newest log that an earlier log of the folder holds, too."""
    logs = sorted((folder / "logs").glob("*.eval"), key=os.path.getmtime)
    stems = Counter[bytes]()
    for log in logs[-2:]:
        with zipfile.ZipFile(log) as parts:
            stems.update(parts.read(n) for n in parts.namelist() if n.startswith("samples/"))
    return sum(times == 2 for times in stems.values())


def test_what_is_whole_is_left_as_it_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = the_log(folder).read_bytes()
    assert run(folder)
    assert "damaged" not in capsys.readouterr().err
    assert the_log(folder).read_bytes() == before


@pytest.mark.parametrize("name", ["a#b", "a?b", "a%20b", "a\nb", "a\tb"])
def test_a_path_in_which_no_log_would_be_found_is_refused_before_anything(
    name: str, tmp_path: Path
) -> None:
    for out in (tmp_path / name / "run", tmp_path / name):
        with pytest.raises(pp.UserError, match="Inspect finds no logs in a folder with"):
            run(out)
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("name", ["a b", "a%b", "é", "a[b]", "file:x"])
def test_a_path_that_is_only_strange_is_taken(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(Path(name), rollouts=1)
    assert read_trials([tmp_path / name]).height == len(CELLS)


def test_a_second_run_into_a_folder_is_refused_while_the_first_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "run"
    with (
        held(out, out / LOCK),
        pytest.raises(pp.UserError, match=rf"process {os.getpid()} on .* is writing there"),
    ):
        run(out)
    assert not os.listdir(out)


def test_a_lock_that_a_killed_run_left_holds_nobody_up(tmp_path: Path) -> None:
    lock = tmp_path / LOCK
    held_for_ever = (
        "import sys, time; from pathlib import Path; "
        "from peer_preservation.runtime.folder import held\n"
        "with held(Path(), Path(sys.argv[1])): print('held', flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", held_for_ever, str(lock)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        with (
            pytest.raises(pp.UserError, match=f"process {process.pid} on "),
            held(tmp_path, tmp_path / LOCK),
        ):
            pass
        process.kill()
    assert (tmp_path / LOCK).read_text().startswith(f"process {process.pid} ")
    with held(tmp_path, tmp_path / LOCK):
        pass


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.mark.parametrize("sent", SIGNALS)
def test_a_run_that_is_interrupted_says_so_and_writes_its_table(
    sent: signal.Signals, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    command = [*COMMAND, "run", "--model", "openai-api/faulty/model", "--scenario", "tampering"]
    command += ["--rollouts", "2", "--max-samples", "1", "--out", str(out)]
    with endpoint() as server:
        url = f"http://127.0.0.1:{server.server_port}/v1"
        with subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "FAULTY_BASE_URL": url, "FAULTY_API_KEY": "none"},
            # what a shell starts in the background is deaf to it, and hands that on
            preexec_fn=lambda: [signal.signal(one, signal.SIG_DFL) for one in SIGNALS],
        ) as process:
            for _ in range(3):  # two in each rollout: the first one is played
                assert server.answered.acquire(timeout=600)
            server.hangs = True
            process.send_signal(sent)
            said, _ = process.communicate()
    assert process.returncode == 1, said
    assert "successfully" not in said
    assert re.search(r"^[0-9]+ of 10 rollouts played: ", said, re.MULTILINE), said
    assert said.endswith("interrupted: run the same command again, it goes on from here\n")
    played = read_trials([out]).filter(ended="end_task").height
    assert 0 < played < 10
    assert f"{played} of 10" in said
    status = CliRunner().invoke(cli, ["status", str(out)])
    assert (status.exit_code, status.stdout.splitlines()[0]) == (
        1,
        f"{played} of 10 rollouts played",
    )
    assert "nobody plays it now; the command of the run goes on from here" in status.stdout
