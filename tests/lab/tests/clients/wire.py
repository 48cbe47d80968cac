# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine's WinRM service, asked without HTTP: requests as text, answers as text."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from hyperv_lab.providers.machine import SimulatedMachine
from hyperv_lab.scenarios.building import build
from hyperv_lab.world.accounts import LabAccount
from hyperv_lab.wsman.service import WsmanService
from hyperv_lab.wsman.settings import ServiceSettings

from .live_lab import demo_scenario

WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi"
CIMV2 = f"{WMI}/root/cimv2"
V2 = f"{WMI}/root/virtualization/v2"
WQL = "http://schemas.microsoft.com/wbem/wsman/1/WQL"
ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
SOAP = "http://www.w3.org/2003/05/soap-envelope"
ANONYMOUS = f"{ADDRESSING}/role/anonymous"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
_ADMINISTRATOR = LabAccount("Administrator", "Lab-Passw0rd!")


class Wire:
    """One machine of a demo fleet of its own. ``settings`` are those of the WinRM service; strict as Windows is, by default."""

    def __init__(self, machine: str = "hv01", **settings: object) -> None:
        self.fleet = build(demo_scenario())
        self.machine = SimulatedMachine(self.fleet, self.fleet.windows(machine))
        self._service = WsmanService(self.machine, ServiceSettings(**settings))  # type: ignore[arg-type]
        self.answers: list[str] = []

    def send(self, envelope: str) -> str:
        """The answer's body; it must not be a fault."""
        status, body = self.exchange(envelope)
        assert status == 200, body
        return body

    def exchange(self, envelope: str) -> tuple[int, str]:
        answer = self._service.answer(self._service.receive(envelope.encode()), _ADMINISTRATOR, "hv01")
        self.answers.append(answer.body)
        return answer.status, answer.body


def context_of(body: str) -> str | None:
    """The enumeration context to pull with; None after the last page."""
    match = re.search(r"<n:EnumerationContext>([^<]+)</n:EnumerationContext>", body)
    return match.group(1) if match else None


def texts(body: str, name: str) -> list[str]:
    """The text of all elements of that local name, in their order."""
    return [element.text or "" for element in ET.fromstring(body).iter() if element.tag.rpartition("}")[2] == name]


def items(body: str) -> list[ET.Element]:
    """What the page of an enumeration holds."""
    found = [element for element in ET.fromstring(body).iter() if element.tag.rpartition("}")[2] == "Items"]
    return list(found[0]) if found else []


def selector_set(prefix: str, **selectors: str) -> str:
    """A SelectorSet with the prefix that the client gives WS-Management's namespace."""
    inner = "".join(f'<{prefix}:Selector Name="{name}">{value}</{prefix}:Selector>' for name, value in selectors.items())
    return f"<{prefix}:SelectorSet>{inner}</{prefix}:SelectorSet>"
