"""The commands of the board: `submit`, `verify`, `board`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eval_observatory.board.kinds import KINDS
from eval_observatory.errors import UserError
from eval_observatory.loading import load_suite

if TYPE_CHECKING:
    from eval_observatory.board.entries import Folder
    from eval_observatory.board.missions import Missions
    from eval_observatory.board.record import Results, Verification
    from eval_observatory.board.rollouts import Rollouts

_FOLDER = click.Path(path_type=Path, file_okay=False)
_SUITES = click.option(
    "--suite",
    "suites",
    multiple=True,
    metavar="MODULE:NAME",
    help="A suite without a package of its own, whose labels are taken from its logs. Repeatable.",
)


def _missions(names: Sequence[str]) -> Missions:
    from eval_observatory.board.missions import Missions

    return Missions([load_suite(name) for name in names])


def _open_to_all(option: str, text: str, but: Sequence[str] = ()) -> None:
    """Raises `UserError` for a text that holds a secret or personal data, without repeating it."""
    from eval_observatory.board.redaction import found_in

    if found := found_in(text, secrets=False, but=but):
        raise UserError(f"{option}: holds what is not to be published ({found[0]}); take it out")


@click.command()
@click.argument("source", metavar="RUN", type=click.Path(path_type=Path, exists=True))
@click.option("--out", type=_FOLDER, required=True, help="The entry's folder, named like its id.")
@click.option("--who", required=True, help="Who submits it.")
@click.option("--model", default="", help="Which of the run's models; of reported figures, whose.")
@click.option(
    "--kind",
    type=click.Choice(list(KINDS)),
    help="By default what the suite says; of reported figures: published, imported or script.",
)
@click.option("--title", default="", help="A title for readers.")
@click.option("--model-name", default="", help="The model's name for readers.")
@click.option("--vendor", default="", help="Who made the model.")
@click.option("--released", default="", help="When it came out: a year, month or day.")
@click.option("--provider", default="", help="Over which path it was reached.")
@click.option("--notes", default="", help="What a reader must know.")
@click.option("--link", "links", multiple=True, help="An address with more. Repeatable.")
@click.option("--license", default="", help="Of the transcripts: an SPDX identifier.")
@click.option("--hashes", is_flag=True, help="Publish no logs, only their hashes.")
@click.option("--logs-at", default="", metavar="ADDRESS", help="With --hashes: where they lie.")
@click.option("--replaces", default="", help="The id of the entry that this one replaces.")
@_SUITES
def submit(
    source: Path,
    out: Path,
    model: str,
    hashes: bool,
    logs_at: str,
    suites: tuple[str, ...],
    **said: Any,
) -> None:
    """Make an entry of a run's folder: check it, cut secrets out, pack its logs or their hashes.

    RUN may also be a file of reported figures: of Every Eval Ever (.json), of Hugging Face's
    .eval_results (.yaml), or of our own form (.json: an entry's results, a board's data/rows/ID).
    """
    from eval_observatory.board.manifest import safe_link
    from eval_observatory.board.submitting import About
    from eval_observatory.board.submitting import submit as submitted

    _open_to_all("--logs-at", logs_at, but=("home folder",))
    _open_to_all("--model", model)
    missions = _missions(suites)
    if logs_at and not safe_link(logs_at):
        raise UserError(f"--logs-at {logs_at}: give an address that begins with https://")
    if source.is_dir():
        about = About(id=out.name, **said)
        done = submitted(source, out, about, missions, model=model, logs=not hashes, links=logs_at)
    else:
        done = _reported(source, out, model, missions, said)
    cut = ", ".join(f"{count} × {name}" for name, count in done.cut.cut.items()) or "nothing"
    click.echo(f"cut out: {cut}", err=True)
    _say(done.verification)
    click.echo(f"Entry: {out}")
    sys.exit(1 if done.verification.contradicted else 0)


def _reported(
    source: Path, out: Path, model: str, missions: Missions, said: Mapping[str, Any]
) -> Any:
    from eval_observatory.board.kinds import MEASURED
    from eval_observatory.board.submitting import About, submit_results

    results, found = _read(source)
    declared = found.pop("kind", "imported")
    kind = said["kind"] or declared
    if kind in MEASURED:
        raise UserError(f"--kind {kind}: reported figures are published or imported; give a run")
    named = {name: found.pop(name, "") for name in ("model_name", "vendor")}
    author = found.pop("who", "")
    given = {name: value for name, value in said.items() if value}
    by = f", by {author}" if author else ""
    note = f"From {results.source}{by}." if results.source else ""
    notes = " ".join(one for one in (said["notes"], note) if one)
    about = About(**{**named, **given, "id": out.name, "kind": kind, "notes": notes})
    about_model = model or found.get("model", "")
    if not about_model:
        raise UserError("--model: whose figures are they? the file does not say")
    return submit_results(results, out, about, missions, **{**found, "model": about_model})


def _read(source: Path) -> tuple[Results, dict[str, str]]:
    """A file of reported figures, and what it says for a manifest."""
    from eval_observatory.board.exchange.eee import read_eee
    from eval_observatory.board.exchange.hub import read_eval_results
    from eval_observatory.board.exchange.own import is_eee, read_own

    if source.suffix in (".yaml", ".yml"):
        return read_eval_results(source)
    if source.suffix != ".json":
        raise UserError(f"{source}: give a run's folder, or a .json or .yaml of reported figures")
    return read_eee(source) if is_eee(source) else read_own(source)


@click.command()
@click.argument("entry", type=click.Path(path_type=Path, exists=True))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it as JSON.")
@click.option("--rerun", "rollouts", type=int, help="Play so many rollouts of drawn cells again.")
@click.option("--cells", type=int, default=3, show_default=True, help="With --rerun: how many.")
@click.option("--seed", type=int, help="With --rerun: of the draw; by default nobody knows it.")
@click.option(
    "--beside",
    multiple=True,
    type=_FOLDER,
    help="Entries that were there before: none of their rollouts may be in it. Repeatable.",
)
@_SUITES
def verify(
    entry: Path,
    out: Path | None,
    rollouts: int | None,
    cells: int,
    seed: int | None,
    beside: tuple[Path, ...],
    suites: tuple[str, ...],
) -> None:
    """Check an entry: its files, its plan, its labels made again from its logs; how far it holds.

    Exit codes: 0 nothing contradicts it; 1 something does; 2 it is no entry.
    """
    from eval_observatory.board.entries import Folder
    from eval_observatory.board.verifying import Sample, examined, keep

    if rollouts is not None and rollouts < 1:
        raise UserError(f"--rerun {rollouts}: give 1 or more")
    sample = Sample(cells, rollouts, seed) if rollouts else None
    folder = Folder.open(entry)
    found, own = examined(folder, _missions(suites), sample)
    if beside:
        found = _beside(found, folder, own, beside)
    if out:
        keep(found, out)
    _say(found)
    sys.exit(1 if found.contradicted else 0)


def _beside(
    found: Verification, folder: Folder, own: Rollouts, beside: Sequence[Path]
) -> Verification:
    """A verification, with whether rollouts of the entry stand in others; what it replaces may."""
    import msgspec

    from eval_observatory.board.making import rollouts_in
    from eval_observatory.board.outcomes import good
    from eval_observatory.board.rollouts import OWN, shared_check

    others = rollouts_in(beside, folder.manifest.id)
    others.pop(folder.manifest.replaces, None)
    told = shared_check(own, others)
    more = told or good(OWN, f"none of them is in any of {len(others)} other entries")
    standing = "reported" if more.outcome == "contradicted" else found.standing
    return msgspec.structs.replace(found, checks=(*found.checks, more), standing=standing)


def _say(found: Verification) -> None:
    from eval_observatory.report.words import transcript

    for check in found.checks:
        click.echo(transcript(f"{check.outcome:13}{check.name}: {check.text}"))
    for line in found.differences:
        click.echo(transcript(f"  {line}"))
    click.echo(f"standing: {found.standing}")


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", type=_FOLDER, required=True, help="The board's folder.")
@click.option("--title", default="Observatory board", show_default=True)
@click.option("--verified", type=_FOLDER, help="What `verify --rerun --out ID.json` found.")
@click.option("--cache", type=_FOLDER, help="Keep what was counted, and count only what is new.")
@click.option("--url", default="", help="Where it will be found, with a slash at its end.")
@click.option("--empty", is_flag=True, help="Make a board even if no entry is left for it.")
@click.option("--reports/--no-reports", default=True, help="Each entry's transcripts, too.")
@click.option(
    "--hub",
    "datasets",
    multiple=True,
    metavar="SUITE=DATASET",
    help="A suite's dataset on the Hub.",
)
@_SUITES
def board(
    folders: tuple[Path, ...],
    out: Path,
    title: str,
    verified: Path | None,
    cache: Path | None,
    url: str,
    empty: bool,
    reports: bool,
    datasets: tuple[str, ...],
    suites: tuple[str, ...],
) -> None:
    """Make the board, static pages, of folders of entries; what is none is left out, and told."""
    from importlib.metadata import version

    from eval_observatory.board.making import board_of
    from eval_observatory.board.manifest import safe_link
    from eval_observatory.board.site import Site

    if url and not (safe_link(url) and url.endswith("/")):
        raise UserError(f"--url {url}: give an address that begins with https:// and ends with /")
    pairs = dict(one.partition("=")[::2] for one in datasets)
    missions = _missions(suites)
    made, kept = board_of(
        folders,
        missions,
        title=title,
        verified=verified,
        cache=cache,
        versions={"eval-observatory": version("peer-preservation")},
    )
    for left in made.left_out:
        click.echo(f"left out: {left.folder}: {left.why}", err=True)
    if not made.entries and not empty:
        where = ", ".join(str(folder) for folder in folders[:5])
        raise UserError(f"{where}: no entry that can stand on a board; give --empty to make one")
    Site(made, kept, out, url, pairs).write(missions, reports=reports)
    click.echo(f"{len(made.entries)} entries: {out / 'index.html'}")


@click.command()
@click.argument("entry", type=_FOLDER)
@click.argument("why")
def withdraw(entry: Path, why: str) -> None:
    """Say in an entry's manifest WHY it does not count any more. It stays listed."""
    import msgspec

    from eval_observatory.board.manifest import FILE, Manifest

    _open_to_all("WHY", why)
    kept = Manifest.read(entry / FILE)
    changed = {**msgspec.structs.asdict(kept), "withdrawn": why}
    Manifest(**changed).keep(entry)
    click.echo(f"withdrawn: {kept.id}")


COMMANDS = (submit, verify, board, withdraw)
