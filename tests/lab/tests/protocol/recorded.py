# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded answers of real Windows, where a folder of them is at hand, and how to serve what they show once more.

The recordings belong to other projects and are not part of this repository. HYPERV_AVMA_SAMPLES names their folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest

from hyperv_lab.cim.dmtf_time import parse_xml_datetime
from hyperv_lab.cim.provider import Account, MethodResult
from hyperv_lab.cim.types import CimClass, CimProperty, CimType, Instance, Reference, Scalar, Value
from hyperv_lab.wsman.namespaces import ADDRESSING, CIM, SOAP, WMI_ROOT, WSMAN, XSI

_BESIDE = Path(__file__).resolve().parents[5] / "shared" / "reference" / "wsman_samples"
_UNIQUE = re.compile(r"(<a:(?:MessageID|RelatesTo)>)[^<]*|(?<=<n:EnumerationContext>)uuid:[^<]*|<p:ActivityId>[^<]*</p:ActivityId>")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)")


def recording(number: int) -> str:
    """The text of a recording; skips the test where there is no folder of them."""
    folder = Path(os.environ.get("HYPERV_AVMA_SAMPLES", _BESIDE))
    found = sorted(folder.glob(f"{number:02d}_*.xml"))
    if not found:
        pytest.skip(f"no recording {number:02d} in {folder}: set HYPERV_AVMA_SAMPLES to a folder that has it")
    return found[0].read_text(encoding="utf-8").strip()


def same_for_all(text: str) -> str:
    """The message without what differs each time it is sent."""
    return _UNIQUE.sub(lambda match: match.group(1) or "", text)


def shape(text: str) -> list[tuple[str, str, tuple[tuple[str, str], ...]]]:
    """Elements in document order with their text and attributes, white space of pretty printing aside."""
    return [
        (element.tag, " ".join((element.text or "").split()), tuple(sorted(element.attrib.items()))) for element in fromstring(text).iter()
    ]


def _scalar(element: Element) -> tuple[CimType, Scalar]:
    if element.get(f"{{{XSI}}}nil") == "true":
        return CimType.STRING, None
    parameters = element.find(f"{{{ADDRESSING}}}ReferenceParameters")
    if parameters is not None:
        uri = parameters.findtext(f"{{{WSMAN}}}ResourceURI", "")
        keys = {item.get("Name", ""): item.text or "" for item in parameters.iter(f"{{{WSMAN}}}Selector")}
        namespace, _unused, class_name = uri.removeprefix(WMI_ROOT).rpartition("/")
        return CimType.REFERENCE, Reference(namespace, class_name, keys)
    time = element.find(f"{{{CIM}}}Datetime")
    time = element.find("Datetime") if time is None else time
    if time is not None:
        return CimType.DATETIME, parse_xml_datetime(time.text or "")
    text = element.text or ""
    if text in ("true", "false"):
        return CimType.BOOLEAN, text == "true"
    return (CimType.SINT64, int(text)) if _NUMBER.fullmatch(text) else (CimType.STRING, text)


def instance_in(element: Element, namespace: str, class_name: str, keys: tuple[str, ...] = ()) -> Instance:
    """What an instance element shows, as an instance of a class that has just these properties, types guessed by the values."""
    properties: dict[str, CimProperty] = {}
    values: dict[str, Value] = {}
    for child in element:
        name = child.tag.rpartition("}")[2]
        type_, value = _scalar(child)
        if name in properties:
            previous = values[name]
            values[name] = [*previous, value] if isinstance(previous, list) else [previous, value]
            properties[name] = CimProperty(name, type_, array=True)
        else:
            values[name], properties[name] = value, CimProperty(name, type_, key=name in keys)
    # Reversed: the order of the recording must be the lab's doing.
    return Instance(CimClass(class_name, namespace, properties=dict(reversed(properties.items()))), values)


@dataclass
class RecordedMachine:
    """Shows the instances of a recording, and nothing else."""

    rows: list[Instance]
    name: str = "recorded"
    language: str = "en-US"
    result: MethodResult = field(default_factory=MethodResult)

    @property
    def cls(self) -> CimClass:
        return self.rows[0].cls

    def namespaces(self) -> Iterable[str]:
        return (self.cls.namespace,)

    def may_read(self, account: Account, namespace: str) -> bool:
        return True

    def seen_by(self, account: Account) -> RecordedMachine:
        return self

    def classes(self, namespace: str) -> Mapping[str, CimClass]:
        return {self.cls.name.lower(): self.cls}

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        return self.rows

    def find(self, cls: CimClass, keys: Mapping[str, str]) -> Instance | None:
        return None

    def put(self, instance: Instance, changes: Mapping[str, Value]) -> Instance:
        return instance

    def authorise(self, account: Account, cls: CimClass, method: str) -> None:
        return

    def invoke(self, cls: CimClass, method: str, target: Instance | None, arguments: Mapping[str, Value]) -> MethodResult:
        return self.result


def machine_of(text: str, *, language: str = "en-US", keys: tuple[str, ...] = (), class_name: str | None = None) -> RecordedMachine:
    """A machine with the objects of a recorded Enumerate or Pull answer, twice the last one where more were to come."""
    root = fromstring(text)
    items = next(element for element in root.iter() if element.tag.rpartition("}")[2] == "Items")
    rows: list[Instance] = []
    for item in items:
        uri, _unused, local = item.tag[1:].partition("}")
        namespace = uri.removeprefix(WMI_ROOT).rpartition("/")[0] if uri.startswith(WMI_ROOT) else "root/cimv2"
        rows.append(instance_in(item, namespace, class_name or local, keys))
    return RecordedMachine(rows, language=language)


def body_of(text: str) -> str:
    """The text between s:Body's tags, as it was sent."""
    assert SOAP in text
    return text.partition("<s:Body>")[2].rpartition("</s:Body>")[0]
