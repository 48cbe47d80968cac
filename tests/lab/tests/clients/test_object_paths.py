# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A path that the lab hands out is found again, by whichever way and wherever it is given back.

Every class and instance of hosts and guests is walked: by WQL on __PATH and __RELPATH, by Get with the selectors of its endpoint reference,
and each path or reference among its values likewise.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest

from hyperv_lab.cim.hierarchy import reference_to
from hyperv_lab.cim.object_path import format_path, parse_path
from hyperv_lab.cim.types import CimClass, Instance, Reference
from hyperv_lab.wql.parser import parse
from hyperv_lab.wql.query import run
from hyperv_lab.wsman.endpoint import render_instance_endpoint

from .wire import TRANSFER, V2, WMI, Wire
from .wire_requests import envelope, query_all

MACHINES = ("hv01", "hv02", "web01", "sql01")
_PATH = re.compile(r'\\\\[^\\]+\\root\\[\w\\]+:\w+\..*=".*"')
OF_EACH = 4  # instances of a class: the first and the last ones


def instances(wire: Wire) -> Iterator[tuple[CimClass, Instance]]:
    for namespace in wire.machine.namespaces():
        for cls in wire.machine.classes(namespace).values():
            found = [] if cls.abstract else list(wire.machine.instances(cls))
            for instance in [*found[:OF_EACH], *found[OF_EACH:][-OF_EACH:]]:
                yield cls, instance


def quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def rows(wire: Wire, namespace: str, query: str) -> list[Instance]:
    return list(run(parse(query), wire.machine, namespace).instances)


@pytest.mark.fidelity(
    "The keys of an object path are sorted by name, in __PATH, __RELPATH, selectors and wherever a path is a value; a path that was handed out is found",
    source="libvirt's hyperv driver, which finds switches by __PATH in production",
    confidence="H",
)
@pytest.mark.parametrize("machine", MACHINES)
def test_every_instance_is_found_by_its_path(machine: str) -> None:
    wire = Wire(machine)
    for cls, instance in instances(wire):
        reference = reference_to(instance)
        assert list(reference.keys) == sorted(reference.keys, key=str.lower)
        full = format_path(reference, machine=machine.upper())
        for name, path in (("__PATH", full), ("__RELPATH", format_path(reference, relative=True))):
            found = rows(wire, cls.namespace, f"SELECT * FROM {cls.name} WHERE {name} = {quoted(path)}")
            assert [reference_to(row) for row in found] == [reference], path
        list(run(parse(f"REFERENCES OF {{{full}}}"), wire.machine, cls.namespace).instances)  # its source is found


@pytest.mark.parametrize("machine", MACHINES)
def test_every_instance_is_found_by_its_endpoint_reference(machine: str) -> None:
    wire = Wire(machine)
    for cls, instance in instances(wire):
        reference = render_instance_endpoint(instance, wire.machine.classes(cls.namespace))
        selectors = re.search("<w:SelectorSet>.*</w:SelectorSet>", reference)
        answer = wire.send(envelope(f"{TRANSFER}/Get", f"{WMI}/{cls.namespace}/{cls.name}", "", selectors.group() if selectors else ""))
        (body,) = [element for element in ET.fromstring(answer).iter() if element.tag.endswith(f"}}{cls.name}")]
        for key in cls.keys:
            value = instance.values[key]
            if isinstance(value, (str, int)) and not isinstance(value, bool):
                assert (body.findtext(f"{{{WMI}/{cls.namespace}/{cls.name}}}{key}") or "") == str(value)


@pytest.mark.parametrize("machine", MACHINES)
def test_every_path_among_the_values_is_found(machine: str) -> None:
    wire = Wire(machine)
    seen = 0
    for cls, instance in instances(wire):
        for value in instance.values.values():
            for item in value if isinstance(value, list) else [value]:
                path = format_path(item, machine=machine) if isinstance(item, Reference) else item
                if not isinstance(path, str) or _PATH.fullmatch(path) is None:
                    continue
                named = parse_path(path)
                found = rows(wire, cls.namespace, f"SELECT * FROM {named.class_name} WHERE __PATH = {quoted(path)}")
                assert len(found) == 1, f"{cls.name}: {path}"
                seen += 1
    assert seen


def test_a_switch_is_found_by_the_path_that_its_port_names() -> None:
    """libvirt's way from a network adapter to its virtual switch (dumpxml, domiflist)."""
    wire = Wire()
    port = query_all(wire, V2, "SELECT * FROM Msvm_EthernetPortAllocationSettingData")[0]
    (path,) = [element.text or "" for element in port.iter() if element.tag.endswith("}HostResource")]
    (switch,) = query_all(wire, V2, f"SELECT * FROM Msvm_VirtualEthernetSwitch WHERE __PATH = {quoted(path)}")
    assert switch.tag.endswith("}Msvm_VirtualEthernetSwitch")


@pytest.mark.fidelity(
    "System properties that a projection names come with their values",
    source="inferred: WMI fills them for such a query; what WinRM makes of it was not recorded",
    confidence="L",
)
@pytest.mark.parametrize("shown", [True, False])
def test_a_projection_of_the_path(shown: bool) -> None:
    wire = Wire(system_properties="shown" if shown else "omitted")
    (row, *_others) = query_all(wire, V2, "SELECT __PATH, __RELPATH, ElementName FROM Msvm_ComputerSystem WHERE Name <> __SERVER")
    found = {element.tag: element.text for element in row}
    assert set(found) == ({"__PATH", "__RELPATH", "ElementName"} if shown else {"ElementName"})
    if shown:
        assert str(found["__PATH"]).endswith(f"\\root\\virtualization\\v2:{found['__RELPATH']}")
        (again,) = query_all(wire, V2, f"SELECT * FROM Msvm_ComputerSystem WHERE __PATH = {quoted(str(found['__PATH']))}")
        assert [e.text for e in again.iter() if e.tag.endswith("}ElementName")] == [found["ElementName"]]
