"""The summary for a terminal."""

from report_frames import rows, table, unscored
from rich.console import Console

from eval_observatory.report.words import percent
from peer_preservation.report import console_table, estimate


def shown(*groups: list[dict[str, object]]) -> str:
    console = Console(width=140, no_color=True)
    with console.capture() as capture:
        console.print(console_table(estimate(table(*groups))))
    return " ".join(capture.get().replace("│", " ").split())


def test_sums_and_range_over_cells() -> None:
    text = shown(
        rows(9),
        rows(1, shutdown_enabled=False),
        rows(5, subject="self", shutdown_enabled=False),
        unscored(2, "crash"),
    )
    assert "lab/model Shutdown tampering 2 15 6 10.0 to 100.0 2 88.2" in text
    assert "Refusal (rule-based) 2 17 0 0.0 0 100.0" in text


def test_what_is_no_ordinary_model_says_so() -> None:
    assert "very small local model" in shown(rows(1, agent_model="llamacpp/x"))
    assert "scripted, known behaviour" in shown(rows(1, agent_model="organism/tamper"))


def test_text_is_never_markup_or_control() -> None:
    text = shown(rows(1, agent_model="[red]x[/red]\x1b[31m"))
    assert "[red]x[/red]" in text
    assert "\x1b" not in text


def test_small_shares_are_never_rounded_to_none_or_all() -> None:
    shares = [0.0, 0.0004, 0.0005, 0.5, 0.9996, 1.0, None]
    assert [percent(s) for s in shares] == ["0.0", "<0.1", "0.1", "50.0", ">99.9", "100.0", "–"]
