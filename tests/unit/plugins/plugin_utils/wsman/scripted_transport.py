# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A transport that plays a script: each step says what the request must be and what comes back."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

FIXTURES = Path(__file__).parent / "fixtures"
ENDPOINT = "http://hv01.example.com:5985/wsman"
MESSAGE_ID = b"@MESSAGE-ID@"

_NS = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "n": "http://schemas.xmlsoap.org/ws/2004/09/enumeration",
    "p": "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
}


@dataclass(frozen=True)
class SentRequest:
    """A request as the server would understand it."""

    text: str

    @property
    def root(self) -> ET.Element:
        return ET.fromstring(self.text)

    def find(self, path: str) -> str | None:
        found = self.root.find(path, _NS)
        return None if found is None else found.text or ""

    @property
    def action(self) -> str:
        return (self.find("s:Header/a:Action") or "Identify").rpartition("/")[2]

    @property
    def resource(self) -> str:
        return (self.find("s:Header/w:ResourceURI") or "").removeprefix("http://schemas.microsoft.com/wbem/wsman/1/")

    @property
    def message_id(self) -> str:
        return self.find("s:Header/a:MessageID") or ""

    @property
    def context(self) -> str | None:
        return self.find("s:Body/*/n:EnumerationContext")

    @property
    def wql(self) -> str | None:
        return self.find("s:Body/n:Enumerate/w:Filter")

    @property
    def max_envelope_size(self) -> int:
        return int(self.find("s:Header/w:MaxEnvelopeSize") or 0)

    @property
    def operation_timeout(self) -> str | None:
        return self.find("s:Header/w:OperationTimeout")

    @property
    def selectors(self) -> dict[str, str]:
        return {one.get("Name", ""): one.text or "" for one in self.root.findall("s:Header/w:SelectorSet/w:Selector", _NS)}

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """Names and texts of a method's parameters, in order."""
        body = self.root.find("s:Body/*", _NS)
        assert body is not None
        return [(one.tag.rpartition("}")[2], one.text or "") for one in body]


Answer = bytes | Exception | Callable[[SentRequest], bytes]


class ScriptedTransport:
    """``expect`` appends a step: the action, what else must hold of the request, and the answer (bytes, an error, or a function)."""

    def __init__(self, read_timeout: float | None = None) -> None:
        self.endpoint = ENDPOINT
        self.read_timeout = read_timeout
        self.sent: list[SentRequest] = []
        self.resets = 0
        self.closed = False
        self._steps: list[tuple[str, dict[str, object], Answer]] = []

    def expect(self, action: str, answer: Answer, **attributes: object) -> ScriptedTransport:
        self._steps.append((action, attributes, answer))
        return self

    def send(self, message: str, allowance: object = None) -> bytes:
        request = SentRequest(message)
        self.sent.append(request)
        assert self._steps, f"an unexpected request: {request.action} {request.resource}"
        action, attributes, answer = self._steps.pop(0)
        assert request.action == action
        for name, value in attributes.items():
            assert getattr(request, name) == value, name
        if isinstance(answer, Exception):
            raise answer
        data = answer(request) if callable(answer) else answer
        return data.replace(MESSAGE_ID, request.message_id.encode())

    def reset(self) -> None:
        self.resets += 1

    def close(self) -> None:
        self.closed = True

    def assert_played(self) -> None:
        assert not self._steps, f"requests that did not come: {[step[0] for step in self._steps]}"


class FakeTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def fixture(name: str) -> bytes:
    """An answer in Windows' shape; RelatesTo is filled in by the transport."""
    return (FIXTURES / f"{name}.xml").read_bytes()


def instances(*names: str, class_name: str = "Lab_Item") -> str:
    uri = f"http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/{class_name}"
    return "".join(f'<p:{class_name} xmlns:p="{uri}"><p:Name>{name}</p:Name></p:{class_name}>' for name in names)


def page(kind: str, *names: str, context: str | None = None, end: bool = False) -> bytes:
    """``kind``: Enumerate or Pull. Items and EndOfSequence in the namespace that Windows uses for each."""
    prefix = "w" if kind == "Enumerate" else "n"
    inside = "" if context is None else f"<n:EnumerationContext>{context}</n:EnumerationContext>"
    if names:
        inside += f"<{prefix}:Items>{instances(*names)}</{prefix}:Items>"
    if end:
        inside += f"<{prefix}:EndOfSequence/>"
    return envelope(f"<n:{kind}Response>{inside}</n:{kind}Response>")


def envelope(body: str, relates_to: str = MESSAGE_ID.decode()) -> bytes:
    namespaces = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _NS.items())
    header = f"<a:Action>urn:answer</a:Action><a:RelatesTo>{relates_to}</a:RelatesTo>"
    return f"<s:Envelope {namespaces}><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>".encode()
