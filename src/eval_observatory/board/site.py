"""The board's pages and files: static, for any host or none."""

from __future__ import annotations

import json
import shutil
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from eval_observatory.board import words
from eval_observatory.board.claims import HELD, held
from eval_observatory.board.entries import REDACTION, Folder
from eval_observatory.board.exchange import eee, hub, tables, texts
from eval_observatory.board.kinds import KINDS
from eval_observatory.board.making import withdrawn
from eval_observatory.board.manifest import manifest_schema
from eval_observatory.board.missions import LOGS, Missions
from eval_observatory.board.panels import RANKING, Panel, Point, panels, suites
from eval_observatory.board.record import STANDINGS, Board, Entry, board_schema
from eval_observatory.board.redaction import Report
from eval_observatory.errors import UserError
from eval_observatory.report.page import environment
from eval_observatory.report.words import clean, transcript
from eval_observatory.writing import written

PAGES = (
    ("index.html", "Overview"),
    ("entries.html", "All entries"),
    ("compare.html", "Compare"),
    ("timeline.html", "Time line"),
    ("method.html", "Method and limits"),
)
MOST_POINTS = 12
"""Of a panel on the overview; the suite's page has all."""

FOLDERS = ("suites", "models", "entries", "data")
MARK = ".eval-observatory-board"
"""A file by which a board's folder is known, so that only such a one is replaced."""


@dataclass(frozen=True)
class SuitePage:
    """A suite and its design, as its page shows it.

    Attributes:
        tests: differences with a p that its page shows.
    """

    key: str
    slug: str
    title: str
    question: str
    entries: Sequence[Entry]
    panels: Sequence[Panel]
    tests: int


@dataclass
class Site:
    """A board as it is written into a folder.

    Attributes:
        url: where it will be found, with a slash at its end; empty where nobody knows.
        datasets: by suite, its dataset on Hugging Face's Hub.
    """

    board: Board
    folders: Mapping[str, Folder]
    out: Path
    url: str = ""
    datasets: Mapping[str, str] = field(default_factory=dict)

    def write(self, missions: Missions, *, reports: bool = True) -> None:
        """Writes all pages and files.

        Args:
            reports: also each entry's transcripts, where there is a licence for them.

        Raises:
            UserError: the folder holds something else, or cannot be written.
        """
        self._require_room()
        for name in FOLDERS:
            shutil.rmtree(self.out / name, ignore_errors=True)
        self._env = _environment()
        listed = suites(self.board.entries)
        self._known = [it for name in missions.names if (it := missions.get(name))]
        self._suites = [_suite_page(key, entries) for key, entries in listed.items()]
        self._gone = withdrawn(self.board.entries)
        self._text(MARK, "a board\n")
        self._assets()
        self._front()
        for one in self._suites:
            self._suite(one)
        self._models()
        shown = {
            entry.manifest.id: reports and self._report(entry, missions)
            for entry in self.board.entries
        }
        for page in self._suites:
            for entry in page.entries:
                self._entry(entry, page, shown[entry.manifest.id])
        self._data()

    def _require_room(self) -> None:
        if self.out.exists() and not self.out.is_dir():
            raise UserError(f"{self.out}: is no folder; choose another place")
        if self.out.is_dir() and any(self.out.iterdir()) and not (self.out / MARK).exists():
            raise UserError(f"{self.out}: holds something that is no board; choose another folder")

    def _assets(self) -> None:
        loader = self._env.loader
        assert loader is not None
        own = [loader.get_source(self._env, name)[0] for name in ("style.css", "board.css")]
        self._text("style.css", "\n".join(own))
        self._text("board.js", loader.get_source(self._env, "board.js")[0])

    def _front(self) -> None:
        entries = self.board.entries
        standing = Counter(entry.verification.standing for entry in entries)
        kinds = Counter[str](entry.manifest.kind for entry in entries)
        newest = sorted(entries, key=lambda e: (e.manifest.when, e.manifest.id), reverse=True)
        models = len({entry.manifest.model for entry in entries})
        self._page(
            "index.html",
            "board_index.html",
            self.board.title,
            suites=self._suites,
            models=models,
            most=MOST_POINTS,
            standings=[(name, standing[name], text) for name, text in STANDINGS.items()],
            kinds=[(name, kinds[name], text) for name, text in KINDS.items() if kinds[name]],
            left=len(self.board.left_out),
        )
        choices = [
            ("vendor", "Vendor", sorted({e.manifest.vendor for e in entries if e.manifest.vendor})),
            ("suite", "Suite", sorted({e.suite_title for e in entries})),
            ("kind", "Kind", [name for name in KINDS if kinds[name]]),
            ("standing", "Standing", list(STANDINGS)),
        ]
        self._page("entries.html", "board_entries.html", "All entries", choices=choices)
        self._page("compare.html", "board_compare.html", "Compare two entries")
        months: dict[str, list[Entry]] = defaultdict(list)
        for entry in newest:
            months[entry.manifest.when[:7]].append(entry)
        self._page("timeline.html", "board_timeline.html", "Time line", months=months.items())
        self._page(
            "method.html",
            "board_method.html",
            "Method and limits",
            ranking=RANKING,
            standings=STANDINGS,
            held=HELD,
            known=self._known,
            left=self.board.left_out,
        )

    def _suite(self, one: SuitePage) -> None:
        name = f"suites/{one.slug}.html"
        self._page(name, "board_suite.html", clean(one.title), one=one, ranking=RANKING)
        for panel in one.panels:
            listed = [
                (entry, row)
                for entry in one.entries
                for row in entry.rows
                if row.measure == panel.measure
            ]
            place = f"suites/{one.slug}/{words.slug(panel.measure)}.html"
            heading = f"{clean(panel.title)}: every cell"
            self._page(place, "board_rows.html", heading, listed=listed, lead=one.title)

    def _models(self) -> None:
        by_model: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.board.entries:
            by_model[entry.manifest.model].append(entry)
        for model, entries in by_model.items():
            listed = [(entry, row) for entry in entries for row in entry.rows if row.primary]
            several = "entry" if len(entries) == 1 else "entries"
            lead = f"{len(entries)} {several}: every version, harness and suite"
            place = f"models/{words.slug(model)}.html"
            self._page(place, "board_rows.html", clean(model), listed=listed, lead=lead)

    def _entry(self, entry: Entry, page: SuitePage, report: bool) -> None:
        it = entry.manifest
        by = held(it, entry.verification.checks)
        facts = {
            "model's name": ("model_name", it.model_name),
            "vendor": ("vendor", it.vendor),
            "released": ("released", it.released),
            "kind": ("kind", it.kind),
            "provider path": ("provider", it.provider),
            "harness": ("harness", it.harness),
            "submitted by": ("who", it.who),
            "first rollout" if it.rollouts else "reported": ("when", it.when),
            "rollouts": ("rollouts", f"{it.rollouts:,}" if it.rollouts else ""),
            "cost": ("cost_usd", words.money(it.cost_usd)),
            "plan": ("plan", it.plan or "none was locked"),
            "scorer": ("scorer", it.scorer),
            "versions": ("versions", "; ".join(f"{n} {one}" for n, one in it.versions.items())),
            "licence of transcripts": ("", it.license or "none"),
            "entry, SHA-256": ("", entry.verification.content),
            "replaces": ("", it.replaces),
        }
        gone = self._gone.get(it.id)
        self._page(
            f"entries/{it.id}.html",
            "board_entry.html",
            f"{clean(it.name)}: {clean(entry.suite_title)}",
            entry=entry,
            it=it,
            by=by,
            held=HELD,
            facts=[(name, by.get(field, ""), said) for name, (field, said) in facts.items()],
            suite=page,
            standings=STANDINGS,
            gone_why=gone.why if gone else "",
            report=report,
            primary=[(entry, row) for row in entry.rows if row.primary],
            others=[(entry, row) for row in entry.rows if not row.primary],
            cut=_cut_text(self.folders.get(it.id)),
            bibtex=texts.bibtex(entry, self.url),
        )

    def _report(self, entry: Entry, missions: Missions) -> bool:
        """Writes an entry's transcripts, if its suite can show them and they may be shown."""
        folder, it = self.folders.get(entry.manifest.id), entry.manifest
        mission = missions.get(it.suite)
        packed = folder and any(name in folder.there for name in folder.logs)
        if not folder or not mission or not mission.report or not it.license or not packed:
            return False
        if entry.verification.contradicted:
            return False
        try:
            mission.report(folder.path, self.out / "entries" / it.id / "report")
        except UserError:
            return False
        return True

    def _data(self) -> None:
        data = self.out / "data"
        self._bytes("data/board.json", self.board.to_json())
        schema = {"board": board_schema(), "manifest": manifest_schema()}
        for name, one in schema.items():
            self._bytes(f"data/{name}.schema.json", json.dumps(one, indent=1).encode())
        rows = tables.table_of(self.board)
        rows.write_parquet(data / "rows.parquet")
        csv = tables.csv_of(rows)
        self._bytes("data/rows.csv", csv)
        described = tables.croissant(self.board, sha256(csv).hexdigest(), self.url)
        self._bytes("data/croissant.json", json.dumps(described, indent=1).encode())
        self._bytes("feed.xml", texts.atom(self.board, self.url))
        cited = (one for entry in self.board.entries for one in texts.bibtex_rows(entry, self.url))
        self._text("data/cite.bib", "\n\n".join(cited) + "\n")
        index = {}
        for entry in self.board.entries:
            path = eee.eee_path(entry)
            index[entry.manifest.id] = path
            self._bytes(f"data/eee/{path}", json.dumps(eee.eee_of(entry), indent=1).encode())
            self._compared(entry)
        self._bytes("data/eee/index.json", json.dumps(index, indent=1).encode())
        self._hub()

    def _compared(self, entry: Entry) -> None:
        """An entry's rows for the page that sets two side by side, and as JSON."""
        it = entry.manifest
        self._bytes(f"data/rows/{it.id}.json", msgspec.json.encode(entry) + b"\n")
        said = [
            {
                "key": json.dumps([it.suite, it.design, row.measure, row.cell_id]),
                "name": f"{clean(row.title or row.measure)}; {words.cell_text(row)}",
                "difference": words.held(row),
                "figure": f"{words.figure(row)} ({words.interval(row)}; {words.counts(row)})",
                "low": row.low,
                "high": row.high,
            }
            for row in entry.rows
            if row.estimate is not None
        ]
        self._text(
            f"data/rows/{it.id}.js", f"boardRows({json.dumps(it.id)}, {json.dumps(said)});\n"
        )

    def _hub(self) -> None:
        index: dict[str, str] = {}
        for page in self._suites:
            for panel in page.panels:
                for point in panel.points:
                    it = point.entry.manifest
                    dataset = self.datasets.get(it.suite)
                    url = f"{self.url}entries/{it.id}.html" if self.url else ""
                    told = hub.eval_results(point, dataset, url) if dataset else None
                    if told:
                        place = f"{it.id}/{words.slug(panel.measure)}.yaml"
                        self._text(f"data/eval_results/{place}", told)
                        index[place] = hub.repository(point.entry)
        self._bytes("data/eval_results/index.json", json.dumps(index, indent=1).encode())

    def _page(self, name: str, template: str, heading: str, **content: Any) -> None:
        root = "../" * name.count("/")
        html = self._env.get_template(template).render(
            title=self.board.title,
            heading=heading,
            here=name,
            root=root,
            pages=PAGES,
            made=self.board.made,
            versions=self.board.versions,
            kinds=content.pop("kinds", KINDS),
            entries=self.board.entries,
            gone=content.pop("gone_why", self._gone),
            **content,
        )
        self._text(name, html)

    def _text(self, name: str, text: str) -> None:
        self._bytes(name, text.encode("utf-8", "replace"))

    def _bytes(self, name: str, content: bytes) -> None:
        try:
            with written(self.out / name) as partial:
                partial.write_bytes(content)
        except OSError as error:
            raise UserError(f"{self.out}: cannot be written ({error.strerror})") from None


def _suite_page(key: str, entries: Sequence[Entry]) -> SuitePage:
    # By most entries: one alone cannot rename the suite of the others.
    titles = Counter(sorted((one.suite_title, one.question) for one in entries))
    title, question = max(titles, key=lambda one: titles[one])
    made = panels(entries)
    tests = sum(point.p_board is not None for panel in made for point in panel.points)
    return SuitePage(
        key=key,
        slug=words.slug(key),
        title=title,
        question=question,
        entries=entries,
        panels=made,
        tests=tests,
    )


def _newest(points: Sequence[Point], most: int) -> list[Point]:
    """The points of the newest entries, in their own order."""
    by_day = sorted(points, key=lambda one: one.entry.manifest.when, reverse=True)[:most]
    kept = {id(one) for one in by_day}
    return [one for one in points if id(one) in kept]


def _cut_text(folder: Folder | None) -> str:
    """What was cut out of an entry before it was published, in a sentence."""
    path = folder.file(REDACTION) if folder else None
    if path is None or path.stat().st_size > 1 << 20:
        return ""
    try:
        said = msgspec.json.decode(path.read_bytes(), type=Report)
    except msgspec.MsgspecError:
        return "Its report of what was cut cannot be read."
    cut = ", ".join(f"{count} × {name}" for name, count in said.cut.items()) or "nothing"
    canaries = (
        f" Canary strings of benchmarks in its logs: {said.canaries}." if said.canaries else ""
    )
    return f"Cut out before publication, as its submitter says: {cut}.{canaries}"


def _environment() -> Any:
    """The report's templates and the board's, with words for figures."""
    made = environment("eval_observatory.board").overlay()
    made.filters |= {
        **{
            name: getattr(words, name)
            for name in (
                *("badges", "cell_text", "completion", "counts", "difference", "figure", "many"),
                *("difference_interval", "interval", "money", "p_text", "plot", "said", "slug"),
                *("unscored", "worst"),
            )
        },
        "clean": clean,
        "transcript": transcript,
        "newest": _newest,
        "logs": lambda files: [name for name in files if name.startswith(f"{LOGS}/")],
    }
    return made


__all__ = ["MARK", "Site"]
