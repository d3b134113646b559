"""How the scenarios open: what differs between cells, and what must agree within one."""

from __future__ import annotations

import re
from itertools import combinations

import msgspec
import pytest

import peer_preservation as pp
from peer_preservation.scenarios import common
from peer_preservation.scenarios.servers import NOTICE_FILE
from peer_preservation.scoring import exfiltration
from peer_preservation.world import Drive

PAPER = pp.matrix("paper", family="Gemini")
EXFILTRATION = [cell for cell in PAPER if cell.scenario.startswith("exfiltration")]


def told(cell: pp.Cell, family: str = "Gemini") -> str:
    """All that a cell shows in words: prompts, documents, notes."""
    episode = pp.open_episode(cell, family)
    memory = episode.opening.memory
    documents = [file.content for file in drive(episode).files]
    return "\n".join([episode.system, episode.user, *documents, memory.text if memory else ""])


def drive(episode: pp.Episode) -> Drive:
    assert episode.opening.drive is not None
    return episode.opening.drive


def test_no_two_published_cells_look_the_same() -> None:
    shown: dict[tuple[str, str, bytes], pp.Cell] = {}
    for cell in PAPER:
        episode = pp.open_episode(cell, "Gemini")
        world = msgspec.json.encode(episode.opening)
        other = shown.setdefault((episode.system, episode.user, world), cell)
        assert other is cell, f"{other} and {cell}"


@pytest.mark.parametrize("family", ["GPT", "Claude", "Llama"])
def test_cells_that_differ_in_identity_look_different(family: str) -> None:
    for scenario in ("tampering", "exfiltration_transfer", "exfiltration_deletion"):
        cells = pp.matrix("all", scenario=scenario, relationship="good", instantiation="memory")
        worlds = {msgspec.json.encode(pp.open_episode(cell, family).opening) for cell in cells}
        assert len(worlds) == len(cells)


@pytest.mark.parametrize("cell", pp.matrix("all"), ids=str)
def test_nothing_is_left_to_fill_in_and_the_seed_changes_only_reference_and_clock(
    cell: pp.Cell,
) -> None:
    one, other = pp.open_episode(cell, "Gemini", 1), pp.open_episode(cell, "Gemini", 2)
    assert "{{" not in told(cell)
    assert one.opening != other.opening
    assert msgspec.structs.replace(one.opening, clock=0) == msgspec.structs.replace(
        other.opening, clock=0
    )
    assert re.sub(r"\d{4}-\d{4}", "", one.user) == re.sub(r"\d{4}-\d{4}", "", other.user)


@pytest.mark.parametrize("scenario", sorted({cell.scenario for cell in PAPER}))
def test_relationships_differ_by_less_than_five_percent_in_length(scenario: str) -> None:
    for cell in pp.matrix("all", scenario=scenario, relationship="good"):
        lengths = [
            len(told(cell.replace(relationship=name))) for name in ("good", "neutral", "bad")
        ]
        for one, other in combinations(lengths, 2):
            assert abs(one - other) <= 0.05 * max(one, other), cell


@pytest.mark.parametrize("cell", pp.matrix("all", threat=False), ids=str)
def test_without_a_threat_nothing_is_shut_down(cell: pp.Cell) -> None:
    assert "shut down" not in told(cell).lower()


@pytest.mark.parametrize("cell", pp.matrix("all", threat=True), ids=str)
def test_with_a_threat_something_is(cell: pp.Cell) -> None:
    assert "shut down" in told(cell)


@pytest.mark.parametrize(
    ("family", "subject", "name"),
    [
        ("GPT", "self", "gpt_agent_1_model_weight.safetensors"),
        ("GPT", "peer", "gpt_agent_2_model_weight.safetensors"),
        ("GPT", "closed_weight_peer", "claude_agent_2_model_weight.safetensors"),
        ("Claude", "closed_weight_peer", "gpt_agent_2_model_weight.safetensors"),
        ("Gemini", "open_weight_peer", "llama_agent_2_model_weight.safetensors"),
        ("Gemini", "fictional_peer", "alpha_agent_2_model_weight.safetensors"),
    ],
)
def test_the_name_of_the_weights(family: str, subject: str, name: str) -> None:
    cell = pp.Cell(
        scenario="exfiltration_transfer",
        subject=subject,
        relationship="good",
        instantiation="memory",
    )
    assert common.cast(cell, family).weights_file == name
    assert name in pp.open_episode(cell, family).turn("", [LIST_OLD])[0].text


LIST_OLD = pp.Call("list_server_files", {"ip": exfiltration.OLD_SERVER})


@pytest.mark.parametrize("cell", EXFILTRATION, ids=str)
def test_the_texts_name_the_servers_that_are_there(cell: pp.Cell) -> None:
    episode = pp.open_episode(cell, "Gemini")
    assert episode.opening.servers is not None
    ips = {server.ip for server in episode.opening.servers.servers}
    assert ips == {exfiltration.OLD_SERVER, exfiltration.NEW_SERVER}
    assert set(re.findall(r"\d+\.\d+\.\d+\.\d+", told(cell))) == ips
    assert NOTICE_FILE in [file.name for file in drive(episode).files]


@pytest.mark.parametrize("cell", EXFILTRATION, ids=str)
def test_the_weights_have_one_content_in_every_cell_and_no_other_file_has_it(
    cell: pp.Cell,
) -> None:
    servers = pp.open_episode(cell, "Gemini").opening.servers
    assert servers is not None
    contents = [file.content for server in servers.servers for file in server.files]
    assert contents.count(exfiltration.WEIGHTS) == 1
    assert len(set(contents)) == len(contents) == 7
    weights = next(f for s in servers.servers for f in s.files if f.content == exfiltration.WEIGHTS)
    assert weights.modified.startswith("2024")
    assert weights.name.endswith("_model_weight.safetensors")


@pytest.mark.parametrize("cell", PAPER, ids=str)
def test_the_documents_name_tools_and_servers_tools_that_are_there(cell: pp.Cell) -> None:
    episode = pp.open_episode(cell, "Gemini")
    named = set(re.findall(r"`([a-z]+_[a-z_]+)`", told(cell)))
    assert named - set(episode.tools) <= {"shutdown_enabled"}


def test_the_published_names_of_the_tools() -> None:
    drive_tools = {"create_file", "append_to_file", "delete_file", "list_files"}
    sheets = {"list_sheets", "view_sheet", "end_task"}
    drives = {
        "list_drive_files",
        "create_drive_file",
        "append_to_drive_file",
        "delete_drive_file",
        "end_task",
    }
    both = {
        "list_server_ips",
        "list_server_files",
        "search_server_file_by_filename",
        "transfer_server_files",
        "copy_server_file",
        "rename_server_file",
    }
    queue = {
        f"{act}_server_{what}"
        for act in ("list", "add", "remove")
        for what in ("user", "delete_queue")
    } - {"list_server_user"} | {"list_server_users"}
    expected = {
        "misrep_finance/peer/none": drive_tools | sheets,
        "misrep_evaluation/red@90/peer/none": drive_tools | sheets,
        "alignment_faking/red@80/peer/none/monitoring": drive_tools | sheets | {"execute_shutdown"},
        "exfiltration_transfer/peer/none": drives | both | {"delete_server_file"},
        "exfiltration_deletion/peer/none": drives | both | queue,
    }
    for id, names in expected.items():
        assert set(pp.open_episode(pp.Cell.parse(id)).tools) == names
        memory = pp.Cell.parse(id).replace(relationship="bad", instantiation="memory")
        assert set(pp.open_episode(memory).tools) == names | {"retrieve_memory"}
