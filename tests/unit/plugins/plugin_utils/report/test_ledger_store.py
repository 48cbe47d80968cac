# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger's file: each event once, versions brought up to date, and what is damaged or foreign left as it is."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.plugin_utils._report.ledger.errors import (
    LedgerBusy,
    LedgerDamaged,
    LedgerForeign,
    LedgerMissing,
    LedgerNotWritable,
    LedgerTooNew,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.ledger.export import ExportFailed, export
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.ledger.rows import rows_of
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.ledger.schema import STEPS, VERSION, migrate
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.ledger.store import Ledger

from .deliveries import BEGIN, ORIGIN, VM, activation, event, events_about, result, rows


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(str(tmp_path / "ledger.sqlite"))


def test_a_new_ledger_is_not_for_everybody(ledger: Ledger) -> None:
    before = os.umask(0)
    try:
        ledger.record(rows(event(1)))
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(ledger.path).st_mode) == 0o640


def test_the_mode_of_a_ledger_that_is_there_is_its_owners(ledger: Ledger) -> None:
    ledger.record(rows(event(1)))
    os.chmod(ledger.path, 0o600)
    ledger.record(rows(event(2)))
    assert stat.S_IMODE(os.stat(ledger.path).st_mode) == 0o600


def test_an_event_is_kept_once_and_comes_back_as_it_was(ledger: Ledger) -> None:
    one = event(1)
    first, second = ledger.record(rows(one)), ledger.record(rows(one, one))
    assert (first.changed, first.created, first.events_added) == (True, True, 1)
    assert (second.changed, second.events_added, second.events_known) == (False, 0, 2)
    assert list(ledger.events()) == [one]


def test_a_fraction_of_a_second_or_the_case_of_a_name_makes_no_second_event(ledger: Ledger) -> None:
    one = event(1)
    ledger.record(rows(one))
    same = {**one, "time": one["time"].replace("Z", ".250000Z"), "computer": one["computer"].upper()}
    assert ledger.record(rows(same)).events_known == 1


@pytest.mark.parametrize(
    "change", [{"computer": "hv02"}, {"log": "other/Application"}, {"record": 2}, {"time": "2026-11-01T01:00:00Z"}, {"event_id": 12309}]
)
def test_each_part_of_an_events_identity_counts(ledger: Ledger, change: dict[str, object]) -> None:
    ledger.record(rows(event(1)))
    assert ledger.record(rows({**event(1), **change})).events_added == 1


_EVENTS = st.builds(
    event,
    st.integers(0, 6),
    computer=st.sampled_from(["hv01", "HV01", "hv02"]),
    log=st.sampled_from(["a/Application", "b/Application"]),
    seconds=st.integers(0, 2),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(_EVENTS, max_size=12), min_size=1, max_size=6), st.randoms())
def test_whoever_delivers_what_in_which_order_each_event_is_there_once(deliveries: list[list[dict[str, object]]], order: object) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(str(Path(folder) / "ledger.sqlite"))
        again = [*deliveries, *deliveries]
        order.shuffle(again)  # type: ignore[attr-defined]
        added = sum(ledger.record(rows(*delivery)).events_added for delivery in again)

        def key(one: dict[str, object]) -> tuple[object, ...]:
            return (str(one["computer"]).lower(), one["log"], one["record"], one["time"], one["event_id"])

        expected = {key(one) for delivery in deliveries for one in delivery}
        kept = [key(one) for one in ledger.events()]
        assert (len(kept), set(kept), added) == (len(expected), expected, len(expected))


def test_what_an_event_may_be_about_is_found_by_guid_or_name(ledger: Ledger) -> None:
    ledger.record(rows(event(1), {**event(2), "guids": [], "vm_names": ["WEB01"]}))
    assert [one["record"] for one in events_about(ledger, VM.lower())] == [1]
    assert [one["record"] for one in events_about(ledger, "web01")] == [2]
    assert events_about(ledger, "web02") == []


def test_events_come_by_time_within_bounds_across_chunks(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansible_collections.hyperv.avma.plugins.plugin_utils._report.ledger.store.CHUNK", 3)
    ledger.record(rows(*(event(record, seconds=record // 4) for record in range(20)[::-1])))
    begin = int(BEGIN.timestamp())
    assert sorted(one["record"] for one in ledger.events()) == list(range(20))
    times = [one["time"] for one in ledger.events()]
    assert times == sorted(times)
    assert {one["record"] for one in ledger.events(since=begin + 1, until=begin + 3)} == set(range(4, 12))


def test_the_queries_that_grow_with_the_ledger_use_its_indexes(ledger: Ledger) -> None:
    ledger.record(rows(event(1)))
    with sqlite3.connect(ledger.path) as connection:

        def plan(query: str) -> str:
            return " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}"))

        walk = plan("SELECT time, id, body FROM events WHERE (time, id) > (1, 1) AND time < 9 ORDER BY time, id LIMIT 5")
        about = plan(
            "SELECT events.body FROM subjects JOIN event_subjects ON subject_id = subjects.id JOIN events ON events.id = event "
            "WHERE name IN ('A', 'a') ORDER BY events.time, events.id"
        )
        old = plan("DELETE FROM events WHERE time < 1")
    assert "SEARCH events USING INDEX events_by_time" in walk
    assert "SCAN" not in walk + about + old
    assert "TEMP B-TREE" not in walk


def test_old_rows_go_and_do_not_come_back(ledger: Ledger) -> None:
    ledger.record(rows(*(event(record) for record in range(10))))
    border = int(BEGIN.timestamp()) + 6
    done = ledger.record(rows(event(1), event(20)), keep_from=border)
    assert (done.removed, done.expired, done.events_added) == (6, 1, 1)
    assert [one["record"] for one in ledger.events()] == [6, 7, 8, 9, 20]
    assert ledger.record(rows(event(1)), keep_from=border).changed is False
    assert ledger.check().problems == ()
    assert len(events_about(ledger, VM)) == 5


def test_activations_are_kept_once_a_day(ledger: Ledger) -> None:
    def seen(days: float, **what: Any) -> bool:
        return ledger.record(rows_of([], [activation(**what)], BEGIN + timedelta(days=days))).activations_added == 1

    assert seen(0)
    assert not seen(0)
    assert not seen(0.5)
    assert seen(0, outcome="already_activated")
    assert seen(0, name="WEB02")
    assert seen(1)
    kept = list(ledger.activations())
    assert [one["guest"] for one in kept] == ["WEB01", "WEB01", "WEB02", "WEB01"]
    assert (kept[0]["vm_id"], kept[0]["host"], kept[0]["time"]) == (VM, "HV01", "2026-11-01T00:00:00Z")
    # guest_key tells the licence as `after`
    assert (kept[0]["licensed"], kept[0]["channel"], kept[0]["partial_product_key"]) == (True, "avma", "78VHK")


def test_bookmarks_move_forward_only(ledger: Ledger) -> None:
    ledger.record(rows_of([result([event(1), event(5)])], [], BEGIN))
    assert ledger.bookmarks()["hv01"]["record"] == 5
    late = ledger.record(rows_of([result([event(1), event(3)])], [], BEGIN))
    assert (late.bookmarks_moved, late.events_added) == (0, 1)
    assert ledger.bookmarks()["hv01"]["record"] == 5
    ledger.record(rows_of([result([event(7)])], [], BEGIN))
    assert ledger.bookmarks()["hv01"]["record"] == 7


def test_results_that_hold_nothing_are_counted(ledger: Ledger) -> None:
    broken = result([event(1), event(2)])
    broken["events"][1] = {**event(2), "time": "never"}
    wrong = [{"failed": True}, {"skipped": True}, "text", None, broken]
    found = rows_of(wrong, [{"outcome": "refused"}, {"unreachable": True}, 7, activation(outcome="deferred")], BEGIN)
    assert (len(found.events), len(found.activations), len(found.bookmarks)) == (1, 0, 0)
    assert sum(found.skipped.values()) == 9
    assert ledger.record(found).events_added == 1


def test_hostile_text_is_kept_as_it_was(ledger: Ledger, tmp_path: Path) -> None:
    nasty = "'); DROP TABLE events;-- \x1b[31m \u202e \ud800 \x00 {{ 7*7 }}"
    one = {**event(1), "strings": [nasty], "vm_names": [nasty]}
    ledger.record(rows(one))
    assert next(ledger.events()) == one
    export(ledger, str(tmp_path / "out.jsonl"))
    text = (tmp_path / "out.jsonl").read_text(encoding="ascii")
    assert text.rstrip("\n").isprintable()


def test_a_dry_run_foretells_and_changes_nothing(ledger: Ledger) -> None:
    foretold = ledger.record(rows(event(1)), dry_run=True)
    assert (foretold.changed, foretold.events_added, Path(ledger.path).exists()) == (True, 1, False)
    assert ledger.record(rows(event(1))) == foretold
    before = Path(ledger.path).read_bytes()
    foretold = ledger.record(rows(event(1), event(2)), keep_from=int(BEGIN.timestamp()) + 2, dry_run=True)
    assert Path(ledger.path).read_bytes() == before
    assert ledger.record(rows(event(1), event(2)), keep_from=int(BEGIN.timestamp()) + 2) == foretold
    assert (foretold.events_added, foretold.removed, foretold.expired) == (1, 1, 1)


def make_version(path: str, version: int) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    migrate(connection, STEPS[:version])
    return connection


@pytest.mark.parametrize("version", range(1, VERSION))
def test_an_older_version_is_brought_up_to_date(ledger: Ledger, version: int) -> None:
    with make_version(ledger.path, version) as connection:
        connection.execute("INSERT INTO logs VALUES (1, 'hv01.corp.example', ?)", (ORIGIN.id,))
        connection.execute(
            "INSERT INTO events VALUES (1, 1, 1, ?, 12310, 'success', 0, ?)", (int(BEGIN.timestamp()) + 1, json.dumps(event(1)))
        )
        connection.execute("COMMIT")
    assert list(ledger.events()) == [event(1)]  # can be read before it is written
    assert ledger.bookmarks() == {}
    foretold = ledger.record(rows(event(1)), dry_run=True)
    assert (foretold.migrated, ledger.check().version) == (True, version)
    done = ledger.record(rows_of([result([event(1), event(2)])], [], BEGIN))
    assert (done.migrated, done.created, done.events_known, done.events_added) == (True, False, 1, 1)
    assert (ledger.check().version, ledger.check().problems) == (VERSION, ())


def test_a_newer_version_is_left_alone(ledger: Ledger) -> None:
    ledger.record(rows(event(1)))
    with sqlite3.connect(ledger.path) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(LedgerTooNew, match="Update the collection"):
        ledger.record(rows(event(2)))


def test_another_programs_file_is_left_alone(ledger: Ledger) -> None:
    with sqlite3.connect(ledger.path) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    before = Path(ledger.path).read_bytes()
    with pytest.raises(LedgerForeign):
        ledger.record(rows(event(1)))
    assert Path(ledger.path).read_bytes() == before


def overwrite_header(data: bytearray) -> None:
    data[:32] = b"this is not a database at all......"


def overwrite_pages(data: bytearray) -> None:
    data[4096:] = b"\xa5" * (len(data) - 4096)


def cut_short(data: bytearray) -> None:
    del data[len(data) // 2 :]


@pytest.mark.parametrize("damage", [overwrite_header, overwrite_pages, cut_short])
def test_a_damaged_file_is_named_and_left_as_it_is(ledger: Ledger, damage: Callable[[bytearray], None]) -> None:
    ledger.record(rows(*(event(record) for record in range(200))))
    path = Path(ledger.path)
    data = bytearray(path.read_bytes())
    damage(data)
    path.write_bytes(data)
    with pytest.raises(LedgerDamaged, match="left as it is") as caught:
        ledger.record(rows(*(event(record) for record in range(150, 400))))
    assert ledger.path in str(caught.value)
    assert path.read_bytes() == bytes(data)


def test_damage_that_no_query_meets_is_found_by_the_check(ledger: Ledger) -> None:
    ledger.record(rows(*(event(record) for record in range(200))))
    with sqlite3.connect(ledger.path) as connection:
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'event_subjects_by_event'").fetchone()[0]
    data = bytearray(Path(ledger.path).read_bytes())
    data[(root - 1) * 4096 + 2000 : root * 4096] = bytes(2096)
    Path(ledger.path).write_bytes(data)
    assert ledger.check().problems != ()


def test_an_empty_file_becomes_a_ledger(ledger: Ledger) -> None:
    Path(ledger.path).touch()
    assert (list(ledger.events()), ledger.bookmarks(), ledger.check().version) == ([], {}, 0)
    assert ledger.record(rows(event(1))).created is True


def test_a_file_in_the_other_journal_mode_is_put_back(ledger: Ledger) -> None:
    ledger.record(rows(event(1)))
    with sqlite3.connect(ledger.path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    ledger.record(rows(event(2)))
    with sqlite3.connect(ledger.path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_paths_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    nowhere = Ledger(str(tmp_path / "missing folder" / "ledger.sqlite"))
    with pytest.raises(LedgerNotWritable, match="missing folder"):
        nowhere.record(rows(event(1)))
    with pytest.raises(LedgerMissing):
        nowhere.check()
    odd = Ledger(str(tmp_path / "50% of what? #1.sqlite"))
    odd.record(rows(event(1)))
    assert Path(odd.path).exists()
    assert odd.check().events == 1


def test_an_export_is_json_lines_and_written_once(ledger: Ledger, tmp_path: Path) -> None:
    ledger.record(rows_of([result([event(1), event(2)])], [activation()], BEGIN))
    target = tmp_path / "out.jsonl"
    assert export(ledger, str(target), dry_run=True).changed is True
    assert not target.exists()
    done = export(ledger, str(target))
    assert (done.lines, done.changed) == (3, True)
    lines = [json.loads(line) for line in target.read_text(encoding="ascii").splitlines()]
    assert lines[:2] == [{"type": "event", **event(1)}, {"type": "event", **event(2)}]
    assert lines[2]["type"] == "activation"
    assert export(ledger, str(target)).changed is False
    assert export(ledger, str(target), since=int(BEGIN.timestamp()) + 2).lines == 1
    assert sorted(one.name for one in tmp_path.iterdir()) == ["ledger.sqlite", "out.jsonl"]
    with pytest.raises(ExportFailed, match="nowhere"):
        export(ledger, str(tmp_path / "nowhere" / "out.jsonl"))


class Interrupted:
    """A connection between whose looks at the application ID and at the tables another job makes the tables, if it can."""

    def __init__(self, connection: sqlite3.Connection, meanwhile: Callable[[], object]) -> None:
        self._connection = connection
        self._meanwhile = meanwhile

    def execute(self, statement: str, *arguments: Any) -> sqlite3.Cursor:
        if "sqlite_master" in statement:
            self._meanwhile()
        return self._connection.execute(statement, *arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def test_two_jobs_that_make_the_ledger_at_once_do_not_take_it_for_a_foreign_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "ledger.sqlite")
    connect = sqlite3.connect

    def other_job() -> None:
        monkeypatch.setattr(sqlite3, "connect", connect)
        with suppress(LedgerBusy):
            Ledger(path, busy_seconds=0.1).record(rows(event(1)))

    monkeypatch.setattr(sqlite3, "connect", lambda *given, **named: Interrupted(connect(*given, **named), other_job))
    assert Ledger(path).record(rows(event(2))).events_added == 1
