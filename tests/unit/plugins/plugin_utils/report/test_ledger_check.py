# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What takes long on a large ledger lets other jobs write meanwhile: the check, and the removal of what is old."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._report.ledger import snapshot as snapshot_module
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.ledger import store
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.ledger.errors import LedgerBusy, LedgerInUse, LedgerNoRoom
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.ledger.rows import rows_of
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.ledger.snapshot import MOST_BEGINNINGS, snapshot
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.ledger.store import Ledger

from .deliveries import BEGIN, event, rows

EVENTS = 200


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    found = Ledger(str(tmp_path / "ledger.sqlite"))
    found.record(rows(*(event(number) for number in range(EVENTS))))
    return found


class Writer:
    """Another job, which does not wait for anybody."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = Ledger(ledger.path, busy_seconds=0)
        self.written = 0

    def write(self) -> None:
        self.written += self._ledger.record(rows(event(EVENTS + self.written))).events_added


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Has something done after each portion of the copy, which is one page."""

    def arrange(work: Callable[[], None]) -> None:
        class Watched(snapshot_module._Beginnings):
            def __call__(self, status: int, remaining: int, total: int) -> None:
                work()
                super().__call__(status, remaining, total)

        monkeypatch.setattr(snapshot_module, "_Beginnings", Watched)
        monkeypatch.setattr(snapshot_module, "PAGES_AT_ONCE", 1)

    return arrange


def test_a_job_that_writes_during_the_copy_is_not_kept_out_and_its_events_are_counted(ledger: Ledger, between: Callable[..., None]) -> None:
    writer = Writer(ledger)
    between(lambda: writer.write() if writer.written < MOST_BEGINNINGS - 1 else None)
    health = ledger.check()
    assert (health.problems, health.events) == ((), EVENTS + MOST_BEGINNINGS - 1)


def test_jobs_that_never_stop_writing_are_not_kept_out_for_it(ledger: Ledger, between: Callable[..., None]) -> None:
    writer = Writer(ledger)
    between(writer.write)
    with pytest.raises(LedgerInUse, match="was written by other jobs 10 times while it was being copied"):
        ledger.check()
    assert writer.written > MOST_BEGINNINGS
    assert os.listdir(Path(ledger.path).parent) == ["ledger.sqlite"]


def test_the_ledger_is_free_while_its_copy_is_read(ledger: Ledger) -> None:
    writer = Writer(ledger)
    connection = sqlite3.connect(ledger.path, isolation_level=None)
    with snapshot(connection, ledger.path) as copy:
        copy.execute("BEGIN")
        assert copy.execute("SELECT count(*) FROM events").fetchone() == (EVENTS,)
        writer.write()
        assert copy.execute("SELECT count(*) FROM events").fetchone() == (EVENTS,)
    connection.close()
    assert ledger.check().events == EVENTS + 1


@pytest.mark.parametrize("begun", [False, True])
def test_a_job_that_does_not_let_go_is_not_waited_for_without_end(ledger: Ledger, between: Callable[..., None], begun: bool) -> None:
    holding = sqlite3.connect(ledger.path, isolation_level=None)

    def hold() -> None:
        if not holding.in_transaction:
            holding.execute("BEGIN EXCLUSIVE")

    if begun:
        between(hold)
    else:
        hold()
    with pytest.raises(LedgerBusy):
        Ledger(ledger.path, busy_seconds=0.1).check()
    holding.close()


def test_nothing_is_left_behind(ledger: Ledger) -> None:
    ledger.check()
    assert os.listdir(Path(ledger.path).parent) == ["ledger.sqlite"]


def test_without_room_for_the_copy_it_says_so(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(snapshot_module.shutil, "disk_usage", lambda _folder: usage._replace(free=1000))
    with pytest.raises(LedgerNoRoom, match=r"no room for \d+ MB in .*TMPDIR"):
        ledger.check()


def test_a_folder_that_cannot_be_written_is_passed_over(ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    real, refused = snapshot_module.tempfile.TemporaryFile, str(Path(ledger.path).parent)

    def guarded(dir: str) -> object:
        if dir == refused:
            raise PermissionError(13, "Permission denied")
        return real(dir=dir)

    monkeypatch.setattr(snapshot_module.tempfile, "TemporaryFile", guarded)
    monkeypatch.setattr(snapshot_module.tempfile, "gettempdir", lambda: str(elsewhere))
    assert ledger.check().problems == ()
    assert snapshot_module._folder_with_room(ledger.path) == str(elsewhere)


def test_old_events_go_in_portions_and_check_mode_counts_them(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "CHUNK", 7)
    keep_from = int(BEGIN.timestamp()) + EVENTS - 50
    added = rows(event(EVENTS))
    foretold = ledger.record(added, keep_from=keep_from, dry_run=True)
    assert (foretold.removed, foretold.events_added, ledger.check().events) == (EVENTS - 50, 1, EVENTS)
    done = ledger.record(added, keep_from=keep_from)
    assert (done.removed, done.events_added, ledger.check().events) == (EVENTS - 50, 1, 51)
    assert ledger.check().problems == ()
    assert ledger.record(added, keep_from=keep_from).changed is False


@pytest.mark.parametrize("outcome", [["x"], {"a": "b"}, 7, None])
def test_an_outcome_that_is_no_text_is_left_out_and_counted(outcome: object) -> None:
    rows = rows_of([], [{"outcome": outcome, "guest": {"name": "web01"}}], datetime(2026, 1, 1, tzinfo=UTC))
    assert not rows.activations
    assert sum(rows.skipped.values()) == 1
