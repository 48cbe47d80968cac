# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema holds what production clients read, and every instance that the lab shows fits it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml

from hyperv_lab.cim import schema
from hyperv_lab.cim.types import CimClass, CimType, Instance, Reference, Scalar

from .conftest import World

REQUIRED = yaml.safe_load(Path(__file__).with_name("required_properties.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("namespace", "name"), [(namespace, name) for namespace, classes in REQUIRED.items() for name in classes])
def test_class_has_every_property_that_clients_read(namespace: str, name: str) -> None:
    properties = schema.cim_class(namespace, name).properties
    found = {member: prop.type.value + ("[]" if prop.array else "") for member, prop in properties.items()}
    wanted = REQUIRED[namespace][name]
    assert {member: found.get(member) for member in wanted} == wanted


def test_derived_class_has_what_it_inherits() -> None:
    cls = schema.cim_class("root/virtualization/v2", "Msvm_KvpExchangeComponent")
    assert cls.superclass == "CIM_LogicalDevice"
    assert set(cls.keys) == {"SystemCreationClassName", "SystemName", "CreationClassName", "DeviceID"}
    assert cls.properties["GuestIntrinsicExchangeItems"].embedded == "Msvm_KvpExchangeDataItem"
    assert schema.ancestors("root/virtualization/v2", "Msvm_ComputerSystem")[-1] == "CIM_ManagedElement"
    assert "RequestStateChange" in schema.cim_class("root/virtualization/v2", "Msvm_ComputerSystem").methods


def test_older_windows_lacks_later_members() -> None:
    older = schema.load("root/virtualization/v2", frozenset({"Msvm_VirtualSystemManagementService.ModifyGuestServiceSettings"}))
    assert "ModifyGuestServiceSettings" not in older["msvm_virtualsystemmanagementservice"].methods
    assert "ModifyResourceSettings" in older["msvm_virtualsystemmanagementservice"].methods


def test_every_instance_of_the_demo_fits_its_class(demo: World) -> None:
    shown = set()
    for windows in [*demo.fleet.hosts, *demo.fleet.guests()]:
        machine = demo.machine(windows.name)
        for namespace in machine.namespaces():
            for cls in machine.classes(namespace).values():
                for instance in [] if cls.abstract else machine.instances(cls):
                    shown.add(cls.name)
                    _check(instance, cls)
    never = {"Msvm_ConcreteJob", "Msvm_AffectedJobElement"}  # there are no jobs before somebody changes something
    expected = {provided for namespace in REQUIRED.values() for provided in namespace} - never
    embedded = {"Msvm_KvpExchangeDataItem", "Msvm_SummaryInformation", "Msvm_ResourceAllocationSettingData"}
    assert expected - embedded <= shown


def _check(instance: Instance, cls: CimClass) -> None:
    for name, value in instance.values.items():
        prop = cls.properties[name]
        assert value is None or isinstance(value, list) == prop.array, f"{cls.name}.{name}"
        for item in value if isinstance(value, list) else [value]:
            assert item is None or _fits(item, prop.type, prop.embedded), f"{cls.name}.{name}: {item!r}"
    for key in cls.keys:
        assert instance.values.get(key) is not None, f"{cls.name} has no {key}"


def _fits(value: Scalar, kind: CimType, embedded: str | None) -> bool:
    if embedded is not None:
        return isinstance(value, Instance)
    if kind is CimType.STRING:
        return isinstance(value, str)
    if kind is CimType.BOOLEAN:
        return isinstance(value, bool)
    if kind is CimType.DATETIME:
        return isinstance(value, timedelta) or (isinstance(value, datetime) and value.tzinfo is not None)
    if kind is CimType.REFERENCE:
        return isinstance(value, Reference)
    bits = int("".join(character for character in kind.value if character.isdigit()))
    low, high = (0, 2**bits - 1) if kind.value.startswith("uint") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
