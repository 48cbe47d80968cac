# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenario files: what is wrong with one is said with its place, and the demo is what its description promises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hyperv_lab.scenarios.building import ScenarioError, build
from hyperv_lab.scenarios.counted import counted
from hyperv_lab.scenarios.loading import available, load, parse
from hyperv_lab.world.guest import LinuxGuest

from .conftest import World


def _scenario(**changes: Any) -> dict[str, Any]:
    return {"name": "x", "hosts": [{"name": "hv", "vms": [{"name": "vm", "windows": {}}]}], **changes}


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"name": "x"}, "hosts: missing"),
        (_scenario(hosts=[]), "hosts: .*at least 1"),
        (_scenario(host=[]), "host: unknown setting"),
        (_scenario(hosts=[{"name": "hv", "release": 2023}]), r"hosts\[0\]\.release: '2023' is no release; choose from .*2022"),
        (_scenario(hosts=[{"name": "hv", "vms": [{"name": "vm", "state": "asleep"}]}]), r"hosts\[0\]\.vms\[0\]\.state: .*running"),
        (_scenario(hosts=[{"name": "hv", "vms": [{"name": "vm", "windows": {}, "linux": {}}]}]), "both windows and linux"),
        (_scenario(hosts=[{"name": "hv"}, {"name": "HV"}]), "two machines are named 'hv'"),
        (_scenario(clusters=[{"name": "clu", "nodes": ["hv9"]}]), "node 'hv9', which is no host"),
        (_scenario(rules={"jobs": {"speed": 1}}), "rules.jobs.speed"),
        (_scenario(accounts=[{"name": "a:b", "password": "x"}]), r"accounts\[0\]\.name"),
        (_scenario(keys=[{"key": "abc", "channel": "Volume:MAK", "release": "2022", "edition": "standard"}]), r"keys\[0\]\.key"),
    ],
)
def test_mistake_is_named_with_its_place(document: dict[str, Any], text: str) -> None:
    with pytest.raises(ScenarioError, match=text):
        parse(document)


@pytest.mark.parametrize(
    ("windows", "text"),
    [
        ({"edition": "standard_eval", "release": "2022", "licence": {"channel": "VT:IA"}}, None),
        ({"edition": "foundation", "release": "2012r2", "licence": {"channel": "VT:IA"}}, "no licence of the channel VT:IA"),
        ({"edition": "datacenter_sac", "release": "23h2", "licence": {"channel": "VT:IA"}}, "no generic VT:IA key"),
        ({"licence": {"channel": "Volume:MAK", "key": "W3GNR-8DDXR-2TFRP-H8P33-DV9BG"}}, "is of the channel VT:IA, not Volume:MAK"),
        ({"name": "a-name-far-too-long"}, "name"),
    ],
)
def test_impossible_guest_is_refused(windows: dict[str, Any], text: str | None) -> None:
    document = _scenario(hosts=[{"name": "hv", "vms": [{"name": "vm", "windows": windows}]}])
    if text is None:
        build(parse(document))
    else:
        with pytest.raises(ScenarioError, match=text):
            build(parse(document))


def test_files_are_read_with_good_errors(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"no scenario 'nothing'.*demo"):
        load("nothing")
    broken = tmp_path / "broken.yml"
    broken.write_text("hosts: [", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"broken\.yml: not YAML"):
        load(str(broken))
    broken.write_text("- a", encoding="utf-8")
    with pytest.raises(ScenarioError, match="a scenario is a mapping"):
        load(str(broken))
    broken.write_text("hosts: [{name: hv}]", encoding="utf-8")
    assert load(str(broken)).name == "broken"


def test_secrets_do_not_show_in_representations() -> None:
    scenario = parse(_scenario(accounts=[{"name": "admin", "password": "Very-Secret-1"}]))
    fleet = build(scenario)
    assert "Very-Secret-1" not in repr(scenario) + repr(fleet.accounts)


@pytest.mark.parametrize("name", available())
def test_scenarios_that_come_along_build(name: str) -> None:
    first, second = build(load(name), "127.99.0.0"), build(load(name), "127.99.0.0")
    assert [vm.id for _host, vm in first.vms()] == [vm.id for _host, vm in second.vms()]
    addresses = [windows.address for windows in [*first.hosts, *first.guests()]]
    assert len(set(addresses)) == len(addresses)


def test_demo_is_as_described(demo: World) -> None:
    fleet = demo.fleet
    assert {host.name: (host.release.name, host.edition.name) for host in fleet.hosts} == {
        "hv01": ("2022", "datacenter"),
        "hv02": ("2022", "datacenter"),
        "hv03": ("2025", "datacenter"),
        "hv04": ("2022", "standard"),
    }
    assert all(host.licence.status == 1 for host in fleet.hosts)
    assert "de-DE" in {host.language for host in fleet.hosts}
    guests = fleet.guests()
    assert {guest.release.name for guest in guests} == {"2012r2", "2016", "2019", "2022", "2025"}
    assert {"essentials", "azure_edition", "standard_eval", "standard", "datacenter"} <= {guest.edition.name for guest in guests}
    states = {guest.name: (guest.licence.channel, guest.licence.status) for guest in guests}
    assert states["web02"] == ("Volume:GVLK", 5)
    assert states["sql01"] == ("Volume:MAK", 1)
    assert states["app01"] == ("VT:IA", 1)
    assert any(isinstance(vm.guest, LinuxGuest) for _host, vm in fleet.vms())
    assert [vm.name for _host, vm in fleet.vms() if not vm.running] == ["spare01"]
    assert [vm.name for _host, vm in fleet.vms() if not vm.data_exchange] == ["silent01"]


def test_counted_fleet_is_the_same_every_time() -> None:
    first = counted(2, 5, 20, seed=7)
    assert first == counted(2, 5, 20, seed=7)
    assert first != counted(2, 5, 20, seed=8)
    assert sorted(name for cluster in first.clusters for name in cluster.nodes) == [host.name for host in first.hosts]
    fleet = build(first)
    assert sum(1 for _unused in fleet.vms()) == 100
    with pytest.raises(ScenarioError, match="no more clusters than hosts"):
        counted(3, 2, 1)
