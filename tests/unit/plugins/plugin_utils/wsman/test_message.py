# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Envelopes: what is written, and what is taken for an answer."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman import xml_namespaces as ns
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import Fault, MalformedAnswer, UnsendableValue
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.message import (
    ANSWER_SIZE_FACTOR,
    Request,
    read_answer,
    write_identify,
    write_request,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.xml_reader import MAX_DEPTH
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.wsman.scripted_transport import envelope, fixture

MESSAGE = "uuid:55F28C75-F63E-4F68-8360-A8C478003959"


def opened(data: bytes, size: int = 512000) -> object:
    return read_answer(data.replace(b"@MESSAGE-ID@", MESSAGE.encode()), message_id=MESSAGE, subject="Test", max_envelope_size=size)


def test_a_request_has_the_headers_of_windows_own_client() -> None:
    request = Request(
        ns.ACTION_GET, "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service", 512000, selectors={"Name": "a<b & c"}
    )
    written = write_request(request, message_id=MESSAGE, to="http://hv01:5985/wsman", operation_timeout=60, locale="en-US")
    assert written == (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
        'xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" '
        'xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"><s:Header><a:To>http://hv01:5985/wsman</a:To>'
        '<w:ResourceURI s:mustUnderstand="true">http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service</w:ResourceURI>'
        '<a:ReplyTo><a:Address s:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>'
        '<a:Action s:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/09/transfer/Get</a:Action>'
        '<w:MaxEnvelopeSize s:mustUnderstand="true">512000</w:MaxEnvelopeSize>'
        "<a:MessageID>uuid:55F28C75-F63E-4F68-8360-A8C478003959</a:MessageID>"
        '<w:Locale xml:lang="en-US" s:mustUnderstand="false"/><p:DataLocale xml:lang="en-US" s:mustUnderstand="false"/>'
        '<w:SelectorSet><w:Selector Name="Name">a&lt;b &amp; c</w:Selector></w:SelectorSet>'
        "<w:OperationTimeout>PT60.000S</w:OperationTimeout></s:Header><s:Body/></s:Envelope>"
    )


def test_identify_has_no_addressing() -> None:
    assert write_identify() == (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body>'
        '<i:Identify xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"/></s:Body></s:Envelope>'
    )


def test_a_character_that_xml_cannot_hold_is_not_sent() -> None:
    request = Request(ns.ACTION_GET, "urn:x", 512000, selectors={"Name": "web\x0001"})
    with pytest.raises(UnsendableValue) as caught:
        write_request(request, message_id=MESSAGE, to="x", operation_timeout=1, locale="en-US")
    assert str(caught.value) == "The character U+0000 at position 3 cannot be sent in XML"


def test_the_answer_to_another_message_is_refused() -> None:
    with pytest.raises(MalformedAnswer) as caught:
        opened(envelope("<n:PullResponse/>", relates_to="uuid:OTHER"))
    assert str(caught.value) == "Test: the answer belongs to another message (RelatesTo uuid:OTHER)"


def test_an_answer_that_does_not_say_what_it_answers_is_refused() -> None:
    with pytest.raises(MalformedAnswer, match=r"\(RelatesTo missing\)"):
        opened(envelope("<n:PullResponse/>", relates_to=""))


def test_a_fault_may_lack_relates_to() -> None:
    with pytest.raises(Fault):
        opened(fixture("fault_wmi_error_dmtf"))


def test_a_fault_to_another_message_is_refused() -> None:
    data = fixture("fault_win32").replace(b"@MESSAGE-ID@", b"uuid:OTHER")
    with pytest.raises(MalformedAnswer, match="another message"):
        opened(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "Test: not well-formed XML (no element found: line 1, column 0)"),
        (b"<html><body>Login</body></html>", "Test: the answer is not a SOAP 1.2 envelope but <html>"),
        (
            b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"/>',
            "Test: the answer is not a SOAP 1.2 envelope but <Envelope>",
        ),
        (b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"/>', "Test: the envelope has no body"),
        (b'<?xml version="1.0" encoding="utf-3"?><a/>', "Test: not well-formed XML (LookupError)"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "Test: not well-formed XML (DTDForbidden)"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "Test: not well-formed XML (DTDForbidden)"),
    ],
)
def test_what_is_no_answer(data: bytes, message: str) -> None:
    with pytest.raises(MalformedAnswer) as caught:
        opened(data)
    assert str(caught.value) == message


def test_a_nest_of_elements_is_refused() -> None:
    with pytest.raises(MalformedAnswer, match=f"more than {MAX_DEPTH} levels of elements"):
        opened(envelope("<a:b>" * MAX_DEPTH + "</a:b>" * MAX_DEPTH))


def test_too_much_is_refused_before_it_is_parsed() -> None:
    limit = 10000 * ANSWER_SIZE_FACTOR
    assert opened(envelope("<n:X>").replace(b"<n:X>", b"<n:X>" + b"x" * 1000 + b"</n:X>"), 10000)
    with pytest.raises(MalformedAnswer) as caught:
        opened(b"<" * (limit + 1), 10000)
    assert str(caught.value) == f"Test: {limit + 1} bytes are more than the {limit} that can be expected"


def test_utf_8_may_take_more_bytes_than_the_server_counts_in_utf_16() -> None:
    # 8192 bytes as Windows counts them: 4096 characters of two bytes, which are three each in UTF-8
    assert opened(envelope(f"<n:X>{'仮' * 4096}</n:X>"), 8192)


@pytest.mark.parametrize("forbidden", [b"\x01", b"&#1;", b"&#x1F;", b"&#xD800;", b"\xef\xbf\xbf", b"\xed\xa0\x80"])
def test_characters_that_xml_forbids_do_not_make_an_answer_unreadable(forbidden: bytes) -> None:
    answer = read_answer(
        envelope("<n:X>a@b&#38;&#x43;</n:X>", relates_to=MESSAGE).replace(b"@", forbidden),
        message_id=MESSAGE,
        subject="Test",
        max_envelope_size=512000,
    )
    assert answer.body is not None
    assert answer.body.text == "a?b&C"
