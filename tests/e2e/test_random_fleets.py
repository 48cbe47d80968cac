# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleets drawn by chance, from check mode to a second run: what must hold whatever is in the guests and whatever their hosts answer.

The tasks are told nothing of the hosts, so that refusals by Windows are met and keys are put back.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from .labs import Lab
from .playing import Run
from .scenario_files import lab_of

pytestmark = pytest.mark.e2e

GUESTS = 12
HOSTS: list[dict[str, Any]] = [
    {"release": "2025", "edition": "datacenter"},
    {"release": "2019", "edition": "datacenter"},
    {"release": "2022", "edition": "datacenter", "licence": {"channel": "Volume:MAK", "status": "grace"}},
    {"release": "2022", "edition": "standard", "licence": {"channel": "Retail", "status": "licensed"}},
]
SYSTEMS = [
    ("2016", "standard"),
    ("2019", "essentials"),
    ("2019", "datacenter"),
    ("2022", "standard"),
    ("2025", "datacenter"),
    ("2022", "standard_eval"),
]
LICENCES: list[dict[str, str]] = [
    {"channel": "none"},
    {"channel": "Volume:GVLK", "status": "notification"},
    {"channel": "Volume:GVLK", "status": "notification"},
    {"channel": "Volume:GVLK", "status": "licensed"},
    {"channel": "Volume:MAK", "status": "licensed"},
    {"channel": "Volume:MAK", "status": "notification"},
    {"channel": "OEM:DM", "status": "licensed"},
    {"channel": "Retail", "status": "licensed"},
    {"channel": "VT:IA", "status": "notification"},
]
KMS = {r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\SoftwareProtectionPlatform": {"KeyManagementServiceName": "kms01.example.com"}}
IRREPLACEABLE = ("mak", "oem", "retail")
SETTLED = ("activated", "already_activated", "keyed", "kept", "refused")


def drawn_fleet(chance: random.Random) -> list[dict[str, Any]]:
    hosts = [{"name": f"hv{number}", **host, "vms": []} for number, host in enumerate(HOSTS)]
    for number in range(GUESTS):
        release, edition = chance.choice(SYSTEMS)
        windows: dict[str, Any] = {"release": release, "edition": edition}
        if not edition.endswith("_eval"):
            windows["licence"] = chance.choice(LICENCES)
        if chance.random() < 0.3:
            windows["registry"] = KMS
        chance.choice(hosts)["vms"].append({"name": f"vm{number:02}", "windows": windows})
    return hosts


def results(run: Run) -> dict[str, dict[str, Any]]:
    return {task.host: task.result for task in run.of("guest_key")}


def codes(result: dict[str, Any]) -> list[str]:
    return [found["code"] for found in result["findings"]]


def kinds(result: dict[str, Any], *, done: bool) -> list[tuple[str, Any]]:
    return [(step["kind"], step["after"]) for step in result["steps"] if step["done"] or not done]


@pytest.mark.parametrize("seed", [1, 3])
def test_whatever_is_drawn(seed: int) -> None:
    chance = random.Random(seed)
    fleet = drawn_fleet(chance)
    with_kms = {vm["name"] for host in fleet for vm in host["vms"] if "registry" in vm["windows"]}
    with lab_of(hosts=fleet) as lab:
        player = lab.player()
        replaced = {name for name in player.inventory["all"]["children"]["guests"]["hosts"] if chance.random() < 0.4}
        task = {"hyperv.avma.guest_key": {"rollback": True, "replace_licensed": "{{ inventory_hostname in replaced }}", "fail_on": []}}

        untouched = lab.digest()
        foreseen = results(player.tasks("guests", [task], check=True, replaced=sorted(replaced)))
        assert lab.digest() == untouched, "check mode changed something"
        first = results(player.tasks("guests", [task], replaced=sorted(replaced)))
        settled = {name: lab.machine(name)["licence"] for name in first}
        second = results(player.tasks("guests", [task], replaced=sorted(replaced)))

        assert len(first) == len(foreseen) == len(second) == GUESTS
        assert {result["outcome"] for result in first.values()} > {"activated", "failed"}, "the fleet shows too little"
        assert any("KMS_KEY_RESTORED" in codes(result) for result in first.values()), "the fleet shows too little"
        told = {name for name, result in first.items() if "KMS_SETTINGS_LEFT" in codes(result)}
        assert told == {name for name in with_kms if first[name]["outcome"] == "activated"}
        for name, result in first.items():
            judge_change(name, foreseen[name], result, name in replaced)
            judge_second_run(name, result, second[name], settled[name], lab)


def judge_change(name: str, foreseen: dict[str, Any], result: dict[str, Any], replaced: bool) -> None:
    before, after = result["before"], result["after"]
    if before and before["licensed"] and before["channel"] in IRREPLACEABLE and not replaced:
        assert (result["outcome"] in ("kept", "refused"), result["changed"], after) == (True, False, before), name
    assert before is None or after is not None, f"{name} has no key any more"
    planned = kinds(foreseen, done=False)
    if result["outcome"] in SETTLED:
        assert (result["outcome"], result["changed"], kinds(result, done=True)) == (foreseen["outcome"], foreseen["changed"], planned), name
    else:
        done = [step for step in kinds(result, done=True) if step[0] != "restore_key"]
        assert done == planned[: len(done)], name
    found = codes(result)
    restored = any(step["kind"] == "restore_key" and step["done"] for step in result["steps"])
    if result["outcome"] == "failed" and "install_key" in dict(kinds(result, done=True)):
        assert restored is ("KMS_KEY_RESTORED" in found or "KEY_RESTORED" in found), f"{name}: {found}"
        assert restored is not ("KEY_NOT_RESTORED" in found), f"{name}: {found}"
    if restored:
        assert after["partial_product_key"] == before["partial_product_key"], name


def judge_second_run(name: str, first: dict[str, Any], second: dict[str, Any], settled: dict[str, Any], lab: Lab) -> None:
    licence = lab.machine(name)["licence"]
    if first["outcome"] in SETTLED:
        assert second["changed"] is False, f"{name}: {first['outcome']}, then {second['outcome']}"
        assert licence == settled, name
        assert licence["installations"] == len([step for step in first["steps"] if step["kind"] == "install_key" and step["done"]]), name
    else:
        # It ends as it did, and that this happens each time is said.
        assert (second["outcome"], licence["partial_key"]) == (first["outcome"], settled["partial_key"]), name
        assert second["findings"], name
