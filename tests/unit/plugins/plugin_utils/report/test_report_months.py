# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts of a service provider's month."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.evidence import Source
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.lease import LeaseRule
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.building import build
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.material import LedgerMaterial, Material
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.model import Level, MonthRow
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.months import month_rows, months_until
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.sightings import Sighting

from .fleet import NOW, event, settings, vm_id


def seen(machine: str, day: int, *, host: str = "hv01", activated: bool = True, month: int = 11, hour: int = 6) -> Sighting:
    return Sighting(machine, datetime(2026, month, day, hour, tzinfo=UTC), activated, Source.HOST_EVENT, host, machine)


def rows(*sightings: Sighting, count: int = 1, validity: int = 7) -> tuple[MonthRow, ...]:
    return month_rows(
        sightings,
        NOW,
        count,
        LeaseRule(validity=timedelta(days=validity)),
        tenant_of=lambda machine, _name: machine.partition("-")[0],
        host_of=lambda host: host,
    )


def days(row: MonthRow) -> str:
    return "".join("." if count is None else str(count) for count in row.days)


def test_a_guest_counts_until_its_activation_would_have_lapsed() -> None:
    whole, tenant, host = rows(seen("acme-1", 3))
    # active from the 3rd, 6:00 to the 10th, 6:00
    assert days(whole) == "00" + "1" * 8 + "0" * 13 + "." * 7
    assert [sum(count or 0 for count in row.seen) for row in (whole, tenant, host)] == [1, 1, 1]
    assert (host.level, host.tenant, host.host, host.maximum, host.day_of_maximum) == (Level.HOST, "acme", "hv01", 1, 3)


def test_renewals_do_not_count_twice() -> None:
    whole = rows(seen("acme-1", 3), seen("acme-1", 3, hour=9), seen("acme-1", 8), seen("acme-2", 9))[0]
    assert days(whole) == "00" + "1" * 6 + "2" * 7 + "1" + "0" * 7 + "." * 7
    assert whole.maximum == 2


def test_a_guest_that_moves_counts_for_the_host_that_activated_it_last() -> None:
    found = {row.host: days(row) for row in rows(seen("acme-1", 3), seen("acme-1", 6, host="hv02")) if row.level is Level.HOST}
    assert found["hv01"].startswith("001110000")
    assert found["hv02"].startswith("000001111")


def test_the_guests_own_no_ends_it() -> None:
    assert days(rows(seen("acme-1", 3), seen("acme-1", 5, activated=False))[0]).startswith("0011000")


def test_hosts_add_up_to_tenants_and_those_to_all() -> None:
    found = rows(*(seen(f"{tenant}-{number}", number, host=f"hv{number % 3}") for tenant in ("acme", "globex") for number in range(1, 20)))
    for level, upper in ((Level.HOST, Level.TENANT), (Level.TENANT, Level.ALL)):
        for number in range(23):
            assert sum(row.days[number] or 0 for row in found if row.level is level) == sum(
                row.days[number] or 0 for row in found if row.level is upper
            )


def test_what_began_in_the_month_before_is_carried_over() -> None:
    october, november = (row for row in rows(seen("acme-1", 29, month=10), count=2) if row.level is Level.ALL)
    assert (len(october.days), days(october)[-3:], days(november)[:6]) == (31, "111", "111110")


def test_months_across_a_year() -> None:
    found = months_until(datetime(2027, 2, 3, tzinfo=UTC), 3)
    assert [(month.first, month.days) for month in found] == [(date(2026, 12, 1), 31), (date(2027, 1, 1), 31), (date(2027, 2, 1), 28)]


def test_machines_that_are_gone_count_by_what_the_ledger_holds() -> None:
    activations = ({"guest": "OLD01", "vm_name": "acme-old01", "vm_id": vm_id(77), "outcome": "activated", "time": "2026-11-02T10:00:00Z"},)
    by_name = event(5, "hv01", 0, strings=("0x00000000", "acme-old01"), time=NOW - timedelta(days=20))
    report = build(Material((), (), LedgerMaterial((by_name,), activations, NOW - timedelta(days=200))), settings(months=1))
    assert [(row.tenant, row.maximum) for row in report.months if row.level is Level.TENANT] == [("acme", 1)]
    assert not any("ledger begins" in note for note in report.notes)


def test_a_young_ledger_is_told_of() -> None:
    report = build(Material((), (), LedgerMaterial((), (), NOW)), settings())
    assert any(note.startswith("the ledger begins on 2026-11-23") for note in report.notes)
