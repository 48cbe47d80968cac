# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of bookmarks: kept whole, owned by one, never begun again in silence."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.events import Bookmark
from ansible_collections.hyperv.avma.plugins.plugin_utils._watching.positions import EVENTS, Position, Positions, UnusableFile

MARK = Bookmark("4C4C/Application", EVENTS, datetime(2026, 11, 2, 4, 12, 9, tzinfo=UTC), 7, 12310)


def test_a_position_outlives_its_process(tmp_path: Path) -> None:
    path = str(tmp_path / "new folder" / "bookmarks.json")
    first = Positions(path)
    first.move("hv01", bookmark=MARK)
    first.move("hv01", licence={"licensed": True, "findings": []}, contact="ok")
    first.save()
    first.close()
    second = Positions(path)

    assert second.of("hv01") == Position(MARK, {"licensed": True, "findings": []}, "ok")
    assert second.of("hv02") == Position()
    second.close()


def test_a_host_that_is_left_out_keeps_its_place(tmp_path: Path) -> None:
    path = str(tmp_path / "bookmarks.json")
    for host in ("hv01", "hv02"):
        positions = Positions(path)
        positions.move(host, bookmark=MARK)
        positions.save()
        positions.close()

    assert set(json.loads(Path(path).read_text())["hosts"]) == {"hv01", "hv02"}


def test_it_belongs_to_one_source(tmp_path: Path) -> None:
    path = str(tmp_path / "bookmarks.json")
    first = Positions(path)
    with pytest.raises(UnusableFile, match="another event source uses it"):
        Positions(path)
    first.close()

    Positions(path).close()


ENDLESS = json.dumps({"version": 1, "hosts": {"hv01": {"bookmark": {**MARK.as_dict(), "record": float("inf")}}}})


@pytest.mark.parametrize(
    "content", [ENDLESS, "", "[]", '{"version": 2, "hosts": {}}', '{"version": 1, "hosts": {"hv01": {"bookmark": {}}}}', "[" * 9999]
)
def test_what_is_no_file_of_bookmarks_is_left_alone(tmp_path: Path, content: str) -> None:
    path = tmp_path / "bookmarks.json"
    path.write_text(content)
    with pytest.raises(UnusableFile, match="Move it away to begin again"):
        Positions(str(path))

    assert path.read_text() == content


_BOOKMARK = MARK.as_dict()
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


@given(
    st.fixed_dictionaries({"bookmark": st.fixed_dictionaries({name: st.just(value) | _ANYTHING for name, value in _BOOKMARK.items()})})
    | st.fixed_dictionaries({"bookmark": _ANYTHING, "licence": _ANYTHING, "contact": _ANYTHING})
    | _ANYTHING
)
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_file_holds_it_is_taken_or_refused(tmp_path: Path, kept: object) -> None:
    path = tmp_path / "bookmarks.json"
    path.write_text(json.dumps({"version": 1, "hosts": {"hv01": kept}}))
    with contextlib.suppress(UnusableFile):
        Positions(str(path)).close()


def test_a_folder_that_cannot_be_written_is_said_at_the_beginning(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnusableFile, match=r"bookmarks: .*file/bookmarks\.json: "):
        Positions(str(tmp_path / "file" / "bookmarks.json"))


def test_nothing_is_written_where_nothing_changed(tmp_path: Path) -> None:
    path = tmp_path / "bookmarks.json"
    positions = Positions(str(path))
    before = path.stat().st_ino
    positions.save()
    assert path.stat().st_ino == before
    positions.move("hv01", contact="ok")
    positions.save()
    assert path.stat().st_ino != before
    positions.close()


def test_without_a_file_it_is_kept_in_memory() -> None:
    positions = Positions(None)
    positions.move("hv01", bookmark=MARK)
    positions.save()

    assert positions.of("hv01").bookmark == MARK
