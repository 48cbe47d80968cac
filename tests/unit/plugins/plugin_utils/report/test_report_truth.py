# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report may say where hosts alone were asked, and what it says of when that was so."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Any

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.clocks import clock_finding, difference
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.times import iso
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.building import build
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.document import Document, document_of
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.material import GuestMaterial, HostMaterial, LedgerMaterial, Material
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.model import Level
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.openmetrics import to_openmetrics
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.spreadsheet import vms_csv
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.webpage import to_html

from .fleet import NOW, event, guest_info, host_info, kvp_info, settings, vm

DAY = timedelta(days=1)
REFUSED = "0xC004FD02"


def host(name: str, *numbers: int, events: list[dict[str, Any]], whole: datetime | None = NOW - 60 * DAY, ahead: int = 0) -> HostMaterial:
    read = {
        "events": events,
        "complete": True,
        "more": False,
        "findings": [],
        "log": {"computer": name.upper(), "id": name, "ahead": ahead},
        "bookmark": {"whole_since": iso(whole) if whole else None},
    }
    return HostMaterial(name, host_info(name), kvp_info(name, *(vm(one, f"vm{one}") for one in numbers)), read)


def document(
    *hosts: HostMaterial, guests: tuple[GuestMaterial, ...] = (), ledger: LedgerMaterial | None = None, **changes: Any
) -> Document:
    return document_of(build(Material(hosts, guests, ledger), settings(**changes)))


def only(found: Document) -> Document:
    (entry,) = found["vms"]
    return dict(entry)


def test_a_throttled_renewal_three_seconds_later_ends_nothing() -> None:
    events = [event(1, "hv01", 1, time=NOW - DAY), event(2, "hv01", 1, code="0xC004FD00", time=NOW - DAY + timedelta(seconds=3))]
    entry = only(document(host("hv01", 1, events=events)))
    assert (entry["standing"], entry["as_of"], entry["last_success"]) == ("activated", iso(NOW - DAY), iso(NOW - DAY))
    assert (entry["lease"]["state"], entry["lease"]["lapses"]) == ("current", iso(NOW + 6 * DAY))
    assert [one["code"] for one in entry["findings"]] == ["RENEWAL_REFUSED"]


def test_as_of_stands_wherever_the_word_of_a_host_does() -> None:
    asked = GuestMaterial("vm2", guest_info(2, "vm2", "hv01"))
    found = document(host("hv01", 1, 2, events=[event(1, "hv01", 1, time=NOW - 3 * DAY)]), guests=(asked,))
    since = NOW - 3 * DAY
    totals = found["totals"]
    assert (totals["activated"], totals["activated_proven"], totals["activated_logged"]) == (2, 1, 1)
    assert totals["activated_logged_since"] == iso(since)
    assert [group["activated_logged"] for group in found["groups"]["host"]] == [1]
    page = to_html(found)
    assert f"1 proven by the guest, 1 by their hosts as of {since:%Y-%m-%d %H:%M} UTC" in page
    assert f"as of {since:%Y-%m-%d %H:%M} UTC</small>" in page
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(vms_csv(found)))}
    assert (rows["vm1"]["as_of"], rows["vm2"]["as_of"]) == (iso(since), iso(NOW))
    metrics = to_openmetrics(found, 0)
    assert f'hyperv_avma_activated_as_of_timestamp_seconds{{source="host_event"}} {int(since.timestamp())}' in metrics


@pytest.mark.parametrize("state", ["off", "saved", "paused", "running"])
def test_a_machine_that_nobody_heard_of_since_is_not_called_lapsed(state: str) -> None:
    read = host("hv01", events=[event(1, "hv01", 1, time=NOW - 9 * DAY)])
    shown = HostMaterial(read.name, read.info, kvp_info("hv01", vm(1, "vm1", state=state)), read.events)
    entry = only(document(shown))
    assert (entry["standing"], entry["lease"]["state"], entry["last_success"]) == ("unknown", "not_renewed", iso(NOW - 9 * DAY))
    assert entry["reason"].startswith("no renewal since 2026-11-14")


def test_it_is_called_lapsed_where_it_asked_and_was_refused_and_each_log_is_whole() -> None:
    events = [event(1, "hv01", 1, time=NOW - 12 * DAY), event(2, "hv01", 1, code=REFUSED, time=NOW - DAY)]
    mine, other = host("hv01", 1, events=events), host("hv02", events=[], whole=NOW - 10 * DAY)
    assert (only(document(mine, other))["standing"], only(document(mine, other))["as_of"]) == ("lapsed", iso(NOW - DAY))
    for silent in (
        HostMaterial("hv02"),  # it may have been there in between
        host("hv02", events=[], whole=None),
        host("hv02", events=[], whole=NOW - 5 * DAY),
    ):
        entry = only(document(mine, silent))
        assert (entry["standing"], entry["last_success"]) == ("unknown", iso(NOW - 12 * DAY))
        assert "RENEWAL_REFUSED" in [one["code"] for one in entry["findings"]]


def test_what_data_exchange_claims_is_counted_for_nothing() -> None:
    read = host("hv01", events=[])
    lying = vm(1, "vm1", guest={"LicenseStatus": "1"})
    entry = only(document(HostMaterial(read.name, read.info, kvp_info("hv01", lying), read.events)))
    assert (entry["standing"], entry["conclusion"], entry["source"]) == ("unknown", "claimed_by_kvp", "kvp")


@pytest.mark.parametrize("ahead", [timedelta(days=365), timedelta(minutes=5), -timedelta(minutes=5), -10 * DAY], ids=str)
def test_events_are_compared_by_the_clock_that_wrote_them(ahead: timedelta) -> None:
    """A clock that is a year ahead writes successes of next year, and they are two days old all the same."""
    events = [event(1, "hv01", 1, time=NOW - 2 * DAY + ahead)]
    found = document(host("hv01", 1, events=events, ahead=int(ahead.total_seconds())), ledger=LedgerMaterial(begins=NOW - 30 * DAY))
    entry = only(found)
    assert (entry["standing"], entry["as_of"], entry["lease"]["lapses"]) == ("activated", iso(NOW - 2 * DAY), iso(NOW + 5 * DAY))
    assert [day["success"] for day in found["timeline"]] == [1, 0, 0]
    (every,) = [row for row in found["months"] if row["level"] == Level.ALL.value and row["month"] == "2026-11"]
    assert every["days"][19:23] == [0, 1, 1, 1]


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(seconds=119), None),
        (timedelta(minutes=2), "2 minutes ahead of"),
        (-timedelta(minutes=5), "5 minutes behind"),
        (-timedelta(hours=3), "3 hours behind"),
        (timedelta(days=365), "365 days ahead of"),
    ],
)
def test_clocks_that_differ_are_told_from_two_minutes_on(ahead: timedelta, words: str | None) -> None:
    found = clock_finding("HV01", NOW + ahead, NOW)
    assert (found is None) is (words is None)
    assert words is None or words in str(found)
    assert difference(NOW + ahead, NOW) == (timedelta() if words is None else ahead)
    assert difference(None, NOW) is None
    assert clock_finding("HV01", None, NOW) is None


def test_the_report_says_whose_clock_it_goes_by() -> None:
    read = host("hv01", 1, events=[])
    told = clock_finding("HV01", NOW + DAY, NOW)
    assert told is not None
    found = document(HostMaterial(read.name, read.info, read.kvp, {**read.events, "findings": [told.as_dict()]}))
    assert any("clocks of 1 of 1 hosts differ" in note for note in found["notes"])
    assert "CLOCK_DIFFERS" in [action["code"] for action in found["actions"]]


def test_the_guests_answer_of_this_run_ends_and_begins_days_of_the_month() -> None:
    ledger = LedgerMaterial(begins=NOW - 60 * DAY)
    events = [event(1, "hv01", 1, time=NOW - 3 * DAY)]
    for licensed, days in ((True, [1, 1, 1, 1]), (False, [1, 1, 1, 0])):
        asked = GuestMaterial("vm1", guest_info(1, "vm1", "hv01", channel="avma" if licensed else "mak"))
        found = document(host("hv01", 1, events=events), guests=(asked,), ledger=ledger)
        (every,) = [row for row in found["months"] if row["level"] == Level.ALL.value and row["month"] == "2026-11"]
        assert every["days"][19:23] == days


def test_a_guest_that_is_found_activated_was_not_activated_then() -> None:
    """The ledger tells when a run has looked, which is no success of that day."""
    seen = {"guest": "VM1", "vm_id": vm(1, "vm1")["id"], "outcome": "already_activated", "time": iso(NOW - DAY), "host": "HV01"}
    entry = only(document(host("hv01", 1, events=[]), ledger=LedgerMaterial(activations=(seen,), begins=NOW - 60 * DAY)))
    assert entry["last_success"] is None
