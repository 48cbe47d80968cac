# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``activate.yml`` while the lab misbehaves: it gets where it should within three runs, and never does or says anything wrong.

``HYPERV_AVMA_ROUGH_SEEDS`` (default 2) and ``HYPERV_AVMA_ROUGH_GUESTS`` (default 30) make the matrix longer and the fleet larger.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from .labs import Lab, running_lab
from .playing import Run

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]

SEEDS = range(1, int(os.environ.get("HYPERV_AVMA_ROUGH_SEEDS", "2")) + 1)
GUESTS = int(os.environ.get("HYPERV_AVMA_ROUGH_GUESTS", "30"))
HOSTS = 3
RUNS = 3
AVMA = "VT:IA"
SUCCESS = ("activated", "already_activated")
INSTALL, ACTIVATE = "SoftwareLicensingService.InstallProductKey", "SoftwareLicensingProduct.Activate"


@dataclass(frozen=True)
class Guest:
    """A guest as it was before the first run."""

    licence: dict[str, Any]
    to_be_activated: bool
    hopeless: bool  # only its host knows that AVMA cannot work here


class Site:
    """A lab, what it was before, and what must become of it. The lab's own world is asked, never the collection."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        machines = [lab.machine(row["name"]) for row in lab.get("/machines")]
        hosts = {machine["name"]: machine for machine in machines if machine["kind"] == "host"}
        self.guests = {machine["name"]: _guest(machine, hosts) for machine in machines if machine["kind"] == "guest"}
        self.hosts = set(hosts)
        self.vms = self._vms()
        self.datacenter = {name for name, host in hosts.items() if host["edition"].startswith("datacenter")}

    def _vms(self) -> dict[str, dict[str, Any]]:
        """Every VM's settings by its GUID, with the host that it is on."""
        hosts = self.lab.get("/state")["hosts"]
        return {vm_id: {**vm, "host": name} for name, host in hosts.items() for vm_id, vm in host["vms"].items()}

    def licences(self) -> dict[str, dict[str, Any]]:
        return {name: self.lab.machine(name)["licence"] for name in self.guests}

    def unreached(self) -> dict[str, str]:
        """What is not yet as it should be, by guest or VM."""
        found = {
            name: f"{licence['channel']}, {licence['status']}"
            for name, licence in self.licences().items()
            if self.guests[name].to_be_activated and not _licensed_by_avma(licence)
        }
        for vm in self._vms().values():
            if vm["host"] in self.datacenter and "kvp" in vm["disabled_components"]:
                found[vm["name"]] = "Data Exchange is off"
        return found

    def check_nothing_wrong_was_written(self) -> None:
        requests = self.lab.actions()
        for name, licence in self.licences().items():
            before = self.guests[name]
            if before.to_be_activated or before.hopeless:
                # When the host cannot be asked the guest is tried all the same, as documented.
                assert licence["installations"] <= 1, f"{name}: a key was installed {licence['installations']} times"
            else:
                assert _key(licence) == _key(before.licence), f"{name} was to be left alone, and had {before.licence}: now {licence}"
                asked = requests.get(name, {})
                assert INSTALL not in asked, f"{name} was to be left alone, and was asked to install a key"
                assert ACTIVATE not in asked, f"{name} was to be left alone, and was asked to activate"
        for vm_id, vm in self._vms().items():
            before_vm = self.vms[vm_id]
            allowed = {"kvp"} if before_vm["host"] in self.datacenter else set()
            assert set(before_vm["disabled_components"]) - set(vm["disabled_components"]) <= allowed, f"{vm['name']}: {vm}"
            assert set(vm["disabled_components"]) <= set(before_vm["disabled_components"]), f"{vm['name']}: a service was switched off"
            for setting in ("name", "host_items", "host_only_items", "notes"):
                assert vm[setting] == before_vm[setting], f"{vm['name']}: {setting} was {before_vm[setting]}, now {vm[setting]}"

    def check_no_false_success(self, run: Run) -> None:
        licences = self.licences()
        for task in run.of("guest_key"):
            if task.result.get("outcome") in SUCCESS or task.result.get("activated"):
                assert _licensed_by_avma(licences[task.host]), f"{task.host} is called activated, and is {licences[task.host]}"

    def play(self) -> Run:
        run = self.lab.player().playbook("activate", avma_wait=60)
        self.check_no_false_success(run)
        self.check_nothing_wrong_was_written()
        return run

    def what_happened(self, runs: list[Run]) -> str:
        view = self.lab.get("/chaos")
        failures = [
            f"run {number}: {task.host}: {task.action}: {task.result.get('msg')}"
            for number, run in enumerate(runs, 1)
            for task in run.tasks
            if task.kind in ("failed", "unreachable")
        ]
        return "\n".join([f"{view['profile']}, seed {view['seed']}: {view['effects']}", *failures])


def _guest(machine: dict[str, Any], hosts: dict[str, dict[str, Any]]) -> Guest:
    licence = machine["licence"]
    suitable = "eval" not in machine["edition"] and machine["edition"] != "azure_edition"
    keeps = licence["status"] == 1 and licence["channel"] != AVMA
    able = hosts[machine["vm"]["host"]]["edition"].startswith("datacenter")
    wanted = suitable and not keeps and not _licensed_by_avma(licence) and machine["vm"]["state"] == "running"
    return Guest(licence, to_be_activated=wanted and able, hopeless=wanted and not able)


def _key(licence: dict[str, Any]) -> tuple[Any, ...]:
    return licence["channel"], licence["partial_key"], licence["status"], licence["installations"]


def _licensed_by_avma(licence: dict[str, Any]) -> bool:
    return licence["channel"] == AVMA and licence["status"] == 1


@pytest.fixture(scope="module", params=["demo", "counted"])
def fleet(request: pytest.FixtureRequest) -> Iterator[Lab]:
    counted = ("--hosts", str(HOSTS), "--clusters", "1", "--vms-per-host", str(-(-GUESTS // HOSTS)), "--seed", "11")
    with running_lab("demo", *(counted if request.param == "counted" else ())) as lab:
        yield lab


@pytest.fixture
def site(fleet: Lab) -> Site:
    fleet.post("/chaos", {"profile": "calm"})
    fleet.reset()
    return Site(fleet)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_end_is_reached_in_three_rough_runs(site: Site, seed: int) -> None:
    to_do = [name for name, guest in site.guests.items() if guest.to_be_activated]
    assert len(to_do) >= 5, "a fleet with hardly anything to do proves nothing"
    site.lab.post("/chaos", {"profile": "rough", "seed": seed})
    runs: list[Run] = []
    while site.unreached() and len(runs) < RUNS:
        runs.append(site.play())
    assert site.unreached() == {}, site.what_happened(runs)
    assert sum(site.lab.get("/chaos")["effects"].values()) > 0, "nothing was rough"

    site.lab.post("/chaos", {"profile": "calm"})
    last = site.play()
    assert last.changes == {}, f"{last.changes}\n{last.output}"
    assert {name: last.outcomes()[name] for name in to_do} == dict.fromkeys(to_do, "already_activated")


def test_nothing_wrong_is_done_or_said_in_hostile_surroundings(site: Site) -> None:
    site.lab.post("/chaos", {"profile": "hostile", "seed": 1})
    for _ in range(2):
        run = site.play()
        lost_hosts = {task.host for task in run.tasks if task.kind in ("failed", "unreachable")} & site.hosts
        missing = set(site.guests) - set(run.outcomes())
        # ansible-playbook ends after a play in which every host has failed.
        assert not missing or lost_hosts == site.hosts, f"no result for {missing}:\n{run.output}"
        assert run.code != 0 or not lost_hosts, run.output
    assert sum(site.lab.get("/chaos")["effects"].values()) > 20, "nothing was hostile"
