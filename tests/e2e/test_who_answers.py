# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine that answers is the one that was meant, or nothing is changed: an inventory of full names, and one of wrong addresses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .labs import Lab
from .playing import Player
from .scenario_files import lab_of

pytestmark = pytest.mark.e2e

WINDOWS = {"release": "2022", "edition": "standard", "guest_items": {"AvmaHost": "HV01"}}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    names = ("web01", "evil01", "off01")
    vms: list[dict[str, Any]] = [{"name": name, "windows": WINDOWS, **({"state": "off"} if name == "off01" else {})} for name in names]
    with lab_of(hosts=[{"name": "hv01", "release": "2022", "edition": "datacenter", "vms": vms}]) as running:
        yield running


def guests(player: Player) -> dict[str, Any]:
    found: dict[str, Any] = player.inventory["all"]["children"]["guests"]["hosts"]
    return found


def with_the_address_of_web01(lab: Lab, *, known: bool) -> Player:
    player = lab.player()
    machines = guests(player)
    machines["evil01"] = {**machines["evil01"], "ansible_host": machines["web01"]["ansible_host"]}
    if known:
        machines["evil01"]["avma_vm_id"] = lab.vm("evil01")["id"]
    del machines["web01"], machines["off01"]
    return player


def test_guests_are_known_by_their_full_names(lab: Lab) -> None:
    lab.reset()
    player = lab.player()
    machines = guests(player)
    for name in list(machines):
        machines[f"{name}.corp.example"] = machines.pop(name)
    run = player.playbook("activate")
    row = next(line for line in run.output.splitlines() if line.startswith("off01.corp.example "))
    assert "HV01" in row
    assert "the virtual machine is off" in row
    assert "no guest of the inventory stands for" not in run.output


@pytest.mark.parametrize("known", [True, False])
def test_a_wrong_address_activates_nobody(lab: Lab, known: bool) -> None:
    lab.reset()
    before = lab.digest()
    player = with_the_address_of_web01(lab, known=known)
    run = player.playbook("activate")
    assert run.outcomes() == {"evil01": "refused"}, run.output
    result = run.one("guest_key", "evil01")
    assert [found["code"] for found in result["findings"]] == ["GUEST_IS_OTHER_VM"]
    assert (result["changed"], result["activated"], result["after"]) == (False, False, None)
    assert lab.digest() == before, "web01 was changed in the place of evil01"
    assert "GUEST_IS_OTHER_VM" in str(run.one("report", "hv01") if run.of("report", "hv01") else run.of("report")[0].result)


def test_a_wrong_address_retires_nobody(lab: Lab) -> None:
    lab.reset()
    player = with_the_address_of_web01(lab, known=True)
    before = lab.digest()
    run = player.playbook("retire", avma_retire_state="absent", avma_retire_force=True)
    result = run.one("guest_kvp", "evil01")
    assert (result["outcome"], result["removed"]) == ("refused", []), run.output
    assert lab.digest() == before


def test_the_operator_may_know_better(lab: Lab) -> None:
    lab.reset()
    player = with_the_address_of_web01(lab, known=True)
    run = player.playbook("activate", avma_check_identity=False)
    assert run.outcomes() == {"evil01": "activated"}, run.output
    assert "GUEST_VM_ID_STALE" in [found["code"] for found in run.one("guest_key", "evil01")["findings"]]


@pytest.mark.parametrize(("told", "found"), [({}, True), ({"avma_computer_name": "HV01"}, False)])
def test_a_host_by_another_name_is_told_of(lab: Lab, told: dict[str, str], found: bool) -> None:
    player = lab.player()
    machines = player.inventory["all"]["children"]["hyperv_hosts"]["hosts"]
    machines["blade7"] = {**machines.pop("hv01"), **told}
    codes = [one["code"] for one in player.module("host_info", "blade7").one("host_info", "blade7")["findings"]]
    assert ("HOST_IS_OTHER_COMPUTER" in codes) is found
