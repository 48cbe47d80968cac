# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that are late, damaged or refused, as clients see them. With NTLM over HTTP all of it happens inside the encryption."""

from __future__ import annotations

import time
import xml.etree.ElementTree as ET

import pytest
from pypsrp.exceptions import WinRMTransportError as PypsrpTransportError
from winrm.exceptions import WinRMTransportError, WSManFaultError

from hyperv_lab.chaos.refusals import FaultName

from .live_lab import LiveLab
from .requests_of_wmi import MESSAGE_ID, context_of, fault_code, first, pull, query, whole_class

OS = query("SELECT * FROM Win32_OperatingSystem")
_CODES: dict[FaultName, int] = {
    "too_many_operations": 2150859174,
    "too_many_shells": 2150859173,
    "user_load": 2150859175,
    "system_load": 2150859176,
    "plugin_operations": 2150859239,
    "user_operations": 2150859240,
    "offline": 2150858772,
    "wmi_busy": 0x80041045,
    "wmi_shutting_down": 0x80041033,
    "internal_error": 1359,
}


def test_latency_waits_at_least_its_seconds_and_at_most_the_jitter_more(live: LiveLab) -> None:
    connection = live.connect("hv01")
    connection.send(OS)
    live.begin("latency", seconds=0.2, jitter=0.1)
    began = time.monotonic()
    connection.send(OS)
    took = time.monotonic() - began
    assert took >= 0.2
    waited = float(first(r"([0-9.]+) s before", live.injections[0].detail))
    assert 0.2 <= waited <= 0.3


def test_half_an_envelope_arrives_whole_as_http_and_as_encryption_see_it(live: LiveLab) -> None:
    session = live.pywinrm("hv01")
    whole = session.send_message(OS).decode()
    live.begin("truncate", share=0.25)
    part = session.send_message(OS).decode()
    assert len(part) == pytest.approx(len(whole) / 4, abs=100)
    with pytest.raises(ET.ParseError):
        ET.fromstring(part)


def test_malformed_envelopes_decrypt_but_do_not_parse(live: LiveLab) -> None:
    session = live.pywinrm("hv01")
    live.begin("malformed")
    for _unused in range(20):
        with pytest.raises(ET.ParseError):
            ET.fromstring(session.send_message(OS))
    assert len({found.detail for found in live.injections}) == 4, "each kind of damage should have come within 20 answers"


def test_an_answer_to_another_message_is_otherwise_whole(live: LiveLab) -> None:
    session = live.pywinrm("hv01")
    live.begin("wrong_relates_to")
    answer = session.send_message(OS).decode()
    ET.fromstring(answer)
    assert first(r"<a:RelatesTo>([^<]+)<", answer) != MESSAGE_ID
    assert "<p:Win32_OperatingSystem " in answer


def test_a_damaged_page_is_gone_for_good(live: LiveLab) -> None:
    """The request is carried out: a page that cannot be read cannot be pulled again."""
    connection = live.connect("hv01")
    context = context_of(connection.ask(whole_class("http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service")))
    live.begin("truncate", when={"action": "Pull"}, count={"first": 1})
    connection.ask(pull(context))
    assert fault_code(connection.ask(pull(context))) == 2150858779


@pytest.mark.parametrize(("fault", "code"), _CODES.items())
def test_refusals_have_windows_codes(live: LiveLab, fault: FaultName, code: int) -> None:
    live.begin("fault", fault=fault)
    status, body, _headers = live.connect("hv01").send(OS)
    assert status == 500
    assert fault_code(body) == code
    assert first(r"<a:RelatesTo>([^<]+)<", body) == MESSAGE_ID


def test_pywinrm_reads_a_quota_fault_inside_the_encryption(live: LiveLab) -> None:
    session = live.pywinrm("hv01")
    session.send_message(OS)
    live.begin("fault", fault="too_many_operations", count={"first": 1})
    with pytest.raises((WSManFaultError, WinRMTransportError)) as caught:
        session.send_message(OS)
    assert "2150859174" in str(vars(caught.value))
    assert b"Win32_OperatingSystem" in session.send_message(OS), "the session goes on"


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_timeout_waits_and_says_so(live: LiveLab, moment: str) -> None:
    connection = live.connect("hv01")
    context = context_of(connection.ask(whole_class("http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service")))
    live.begin("timeout", moment=moment, seconds=0.3, count={"first": 1})
    began = time.monotonic()
    assert fault_code(connection.ask(pull(context))) == 2150858793
    assert time.monotonic() - began >= 0.3
    again = connection.ask(pull(context))
    assert ("PullResponse" in again) == (moment == "before"), "the page was handed out in spite of the timeout, or was not"


def test_503_comes_from_http_sys_and_is_not_encrypted(live: LiveLab) -> None:
    live.begin("unavailable")
    status, body, headers = live.connect("hv01").send(OS)
    assert status == 503
    assert headers["content-type"].startswith("text/html")
    assert "Service Unavailable" in body
    with pytest.raises(WinRMTransportError) as caught:
        live.pywinrm("hv01").send_message(OS)
    assert caught.value.code == 503


def test_pypsrp_sees_the_same(live: LiveLab) -> None:
    session = live.pypsrp("hv01")
    session.transport.send(OS.encode())
    live.begin("unavailable", count={"first": 1})
    with pytest.raises(PypsrpTransportError) as caught:
        session.transport.send(OS.encode())
    assert caught.value.code == 503
    live.begin("malformed")
    with pytest.raises(ET.ParseError):
        ET.fromstring(live.pypsrp("hv01").transport.send(OS.encode()))
