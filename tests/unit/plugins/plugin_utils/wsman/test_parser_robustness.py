# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever comes over the wire is an answer, a fault, or malformed: no other exception."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.enumeration import read_page
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import Fault, MalformedAnswer, WsManError
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.instance import Instance, decode_instance
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.invocation import read_output
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.message import read_answer
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.service import read_limits
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.wsman.scripted_transport import FIXTURES, envelope

ANSWERS = [path.read_bytes() for path in sorted(FIXTURES.glob("*.xml"))]
_NAMES = [
    *("EnumerationContext", "Items", "EndOfSequence", "Item", "XmlFragment", "Datetime", "Interval", "EndpointReference"),
    *("ReferenceParameters", "ResourceURI", "SelectorSet", "Selector", "Lab_Item", "Name", "Fault", "Code", "Subcode", "Value"),
    *("Detail", "WSManFault", "Message", "ProviderFault", "ExtendedError", "__ExtendedStatus", "StatusCode", "MSFT_WmiError", "error_Code"),
    *("PullResponse", "EnumerateResponse", "Change_OUTPUT", "ReturnValue", "Config", "MaxEnvelopeSizekb", "IdentifyResponse"),
]
_URIS = [
    "",
    "http://www.w3.org/2003/05/soap-envelope",
    "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "http://schemas.xmlsoap.org/ws/2004/09/enumeration",
    "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault",
    "http://schemas.microsoft.com/wbem/wsman/1/config",
    "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Lab_Item",
    "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd",
]
_TEXTS = st.sampled_from(
    ["", " ", "0", "5", "-1", "4294967296", "true", "2024-01-01T00:00:00Z", "P1D", "http://schemas.microsoft.com/wbem/wsman/1/wmi/", "x"]
)
_ATTRIBUTES = st.dictionaries(
    st.sampled_from(
        [
            "Name",
            "Code",
            "Machine",
            "provider",
            "{http://www.w3.org/2001/XMLSchema-instance}nil",
            "{http://www.w3.org/2001/XMLSchema-instance}type",
        ]
    ),
    st.sampled_from(["", "true", "1", "p:X_Type", "_Type", "5", "87", "2150858752", "99999999999"]),
    max_size=2,
)


def _element(tag: str, attributes: dict[str, str], text: str, children: list[ET.Element]) -> ET.Element:
    element = ET.Element(tag, attributes)
    element.text = text
    element.extend(children)
    return element


_TAGS = st.builds(lambda uri, name: f"{{{uri}}}{name}" if uri else name, st.sampled_from(_URIS), st.sampled_from(_NAMES))
_TREES = st.recursive(
    st.builds(_element, _TAGS, _ATTRIBUTES, _TEXTS, st.just([])),
    lambda children: st.builds(_element, _TAGS, _ATTRIBUTES, _TEXTS, st.lists(children, max_size=4)),
    max_leaves=12,
)


def read_everything(data: bytes) -> None:
    """Take the answer for each kind of answer there is, and each property for each type. Every refusal must be a sentence."""
    refusals: list[WsManError] = []
    _read_everything(data, refusals)
    assert all(str(refusal) and repr(refusal) for refusal in refusals)


def _read_everything(data: bytes, refusals: list[WsManError]) -> None:
    try:
        answer = read_answer(data, message_id="@MESSAGE-ID@", subject="Test", max_envelope_size=100000)
    except (Fault, MalformedAnswer) as error:
        refusals.append(error)
        return
    instances: list[Instance] = []
    for read in (
        lambda: instances.extend(read_page(answer, "Test").items),
        lambda: instances.append(read_output(answer.body, "Lab_Item", "Change").outputs),
        lambda: instances.extend([] if answer.body is None else [decode_instance(answer.body)]),
        lambda: read_limits(answer.body),
    ):
        try:
            read()
        except MalformedAnswer as error:
            refusals.append(error)
    for instance in instances:
        for name in instance.names():
            for ask in (
                *(instance.text, instance.texts, instance.integer, instance.integers, instance.boolean, instance.timestamp),
                instance.reference,
            ):
                try:
                    ask(name)
                except MalformedAnswer as error:
                    refusals.append(error)


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    read_everything(data)


@given(st.text(max_size=200), st.sampled_from(["utf-8", "utf-16", "utf-32", "utf-7", "idna", "latin-1", "rot13", "cp037", "x-none"]))
def test_any_text_in_any_encoding(text: str, encoding: str) -> None:
    read_everything(f'<?xml version="1.0" encoding="{encoding}"?><a>{text}</a>'.encode("utf-8", "surrogatepass"))


@given(st.sampled_from(ANSWERS), st.data())
def test_answers_that_were_damaged(answer: bytes, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(answer)))
    length = data.draw(st.integers(0, 40))
    inserted = data.draw(st.binary(max_size=8) | st.sampled_from([b"<", b">", b"&", b"&#0;", b"]]>", b"<!--", b"<![CDATA[", b'" x="']))
    read_everything(answer[:position] + inserted + answer[position + length :])


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_TREES, max_size=3))
def test_envelopes_with_anything_inside(trees: list[ET.Element]) -> None:
    read_everything(envelope("".join(ET.tostring(tree, encoding="unicode") for tree in trees)))
