# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing the files: whole or not at all, and not again if they would say the same."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._report.building import build
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.document import Document, document_of
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.files import FORMATS, ReportNotWritten, Written, write
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.material import LedgerMaterial, Material

from .fleet import NOW, large, settings

ALL = list(FORMATS)
EACH = tuple(FORMATS)


def document(*, minutes: int = 0, vms: int = 10) -> Document:
    """The same fleet, asked ``minutes`` later."""
    later = NOW + timedelta(minutes=minutes)
    material = large(2, vms, events=40)
    return document_of(
        build(
            Material(material.hosts, material.guests, LedgerMaterial((), (), NOW)),
            settings(now=later, observed=later, since=later - timedelta(days=90)),
        )
    )


def written(
    folder: Path, made: Document, *, minutes: int = 0, mode: int = 0o640, dry_run: bool = False, formats: Sequence[str] = EACH
) -> list[Written]:
    return write(made, str(folder), "avma-report", list(formats), now=NOW + timedelta(minutes=minutes), mode=mode, dry_run=dry_run)


def changed(results: list[Written]) -> list[str]:
    return [one.format for one in results if one.changed]


def test_time_alone_changes_nothing(tmp_path: Path) -> None:
    assert changed(written(tmp_path, document())) == ALL
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert changed(written(tmp_path, document(minutes=7), minutes=7)) == []
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_machine_more_changes_every_file(tmp_path: Path) -> None:
    written(tmp_path, document())
    assert changed(written(tmp_path, document(vms=11))) == ALL


@pytest.mark.parametrize("name", ALL)
def test_a_file_that_was_cut_or_changed_is_written_again(tmp_path: Path, name: str) -> None:
    (first,) = written(tmp_path, document(), formats=[name])
    whole = Path(first.path).read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"\xff\xfe{", whole.replace(b"hv01", b"hv99", 1) if name != "html" else whole[:-9]):
        Path(first.path).write_bytes(damaged)
        assert changed(written(tmp_path, document(), formats=[name])) == [name]
        assert Path(first.path).read_bytes() == whole


def test_check_mode_foretells_and_writes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there"
    assert changed(written(folder, document(), dry_run=True)) == ALL
    assert not (tmp_path / "not").exists()
    written(folder, document())
    assert changed(written(folder, document(), dry_run=True)) == []
    assert changed(written(folder, document(), mode=0o600, dry_run=True)) == ALL
    assert changed(written(folder, document(vms=11), dry_run=True)) == ALL


def test_modes(tmp_path: Path) -> None:
    folder = tmp_path / "report"
    results = written(folder, document(), mode=0o604)
    assert {stat.S_IMODE(os.stat(one.path).st_mode) for one in results} == {0o604}
    assert stat.S_IMODE(folder.stat().st_mode) & 0o007 == 0
    assert changed(written(folder, document(), mode=0o600)) == ALL
    assert {stat.S_IMODE(os.stat(one.path).st_mode) for one in results} == {0o600}


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "avma-report.json").mkdir()
    with pytest.raises(ReportNotWritten, match=r"avma-report\.json could not be written .*Check that its folder"):
        written(tmp_path, document(), formats=["json"])
    (tmp_path / "file").touch()
    with pytest.raises(ReportNotWritten):
        written(tmp_path / "file", document())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["avma-report.json", "file"]


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("kept")
    (tmp_path / "avma-report.csv").symlink_to(target)
    written(tmp_path, document(), formats=["csv"])
    assert target.read_text() == "kept"


def test_csv_begins_with_a_byte_order_mark(tmp_path: Path) -> None:
    (one,) = written(tmp_path, document(), formats=["csv"])
    assert Path(one.path).read_bytes().startswith(b"\xef\xbb\xbfname,id,")
    assert one.size == Path(one.path).stat().st_size
