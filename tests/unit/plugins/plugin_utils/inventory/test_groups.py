# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Constructed groups: a machine that is called like a group, and a group that is called like a machine, gain nothing."""

from __future__ import annotations

import pytest
from ansible.inventory.data import InventoryData

from ansible_collections.hyperv.avma.plugins.plugin_utils._inventory.groups import MachineGroups


@pytest.fixture
def inventory() -> InventoryData:
    found = InventoryData()
    for group in ("hyperv_vms", "guests"):
        found.add_group(group)
    for host in ("web01", "role_db"):
        found.add_host(host, group="hyperv_vms")
    return found


def members(inventory: InventoryData, group: str) -> list[str]:
    return [host.name for host in inventory.groups[group].get_hosts()]


def test_a_group_that_a_machine_is_called_like_gets_another_name(inventory: InventoryData) -> None:
    said: list[str] = []
    groups = MachineGroups(inventory, said.append)
    for host in ("web01", "role_db"):
        groups.add_host(host, groups.add_group("role_db"))
    assert members(inventory, "role_db_group") == ["web01", "role_db"]
    assert "role_db" not in inventory.groups
    assert said == ["The constructed group role_db is named role_db_group: a machine has its name."]


def test_a_machine_goes_into_a_group_although_a_group_has_its_name(inventory: InventoryData) -> None:
    inventory.add_group("role_db")
    inventory.add_child("role_db", "guests")
    groups = MachineGroups(inventory, pytest.fail)
    groups.add_child(groups.add_group("patch"), "role_db")
    assert members(inventory, "patch") == ["role_db"]
    assert inventory.groups["patch"].child_groups == []


def test_a_closed_group_takes_nobody(inventory: InventoryData) -> None:
    said: list[str] = []
    groups = MachineGroups(inventory, said.append)
    groups.closed = frozenset(["guests"])
    groups.add_host("web01", groups.add_group("guests"))
    assert members(inventory, "guests") == []
    assert members(inventory, "guests_group") == ["web01"]
    assert len(said) == 1


def test_parents_that_would_make_a_loop_are_left_out(inventory: InventoryData) -> None:
    said: list[str] = []
    groups = MachineGroups(inventory, said.append)
    for parent, child in (("a", "b"), ("b", "a"), ("c", "c")):
        groups.add_group(child)
        groups.add_child(parent, child)
    assert [group.name for group in inventory.groups["a"].child_groups] == ["b"]
    assert inventory.groups["b"].child_groups == []
    assert len(said) == 1
    assert said[0].startswith("The group a cannot be in b: ")
