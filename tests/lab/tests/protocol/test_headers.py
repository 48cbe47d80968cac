# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What WinRM checks before it looks at the resource."""

from __future__ import annotations

import re
from typing import Any

import pytest

from .messages import LOCALE, MESSAGE_ID, OFFICE, REPLY_TO, TRANSFER, Desk, fault_code_in, message, subcode_in
from .office_machine import OfficeMachine

_GET = f"{TRANSFER}Get"
_URI = f"{OFFICE}Office_Building"


def _fault(envelope: str, **settings: Any) -> tuple[str, int]:
    answer = Desk(OfficeMachine(), **settings).send(envelope)
    assert answer.status == 500, answer.body
    subcode = subcode_in(answer.body) if "<s:Subcode>" in answer.body else ""
    return subcode, fault_code_in(answer.body)


@pytest.mark.fidelity(
    "Headers that are missing, empty or out of range",
    source="[MS-WSMV] 3.1.4.1",
    confidence="M",
)
@pytest.mark.parametrize(
    ("envelope", "subcode", "code"),
    [
        (message(_GET, _URI, reply_to=""), "a:MessageInformationHeaderRequired", 2150858769),
        (message(_GET, _URI, message_id=None), "a:MessageInformationHeaderRequired", 2150858769),
        (message(_GET, _URI).replace("<a:To>http://office:5985/wsman</a:To>", ""), "a:MessageInformationHeaderRequired", 2150858769),
        (message("", _URI), "a:MessageInformationHeaderRequired", 2150858769),
        (message(_GET, _URI, reply_to=REPLY_TO.replace("/anonymous", "/other")), "w:UnsupportedFeature", 2150858870),
        (message(_GET, _URI, envelope_size=8191), "w:EncodingLimit", 2150858805),
        (message(_GET, _URI, timeout="PT-1S"), "a:InvalidMessageInformationHeader", 2150858767),
        (message(_GET, _URI, timeout="-PT1S"), "a:InvalidMessageInformationHeader", 2150858767),
        (message(_GET, _URI, timeout="60"), "a:InvalidMessageInformationHeader", 2150858767),
        (message(_GET, _URI, locale=LOCALE.replace('"false"', '"true"', 1)), "w:UnsupportedFeature", 2150858887),
        (message(_GET, _URI, message_id="x" * 2049), "a:InvalidMessageInformationHeader", 2150858767),
        (message(f"{TRANSFER}Take", _URI), "a:ActionNotSupported", 2150858771),
        (message(_GET, _URI, "<a/><b/>"), "w:InvalidBody", 2150858791),
        (message(_GET, _URI, extra='<z:New xmlns:z="urn:z" s:mustUnderstand="true"/>'), "", 2150858768),
        (message(_GET, _URI).replace("2003/05/soap-envelope", "2003/05/other"), "w:SchemaValidationError", 2150858819),
    ],
)
def test_what_is_refused(envelope: str, subcode: str, code: int) -> None:
    assert _fault(envelope) == (subcode, code)


@pytest.mark.parametrize(
    "envelope",
    [
        message(_GET, _URI, timeout="PT20S"),
        message(_GET, _URI, timeout="PT1H"),
        message(_GET, _URI, timeout="P1DT2H"),
        message(_GET, _URI, envelope_size=None),
        message(_GET, _URI, envelope_size=67108864),
        message(_GET, _URI, locale=""),
        message(_GET, _URI, message_id="not even a uuid"),
        message(_GET, _URI, extra='<z:New xmlns:z="urn:z" s:mustUnderstand="false"/>'),
        message(_GET, _URI).replace("s:mustUnderstand", "mustUnderstand"),
        re.sub(r"(?<=[</ :])s(?=[:=])", "env", message(_GET, _URI)),
    ],
)
def test_what_is_taken(envelope: str) -> None:
    answer = Desk(OfficeMachine()).send(envelope)
    assert answer.status == 200, answer.body


def test_the_lax_mode_forgives_addressing() -> None:
    envelope = message(_GET, _URI, reply_to="").replace("<a:To>http://office:5985/wsman</a:To>", "")
    assert Desk(OfficeMachine(), strict=False).send(envelope).status == 200


def test_a_header_that_is_not_understood_has_a_code_of_soap() -> None:
    answer = Desk(OfficeMachine()).send(message(_GET, _URI, extra='<z:New xmlns:z="urn:z" s:mustUnderstand="1"/>'))
    assert "<s:Code><s:Value>s:MustUnderstand</s:Value></s:Code>" in answer.body


def test_soap_1_1_is_a_version_mismatch() -> None:
    envelope = message(_GET, _URI).replace("http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope/")
    assert "<s:Value>s:VersionMismatch</s:Value>" in Desk(OfficeMachine()).send(envelope).body


@pytest.mark.fidelity(
    "RelatesTo is the request's MessageID, byte for byte",
    source="recorded traffic of Windows; pypsrp checks it",
    confidence="H",
)
def test_relates_to_is_the_message_id_byte_for_byte() -> None:
    answer = Desk(OfficeMachine()).send(message(_GET, _URI, message_id=" uuid:abc &amp;x "))
    assert "<a:RelatesTo> uuid:abc &amp;x </a:RelatesTo>" in answer.body
    fault = Desk(OfficeMachine()).send(message(_GET, _URI, reply_to=""))
    assert f"<a:RelatesTo>{MESSAGE_ID}</a:RelatesTo>" in fault.body


def test_the_fault_action_follows_the_subcode() -> None:
    desk = Desk(OfficeMachine())
    assert "<a:Action>http://schemas.xmlsoap.org/ws/2004/08/addressing/fault</a:Action>" in desk.send(message(_GET, _URI, reply_to="")).body
    assert "<a:Action>http://schemas.dmtf.org/wbem/wsman/1/wsman/fault</a:Action>" in desk.send(message(_GET, _URI, envelope_size=1)).body
    assert "<a:Action>http://schemas.xmlsoap.org/ws/2004/09/enumeration/fault</a:Action>" in desk.query("SELECT").body
