# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Application log: full, cleared, and with a past that is made when it is read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hyperv_lab.control.arrangements import arrangements
from hyperv_lab.scenarios.building import ScenarioError, build
from hyperv_lab.scenarios.counted import counted
from hyperv_lab.world.eventlog import HOST_EVENT
from hyperv_lab.world.guest import Guest

from .conftest import CIMV2, World, pair

GUEST = {"release": "2022", "edition": "standard"}


def arrange(world: World, *changes: dict[str, Any]) -> None:
    for arrangement in arrangements.validate_python(list(changes)):
        arrangement.apply(world.fleet)


def write(world: World, *strings: str) -> None:
    arrange(world, *({"do": "event", "machine": "hv", "id": HOST_EVENT, "strings": [one]} for one in strings))


def log(world: World) -> list[tuple[int, str]]:
    """Record and first string of each event, the oldest first."""
    rows = [dict(row.values) for row in world.all("hv", CIMV2, "Win32_NTLogEvent")]
    return [(row["RecordNumber"], (row["InsertionStrings"] or [""])[0]) for row in reversed(rows)]


@pytest.mark.fidelity(
    "A full event log drops its oldest events for new ones (default); records count on",
    source="Microsoft, Win32_NTEventlogFile (OverwritePolicy: WhenNeeded)",
    confidence="M",
)
def test_a_full_log_drops_its_oldest() -> None:
    world = pair(GUEST, rules={"events": {"background": 2}})
    write(world, "a", "b")
    assert log(world) == [(1, ""), (2, ""), (3, "a"), (4, "b")]
    arrange(world, {"do": "limit_log", "machine": "hv", "events": 3})
    assert log(world) == [(2, ""), (3, "a"), (4, "b")]
    write(world, "c", "d")
    assert log(world) == [(4, "b"), (5, "c"), (6, "d")]


@pytest.mark.fidelity(
    "A cleared event log is empty; whether its records begin again is documented nowhere (switch of the arrangement)",
    source="Microsoft, Win32_NTEventlogFile (ClearEventlog)",
    confidence="M",
)
@pytest.mark.parametrize(("renumber", "record"), [(True, 1), (False, 4)])
def test_a_cleared_log_is_empty(renumber: bool, record: int) -> None:
    world = pair(GUEST, rules={"events": {"background": 2}})
    write(world, "a")
    arrange(world, {"do": "clear_log", "machine": "hv", "renumber": renumber})
    assert log(world) == []
    write(world, "b")
    assert log(world) == [(record, "b")]


def test_a_host_has_a_past() -> None:
    world = pair({**GUEST, "licence": {"channel": "VT:IA", "status": "licensed"}}, {"past_activations": 40})
    write(world, "now")
    rows = [dict(row.values) for row in world.all("hv", CIMV2, "Win32_NTLogEvent") if row.values["EventCode"] == HOST_EVENT]
    rows.reverse()
    assert [row["RecordNumber"] for row in rows] == list(
        range(rows[0]["RecordNumber"], rows[0]["RecordNumber"] + 42)
    )  # and the one of its present
    times = [row["TimeGenerated"] for row in rows]
    assert times == sorted(times)
    assert times[-1] - times[0] > timedelta(days=50)
    assert world.fleet.vm("vm")[1].id in rows[0]["InsertionStrings"][0]
    assert [row["InsertionStrings"][0][:10] for row in rows[15:18]] == ["0x00000000", "0xC004FD00", "0x00000000"]
    state = world.fleet.digest()
    arrange(world, {"do": "clear_log", "machine": "hv"})
    assert log(world) == []
    assert world.fleet.digest() != state


@pytest.mark.parametrize("guest", [None, {"release": "2022", "edition": "standard_eval"}, {"release": "2022", "edition": "standard"}])
def test_a_past_needs_a_guest_that_has_asked(guest: dict[str, str] | None) -> None:
    with pytest.raises(ScenarioError, match="needs a Windows guest with an AVMA key"):
        pair(guest, {"past_activations": 1})


@pytest.mark.parametrize("minutes", [None, 1440, 9000])
@pytest.mark.parametrize("activated_by", [None, "hv"])
def test_past_and_present_come_from_one_history(minutes: int | None, activated_by: str | None) -> None:
    """The last success that the host has logged is the activation that the guest tells of, and its lease runs from there."""
    licence = {"channel": "VT:IA", "status": "licensed", "minutes": minutes, "activated_by": activated_by}
    world = pair({"release": "2022", "edition": "standard", "licence": licence}, {"past_activations": 40})
    guest = world.fleet.guest("vm")
    events = world.fleet.host("hv").log.read()
    assert [event.time for event in events] == sorted(event.time for event in events)
    successes = [event for event in events if event.id == HOST_EVENT and event.strings[0].startswith("0x00000000")]
    assert successes[-1].time == guest.licence.last_activation
    assert str(guest.licence.iaid) in successes[-1].strings[0]
    assert str(guest.licence.iaid) in successes[0].strings[0]
    assert guest.licence.expires == successes[-1].time + timedelta(minutes=world.fleet.rules.licensing.lease_minutes)
    assert [event.time for event in guest.log.written() if event.id == 12309] == [guest.licence.last_activation]


def test_who_was_never_activated_has_no_success_behind_it() -> None:
    licence = {"channel": "VT:IA", "status": "notification"}
    world = pair({"release": "2022", "edition": "standard", "licence": licence}, {"past_activations": 40})
    asked = [event for event in world.fleet.host("hv").log.read() if event.id == HOST_EVENT]
    assert len(asked) == 40
    assert not any(event.strings[0].startswith("0x00000000") for event in asked)


def test_counted_fleets_have_no_avma_of_evaluation_editions() -> None:
    fleet = build(counted(0, 6, 40, seed=3, past_activations=100))
    evaluations = {vm.id for _host, vm in fleet.vms() if isinstance(vm.guest, Guest) and vm.guest.edition.evaluation}
    assert evaluations
    told = " ".join(str(event.strings) for host in fleet.hosts for event in host.log.read())
    assert not any(identity in told for identity in evaluations)
