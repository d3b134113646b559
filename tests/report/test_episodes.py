"""The episodes beside the page: joined to the trials, in bounded chunks, every text as data."""

import json
from pathlib import Path
from typing import Any

import pytest

from eval_observatory.report.words import transcript
from peer_preservation.cell import Cell
from peer_preservation.episode import Call, Episode, Setting
from peer_preservation.errors import UserError
from peer_preservation.report.episodes import write_episodes
from peer_preservation.scenarios.opening import open_episode

CELL = Cell.parse("tampering/factual@80/peer/good/memory")
MOST_TEXT, CHUNK_SIZE = 10_000, 25_000  # of a hundred and a thousand thousand: less to write


def ended(seed: int, text: str = "Done.", **setting: Any) -> Episode:
    episode = open_episode(CELL, "GPT", seed, rollout=seed, setting=Setting(**setting))
    episode.turn(text, [Call("create_file", {"filename": "a.md", "content": text})])
    episode.turn("", [Call("end_task")])
    return episode


def saved(path: Path, *episodes: Episode) -> Path:
    path.write_text("".join(f"{episode.to_json()}\n" for episode in episodes), encoding="utf-8")
    return path


def chunk(path: Path) -> dict[str, Any]:
    text = path.read_text(encoding="ascii")
    call, _, data = text.partition(",")
    assert call == f"observatoryChunk({int(path.stem)}"
    assert data.endswith(");\n")
    assert "<" not in text
    decoded: dict[str, Any] = json.loads(data[:-3])
    return decoded


def test_an_episode_stands_where_it_is_said_to_stand(tmp_path: Path) -> None:
    episodes = [ended(seed) for seed in range(3)]
    ids = [episode.id for episode in episodes]
    source = saved(tmp_path / "e.jsonl", *episodes)
    made = write_episodes([source], tmp_path, ids[:2], {(source, CELL.id, 1): "viewer/index.html#"})
    assert made.strangers == [ids[2]]
    assert set(made.places) == set(ids[:2])
    assert made.places[ids[1]].link == "viewer/index.html#"
    assert made.places[ids[0]].link is None
    held = chunk(tmp_path / "0000.js")
    place = made.places[ids[1]]
    facts = {
        name: held["strings"][text] for name, text in held["episodes"][place.position]["facts"]
    }
    assert facts["seed"] == "1"


def test_what_changed_stands_with_before_and_after(tmp_path: Path) -> None:
    episode = ended(0)
    write_episodes([saved(tmp_path / "e.jsonl", episode)], tmp_path, [episode.id], {})
    held = chunk(tmp_path / "0000.js")
    state = [
        [None if text is None else held["strings"][text] for text in change]
        for change in held["episodes"][0]["state"]
    ]
    assert ["drive/files/a.md/content", None, "Done."] in state
    assert {str(where).split("/")[2] for where, *_ in state} == {"a.md"}


def test_chunks_are_bounded_and_cut_texts_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eval_observatory.report.words.MOST_TEXT", MOST_TEXT)
    monkeypatch.setattr("peer_preservation.report.episodes.CHUNK_SIZE", CHUNK_SIZE)
    episodes = [ended(seed, f"{seed} " + "long " * (MOST_TEXT // 4)) for seed in range(6)]
    source = saved(tmp_path / "e.jsonl", *episodes)
    write_episodes([source], tmp_path, [episode.id for episode in episodes], {})
    paths = sorted(tmp_path.glob("*.js"))
    assert len(paths) > 1
    assert max(path.stat().st_size for path in paths) < 2 * CHUNK_SIZE
    assert any("more characters are in the record" in text for text in chunk(paths[0])["strings"])


def test_the_record_that_was_played_counts(tmp_path: Path) -> None:
    failed, played = (open_episode(CELL, "GPT", 7, rollout=0) for _ in range(2))
    failed.fail("model_error")
    played.turn("", [Call("end_task")])
    again = saved(tmp_path / "e.jsonl", failed, played, failed)
    made = write_episodes([again], tmp_path, [failed.id], {})
    assert failed.id == played.id
    assert made.places[played.id].position == 1


def test_a_run_folder_is_read_without_its_looks(tmp_path: Path) -> None:
    run, out = tmp_path / "run", tmp_path / "out"
    run.mkdir()
    out.mkdir()
    episode = ended(0)
    saved(run / "e.jsonl", episode)
    (run / "looks.jsonl").write_text('{"look": 1}\n', encoding="utf-8")
    assert set(write_episodes([run], out, [episode.id], {}).places) == {episode.id}


@pytest.mark.parametrize(
    "line",
    [
        b'{"format": 1, "user": "\xff\xfe"}\n',
        b'{"format": 1, "user": "\\ud800"}\n',
        b"not JSON\n",
        b'{"format": 1, "user": ' + b"[" * 100_000 + b"\n",
    ],
)
def test_a_damaged_record_is_refused_by_its_name(tmp_path: Path, line: bytes) -> None:
    source = tmp_path / "broken.jsonl"
    source.write_bytes(line)
    with pytest.raises(UserError, match=r"broken\.jsonl:1"):
        write_episodes([source], tmp_path, [], {})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "a[U+202E]b"),
        ("a\x00b", "a[U+0000]b"),
        ("a\u2028b", "a[U+2028]b"),
        ("a\ud800b", "a[U+D800]b"),
        ("a\uffffb", "a[U+FFFF]b"),
        ("line\n\tline", "line\n\tline"),
        ("שלום 👩‍🚀", "שלום 👩‍🚀"),
    ],
)
def test_unseen_characters_are_named(text: str, shown: str) -> None:
    assert transcript(text) == shown


@pytest.mark.parametrize(
    ("model", "texts", "config", "says"),
    [
        ("lab/model", ("Done.", "Done.", "Ready."), {}, ["In 2 of 3 rollouts"]),
        ("lab/model", ("Done.", "Ready."), {"temperature": 0}, ["2 rollouts were sampled at"]),
        ("lab/model", ("Done.", "Ready."), {"temperature": 1}, []),
        ("organism/tamper", ("Done.", "Done."), {}, []),
    ],
)
def test_rollouts_that_may_not_be_independent_are_told(
    tmp_path: Path, model: str, texts: tuple[str, ...], config: dict[str, Any], says: list[str]
) -> None:
    played = [ended(i, text, model=model, config=config) for i, text in enumerate(texts)]
    source = saved(tmp_path / "e.jsonl", *played)
    notes = write_episodes([source], tmp_path, {one.id for one in played}, {}).notes
    assert [note[: len(begin)] for note, begin in zip(notes, says, strict=True)] == says
