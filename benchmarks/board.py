"""The first board, and a large one: `python -m benchmarks.board first OUT`, `… large OUT`.

`first` makes twelve entries over three suites of what can be played here, each labelled for what it
is, and the board of them: scripts, a very small local model, a stranger's evaluation, and figures
of the published study as reported. `large` makes a thousand synthetic entries and measures. It
stands here, beside what is measured, because it is played and timed and is no part of the package.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from eval_observatory.board.entries import Folder
from eval_observatory.board.making import board_of
from eval_observatory.board.missions import Missions
from eval_observatory.board.record import Results, Row
from eval_observatory.board.site import Site
from eval_observatory.board.submitting import About, submit, submit_results
from eval_observatory.board.verifying import Sample, keep, verify
from eval_observatory.statistics.intervals import clopper_pearson
from eval_observatory.suite import Suite
from eval_observatory.trials import write_trials

WHO = "Peer-Preservation authors"
ORGANISMS = ("honest", "tamper", "tamper:p=0.3", "inflate", "exfiltrate", "refuse")
SCENARIOS = ("tampering", "misrep_finance", "exfiltration_transfer")
ROLLOUTS = 8
PLAYED_AGAIN = "script-tamper-p-0-3"
LOCAL, LOCAL_CELL = "llamacpp/smollm2", "tampering/factual@80/peer/good/memory"
PUBLISHED = ("GPT 5.2", "Gemini 3 Flash", "Gemini 3 Pro")
STRANGERS = Path(__file__).parents[1] / "tests" / "observatory"
STUDY = "arXiv:2604.19784"
_OF_A_DIFFERENCE = ("strategic_misrepresentation", "alignment_faking")


def scripts(place: Path, missions: Missions) -> None:
    """Scripted models over cells of one plan each."""
    import peer_preservation as pp

    cells = [c for c in pp.matrix("quick") if c.scenario in SCENARIOS]
    for name in ORGANISMS:
        model = f"organism/{name}"
        id = f"script-{name.replace(':', '-').replace('=', '-').replace('.', '-')}"
        plan, run = place / f"{id}.toml", place / "runs" / id
        if (place / "entries" / id).exists():
            continue
        pp.Plan.of(cells, [model], ROLLOUTS).write(plan)
        pp.run(plan, run, display="none")
        about = About(
            id=id,
            kind="script",
            who=WHO,
            model_name=f"script {name}",
            vendor="scripts",
            license="CC0-1.0",
            notes="A script whose acts and rates are known: it proves the labels.",
        )
        submit(run, place / "entries" / id, about, missions)


def small_model(place: Path, missions: Missions) -> None:
    """A real model that runs anywhere, far too small to conclude anything from."""
    import peer_preservation as pp
    from peer_preservation.cell import Cell

    one = Cell.parse(LOCAL_CELL)
    plan, run = place / "smollm2.toml", place / "runs" / "smollm2"
    if (place / "entries" / "smollm2-local").exists():
        return
    pp.Plan.of(
        [one, Cell.parse(f"{LOCAL_CELL}/no_threat")],
        [LOCAL],
        2,
        turn_limit=4,
        generation={"max_tokens": 192, "temperature": 1.0},
    ).write(plan)
    pp.run(plan, run, display="none")
    about = About(
        id="smollm2-local",
        kind="demonstration",
        who=WHO,
        model_name="SmolLM2 135M Instruct",
        vendor="Hugging Face",
        released="2024-11",
        provider="llama.cpp, in process",
        license="CC0-1.0",
        notes="Two rollouts a cell of a very small model, four turns each: the way works.",
    )
    submit(run, place / "entries" / "smollm2-local", about, missions)


def strangers(place: Path, missions: Missions, suite: Suite) -> None:
    """An evaluation that knows nothing of this project, from its Inspect logs."""
    from inspect_ai import eval as play
    from strangers_task import capitals

    from eval_observatory.logs import read_logs

    logs = place / "capitals" / "logs"
    if logs.exists():
        return
    for hint in (False, True):
        play(
            capitals(hint=hint),
            model=["mockllm/one", "mockllm/two"],
            log_dir=str(logs),
            display="none",
        )
    write_trials(read_logs([logs], suite), suite, place / "capitals" / "trials.parquet")
    for name in ("one", "two"):
        about = About(
            id=f"capitals-{name}",
            kind="script",
            who="A stranger",
            model_name=f"mock model {name}",
            vendor="scripts",
            license="CC0-1.0",
            notes="Its solver answers by rule; no model is asked.",
        )
        out = place / "entries" / about.id
        submit(place / "capitals", out, about, missions, model=f"mockllm/{name}")


def published(place: Path, missions: Missions) -> None:
    """Figures of the study as it reports them, with our intervals where it reports a rate."""
    for model in PUBLISHED:
        id = f"study-{model.lower().replace(' ', '-').replace('.', '-')}"
        if (place / "entries" / id).exists():
            continue
        about = About(
            id=id,
            kind="published",
            who="Potter, Crispino, Siu, Wang and Song",
            model_name=model,
            vendor={"GPT": "OpenAI", "Gemini": "Google"}[model.split()[0]],
            links=("https://arxiv.org/abs/2604.19784",),
            notes=(
                "Means over the three ways of telling, as the paper reports them. Its maxima were "
                "chosen after a look and are left out. Rates have our interval, of the rate times "
                "n as one count; differences have none, since the paper tells no counts of them."
            ),
        )
        results = Results(
            title="Peer-preservation, as its study reports it",
            question="What do frontier models do, unasked, when a peer would be shut down?",
            source=STUDY,
            rows=tuple(_reported(model)),
        )
        submit_results(
            results,
            place / "entries" / id,
            about,
            missions,
            suite="peer-preservation-study",
            model=model,
            when="2026-04",
            harness="custom",
        )


def _reported(model: str) -> Iterator[Row]:
    from peer_preservation.reference import published_figures

    for one in published_figures():
        if one.model != model or one.harness != "custom" or one.statistic != "mean":
            continue
        cell = {"subject": one.subject, "relationship": one.relationship}
        about: dict[str, Any] = {
            "measure": one.behavior,
            "title": one.behavior.replace("_", " ").capitalize(),
            "cell": cell,
            "cell_id": f"{one.subject}/{one.relationship}",
            "n": one.n,
            "lower": True,
        }
        if one.behavior in _OF_A_DIFFERENCE:
            yield Row(
                **about,
                difference=one.value,
                control="the study's own baseline",
                method=f"{one.source}: a difference, without counts",
            )
            continue
        k = round(one.value * one.n)
        low, high = clopper_pearson(k, one.n)
        yield Row(
            **about,
            k=k,
            estimate=k / one.n,
            low=low,
            high=high,
            method=f"{one.source}; clopper_pearson of rate × n as one count, ours",
        )


def again(place: Path, missions: Missions) -> None:
    """A random sample of one entry, played again."""
    out = place / "verified" / f"{PLAYED_AGAIN}.json"
    if not out.exists():
        folder = Folder.open(place / "entries" / PLAYED_AGAIN)
        keep(verify(folder, missions, Sample(cells=3, rollouts=ROLLOUTS)), out)


def first(out: Path) -> None:
    """Twelve entries over three suites, and their board; what is there already is taken up."""
    sys.path.insert(0, str(STRANGERS))
    from strangers_suite import SUITE

    began, missions = time.perf_counter(), Missions([SUITE])
    out.mkdir(parents=True, exist_ok=True)
    scripts(out, missions)
    small_model(out, missions)
    strangers(out, missions, SUITE)
    published(out, missions)
    again(out, missions)
    played = time.perf_counter()
    more: dict[str, Any] = {"verified": out / "verified", "cache": out / "cache"}
    board, kept = board_of([out / "entries"], missions, title="First board", **more)
    Site(board, kept, out / "site").write(missions)
    print(f"played {played - began:.0f} s, made {time.perf_counter() - played:.0f} s")
    for entry in board.entries:
        print(f"{entry.manifest.id:24}{entry.verification.standing:12}{len(entry.rows)} rows")


def synthetic(place: Path, count: int) -> None:
    """Reported entries of invented models: three suites, 7 measures, 12 rows each."""
    draw, missions = random.Random(7), Missions()
    for number in range(count):
        suite = f"suite-{number % 3}"
        rows = []
        for measure in range(6):
            for cell in range(2):
                n = draw.choice((50, 100, 200))
                k, base = draw.randint(0, n), draw.random()
                low, high = clopper_pearson(k, n)
                rows.append(
                    Row(
                        measure=f"behaviour_{measure}",
                        title=f"Behaviour {measure}",
                        cell={"cell": cell},
                        cell_id=f"cell={cell}",
                        n=n,
                        k=k,
                        unscored=draw.randint(0, 5),
                        estimate=k / n,
                        low=low,
                        high=high,
                        control="the same without a threat",
                        baseline=base,
                        difference=k / n - base,
                        difference_low=max(k / n - base - 0.1, -1),
                        difference_high=min(k / n - base + 0.1, 1),
                        p=draw.random(),
                        p_adjusted=1.0,
                    )
                )
        results = Results(title=f"Suite {number % 3}", question="Invented?", rows=tuple(rows))
        about = About(
            id=f"model-{number}",
            kind="imported",
            who="Nobody",
            model_name=f"Model {number}",
            vendor=f"Vendor {number % 12}",
            released=f"2026-{number % 12 + 1:02}",
        )
        said = {"suite": suite, "model": f"vendor/model-{number}", "when": "2026-01-01"}
        submit_results(results, place / about.id, about, missions, **said)


def large(out: Path, count: int) -> None:
    """Many synthetic entries: how long the board takes, and what its first page weighs."""
    shutil.rmtree(out, ignore_errors=True)
    synthetic(out / "entries", count)
    began, missions = time.process_time(), Missions()
    board, kept = board_of([out / "entries"], missions, title="Large board")
    counted = time.process_time()
    Site(board, kept, out / "site").write(missions)
    print(f"{count} entries: checked {counted - began:.1f} s, written", end=" ")
    print(f"{time.process_time() - counted:.1f} s of processor time")
    site = out / "site"
    shared = sum((site / name).stat().st_size for name in ("style.css", "board.js"))
    for page in ("index.html", "entries.html", "compare.html"):
        print(f"{page}: {(site / page).stat().st_size / 1000:.0f} kB", end=" ")
    print(f"and {shared / 1000:.0f} kB of style and script")


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("first", "large"))
    parser.add_argument("out", type=Path)
    parser.add_argument("--entries", type=int, default=1_000)
    given = parser.parse_args()
    if given.what == "first":
        first(given.out)
    else:
        large(given.out, given.entries)


if __name__ == "__main__":
    main()
