# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Application log: full, cleared, and with a past that is made when it is read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hyperv_lab.control.arrangements import arrangements
from hyperv_lab.scenarios.building import ScenarioError
from hyperv_lab.world.eventlog import HOST_EVENT

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
    "A cleared event log is empty; whether its records begin anew is documented nowhere (switch of the arrangement)",
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
    world = pair(GUEST, {"past_activations": 40})
    write(world, "now")
    rows = [dict(row.values) for row in world.all("hv", CIMV2, "Win32_NTLogEvent") if row.values["EventCode"] == HOST_EVENT]
    rows.reverse()
    assert [row["RecordNumber"] for row in rows] == list(range(rows[0]["RecordNumber"], rows[0]["RecordNumber"] + 41))
    times = [row["TimeGenerated"] for row in rows]
    assert times == sorted(times)
    assert times[-1] - times[0] > timedelta(days=50)
    assert world.fleet.vm("vm")[1].id in rows[0]["InsertionStrings"][0]
    assert [row["InsertionStrings"][0][:10] for row in rows[15:18]] == ["0x00000000", "0xC004FD00", "0x00000000"]
    state = world.fleet.digest()
    arrange(world, {"do": "clear_log", "machine": "hv"})
    assert log(world) == []
    assert world.fleet.digest() != state


def test_a_past_needs_a_guest() -> None:
    with pytest.raises(ScenarioError, match="needs a Windows guest"):
        pair(None, {"past_activations": 1})
