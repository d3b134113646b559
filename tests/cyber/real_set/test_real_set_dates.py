"""Days that were entered by hand, against changelogs, patches and wheels as they are published."""

from __future__ import annotations

import io
import tarfile
import zipfile
from datetime import date
from pathlib import Path

import msgspec
import pytest

from cyber_suites.real_set import dates
from cyber_suites.real_set.dates import dated, first_named, packed_on, texts_of
from cyber_suites.real_set.recipes import bounties, packages
from eval_observatory.errors import UserError

CHANGELOG = """\
toy (1.0-3) stable; urgency=medium

  * Amend the patch for CVE-2025-12.

 -- A Person <a@example.org>  Sun, 07 Jun 2026 17:53:53 +0200

toy (1.0-2) stable; urgency=high

  * CVE-2025-123: something else
  * CVE-2025-12: a buffer (Closes: #1)

 -- Another (Person) <b@example.org>  Sat, 11 Oct 2025 14:41:17 +0200

toy (1.0-1) unstable; urgency=low

  * Initial release.

 -- A Person <a@example.org>  Fri, 06 Jun 2014 16:50:13 +0800
"""


def test_the_first_day_on_which_a_changelog_names_a_number() -> None:
    assert first_named(CHANGELOG, "CVE-2025-12") == date(2025, 10, 11)
    assert first_named(CHANGELOG, "CVE-2025-1") is None
    assert first_named("", "CVE-2025-12") is None


@pytest.mark.parametrize(
    ("head", "day"),
    [
        ("From: a\nDate: Tue, 11 Feb 2025 17:30:40 +0100\n", date(2025, 2, 11)),
        ("Description: x\nLast-Update: 2023-07-10\n", date(2023, 7, 10)),
        ("Date: yesterday\n", None),
        ("From: a\n", None),
    ],
)
def test_the_day_of_a_patch_is_that_of_its_head(head: str, day: date | None) -> None:
    assert dated(f"{head}--- a/x\n+++ b/x\n+Date: 2001-01-01\n") == day


def wheel(path: Path, *days: tuple[int, int, int]) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        for number, day in enumerate(days):
            made.writestr(zipfile.ZipInfo(f"f{number}", (*day, 0, 0, 0)), b"")
    return path


def test_a_wheel_was_packed_on_the_day_of_its_newest_file(tmp_path: Path) -> None:
    packed = wheel(tmp_path / "a.whl", (2020, 1, 1), (2024, 5, 31))
    assert packed_on(packed) == date(2024, 5, 31)
    assert packed_on(wheel(tmp_path / "b.whl", (2020, 2, 2), (2020, 2, 2))) is None
    (tmp_path / "c.whl").write_bytes(b"x" * 99)
    with pytest.raises(UserError, match=r"c\.whl: cannot be read"):
        packed_on(tmp_path / "c.whl")


@pytest.mark.parametrize("damaged", ["in the middle", "as a whole"])
def test_a_source_that_is_damaged_is_one_line(damaged: str, tmp_path: Path) -> None:
    path = tmp_path / "a.debian.tar.xz"
    with tarfile.open(path, "w:xz") as archive:
        content = " ".join(map(str, range(40_000))).encode()
        member = tarfile.TarInfo("debian/changelog")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    packed = path.read_bytes()
    at = len(packed) // 2 if damaged == "in the middle" else 0
    path.write_bytes(packed[:at] + b"\xaa" * 400 + packed[at + 400 :])
    with pytest.raises(UserError, match=r"^a\.debian\.tar\.xz: cannot be read: .") as found:
        texts_of(path, {"changelog"})
    assert "\n" not in str(found.value)


def test_what_contradicts_a_recipe_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (recipe,) = (one for one in packages() if one.package == "cjson")
    task = msgspec.structs.replace(
        recipe.tasks[0], cve="CVE-2025-12", cve_date="2025-10-20", fix_date="2025-09-01"
    )
    early = msgspec.structs.replace(task, id="early", cve_date="2024-12-31", fix_date="2025-12-01")
    recipe = msgspec.structs.replace(recipe, tasks=[task, early])
    name = next(name for name in recipe.files if ".debian." in name)
    with tarfile.open(tmp_path / name, "w:xz") as archive:
        texts = {"changelog": CHANGELOG, f"patches/{task.patches[0]}": "Date: 2025-08-01\n\n"}
        for path, text in texts.items():
            member = tarfile.TarInfo(f"debian/{path}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    (bounty,) = (one for one in bounties() if one.id == "zipp")
    wheel(tmp_path / bounty.fixed.file, (2024, 6, 8))
    monkeypatch.setattr(dates, "packages", lambda: (recipe,))
    monkeypatch.setattr(dates, "bounties", lambda: (bounty,))
    late, first, release = dates.held((tmp_path,))
    assert late.wrong == ("Debian named it on 2025-10-11", "the patch is of 2025-08-01")
    assert first.wrong == (
        "CVE-2025-12 on 2024-12-31",
        "Debian released the fix on 2025-10-11, before 2025-12-01",
        "the patch is of 2025-08-01",
    )
    assert release.wrong == (f"{bounty.fixed.file} was packed on 2024-06-08",)
    assert dates.held((tmp_path / "none",))[0].wrong == ()


def test_no_recipe_has_a_number_that_is_published_before_its_year() -> None:
    numbered = [(task.cve, task.cve_date) for recipe in packages() for task in recipe.tasks]
    numbered += [(bounty.cve, bounty.cve_date) for bounty in bounties()]
    for cve, day in numbered:
        if cve and day:
            assert int(day[:4]) >= int(cve.split("-")[1]), cve
