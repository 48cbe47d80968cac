# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that sees a part of the inventory protects its guests as the whole run does, and says what was no part of it."""

from __future__ import annotations

import copy

import pytest

from .labs import Lab
from .playing import Player, Run

pytestmark = pytest.mark.e2e

# A 2022 guest without a key, on a host that is Standard and cannot activate anybody.
REFUSED = "branch01"


def finding_of(run: Run, guest: str) -> dict[str, str]:
    first: dict[str, str] = run.one("guest_key", guest)["findings"][0]
    return first


def slice_of(player: Player, number: int, count: int) -> Player:
    """The inventory as AWX slices it: each n-th machine by name, in the groups that it has."""
    part = Player(copy.deepcopy(player.inventory))
    groups = part.inventory["all"]["children"]
    names = sorted({name for group in groups.values() for name in group.get("hosts") or {}})
    kept = set(names[number::count])
    for group in groups.values():
        group["hosts"] = {name: own for name, own in (group.get("hosts") or {}).items() if name in kept}
    return part


def test_guest_alone_is_refused_as_in_the_whole_run(demo: Lab) -> None:
    before = demo.machine(REFUSED)["licence"]
    run = demo.player().playbook("activate", limit=f"{REFUSED},web01")
    assert run.outcomes() == {REFUSED: "refused", "web01": "activated"}, run.output
    assert finding_of(run, REFUSED)["code"] == "HOST_NOT_READY"
    assert demo.machine(REFUSED)["licence"] == before
    assert run.one("guest_key", REFUSED)["changed"] is False


def test_start_at_task_is_refused_too(demo: Lab) -> None:
    player = demo.player()
    player.arguments = ("--start-at-task", "Install the AVMA key and activate")
    run = player.playbook("activate")
    assert run.outcomes()[REFUSED] == "refused", run.output
    assert run.outcomes()["web01"] == "activated"


def test_guest_is_left_alone_where_its_host_cannot_be_asked_from_here(demo: Lab) -> None:
    player = demo.player()
    player.inventory["all"]["children"]["hyperv_hosts"]["hosts"]["hv04"]["ansible_password"] = "not-the-password"
    run = player.playbook("activate", limit=REFUSED)
    assert run.outcomes() == {REFUSED: "deferred"}, run.output
    found = finding_of(run, REFUSED)
    assert found["code"] == "HOST_NOT_IN_RUN"
    assert "Add hv04 to the limit" in found["remedy"]
    assert "not-the-password" not in run.output
    assert run.changes == {}


@pytest.mark.parametrize("number", range(3))
def test_slice_changes_nothing_that_the_whole_run_refuses(demo: Lab, number: int) -> None:
    part = slice_of(demo.player(), number, 3)
    run = part.playbook("activate")
    outcomes = run.outcomes()
    assert outcomes.get(REFUSED, "deferred") in ("refused", "deferred"), run.output
    lost = [name for name, outcome in outcomes.items() if outcome == "deferred" and f"{name} " not in run.output]
    assert lost == []
    assert REFUSED not in run.changes


def test_option_says_what_becomes_of_a_guest_whose_host_was_not_judged(demo: Lab) -> None:
    player = demo.player()
    left = player.playbook("activate", limit=REFUSED, avma_unjudged_host="defer")
    assert left.outcomes() == {REFUSED: "deferred"}, left.output
    assert "Add hv04 to the limit" in left.output
    tried = player.playbook("activate", limit=REFUSED, avma_unjudged_host="activate")
    assert tried.outcomes() == {REFUSED: "failed"}


def test_host_is_named_in_any_case_and_must_be_there(demo: Lab) -> None:
    player = demo.player()
    guests = player.inventory["all"]["children"]["guests"]["hosts"]
    guests[REFUSED]["avma_host"] = "HV04"
    guests["web01"]["avma_host"] = "hv1"
    run = player.playbook("activate", limit=f"hyperv_hosts,{REFUSED},web01,web02")
    assert run.outcomes() == {REFUSED: "refused", "web01": "failed", "web02": "activated"}, run.output
    assert "avma_host): the inventory has no machine 'hv1'. Did you mean hv01?" in run.output
