# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleets that are counted rather than described: repeatable, varied, and as large as a data centre."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from hyperv_lab.control.inventory import inventory
from hyperv_lab.scenarios.building import ScenarioError, build
from hyperv_lab.scenarios.counted import counted
from hyperv_lab.scenarios.tampered import FALSE_ITEMS, GUEST_ITEMS, LONGEST_VALUE
from hyperv_lab.world.fleet import Fleet
from hyperv_lab.world.guest import Guest, LinuxGuest
from hyperv_lab.world.host import Host
from hyperv_lab.world.vm import Vm, VmState

BASE = "127.99.0.0"


@pytest.fixture(scope="module")
def large() -> Fleet:
    return build(counted(4, 64, 125, seed=7, guests_reachable=100), BASE)


def test_same_arguments_give_the_same_fleet(large: Fleet) -> None:
    again = build(counted(4, 64, 125, seed=7, guests_reachable=100), BASE)
    other = build(counted(4, 64, 125, seed=8, guests_reachable=100), BASE)

    def shape(fleet: Fleet) -> list[tuple[object, ...]]:
        return [
            (host.name, host.release.name, host.edition.name, host.language, vm.id, vm.name, vm.state, vm.disabled_components)
            + ((guest.release.name, guest.licence.channel, guest.address) if isinstance(guest := vm.guest, Guest) else ())
            for host, vm in fleet.vms()
        ]

    assert shape(again) == shape(large)
    assert shape(other) != shape(large)


def test_virtual_machines_of_a_host_do_not_hang_on_how_many_hosts_there_are() -> None:
    assert counted(0, 2, 10, seed=7).hosts == counted(0, 5, 10, seed=7).hosts[:2]


def test_fleet_has_its_size_and_each_node_its_cluster(large: Fleet) -> None:
    assert Counter(len(host.vms) for host in large.hosts) == {125: 64}
    assert [len(cluster.nodes) for cluster in large.clusters] == [16, 16, 16, 16]
    for cluster in large.clusters:
        assert len({node.release for node in cluster.nodes}) == 1, f"{cluster.name} mixes releases"


def _guest(test: Callable[[Guest], object]) -> Callable[[Host, Vm], object]:
    return lambda _host, vm: isinstance(vm.guest, Guest) and test(vm.guest)


@pytest.mark.parametrize(
    ("what", "test"),
    [
        ("off", lambda host, vm: vm.state is VmState.OFF),
        ("saved", lambda host, vm: vm.state is VmState.SAVED),
        ("paused", lambda host, vm: vm.state is VmState.PAUSED),
        ("Linux", lambda host, vm: isinstance(vm.guest, LinuxGuest)),
        ("empty", lambda host, vm: vm.guest is None),
        ("Data Exchange off", lambda host, vm: not vm.data_exchange),
        ("its service disabled", lambda host, vm: vm.guest and vm.guest.kvp_service == "disabled"),
        ("with checkpoints", lambda host, vm: len(vm.checkpoints) > 1),
        ("named in Japanese", lambda host, vm: "データベース" in vm.name),
        ("named with markup", lambda host, vm: "<" in vm.name),
        ("generation 1", lambda host, vm: vm.generation == 1),
        ("evaluation", _guest(lambda guest: guest.edition.evaluation)),
        ("Azure Edition", _guest(lambda guest: guest.edition.name == "azure_edition")),
        ("too old for AVMA", _guest(lambda guest: guest.release.name == "2012")),
        ("without a key", _guest(lambda guest: guest.licence.channel is None)),
        ("KMS client", _guest(lambda guest: guest.licence.channel == "Volume:GVLK")),
        ("MAK", _guest(lambda guest: guest.licence.channel == "Volume:MAK" and guest.licence.status == 1)),
        ("activated", _guest(lambda guest: guest.licence.channel == "VT:IA" and guest.licence.status == 1)),
        ("cloned", _guest(lambda guest: "template01" in guest.intrinsic_items()["FullyQualifiedDomainName"])),
        ("German", _guest(lambda guest: guest.language == "de-DE")),
        ("Japanese", _guest(lambda guest: guest.language == "ja-JP")),
        ("Russian", _guest(lambda guest: guest.language == "ru-RU")),
        ("newer than its host", lambda host, vm: isinstance(vm.guest, Guest) and vm.guest.release.build > host.release.build),
        ("on a host that lost its KMS", lambda host, vm: host.licence.channel == "Volume:GVLK" and host.licence.status == 5),
        ("on a Standard host", lambda host, vm: host.edition.name == "standard"),
        ("on an evaluation host", lambda host, vm: host.edition.evaluation),
        ("on a host in grace", lambda host, vm: host.licence.status == 2),
        ("on a Japanese host", lambda host, vm: host.language == "ja-JP"),
    ],
)
def test_large_fleet_has_virtual_machines_of_each_kind(large: Fleet, what: str, test: Callable[[Host, Vm], bool]) -> None:
    count = sum(1 for host, vm in large.vms() if test(host, vm))
    assert 0 < count < 6000, f"{count} are {what}"


def test_some_guests_lie_in_every_way_that_is_known(large: Fleet) -> None:
    guests = large.guests()
    for items in FALSE_ITEMS:
        liar = next((guest for guest in guests if guest.false_items == items), None)
        assert liar is not None, f"no guest says {items}"
        assert items.items() <= liar.intrinsic_items().items()
    for items in GUEST_ITEMS:
        assert any(guest.pools.guest_items() == items for guest in guests), f"no guest has {items}"
    assert max(len(data) for guest in guests for data in guest.intrinsic_items().values()) == LONGEST_VALUE


def test_names_repeat_within_a_host_and_across_hosts(large: Fleet) -> None:
    names = [(host.name, vm.name) for host, vm in large.vms()]
    assert len(set(names)) < len(names)
    assert len({name for _host, name in names}) < len(set(names))
    assert len({vm.id for _host, vm in large.vms()}) == len(names)


def test_reachable_guests_have_addresses_and_are_spread_over_the_hosts(large: Fleet) -> None:
    reachable = [guest for guest in large.guests() if guest.network]
    assert len(reachable) == 100
    assert all(large.placement(guest)[1].running for guest in reachable)
    assert {bool(guest.address) for guest in reachable} == {True}
    assert len({guest.address for guest in reachable}) == 100
    assert all(not guest.address for guest in large.guests() if not guest.network)
    assert {len([guest for guest in reachable if large.placement(guest)[0] is host]) for host in large.hosts} <= {1, 2}
    listed = inventory(large)["all"]["children"]
    assert set(listed["guests"]["hosts"]) == {guest.name for guest in reachable}
    assert len(listed["hyperv_hosts"]["hosts"]) == 64


@pytest.mark.parametrize("reachable", [-1, 1000])
def test_more_guests_than_there_are_cannot_be_reached(reachable: int) -> None:
    with pytest.raises(ScenarioError, match=rf"{reachable} reachable guests: this fleet has \d+ Windows guests that run"):
        counted(0, 2, 10, guests_reachable=reachable)
