# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job that is killed while it writes loses nothing that it has reported, and leaves nothing by half.

HYPERV_AVMA_KILLS=100 in the environment kills that often instead of 20 times.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._report.ledger.errors import LedgerBusy
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.ledger.store import Ledger

from .deliveries import event, events_about, rows

ROOT = Path(__file__).resolve().parents[5]
WRITER = Path(__file__).with_name("ledger_writer.py")
KILLS = int(os.environ.get("HYPERV_AVMA_KILLS", "20"))
SIZE = 50


def writer(path: Path, job: str, first: int = 0) -> subprocess.Popen[str]:
    # a checkout has the collection in .dev, ansible-test runs in ansible_collections/hyperv/avma itself
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [ROOT / ".dev", *ROOT.parents[2:3]]))}
    return subprocess.Popen(
        [sys.executable, str(WRITER), str(path), job, str(first), str(SIZE)], stdout=subprocess.PIPE, text=True, env=environment
    )


def batches(ledger: Ledger, job: str) -> Counter[int]:
    """How many events of each batch are in the ledger."""
    return Counter(one["record"] // SIZE for one in ledger.events() if one["computer"] == f"{job}.corp.example")


def killed(process: subprocess.Popen[str], delay: float) -> list[int]:
    """Kill the writer a while after its first batch is in; the batches that it has reported."""
    assert process.stdout is not None
    first = process.stdout.readline()
    assert first, "the writer ended before it wrote anything"
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    said = [int(first)] + [int(line) for line in process.stdout.read().splitlines() if line]
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()
    return said


def test_a_kill_at_any_moment_loses_and_doubles_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(str(path))
    moments = random.Random(20261123)
    first, reported = 0, set[int]()
    for _round in range(KILLS):
        reported |= set(killed(writer(path, "hv01", first), moments.uniform(0, 0.12)))
        assert ledger.check().problems == ()
        present = batches(ledger, "hv01")
        assert set(present.values()) == {SIZE}, "a batch is in by half"
        assert reported <= set(present), "a batch that was reported is missing"
        first = max(present) + 1
    # whoever was killed delivers again: all is there once
    total = first * SIZE
    again = ledger.record(rows(*(event(record, computer="hv01.corp.example") for record in range(total))))
    assert (again.events_added, again.events_known) == (0, total)
    assert ledger.check().events == total


def test_two_jobs_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    jobs = [writer(path, name) for name in ("hv01", "hv02")]
    reported = {"hv01": killed(jobs[0], 0.6), "hv02": killed(jobs[1], 0)}
    ledger = Ledger(str(path))
    assert ledger.check().problems == ()
    for name, said in reported.items():
        present = batches(ledger, name)
        assert set(said) <= set(present)
        assert set(present.values()) == {SIZE}


def test_a_journal_left_by_a_killed_job_is_rolled_back(tmp_path: Path) -> None:
    """Killed between writing pages and committing: the journal beside the file takes them back."""
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(str(path))
    ledger.record(rows(*(event(record) for record in range(100))))
    script = (
        "import os, signal, sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('PRAGMA cache_size = 1')\n"  # so that pages reach the file before the commit
        "connection.execute('BEGIN IMMEDIATE')\n"
        "connection.execute('UPDATE events SET body = body || body')\n"
        "connection.execute('DELETE FROM event_subjects')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", script, str(path)], check=False).returncode == -signal.SIGKILL
    assert path.with_name("ledger.sqlite-journal").stat().st_size > 0
    health = ledger.check()
    assert (health.problems, health.events) == ((), 100)
    assert len(events_about(ledger, "6e8a1c3d-0b2f-4a5e-9c77-1d2e3f405162")) == 100


@pytest.mark.parametrize("held", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_a_ledger_in_use_is_waited_for_and_then_named(tmp_path: Path, held: str) -> None:

    path = tmp_path / "ledger.sqlite"
    Ledger(str(path)).record(rows(event(1)))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute(held)
    with pytest.raises(LedgerBusy, match="in use by other jobs"):
        Ledger(str(path), busy_seconds=0.2).record(rows(event(2)))
    other.execute("ROLLBACK")
    other.close()
    assert Ledger(str(path), busy_seconds=0.2).record(rows(event(2))).events_added == 1
