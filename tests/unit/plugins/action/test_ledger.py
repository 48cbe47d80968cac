# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger as a task: options, check and diff mode, and what its results say."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from .playing import play

LOG = "4C4C4544-0033-4410-8052-B4C04F4E3132/Application"


def event(record: int, *, days_ago: int = 0) -> dict[str, Any]:
    time = datetime(2026, 11, 1, tzinfo=UTC) if not days_ago else datetime.now(UTC) - timedelta(days=days_ago)
    return {"computer": "hv01", "log": LOG, "record": record, "event_id": 12310, "time": time.isoformat(), "code": "0x00000000"}


def result(*events: dict[str, Any]) -> dict[str, Any]:
    bookmark = {
        "version": 1,
        "log": LOG,
        "events": [12309, 12310],
        "time": events[-1]["time"],
        "record": events[-1]["record"],
        "event_id": 12310,
    }
    return {"machine": "hv01", "events": list(events), "bookmark": bookmark}


def guest_key_result() -> dict[str, Any]:
    return {"outcome": "activated", "guest": {"name": "WEB01", "licence": {"licensed": True, "channel": "avma"}, "placement": None}}


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "ledger.sqlite")


def test_what_is_recorded_is_counted_and_a_second_run_changes_nothing(path: str) -> None:
    first = play("ledger", path=path, events=[result(event(1), event(2)), {"failed": True}], activations=[guest_key_result()]).result
    assert (first["changed"], first["events"], first["activations"]) == (True, {"added": 2, "known": 0}, {"added": 1, "known": 0})
    assert [row["count"] for row in first["skipped_results"]] == [1]
    assert first["bookmarks"]["hv01"]["record"] == 2
    second = play("ledger", path=path, events=[result(event(1), event(2))], activations=[guest_key_result()]).result
    assert (second["changed"], second["events"], second["activations"]) == (False, {"added": 0, "known": 2}, {"added": 0, "known": 1})


def test_what_was_registered_is_read_by_its_name(path: str) -> None:
    variables = {
        "hostvars": {
            "hv01": {"found": result(event(1), event(2))},
            "hv02": {"found": {"skipped": True, "events": []}},
            "hv03": {},
            "hv04": {"found": {"failed": True, "msg": "gone"}},
            "web01": {"done": guest_key_result()},
        }
    }
    done = play(
        "ledger",
        path=path,
        variables=variables,
        hosts=["hv01", "hv02", "hv03", "hv04", "hv99"],
        events_variable="found",
        guests=["web01", "web02"],
        activations_variable="done",
    ).result
    assert (done["events"], done["activations"]) == ({"added": 2, "known": 0}, {"added": 1, "known": 0})
    assert done["skipped_results"] == [{"reason": "a result without events (failed, skipped, or narrowed by 'query')", "count": 1}]
    assert done["bookmarks"]["hv01"]["record"] == 2


def test_check_mode_foretells_and_makes_no_file(path: str) -> None:
    foretold = play("ledger", path=path, events=[result(event(1))], check=True, diff=True).result
    assert not Path(path).exists()
    done = play("ledger", path=path, events=[result(event(1))], diff=True).result
    assert (foretold["changed"], foretold["events"], foretold["diff"]) == (True, done["events"], done["diff"])
    assert "+ 1 events" in done["diff"]["after"]


def test_retention_removes_what_is_old(path: str) -> None:
    play("ledger", path=path, events=[result(event(1, days_ago=40), event(2, days_ago=1))])
    done = play("ledger", path=path, retention="30d").result
    assert (done["removed"], done["changed"]) == (1, True)
    assert play("ledger", path=path, retention="30d", events=[result(event(1, days_ago=40))]).result["expired"] == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"retention": "5h"}, "less than a day"),
        ({"retention": "for ever"}, "not a length of time"),
        ({"observed": "yesterday"}, "not an ISO 8601 time"),
        ({"state": "export", "dest": "SAME"}, "name the same file"),
    ],
)
def test_options_that_make_no_sense_are_refused(path: str, options: dict[str, str], said: str) -> None:
    play("ledger", path=path, events=[result(event(1))])
    given: dict[str, Any] = {name: path if value == "SAME" else value for name, value in options.items()}
    refused = play("ledger", path=path, **given).result
    assert refused["failed"]
    assert said in refused["msg"]


def test_the_check_says_what_is_there(path: str) -> None:
    play("ledger", path=path, events=[result(event(1), event(2))])
    sound = play("ledger", path=path, state="check").result
    assert (sound["problems"], sound["counts"]) == ([], {"events": 2, "activations": 0, "logs": 1})
    assert (sound["first_event"], sound["last_event"]) == ("2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z")
    assert sound["bookmarks"]["hv01"]["record"] == 2


def test_a_damaged_file_fails_and_stays(path: str) -> None:
    Path(path).write_bytes(b"no database" * 1000)
    for state in ({"state": "check"}, {"events": [result(event(1))]}, {"state": "record", "check": True}):
        failed = play("ledger", path=path, **state).result
        assert failed["failed"]
        assert path in failed["msg"]
        assert "left as it is" in failed["msg"]
    assert Path(path).read_bytes() == b"no database" * 1000


def test_a_missing_file_is_named_where_it_must_be_there(path: str) -> None:
    missing = play("ledger", path=path, state="check").result
    assert missing["failed"]
    assert "there is no ledger" in missing["msg"]
    assert not Path(path).exists()


def test_an_export_is_idempotent_and_foretold(path: str, tmp_path: Path) -> None:
    dest = tmp_path / "out.jsonl"
    play("ledger", path=path, events=[result(event(1))], activations=[guest_key_result()], observed="2026-11-02T00:00:00Z")
    assert play("ledger", path=path, state="export", dest=str(dest), check=True).result["changed"]
    assert not dest.exists()
    done = play("ledger", path=path, state="export", dest=str(dest)).result
    assert (done["changed"], done["lines"]) == (True, 2)
    assert [json.loads(line)["type"] for line in dest.read_text().splitlines()] == ["event", "activation"]
    assert play("ledger", path=path, state="export", dest=str(dest)).result["changed"] is False
    assert play("ledger", path=path, state="export", dest=str(dest), since="2026-11-01T12:00:00Z").result["lines"] == 1
