# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trips by PowerShell Direct that do not go as they should: what each becomes in a run, and how often it is made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .labs import NTLM, Lab
from .playing import Run
from .scenario_files import lab_of

pytestmark = pytest.mark.e2e

HOST_PASSWORD = "Lab-Host-0815!"
GUEST_PASSWORD = "Geheim-Gast-4711!"
CUT: dict[str, Any] = {"release": "2022", "edition": "standard", "licence": {"channel": "none"}, "network": False}
# What meets the trip; outcome, finding and number of trips of the first task on the guest, which only has to look.
TRIPS: dict[str, tuple[str, str, int]] = {
    "busy": ("failed", "DIRECT_SESSION_FAILED", 2),
    "broker": ("deferred", "DIRECT_SIDES_DIFFER", 2),
    "transport_version": ("deferred", "DIRECT_SIDES_DIFFER", 2),
    "token": ("deferred", "DIRECT_SIDES_DIFFER", 2),
    "negotiation": ("deferred", "DIRECT_SIDES_DIFFER", 2),
    "cut_request": ("deferred", "DIRECT_INPUT_DAMAGED", 2),
    "constrained": ("failed", "DIRECT_HOST_CONSTRAINED", 1),
    "blocked": ("failed", "DIRECT_SCRIPT_BLOCKED", 1),
    "never_opens": ("failed", "DIRECT_SESSION_FAILED", 2),
    "flood": ("failed", "DIRECT_ANSWER_TOO_LONG", 1),
    "too_long": ("failed", "DIRECT_ANSWER_TOO_LONG", 1),
    "dead": ("failed", "DIRECT_SESSION_FAILED", 2),
    "silent": ("failed", "DIRECT_SESSION_FAILED", 2),
    "unreadable": ("failed", "DIRECT_SESSION_FAILED", 2),
    "chatter": ("activated", "", 3),
}
NAMES = {trip: trip.replace("_", "-")[:15] for trip in TRIPS}
OLD = "old-version"


@pytest.fixture(scope="module")
def process() -> Iterator[Lab]:
    machines = [{"name": NAMES[trip], "direct": trip, "windows": CUT} for trip in TRIPS]
    with lab_of(
        accounts=[
            {"name": "HostAdmin", "password": HOST_PASSWORD, "machines": ["hv01"]},
            {"name": "GuestAdmin", "password": GUEST_PASSWORD, "machines": [*NAMES.values(), OLD, "web01"]},
        ],
        domain="lab.example.com",
        hosts=[
            {
                "name": "hv01",
                "release": "2022",
                "edition": "datacenter",
                "vms": [*machines, {"name": OLD, "version": "5.0", "windows": CUT}, {"name": "web01", "windows": CUT}],
            }
        ],
    ) as lab:
        yield lab


@pytest.fixture
def lab(process: Lab) -> Lab:
    process.reset()
    return process


def task(vm: str, name: str = "") -> dict[str, Any]:
    given = {"via": "direct", "vm": vm, "guest_user": r".\GuestAdmin", "guest_password": "{{ guest_password }}", "defer_unreachable": True}
    return {"name": name or vm, "hyperv.avma.guest_key": given, "ignore_errors": True}


def play(lab: Lab, *tasks: dict[str, Any], verbosity: int = 0) -> tuple[Run, dict[str, dict[str, Any]]]:
    run = lab.player(NTLM).tasks("hv01", [*tasks], verbosity=verbosity, guest_password=GUEST_PASSWORD)
    return run, {done.task: done.result for done in run.tasks if done.action == "hyperv.avma.guest_key"}


def codes(result: dict[str, Any]) -> list[str]:
    return [found["code"] for found in result["findings"] if found["code"].startswith("DIRECT_")]


def trips(lab: Lab) -> int:
    return int(lab.actions()["hv01"].get("WinRS.Command", 0))


def test_what_each_trip_becomes(lab: Lab) -> None:
    run, found = play(lab, *(task(NAMES[trip]) for trip in TRIPS), task(OLD))
    wanted = {NAMES[trip]: (outcome, [code] if code else []) for trip, (outcome, code, _trips) in TRIPS.items()}
    wanted[OLD] = ("failed", ["DIRECT_VM_TOO_OLD"])
    assert {name: (result["outcome"], codes(result)) for name, result in found.items()} == wanted, run.output
    assert trips(lab) == sum(number for _outcome, _code, number in TRIPS.values()) + 1
    # Whose first trip brought nothing back was only looked at.
    changed = {name for name in [*NAMES.values(), OLD] if lab.machine(name)["licence"]["installations"]}
    assert changed == {"chatter"}
    shown = run.output + repr(run.tasks)
    assert [secret for secret in (GUEST_PASSWORD, HOST_PASSWORD) if secret in shown] == []
    assert "ScriptContainedMaliciousContent" not in repr(found["chatter"])


@pytest.mark.parametrize("trip", ["busy", "broker", "cut_request", "dead", "silent", "never_opens"])
def test_what_passes_costs_a_second_trip(lab: Lab, trip: str) -> None:
    lab.arrange("powershell_direct", vm="web01", trip=trip, trips=1)
    _run, found = play(lab, task("web01"))
    assert (found["web01"]["outcome"], trips(lab)) == ("activated", 4)
    assert lab.machine("web01")["licence"]["installations"] == 1


def test_what_a_run_cannot_know_it_says_and_the_next_one_finds_out(lab: Lab) -> None:
    """The guest answers honestly until a change is made, and then sends too much."""
    lab.arrange("powershell_direct", vm="web01", trip="ordinary")
    look = {"via": "direct", "vm": "web01", "guest_user": r".\GuestAdmin", "guest_password": "{{ guest_password }}"}
    _run, found = play(lab, {**task("web01", "foretold"), "check_mode": True}, {"name": "look", "hyperv.avma.guest_info": look})
    assert found["foretold"]["outcome"] == "activated"
    lab.arrange("powershell_direct", vm="web01", trip="too_long")
    _run, found = play(lab, task("web01"))
    assert (found["web01"]["outcome"], codes(found["web01"])) == ("failed", ["DIRECT_ANSWER_TOO_LONG"])
    assert "the state of its licence is not known" in found["web01"]["msg"]
    lab.arrange("powershell_direct", vm="web01", trip="ordinary")
    _run, found = play(lab, task("web01"))
    assert found["web01"]["outcome"] == "activated"
