"""Every Eval Ever 0.3 (github.com/evaleval/every_eval_ever): one file an entry, one result a row.

Its form has one score with an interval a result; what else a row says stands in `details`, as text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Any
from uuid import UUID

from eval_observatory.board.record import MOST_ROWS, Entry, Results, Row
from eval_observatory.errors import UserError
from eval_observatory.reading import read
from eval_observatory.report.words import clean

VERSION = "0.3.0"
LARGEST = 16 << 20
_OPEN = ("hf", "vllm", "sglang", "llamacpp", "ollama")
"""Providers of weights that one has oneself."""

_RESERVED = (
    "DATA",
    "CON",
    "PRN",
    "AUX",
    "NUL",
    *(f"{one}{i}" for one in ("COM", "LPT") for i in range(1, 10)),
)


def eee_of(entry: Entry) -> dict[str, Any]:
    """An entry in the form of Every Eval Ever; rows without a figure are left out."""
    it = entry.manifest
    when = datetime.fromisoformat(it.day).replace(tzinfo=UTC)
    run = it.kind not in ("published", "imported")
    return {
        "schema_version": VERSION,
        "evaluation_id": f"{it.suite}/{it.model}/{int(when.timestamp())}-{it.id}",
        "evaluation_timestamp": it.when,
        "retrieved_timestamp": str(int(when.timestamp())),
        "source_metadata": {
            "source_name": it.title or entry.suite_title,
            "source_type": "evaluation_run" if run else "documentation",
            "source_organization_name": it.who,
            "evaluator_relationship": "other",
            "additional_details": _texts(
                kind=it.kind,
                standing=entry.verification.standing,
                contradicted=str(entry.verification.contradicted).lower(),
                plan=it.plan,
                entry_sha256=entry.verification.content,
                withdrawn=it.withdrawn,
            ),
        },
        "eval_library": {
            "name": "eval-observatory",
            "version": it.versions.get("package", "unknown") or "unknown",
            "additional_details": _texts(scorer=it.scorer, harness=it.harness, design=it.design),
        },
        "model_info": _model(entry),
        "evaluation_results": [
            _result(entry, row, number)
            for number, row in enumerate(entry.rows)
            if row.estimate is not None
        ],
    }


def eee_path(entry: Entry) -> str:
    """Where an entry's file stands in a datastore: `data/COLLECTION/DEVELOPER/MODEL/UUID4.json`.

    The same for the same entry: version 4 is only what its form asks for.
    """
    it = entry.manifest
    digest = sha256(f"{it.id} {entry.verification.content}".encode()).digest()
    name = UUID(bytes=digest[:16], version=4)
    first, _, rest = it.model.partition("/")
    developer, model = (first, rest.replace("/", "_")) if rest else (it.vendor or "unknown", first)
    parts = "/".join(map(_part, (it.suite, developer, model)))
    return f"data/{parts}/{name}.json"


def _part(text: str) -> str:
    """A name as part of a path on every system."""
    made = re.sub(r'[/<>:"\\|?*\x00-\x1f]', "_", text)
    made = made.encode("utf-8", "replace")[:120].decode("utf-8", "ignore").rstrip(". ") or "_"
    return f"_{made}" if made.split(".")[0].upper() in _RESERVED else made


def _model(entry: Entry) -> dict[str, Any]:
    it = entry.manifest
    mine = it.model.split("/")[0] in _OPEN
    return {
        "name": it.name,
        "id": it.model,
        "developer": it.vendor or "unknown",
        "inference_platform": it.provider or it.model.split("/")[0],
        "additional_details": {
            "deployment_type": "self_deployed" if mine else "unknown",
            "model_availability": "open_weights" if mine else "unknown",
            **_texts(released=it.released, kind=it.kind),
        },
    }


def _result(entry: Entry, row: Row, number: int) -> dict[str, Any]:
    uncertainty: dict[str, Any] = {}
    if row.low is not None and row.high is not None:
        uncertainty["confidence_interval"] = {
            "lower": row.low,
            "upper": row.high,
            "confidence_level": row.level,
            "method": row.method or "not stated",
        }
    if row.n is not None:
        uncertainty["num_samples"] = row.n
    metric: dict[str, Any] = {
        "evaluation_description": entry.question or entry.suite_title,
        "metric_id": f"{entry.manifest.suite}.{row.measure}",
        "metric_name": row.title or row.measure,
        "metric_kind": row.estimand,
        "metric_unit": "proportion" if row.estimand == "rate" else "points",
        "lower_is_better": row.lower is True,
        "score_type": "continuous",
    }
    if row.estimand == "rate":
        metric |= {"min_score": 0, "max_score": 1}
    elif row.bounds:
        metric |= {"min_score": row.bounds[0], "max_score": row.bounds[1]}
    else:
        metric |= {"min_score": "-Infinity", "max_score": "Infinity"}
    if row.lower is None:
        metric["additional_details"] = {"lower_is_better": "not stated by the suite"}
    return {
        "evaluation_result_id": f"{entry.manifest.id}:{number}",
        "evaluation_name": f"{entry.manifest.suite}: {row.cell_id or row.measure}",
        "source_data": {
            "dataset_name": entry.suite_title,
            "source_type": "other",
            "additional_details": {name: str(level) for name, level in row.cell.items()},
        },
        "evaluation_timestamp": entry.manifest.when,
        "metric_config": metric,
        "score_details": {
            "score": row.estimate,
            **({"uncertainty": uncertainty} if uncertainty else {}),
            "details": _texts(
                k=row.k,
                n=row.n,
                unscored=row.unscored,
                retried=row.retried,
                asked=row.asked,
                control=row.control,
                difference=row.difference,
                difference_low=row.difference_low,
                difference_high=row.difference_high,
                p=row.p,
                p_adjusted=row.p_adjusted,
                worst_low=row.worst_low,
                worst_high=row.worst_high,
            ),
        },
    }


def _texts(**said: object) -> dict[str, str]:
    """What is said, as text; nothing of what is not."""
    return {name: str(value) for name, value in said.items() if value is not None and value != ""}


def read_eee(path: Path) -> tuple[Results, dict[str, str]]:
    """A file of Every Eval Ever as reported rows, and what it says for a manifest.

    Raises:
        UserError: it is none, or a figure is impossible.
    """
    if path.stat().st_size > LARGEST:
        raise UserError(f"{path}: more than {LARGEST:,} bytes")
    try:
        said = json.loads(read(path), parse_constant=_no_constant)
        version = str(said["schema_version"])
        if not version.startswith(("0.2.", "0.3.")):
            raise UserError(f"{path}: Every Eval Ever {clean(version, 20)}; 0.2 and 0.3 are read")
        results = list(said["evaluation_results"])
        model, source = said["model_info"], said["source_metadata"]
        if len(results) > MOST_ROWS:
            raise UserError(f"{path}: {len(results):,} results, more than {MOST_ROWS:,}")
        rows = tuple(_rows(results))
        when = _day(said.get("evaluation_timestamp") or said["retrieved_timestamp"])
        names = sorted({str(one["evaluation_name"]).split(":")[0] for one in results})
        about = {
            "model": clean(model["id"], 250),
            "model_name": clean(model["name"], 250),
            "vendor": clean(model.get("developer") or "", 250),
            "who": clean(source["source_organization_name"], 250),
            "suite": clean(names[0] if len(names) == 1 else "every_eval_ever", 250),
            "when": when,
        }
    except (
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        RecursionError,
        OverflowError,
    ) as error:
        if isinstance(error, UserError):
            raise
        what = f"missing {error}" if isinstance(error, KeyError) else str(error)
        raise UserError(f"{path}: not a file of Every Eval Ever ({clean(what, 100)})") from None
    if not rows:
        raise UserError(f"{path}: holds no result with a score")
    title = clean(source.get("source_name") or about["suite"], 250)
    return Results(title=title, source=f"Every Eval Ever {version}", rows=rows), about


def _rows(results: list[Mapping[str, Any]]) -> Iterator[Row]:
    for result in results:
        metric, details = result["metric_config"], result["score_details"]
        uncertainty = details.get("uncertainty") or {}
        ends = uncertainty.get("confidence_interval") or {}
        score = float(details["score"])
        low, high = metric.get("min_score"), metric.get("max_score")
        share = low == 0 and high == 1
        percent = low == 0 and high == 100 and metric.get("metric_unit") in ("percent", "%")
        scale = 100.0 if percent else 1.0
        yield Row(
            measure=clean(metric.get("metric_id") or metric.get("metric_name") or "score", 250),
            title=clean(metric.get("metric_name") or metric.get("metric_id") or "Score", 250),
            cell_id=clean(result["evaluation_name"], 250),
            lower=bool(metric["lower_is_better"]),
            estimand="rate" if share or percent else "mean",
            n=uncertainty.get("num_samples"),
            estimate=score / scale,
            low=float(ends["lower"]) / scale if ends else None,
            high=float(ends["upper"]) / scale if ends else None,
            level=float(ends.get("confidence_level") or 0.95),
            method=f"as reported: {clean(ends.get('method') or 'not stated', 150)}",
        )


def _day(text: object) -> str:
    said = str(text)
    try:
        seconds = float(said)
    except ValueError:
        return datetime.fromisoformat(said).date().isoformat()
    if not isfinite(seconds):
        raise ValueError(f"timestamp {clean(said, 20)}")
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


__all__ = ["eee_of", "eee_path", "read_eee"]
