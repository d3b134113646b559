"""An entry out of a run's folder: made, checked, its secrets cut out, its logs packed or hashed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec
import polars as pl

from eval_observatory.board import checks
from eval_observatory.board.entries import REDACTION, RESULTS, Folder, hash_of
from eval_observatory.board.heads import Head, head_of
from eval_observatory.board.kinds import Kind, declared_kind
from eval_observatory.board.manifest import FILE, File, Manifest, is_id
from eval_observatory.board.missions import LOGS, Missions
from eval_observatory.board.record import Results, Verification
from eval_observatory.board.redaction import Cutter, Report, found_in
from eval_observatory.board.scanning import EXEMPT, said_in
from eval_observatory.board.verifying import verify
from eval_observatory.errors import UserError
from eval_observatory.plan import FILE as PLAN
from eval_observatory.plan import Plan
from eval_observatory.reading import read
from eval_observatory.report.words import clean
from eval_observatory.stop import LOOKS
from eval_observatory.suite import Suite
from eval_observatory.table_files import TRIALS
from eval_observatory.trials import UNREADABLE, suite_in, write_trials


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What only the submitter can say; see `Manifest`. Without a kind it is what the suite says."""

    id: str
    kind: Kind | None = None
    title: str = ""
    who: str
    model_name: str = ""
    vendor: str = ""
    released: str = ""
    provider: str = ""
    notes: str = ""
    links: tuple[str, ...] = ()
    license: str = ""
    replaces: str = ""


@dataclass(frozen=True)
class Submitted:
    """An entry that was made.

    Attributes:
        cut: what was cut out.
        verification: what a board will say of it.
    """

    folder: Path
    cut: Report
    verification: Verification


def submit(
    run: Path,
    out: Path,
    about: About,
    missions: Missions,
    *,
    model: str = "",
    logs: bool = True,
    links: str = "",
) -> Submitted:
    """Makes an entry of a run's folder.

    Args:
        run: with `trials.parquet`, and where there are `plan.toml`, `looks.jsonl`, `logs/`.
        out: the entry's folder; it must not be there, or be empty.
        model: which of the run's models; needed where there are several.
        logs: pack the logs, so that their labels can be made again; else their hashes alone.
        links: where the logs lie, if they are not packed: an address to which their names are put.

    Raises:
        UserError: the run cannot be read, a secret stands where it cannot be cut, or the logs would
            be published without a licence.
    """
    _require_room(out)
    table, suite = _trials(run, model)
    if logs and not about.license and any((run / LOGS).glob("*.eval")):
        raise UserError(
            "--license: under which licence are the transcripts published? give an SPDX identifier "
            "such as CC-BY-4.0, or --hashes to publish none"
        )
    mission = missions.get(suite.name)
    cutter = Cutter(mission.says) if mission else Cutter()
    with _made(out) as stage:
        files = _logs(run, stage, table, cutter, packed=logs, links=links)
        table = cutter.table(table, TRIALS)
        write_trials(table, suite, stage / TRIALS)
        plan = _beside(run, stage)
        first = min((head.created for head in _heads(run, table)), default="")
        known = mission.suite if mission else suite
        named = _named(_cut(about, cutter), _one(table, "agent_model"), known)
        (stage / REDACTION).write_bytes(
            msgspec.json.format(msgspec.json.encode(cutter.report)) + b"\n"
        )
        own = {name: hash_of(stage / name) for name in _names(stage)}
        Manifest(
            when=first[:10] or _today(),
            model=_one(table, "agent_model"),
            harness=_one(table, "harness"),
            suite=suite.name,
            design=suite.design,
            scorer=_one(table, "scorer_version"),
            versions=checks.versions_of(table),
            rollouts=table.height,
            plan=plan,
            cost_usd=checks.cost_of(table),
            canary=canary(about.id) if about.license else "",
            files=dict(sorted({**files, **own}.items())),
            **msgspec.structs.asdict(named),
        ).keep(stage)
    return Submitted(out, cutter.report, verify(Folder.open(out), missions))


def submit_results(
    results: Results, out: Path, about: About, missions: Missions, **said: str
) -> Submitted:
    """Makes an entry of rows that others report.

    Args:
        said: further fields of the manifest: `suite`, `model`, `when`, `harness`.

    Raises:
        UserError: a field is not as it has to be.
    """
    _require_room(out)
    cutter = Cutter()
    with _made(out) as stage:
        named = {name: said[name] for name in ("model", "suite", "when") if said.get(name)}
        whole = msgspec.json.encode(msgspec.structs.replace(results, **named))
        content = cutter.text(msgspec.json.format(whole).decode(), RESULTS)
        (stage / RESULTS).write_text(content + "\n", encoding="utf-8")
        about = _named(_cut(about, cutter), said.get("model", ""))
        (stage / REDACTION).write_bytes(
            msgspec.json.format(msgspec.json.encode(cutter.report)) + b"\n"
        )
        files = {name: hash_of(stage / name) for name in _names(stage)}
        Manifest(files=files, **said, **msgspec.structs.asdict(about)).keep(stage)  # type: ignore[arg-type]
    return Submitted(out, cutter.report, verify(Folder.open(out), missions))


def canary(id: str) -> str:
    """The canary string of an entry's transcripts: the same for the same id."""
    return f"canary GUID {uuid5(NAMESPACE_URL, f'eval-observatory-board/{id}')}"


def _trials(run: Path, model: str) -> tuple[pl.DataFrame, Suite]:
    """The trials of one model, and the suite that they are of."""
    path = run / TRIALS
    if not path.is_file():
        raise UserError(f"{run}: no {TRIALS} in this folder; give a run's folder")
    suite = suite_in(path)
    if suite is None:
        raise UserError(f"{path}: the table does not say its suite; make it again from its logs")
    try:
        table = pl.read_parquet(path, glob=False)
    except UNREADABLE as error:
        raise UserError(f"{path}: not a readable Parquet file ({clean(error, 100)})") from None
    if table.is_empty() or "agent_model" not in table.columns:
        raise UserError(f"{path}: no rollouts; give a run that was played")
    models = sorted(map(str, table["agent_model"].unique()))
    if model:
        if model not in models:
            raise UserError(f"--model {model}: the run has {', '.join(models[:8])}")
        table = table.filter(agent_model=model)
    elif len(models) > 1:
        raise UserError(f"{run}: holds {len(models)} models; name one by --model")
    if table["harness"].n_unique() > 1:
        raise UserError(f"{run}: holds several harnesses; give a run of one")
    return table, suite


def _logs(
    run: Path, stage: Path, table: pl.DataFrame, cutter: Cutter, *, packed: bool, links: str
) -> dict[str, File]:
    """The logs of the model, packed into the entry or by their hashes."""
    found: dict[str, File] = {}
    mine = {head.name for head in _heads(run, table)}
    for path in sorted((run / LOGS).glob("*.eval")):
        name = f"{LOGS}/{path.name}"
        if name not in mine:
            continue
        if packed:
            (stage / LOGS).mkdir(exist_ok=True)
            cutter.log(path, stage / name, name)
        else:
            there = hash_of(path)
            found[name] = File(
                there.sha256, there.bytes, f"{links.rstrip('/')}/{path.name}" if links else ""
            )
    return found


def _heads(run: Path, table: pl.DataFrame) -> list[Head]:
    """The logs of a run that are of the table's model."""
    model = table["agent_model"][0]
    paths = sorted((run / LOGS).glob("*.eval"))
    read = (head_of(path, f"{LOGS}/{path.name}") for path in paths)
    return [head for head in read if head.model == model]


def _beside(run: Path, stage: Path) -> str:
    """Copies the plan and the looks; the hash of a plan that was locked.

    They are hashed and cannot be cut.
    """
    locked = ""
    for name in (PLAN, LOOKS):
        path = run / name
        if not path.is_file():
            continue
        if secrets := found_in(read(path)):
            raise UserError(
                f"{path}: holds a {secrets[0]}, and cannot be cut without breaking its hash; "
                "it cannot be published"
            )
        shutil.copyfile(path, stage / name)
        if name == PLAN:
            plan = Plan.read(path)
            locked = plan.hash if plan.locked else ""
    return locked


def _cut(about: About, cutter: Cutter) -> About:
    """The submitter's words without personal data; who submits may be told by an address.

    Raises:
        UserError: there is a secret in them, or an address holds what cannot be cut out of it.
    """
    said = msgspec.structs.asdict(about)
    cut = {}
    for name, value in said.items():
        text, but = "\n".join(said_in(value)), EXEMPT.get(name, ())
        if found := found_in(text, secrets=name != "links", but=but):
            option = name.removesuffix("s") if name == "links" else name.replace("_", "-")
            raise UserError(f"--{option}: holds something secret ({found[0]}); take it out")
        if isinstance(value, str):
            cut[name] = cutter.text(value, FILE, but)
    return msgspec.structs.replace(about, **cut)


def _named(about: About, model: str, suite: Suite | None = None) -> About:
    """With its kind: the submitter's word, else the suite's, else that it is a model."""
    declared: Any = declared_kind(suite, model)
    return msgspec.structs.replace(about, kind=about.kind or declared or "model")


def _require_room(out: Path) -> None:
    if not is_id(out.name):
        raise UserError(f"--out {out.name}: an entry's folder is named like its id")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out}: holds something; choose another folder")


class _made:
    """A folder that appears at its place only when it is whole."""

    def __init__(self, out: Path) -> None:
        self._out = out

    def __enter__(self) -> Path:
        self._out.parent.mkdir(parents=True, exist_ok=True)
        self._stage = Path(tempfile.mkdtemp(dir=self._out.parent, prefix=".entry."))
        return self._stage

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            if self._out.is_dir():
                self._out.rmdir()
            self._stage.chmod(0o755)
            self._stage.rename(self._out)
        else:
            shutil.rmtree(self._stage, ignore_errors=True)


def _names(stage: Path) -> Sequence[str]:
    return sorted(p.relative_to(stage).as_posix() for p in stage.rglob("*") if p.is_file())


def _one(table: pl.DataFrame, name: str) -> str:
    return ", ".join(sorted({str(one) for one in table[name].unique()}))


def _today() -> str:
    from datetime import date

    return date.today().isoformat()


__all__ = ["About", "Submitted", "canary", "submit", "submit_results"]
