# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes that die and come back, cables that are pulled, and licences as months go by."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hyperv_lab.providers.machine import SimulatedMachine
from hyperv_lab.scenarios.building import build
from hyperv_lab.scenarios.loading import parse
from hyperv_lab.world import keys, licence
from hyperv_lab.world.failover import NoCluster, bring_back, fail_over
from hyperv_lab.world.vm import VmState

from .conftest import World

ACTIVATED = {"channel": keys.AVMA, "status": "licensed"}


def cluster(*vms: dict[str, Any], second: dict[str, Any] | None = None, **scenario: Any) -> World:
    """Nodes ``n1`` (with the VMs), ``n2`` and ``n3``, and a host ``alone``."""
    node = {"release": "2022", "edition": "datacenter"}
    document = {
        "name": "cluster",
        "domain": "example.com",
        "clock": {"start": "2026-03-02T08:00:00Z", "frozen": True},
        "clusters": [{"name": "clu", "nodes": ["n1", "n2", "n3"]}],
        "hosts": [
            {**node, "name": "n1", "vms": list(vms)},
            {**node, "name": "n2", **(second or {})},
            {**node, "name": "n3", "node_state": "paused"},
            {**node, "name": "alone"},
        ],
        **scenario,
    }
    return World(build(parse(document), "127.99.0.0"))


def vm(name: str, state: str = "running", **windows: Any) -> dict[str, Any]:
    return {"name": name, "state": state, "windows": {"release": "2022", "edition": "standard", "licence": ACTIVATED, **windows}}


def listening(world: World, name: str) -> bool:
    return SimulatedMachine(world.fleet, world.fleet.windows(name)).listening


def where(world: World, name: str) -> tuple[str, VmState]:
    host, found = world.fleet.vm(name)
    return host.name, found.state


def test_machines_of_a_dead_node_start_on_another_one_that_is_up() -> None:
    world = cluster(vm("web"), vm("idle", "off"), vm("kept", "saved"), vm("held", "paused"))
    booted = world.fleet.guest("web").booted
    world.fleet.advance(timedelta(hours=1))
    fail_over(world.fleet, world.fleet.host("n1"))
    assert where(world, "web") == ("n2", VmState.RUNNING)
    assert where(world, "idle") == ("n2", VmState.OFF)
    assert where(world, "kept") == ("n2", VmState.SAVED)
    assert where(world, "held") == ("n2", VmState.OFF)
    assert world.fleet.guest("web").booted > booted
    assert not listening(world, "n1")
    assert listening(world, "web")
    (n1,) = [row for row in world.all("n2", "root/mscluster", "MSCluster_Node") if row.values["Name"] == "N1"]
    assert n1.values["State"] == 1


def test_guest_that_starts_on_another_node_is_activated_by_that_node() -> None:
    world = cluster(vm("web"))
    fail_over(world.fleet, world.fleet.host("n1"))
    assert world.keyed("web").values["AutomaticVMActivationHostMachineName"] == "n2.example.com"
    assert world.fleet.guest("web").pools.parameters["hostname"].data == "n2.example.com"


def test_node_that_is_not_activated_takes_over_guests_that_then_lapse() -> None:
    world = cluster(vm("web"), second={"licence": {"channel": keys.MAK, "status": "notification"}})
    fail_over(world.fleet, world.fleet.host("n1"))
    state = world.fleet.guest("web").licence
    assert state.status == licence.LICENSED, "a refusal takes no lease that still runs"
    world.fleet.advance(timedelta(days=8))
    assert (state.status, state.reason) == (licence.NOTIFICATION, 0xC004FD02)
    world.fleet.host("n2").licence.become_licensed()
    world.fleet.advance(timedelta(days=1))
    assert state.status == licence.LICENSED


def test_last_node_takes_its_machines_down() -> None:
    world = cluster(vm("web"), second={"node_state": "paused"})
    fail_over(world.fleet, world.fleet.host("n1"))
    assert where(world, "web") == ("n1", VmState.OFF)
    assert not listening(world, "web")


def test_node_that_comes_back_joins_and_leaves_the_machines_where_they_are() -> None:
    world = cluster(vm("web"))
    n1 = world.fleet.host("n1")
    fail_over(world.fleet, n1)
    world.fleet.advance(timedelta(hours=2))
    bring_back(world.fleet, n1)
    assert listening(world, "n1")
    assert n1.booted == world.fleet.clock.now()
    assert where(world, "web") == ("n2", VmState.RUNNING)
    fail_over(world.fleet, world.fleet.host("n2"))
    assert where(world, "web") == ("n1", VmState.RUNNING)


def test_host_outside_a_cluster_has_nobody_to_take_over() -> None:
    world = cluster()
    with pytest.raises(NoCluster, match="host alone is in no cluster"):
        fail_over(world.fleet, world.fleet.host("alone"))


def test_guest_without_its_cable_answers_its_host_only() -> None:
    world = cluster(vm("web"), vm("cut", network=False))
    told: list[str] = []
    world.fleet.watchers.append(lambda windows: told.append(windows.name))
    web = world.fleet.guest("web")
    world.fleet.set_network(web, False)
    assert not listening(world, "web")
    assert world.kvp_component("web").values["OperationalStatus"] == [2]
    world.fleet.set_network(web, True)
    assert listening(world, "web")
    assert told == ["web", "web"]
    assert world.fleet.guest("cut").address == ""
    with pytest.raises(ValueError, match="guest cut has no address"):
        world.fleet.set_network(world.fleet.guest("cut"), True)


@pytest.mark.parametrize("state", [VmState.SAVED, VmState.PAUSED, VmState.OFF])
def test_guest_that_does_not_run_renews_nothing_and_asks_again_when_it_does(state: VmState) -> None:
    world = cluster(vm("web"))
    _host, found = world.fleet.vm("web")
    guest = world.fleet.guest("web")
    world.fleet.set_state(found, state)
    world.fleet.advance(timedelta(days=30))
    assert guest.licence.status == licence.NOTIFICATION
    world.fleet.set_state(found, VmState.RUNNING)
    world.fleet.advance(timedelta(days=1))
    assert guest.licence.status == licence.LICENSED
    assert guest.licence.last_activation is not None
    assert world.fleet.clock.now() - guest.licence.last_activation <= timedelta(days=1)


@pytest.mark.parametrize(("reachable", "after_half_a_year"), [(True, licence.LICENSED), (False, licence.NOTIFICATION)])
def test_kms_client_renews_while_a_kms_answers(reachable: bool, after_half_a_year: int) -> None:
    host = {"licence": {"channel": keys.KMS_CLIENT, "status": "licensed"}, "kms_reachable": reachable}
    world = cluster(second=host)
    state = world.fleet.host("n2").licence
    world.fleet.advance(timedelta(days=6))
    assert state.minutes_remaining(world.fleet.clock.now()) == 174 * 24 * 60
    world.fleet.advance(timedelta(days=194))
    assert state.status == after_half_a_year
    if reachable:
        assert state.minutes_remaining(world.fleet.clock.now()) > 172 * 24 * 60


def test_dead_host_renews_nothing() -> None:
    host = {"licence": {"channel": keys.KMS_CLIENT, "status": "licensed"}, "kms_reachable": True}
    world = cluster(second=host)
    fail_over(world.fleet, world.fleet.host("n2"))
    world.fleet.advance(timedelta(days=181))
    assert world.fleet.host("n2").licence.status == licence.NOTIFICATION
