# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each association is walked from both ends, by every way that WQL and WS-Management have."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from hyperv_lab.cim.hierarchy import is_association, reference_to, same_object
from hyperv_lab.cim.object_path import format_path
from hyperv_lab.cim.types import CimClass, CimType, Instance, Reference
from hyperv_lab.providers.associations import CIMV2, HYPER_V
from hyperv_lab.wql.parser import parse
from hyperv_lab.wql.query import run
from hyperv_lab.wsman.endpoint import render_endpoint

from .wire import ADDRESSING, WMI, WSMAN, Wire, selector_set, texts
from .wire_requests import enumerate_all, envelope, query_all

BINDING = "http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd"
FILTER = "http://schemas.dmtf.org/wbem/wsman/1/cimbinding/associationFilter"
MACHINES = ("hv01", "hv02", "web01")
OF_JOBS = {"Msvm_AffectedJobElement", "Msvm_OwningJobElement"}


@pytest.fixture(scope="module")
def wires() -> dict[str, Wire]:
    """With a job on each host, so that there is something between jobs and the rest."""
    found = {name: Wire(name) for name in MACHINES}
    for wire in found.values():
        wire.fleet.rules.jobs.seconds = 3600
        host = next((host for host in wire.fleet.hosts if host.name == wire.machine.name), None)
        if host is not None:
            start_a_job(wire)
    return found


def start_a_job(wire: Wire) -> None:
    v2 = f"{WMI}/root/virtualization/v2"
    name = "Msvm_ComputerSystem"
    vm = next(iter(wire.fleet.host(wire.machine.name).vms.values()))
    body = f'<p:RequestStateChange_INPUT xmlns:p="{v2}/{name}"><p:RequestedState>11</p:RequestedState></p:RequestStateChange_INPUT>'
    selectors = selector_set("w", CreationClassName=name, Name=vm.id)
    assert texts(wire.send(envelope(f"{v2}/{name}/RequestStateChange", f"{v2}/{name}", body, selectors)), "ReturnValue") == ["4096"]


def links(wire: Wire) -> Iterator[tuple[CimClass, Instance, str, str]]:
    """Some of the links of each association, each with its two roles in both orders."""
    for namespace in wire.machine.namespaces():
        for cls in wire.machine.classes(namespace).values():
            if cls.abstract or not is_association(cls):
                continue
            near, far = (prop.name for prop in cls.properties.values() if prop.type is CimType.REFERENCE)
            found = list(wire.machine.instances(cls))
            for link in [*found[:3], *found[3:][-3:]]:
                yield cls, link, near, far
                yield cls, link, far, near


def end(link: Instance, role: str) -> Reference:
    value = link.values[role]
    assert isinstance(value, Reference)
    return value


def ask(wire: Wire, namespace: str, query: str) -> list[Reference]:
    return [reference_to(row) for row in run(parse(query), wire.machine, namespace).instances]


@pytest.mark.fidelity(
    "Associations between all classes that the lab serves lead from each end to the other: ASSOCIATORS OF, REFERENCES OF, enumeration",
    source="Microsoft's class reference; Microsoft's key-value pair sample goes from component to setting",
    confidence="M",
)
@pytest.mark.parametrize("machine", MACHINES)
def test_every_link_from_both_ends(wires: dict[str, Wire], machine: str) -> None:
    wire = wires[machine]
    for cls, link, near, far in links(wire):
        here, there = end(link, near), end(link, far)
        path = f"{{{format_path(here)}}}"
        associated = ask(wire, cls.namespace, f"ASSOCIATORS OF {path} WHERE AssocClass = {cls.name} Role = {near} ResultRole = {far}")
        assert any(same_object(found, there) for found in associated), f"{cls.name}: {path}"
        assert any(same_object(found, there) for found in ask(wire, cls.namespace, f"ASSOCIATORS OF {path}"))
        by_class = ask(wire, cls.namespace, f"ASSOCIATORS OF {path} WHERE ResultClass = {there.class_name}")
        assert any(same_object(found, there) for found in by_class)
        references = ask(wire, cls.namespace, f"REFERENCES OF {path} WHERE ResultClass = {cls.name} Role = {near}")
        assert any(same_object(found, reference_to(link)) for found in references)


@pytest.mark.fidelity(
    "The association filter gives what ASSOCIATORS OF and REFERENCES OF give",
    source="DSP0227; Get-CimAssociatedInstance",
    confidence="M",
)
@pytest.mark.parametrize("machine", MACHINES)
def test_every_association_by_its_filter(wires: dict[str, Wire], machine: str) -> None:
    wire = wires[machine]
    seen: set[tuple[str, str]] = set()
    for cls, link, near, _far in links(wire):
        if (cls.name, near) in seen:
            continue
        seen.add((cls.name, near))
        classes = wire.machine.classes(cls.namespace)
        here = end(link, near)
        source = f"<b:Object>{render_endpoint(here, classes[here.class_name.lower()], classes)}</b:Object>"
        for kind, more in (
            ("AssociatedInstances", f"<b:AssociationClassName>{cls.name}</b:AssociationClassName>"),
            ("AssociationInstances", f"<b:ResultClassName>{cls.name}</b:ResultClassName>"),
        ):
            element = (
                f'<w:Filter xmlns:b="{BINDING}" xmlns:a="{ADDRESSING}" xmlns:w="{WSMAN}" Dialect="{FILTER}"><b:{kind}>{source}{more}'
                f"</b:{kind}></w:Filter>"
            )
            by_filter = enumerate_all(wire, f"{WMI}/{cls.namespace}/*", element)
            text = (
                "ASSOCIATORS OF {%s} WHERE AssocClass = %s"
                if kind == "AssociatedInstances"
                else "REFERENCES OF {%s} WHERE ResultClass = %s"
            )
            by_query = query_all(wire, f"{WMI}/{cls.namespace}", text % (format_path(here), cls.name))
            assert len(by_filter) == len(by_query) > 0, cls.name


def test_every_association_of_the_schema_has_links(wires: dict[str, Wire]) -> None:
    shown = {cls.name for wire in wires.values() for cls, *_rest in links(wire)}
    wire = wires["hv01"]
    every = {
        cls.name
        for namespace in wire.machine.namespaces()
        for cls in wire.machine.classes(namespace).values()
        if is_association(cls) and not cls.abstract
    }
    assert every == shown
    assert {row.class_name for row in (*HYPER_V, *CIMV2)} <= every
    assert all(row.source for row in (*HYPER_V, *CIMV2))


def test_every_class_of_a_machine_is_reached_from_another(wires: dict[str, Wire]) -> None:
    """What a virtual machine has is reached from the virtual machine or from its settings."""
    wire = wires["hv01"]
    v2 = wire.machine.classes("root/virtualization/v2")
    ends: set[str] = set()
    for cls in v2.values():
        if not cls.abstract and is_association(cls):
            for link in wire.machine.instances(cls):
                ends |= {value.class_name for value in link.values.values() if isinstance(value, Reference)}
    alone = {"Msvm_VirtualEthernetSwitch", "__NAMESPACE"}
    served = {
        cls.name for cls in v2.values() if not cls.abstract and not is_association(cls) and next(iter(wire.machine.instances(cls)), None)
    }
    assert served - ends == alone & served


def test_from_a_component_to_its_settings_and_back(wires: dict[str, Wire]) -> None:
    """The way of Microsoft's own sample to HostExchangeItems."""
    wire = wires["hv01"]
    root = f"{WMI}/root/virtualization/v2"
    (component, *_others) = query_all(wire, root, "SELECT * FROM Msvm_KvpExchangeComponent")
    keys = {name: component.findtext(f"{{{root}/Msvm_KvpExchangeComponent}}{name}") or "" for name in ("SystemName", "DeviceID")}
    device = keys["DeviceID"].replace("\\", "\\\\")
    path = (
        f'Msvm_KvpExchangeComponent.CreationClassName="Msvm_KvpExchangeComponent",DeviceID="{device}",'
        f'SystemCreationClassName="Msvm_ComputerSystem",SystemName="{keys["SystemName"]}"'
    )
    (setting,) = query_all(wire, root, f"ASSOCIATORS OF {{{path}}} WHERE ResultClass=Msvm_KvpExchangeComponentSettingData")
    instance_id = setting.findtext(f"{{{root}/Msvm_KvpExchangeComponentSettingData}}InstanceID") or ""
    assert instance_id == keys["DeviceID"]
    back = f'Msvm_KvpExchangeComponentSettingData.InstanceID="{device}"'
    (again,) = query_all(wire, root, f"ASSOCIATORS OF {{{back}}} WHERE AssocClass=Msvm_ElementSettingData")
    assert re.sub(r"\{.*\}", "", again.tag) == "Msvm_KvpExchangeComponent"
