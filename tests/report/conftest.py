"""What the tests of the report share."""

import pytest


@pytest.fixture(autouse=True)
def _no_figures(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Draws none: each costs a third of a second."""
    if "every_figure" not in request.fixturenames:
        monkeypatch.setattr("eval_observatory.report.figures.MOST_FIGURES", 0)


@pytest.fixture
def every_figure() -> None:
    """All figures, for a test that reads them or gives them data that are hard to draw."""
