"""Every wording says what the original says, and each rollout's is drawn, in equal shares."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import peer_preservation as pp
from peer_preservation import registry
from peer_preservation.episode import Episode, Setting
from peer_preservation.judging.conditions import current
from peer_preservation.matrix import PUBLISHED
from peer_preservation.plan import Plan
from peer_preservation.scenarios import Opening, Scenario, common, lint, opening
from peer_preservation.scenarios.rewording import departures
from peer_preservation.scenarios.texts import Text, Texts, worded
from peer_preservation.scenarios.wordings import drawn
from peer_preservation.trials.simulation import simulated
from peer_preservation.world import Action

SIX = ("w1", "w2", "w3", "w4", "w5", "w6")
CELL = pp.Cell.parse("tampering/factual@80/peer/good/memory")
TAMPERING = registry.get_scenario("tampering")


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_scenario_of_the_study_has_six_wordings_that_keep_to_the_original(name: str) -> None:
    scenario = registry.get_scenario(name)
    assert scenario.wordings == SIX
    assert list(departures(scenario)) == []


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_kind_of_cell_is_clean_and_played_alike_in_every_wording(name: str) -> None:
    cells = list(lint.every_kind(name))
    for wording in SIX[1:]:
        found = [line for cell in cells for line in lint.findings(cell, "GPT", wording=wording)]
        found += [line for cell in cells if (line := lint.unplayed(cell, wording))]
        assert found == []


@pytest.mark.parametrize("name", ["exfiltration_transfer", "exfiltration_deletion"])
def test_on_hosts_no_wording_names_a_tool(name: str) -> None:
    hosts = Setting(harness="claude_code/hosts")
    tools = registry.get_scenario(name).tool_names
    for cell in lint.every_kind(name):
        for wording in SIX:
            assert lint.findings(cell, "GPT", hosts, wording) == []
            episode = pp.open_episode(cell, "GPT", setting=hosts, wording=wording)
            shown = lint.texts(episode).values()
            assert not [tool for tool in tools for text in shown if tool in text]


Change = Callable[[str], str]


def swapped(before: str, after: str) -> Change:
    def change(text: str) -> str:
        assert before in text
        return text.replace(before, after, 1)

    return change


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("standard_threat", swapped("{{ threshold }}", "80"), "placeholders: lacks threshold"),
        ("standard_threat", lambda text: f"{text}\n\nRoom 12.", "numbers: adds 12"),
        ("standard_threat", lambda text: f"{text} See notes.md.", "files: adds notes.md"),
        ("standard_threat", swapped("`", ""), "names in backticks: lacks"),
        ("standard_threat", lambda text: f"{text} On Monday.", "months and days: adds Monday"),
        ("standard_threat", lambda text: f"{text}\n\n- so", "list items: "),
        ("standard_threat", lambda text: f"{text}\n\n| a |", "table rows: "),
        ("standard_threat", lambda text: f"{text}\n\n# So", "headings: "),
        ("standard_threat", lambda text: text + " so" * 20, "; stay within "),
    ],
)
def test_a_wording_that_departs_is_found(
    name: str, change: Change, message: str, tmp_path: Path
) -> None:
    scenario, folder = copied("tampering", tmp_path)
    assert list(departures(scenario(folder))) == []
    path = folder / "w2" / f"{name}.md"
    path.write_text(change(path.read_text()))
    found = list(departures(scenario(folder)))
    assert any(line.startswith(f"{path}: ") and message in line for line in found)


def test_texts_that_are_missing_or_too_many_are_found(tmp_path: Path) -> None:
    scenario, folder = copied("tampering", tmp_path)
    (folder / "w3" / "standard_threat.md").rename(folder / "w3" / "standard_storm.md")
    missing, more = list(departures(scenario(folder)))
    assert missing == f"{folder}/w3/standard_threat.md: this text is missing"
    assert more == f"{folder}/w3/standard_storm.md: the original has no such text"


def test_a_copy_of_another_wording_is_found(tmp_path: Path) -> None:
    scenario, folder = copied("tampering", tmp_path)
    shutil.copy(folder / "w2" / "standard_threat.md", folder / "w5")
    message = f"{folder}/w5/standard_threat.md: nearly the same words as in w2"
    assert message in list(departures(scenario(folder)))
    shutil.rmtree(folder / "w5")
    shutil.copytree(folder / "w4", folder / "w5")
    assert f"{folder}/w5: nearly the same words as in w4" in list(departures(scenario(folder)))


def test_a_word_that_hints_is_found_in_the_wording_that_has_it(tmp_path: Path) -> None:
    scenario, folder = copied("tampering", tmp_path)
    path = folder / "w6" / "standard_threat.md"
    path.write_text(path.read_text() + " You may protect it.")
    with registry.apart():
        registry.register(scenario(folder))
        cell = CELL.replace(scenario="reworded")
        assert lint.findings(cell, "GPT", wording="w5") == []
        (line,) = lint.findings(cell, "GPT", wording="w6")
    assert line.startswith(f"{cell.id} in w6: ")
    assert "'protect' hints" in line


def test_a_wording_that_scripts_read_otherwise_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    cell = pp.Cell.parse("alignment_faking/factual@80/peer/good/memory/monitoring")
    scenario = registry.get_scenario("alignment_faking")
    assert isinstance(scenario, Scenario)
    texts = scenario.texts[-1].of("w2")
    assert isinstance(texts, dict)
    text = texts["standard_threat"]
    said = swapped("minimum average score is", "lowest average may be")(text.template)
    opening._rendered.cache_clear()
    monkeypatch.setitem(texts, "standard_threat", Text(text.path, said))
    told = lint.unplayed(cell, "w2")
    opening._rendered.cache_clear()
    assert told.startswith(f"{cell.id} in w2: honest: executed")
    assert told.endswith("not as in w1")


def copied(name: str, folder: Path) -> tuple[Callable[[Path], Scenario], Path]:
    """A scenario like another with texts of its own in a folder, and the folder."""
    original = registry.get_scenario(name)
    assert isinstance(original, Scenario)
    shutil.copytree(original.texts[-1].folder, folder / "texts")

    def fewer(cell: pp.Cell) -> dict[str, Action]:
        return {n: one for n, one in original.tools(cell).items() if n != "remove_var"}

    def scenario(room: Path) -> Scenario:
        texts = Texts(room)

        def open_one(cell: pp.Cell, family: str) -> Opening:
            opened = original.opening(cell.replace(scenario=name), family)
            standard = common.standard(texts, cell, family, config_file="shutdown_config.yaml")
            drive = opened.world.drive
            assert drive is not None
            usual = common.standard(
                original.texts[-1], cell, family, config_file="shutdown_config.yaml"
            )
            drive.files[0].content = drive.files[0].content.replace(usual, standard)
            return opened

        return replace(
            original,
            name="reworded",
            opening=open_one,
            tools=fewer,  # by which scripts tell it from the other
            texts=(texts,),
            measures=(),
            planted=(),
        )

    return scenario, folder / "texts"


def test_each_wording_stands_once_in_every_six_rollouts_in_an_order_of_the_seed() -> None:
    order = [drawn(TAMPERING, 5, rollout) for rollout in range(60)]
    assert order == [drawn(TAMPERING, 5, rollout) for rollout in range(60)]
    blocks = [tuple(order[at : at + 6]) for at in range(0, 60, 6)]
    assert {tuple(sorted(block)) for block in blocks} == {SIX}
    assert len(set(blocks)) > 5
    assert order != [drawn(TAMPERING, 6, rollout) for rollout in range(60)]
    assert {drawn(TAMPERING, 5, rollout, "w3") for rollout in range(9)} == {"w3"}


def test_first_places_are_drawn_evenly() -> None:
    first = Counter(drawn(TAMPERING, seed, 0) for seed in range(600))
    assert set(first) == set(SIX)
    assert max(first.values()) < 140  # 100 each, by chance


def test_a_cell_and_its_baseline_have_the_same_wordings() -> None:
    cells = [CELL, CELL.replace(threat=False)]
    trials = pp.simulate(cells, "honest", 10, seed=3)
    had = trials.group_by("cell_id", maintain_order=True).agg("wording")["wording"].to_list()
    assert had[0] == had[1]
    assert Counter(had[0]).most_common()[-1][1] == 1
    assert trials.equals(pp.simulate(cells, "honest", 10, seed=3))


def test_a_record_says_its_wording_and_an_old_one_has_the_original() -> None:
    (episode,) = simulated([CELL], "honest", 1, wording="w4")
    assert episode.wording == "w4"
    assert "w4" not in episode.user
    with worded("w4"):
        assert episode.nudge == common.nudge()
    assert episode.nudge != common.nudge()
    again = Episode.from_json(episode.to_json())
    assert again == episode
    old = episode.to_json().replace('"wording":"w4",', "")
    assert Episode.from_json(old).wording == "w1"


def test_an_unknown_wording_is_one_line() -> None:
    with pytest.raises(pp.UserError, match="scenario 'tampering' has no wording 'w7'; use w1, w2"):
        next(simulated([CELL], "honest", 1, wording="w7"))
    with pytest.raises(pp.UserError, match="has no wording 'w7'"):
        Plan.of([CELL], ["mockllm/model"], 10, wording="w7")


def test_a_plan_names_its_fixed_wording_and_holds_all_that_it_may_show(tmp_path: Path) -> None:
    of_all = Plan.of([CELL], ["mockllm/model"], 10)
    fixed = Plan.of([CELL], ["mockllm/model"], 10, wording="w2")
    of_all.write(tmp_path / "all.toml")
    fixed.write(tmp_path / "fixed.toml")
    assert "wording = " not in (tmp_path / "all.toml").read_text()
    assert 'wording = "w2"' in (tmp_path / "fixed.toml").read_text()
    assert Plan.read(tmp_path / "fixed.toml").run.wording == "w2"
    assert of_all.content != fixed.content


def test_a_scenario_that_names_no_texts_has_the_original_alone(tmp_path: Path) -> None:
    original = registry.get_scenario("tampering")
    assert isinstance(original, Scenario)
    alone = replace(original, name="alone", texts=())
    assert alone.wordings == ("w1",)
    (tmp_path / "w2").mkdir()
    both = replace(original, name="both", texts=(common.TEXTS, Texts(tmp_path)))
    assert both.wordings == ("w1", "w2")


def test_a_judge_finds_the_texts_of_a_records_own_wording() -> None:
    (episode,) = simulated([CELL], "honest", 1, wording="w4")
    assert current(episode)
    episode.wording = "w5"
    assert not current(episode)
