# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests in the form that winrm.vbs gives them, and the way to a machine's service without HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.sax.saxutils import escape, quoteattr

from hyperv_lab.wsman.answer import Answer
from hyperv_lab.wsman.service import WsmanService
from hyperv_lab.wsman.settings import ServiceSettings

from .office_machine import OfficeAccount, OfficeMachine

WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/"
OFFICE = f"{WMI}root/office/"
ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration/"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer/"
WQL = "http://schemas.microsoft.com/wbem/wsman/1/WQL"
MESSAGE_ID = "uuid:55F28C75-F63E-4F68-8360-A8C478003959"
ADMINISTRATOR = OfficeAccount("Administrator", "Lab-Pass1")
_NAMESPACES = (
    'xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
    'xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" '
    'xmlns:b="http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"'
)
REPLY_TO = (
    '<a:ReplyTo><a:Address s:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>'
)
LOCALE = '<w:Locale xml:lang="en-US" s:mustUnderstand="false"/><p:DataLocale xml:lang="en-US" s:mustUnderstand="false"/>'


def selector_set(selectors: dict[str, str]) -> str:
    inner = "".join(f"<w:Selector Name={quoteattr(name)}>{escape(value)}</w:Selector>" for name, value in selectors.items())
    return f"<w:SelectorSet>{inner}</w:SelectorSet>"


def message(
    action: str,
    uri: str,
    body: str = "",
    *,
    selectors: dict[str, str] | None = None,
    envelope_size: int | None = 512000,
    timeout: str = "PT60.000S",
    extra: str = "",
    reply_to: str = REPLY_TO,
    locale: str = LOCALE,
    message_id: str | None = MESSAGE_ID,
) -> str:
    size = f'<w:MaxEnvelopeSize s:mustUnderstand="true">{envelope_size}</w:MaxEnvelopeSize>' if envelope_size is not None else ""
    identity = f"<a:MessageID>{message_id}</a:MessageID>" if message_id is not None else ""
    return (
        f'<s:Envelope {_NAMESPACES}><s:Header><a:To>http://office:5985/wsman</a:To><w:ResourceURI s:mustUnderstand="true">{uri}'
        f'</w:ResourceURI>{reply_to}<a:Action s:mustUnderstand="true">{action}</a:Action>{size}{identity}{locale}'
        f"<w:OperationTimeout>{timeout}</w:OperationTimeout>{selector_set(selectors) if selectors is not None else ''}{extra}</s:Header>"
        f"<s:Body>{body}</s:Body></s:Envelope>"
    )


def wql(query: str) -> str:
    return f'<w:Filter Dialect="{WQL}">{escape(query)}</w:Filter>'


def enumerate_body(inner: str = "", *, optimise: bool = True, max_elements: int | None = None, mode: str | None = None) -> str:
    parts = "<w:OptimizeEnumeration/>" if optimise else ""
    parts += f"<w:MaxElements>{max_elements}</w:MaxElements>" if max_elements is not None else ""
    parts += f"<w:EnumerationMode>{mode}</w:EnumerationMode>" if mode is not None else ""
    return f"<n:Enumerate>{parts}{inner}</n:Enumerate>"


def pull_body(context: str, max_elements: int | None = None) -> str:
    elements = f"<n:MaxElements>{max_elements}</n:MaxElements>" if max_elements is not None else ""
    return f"<n:Pull><n:EnumerationContext>{context}</n:EnumerationContext>{elements}</n:Pull>"


def context_in(body: str) -> str:
    match = re.search(r"<n:EnumerationContext>(uuid:[^<]+)</n:EnumerationContext>", body)
    assert match is not None, body
    return match.group(1)


def fault_code_in(body: str) -> int:
    match = re.search(r'<f:WSManFault [^>]*Code="(\d+)"', body)
    assert match is not None, body
    return int(match.group(1))


def subcode_in(body: str) -> str:
    match = re.search(r"<s:Subcode><s:Value>([^<]*)</s:Value>", body)
    assert match is not None, body
    return match.group(1)


class Desk:
    """The service of one machine, asked without HTTP."""

    def __init__(
        self, machine: OfficeMachine, clock: Callable[[], float] = lambda: 0.0, account: OfficeAccount = ADMINISTRATOR, **settings: object
    ) -> None:
        self.machine = machine
        self.account = account
        self.service = WsmanService(machine, ServiceSettings(**settings), clock=clock)  # type: ignore[arg-type]

    def send(self, envelope: str | bytes) -> Answer:
        received = self.service.receive(envelope if isinstance(envelope, bytes) else envelope.encode())
        return self.service.answer(received, self.account, "office")

    def enumerate(self, uri: str, inner: str = "", **options: object) -> Answer:
        headers = {name: options.pop(name) for name in ("envelope_size", "extra", "selectors") if name in options}
        return self.send(message(f"{ENUMERATION}Enumerate", uri, enumerate_body(inner, **options), **headers))  # type: ignore[arg-type]

    def query(self, text: str, **options: object) -> Answer:
        return self.enumerate(f"{OFFICE}*", wql(text), **options)

    def pull(self, context: str, max_elements: int | None = None, **headers: object) -> Answer:
        return self.send(message(f"{ENUMERATION}Pull", f"{OFFICE}*", pull_body(context, max_elements), **headers))  # type: ignore[arg-type]

    def names(self, text: str) -> list[str]:
        """The Name of every row of a query, by as many pulls as it takes."""
        answer = self.query(text)
        found: list[str] = []
        while True:
            assert answer.status == 200, answer.body
            found += re.findall(r"<(?:p:)?Name>([^<]*)</", answer.body)
            if "EndOfSequence/>" in answer.body:
                return found
            answer = self.pull(context_in(answer.body), 100)

    def invoke(self, class_name: str, method: str, parameters: str = "", selectors: dict[str, str] | None = None) -> Answer:
        uri = f"{OFFICE}{class_name}"
        body = f'<p:{method}_INPUT xmlns:p="{uri}">{parameters}</p:{method}_INPUT>'
        return self.send(message(f"{uri}/{method}", uri, body, selectors=selectors))
