# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``activate.yml`` while the lab misbehaves: it gets where it should within three runs, and never does or says anything wrong.

``HYPERV_AVMA_ROUGH_SEEDS`` (default 2) and ``HYPERV_AVMA_ROUGH_GUESTS`` (default 30) make the matrix longer and the fleet larger.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml

from .labs import Lab, running_lab
from .playing import Run
from .test_activate_playbook import OUTCOMES

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]

SEEDS = range(1, int(os.environ.get("HYPERV_AVMA_ROUGH_SEEDS", "2")) + 1)
GUESTS = int(os.environ.get("HYPERV_AVMA_ROUGH_GUESTS", "30"))
HOSTS = 3
RUNS = 3
AVMA = "VT:IA"
SUCCESS = ("activated", "already_activated")
INSTALL, ACTIVATE = "SoftwareLicensingService.InstallProductKey", "SoftwareLicensingProduct.Activate"


# "tried": only its host knows that AVMA cannot work here, and if the host cannot be asked the guest is tried all the same.
End = Literal["activated", "as it was", "tried"]

NONE = {"channel": "none"}
KMS_CLIENT = {"channel": "Volume:GVLK", "status": "notification"}
MAK = {"channel": "Volume:MAK", "status": "licensed"}
# Guests of the counted site, one after the other and from the beginning again. Its hosts activate every one that AVMA can activate.
KINDS: tuple[tuple[dict[str, Any], dict[str, Any], End], ...] = (
    ({}, {"release": "2022", "edition": "standard", "licence": NONE}, "activated"),
    ({}, {"release": "2022", "edition": "datacenter", "licence": KMS_CLIENT}, "activated"),
    ({"data_exchange": False}, {"release": "2019", "edition": "standard", "licence": KMS_CLIENT, "language": "ja-JP"}, "activated"),
    ({}, {"release": "2019", "edition": "standard", "licence": MAK}, "as it was"),
    ({}, {"release": "2016", "edition": "standard", "licence": NONE, "language": "de-DE"}, "activated"),
    ({}, {"release": "2012r2", "edition": "datacenter", "licence": NONE}, "activated"),
    ({}, {"release": "2022", "edition": "standard", "licence": {"channel": "VT:IA", "status": "licensed"}}, "as it was"),
    ({"data_exchange": False, "host_items": {"Owner": "shop"}}, {"release": "2022", "edition": "datacenter", "licence": MAK}, "as it was"),
    ({}, {"release": "2022", "edition": "standard_eval"}, "as it was"),
    ({"state": "off"}, {"release": "2022", "edition": "standard", "licence": NONE}, "as it was"),
)
DEMO: dict[str, End] = {
    **{name: "activated" if outcome == "activated" else "as it was" for name, outcome in OUTCOMES.items()},
    "branch01": "tried",
}


def counted_site() -> tuple[dict[str, Any], dict[str, End]]:
    """A scenario of one cluster with as many guests as wanted, and the end of each."""
    hosts: list[dict[str, Any]] = [
        {"name": f"hv{number:02d}", "release": "2022", "edition": "datacenter", "licence": MAK, "vms": []} for number in range(1, HOSTS + 1)
    ]
    ends: dict[str, End] = {}
    for number in range(GUESTS):
        name = f"vm{number:03d}"
        vm, windows, ends[name] = KINDS[number % len(KINDS)]
        hosts[number % HOSTS]["vms"].append({"name": name, **vm, "windows": windows})
    clusters = [{"name": "clu01", "nodes": [host["name"] for host in hosts]}]
    return {"name": "rough", "domain": "lab.example.com", "clusters": clusters, "hosts": hosts}, ends


class Site:
    """A lab, what it was before, and what must become of it. The lab's own world is asked, never the collection."""

    def __init__(self, lab: Lab, ends: dict[str, End]) -> None:
        self.lab = lab
        self.ends = ends
        machines = [lab.machine(row["name"]) for row in lab.get("/machines")]
        hosts = {machine["name"]: machine for machine in machines if machine["kind"] == "host"}
        self.before = {machine["name"]: machine["licence"] for machine in machines if machine["kind"] == "guest"}
        assert set(self.before) == set(ends)
        self.hosts = set(hosts)
        self.vms = self._vms()
        self.listening = lab.get("/status")["listening"]
        self.datacenter = {name for name, host in hosts.items() if host["edition"].startswith("datacenter")}

    def _vms(self) -> dict[str, dict[str, Any]]:
        """Every VM's settings by its GUID, with the host that it is on."""
        hosts = self.lab.get("/state")["hosts"]
        return {vm_id: {**vm, "host": name} for name, host in hosts.items() for vm_id, vm in host["vms"].items()}

    def licences(self) -> dict[str, dict[str, Any]]:
        return {name: self.lab.machine(name)["licence"] for name in self.ends}

    def unreached(self) -> dict[str, str]:
        """What is not yet as it should be, by guest or VM."""
        found = {
            name: f"{licence['channel']}, {licence['status']}"
            for name, licence in self.licences().items()
            if self.ends[name] == "activated" and not _licensed_by_avma(licence)
        }
        for vm in self._vms().values():
            if vm["host"] in self.datacenter and "kvp" in vm["disabled_components"]:
                found[vm["name"]] = "Data Exchange is off"
        return found

    def check_nothing_wrong_was_written(self) -> None:
        requests = self.lab.actions()
        for name, licence in self.licences().items():
            if self.ends[name] != "as it was":
                assert licence["installations"] <= 1, f"{name}: a key was installed {licence['installations']} times"
            else:
                before = self.before[name]
                assert _key(licence) == _key(before), f"{name} was to be left alone, and had {before}: now {licence}"
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

    def calm_down(self) -> None:
        """Ends chaos, and waits for the machines that it has just restarted."""
        self.lab.post("/chaos", {"profile": "calm"})
        deadline = time.monotonic() + 30
        while self.lab.get("/status")["listening"] < self.listening:
            assert time.monotonic() < deadline, "a machine did not come back"
            time.sleep(0.2)

    def what_happened(self, runs: list[Run]) -> str:
        view = self.lab.get("/chaos")
        failures = [
            f"run {number}: {task.host}: {task.action}: {task.result.get('msg')}"
            for number, run in enumerate(runs, 1)
            for task in run.tasks
            if task.kind in ("failed", "unreachable")
        ]
        return "\n".join([f"{view['profile']}, seed {view['seed']}: {view['effects']}", *failures])


def _key(licence: dict[str, Any]) -> tuple[Any, ...]:
    return licence["channel"], licence["partial_key"], licence["status"], licence["installations"]


def _licensed_by_avma(licence: dict[str, Any]) -> bool:
    return bool(licence["channel"] == AVMA and licence["status"] == 1)


@pytest.fixture(scope="module", params=["demo", "counted"])
def fleet(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lab, dict[str, End]]]:
    if request.param == "demo":
        with running_lab("demo") as lab:
            yield lab, DEMO
        return
    scenario, ends = counted_site()
    path: Path = tmp_path_factory.mktemp("scenario") / "rough.yml"
    path.write_text(yaml.safe_dump(scenario), encoding="utf-8")
    with running_lab(str(path)) as lab:
        yield lab, ends


@pytest.fixture
def site(fleet: tuple[Lab, dict[str, End]]) -> Site:
    lab, ends = fleet
    lab.post("/chaos", {"profile": "calm"})
    lab.reset()
    return Site(lab, ends)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_end_is_reached_in_three_rough_runs(site: Site, seed: int) -> None:
    to_do = [name for name, end in site.ends.items() if end == "activated"]
    assert len(to_do) >= 5, "a fleet with hardly anything to do proves nothing"
    site.lab.post("/chaos", {"profile": "rough", "seed": seed})
    runs: list[Run] = []
    while site.unreached() and len(runs) < RUNS:
        runs.append(site.play())
    assert site.unreached() == {}, site.what_happened(runs)
    assert sum(site.lab.get("/chaos")["effects"].values()) > 0, "nothing was rough"

    site.calm_down()
    last = site.play()
    assert last.changes == {}, f"{last.changes}\n{last.output}"
    assert {name: last.outcomes()[name] for name in to_do} == dict.fromkeys(to_do, "already_activated")


def test_nothing_wrong_is_done_or_said_in_hostile_surroundings(site: Site) -> None:
    site.lab.post("/chaos", {"profile": "hostile", "seed": 1})
    run = site.play()
    lost_hosts = {task.host for task in run.tasks if task.kind in ("failed", "unreachable")} & site.hosts
    missing = set(site.ends) - set(run.outcomes())
    # ansible-playbook ends after a play in which every host has failed.
    assert not missing or lost_hosts == site.hosts, f"no result for {missing}:\n{run.output}"
    assert run.code != 0 or not lost_hosts, run.output
    assert sum(site.lab.get("/chaos")["effects"].values()) > 20, "nothing was hostile"
