# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from hyperv_lab.wsman.interceptor import Exchange
from hyperv_lab.wsman.recorder import Recorder, mask

from .messages import ADMINISTRATOR, ENUMERATION, OFFICE, TRANSFER, Desk, enumerate_body, message
from .office_machine import OfficeMachine


def _exchange(desk: Desk, envelope: str) -> Exchange:
    received = desk.service.receive(envelope.encode())
    return Exchange(
        "OFFICE01",
        "127.0.0.1",
        ADMINISTRATOR.name,
        received,
        envelope.encode(),
        lambda fault: desk.service.fault(received, fault, "office"),
    )


def _record(recorder: Recorder, envelope: str) -> None:
    desk = Desk(OfficeMachine())
    exchange = _exchange(desk, envelope)
    asyncio.run(recorder.after(exchange, desk.service.answer(exchange.received, ADMINISTRATOR, "office")))


def test_counts_by_machine_and_action() -> None:
    recorder = Recorder()
    enumerate_desks = message(f"{ENUMERATION}Enumerate", f"{OFFICE}Office_Desk", enumerate_body())
    _record(recorder, enumerate_desks)
    _record(recorder, enumerate_desks)
    _record(recorder, message(f"{OFFICE}Office_Desk/Break", f"{OFFICE}Office_Desk", selectors={"Name": "d1"}))
    _record(recorder, message(f"{TRANSFER}Create", "http://schemas.microsoft.com/powershell/Microsoft.PowerShell"))
    recorder.authentication_leg("OFFICE01")
    counts = recorder.counts("OFFICE01")
    assert counts.requests == {"Enumerate": 2, "Office_Desk.Break": 1, "Shell": 1}
    assert counts.faults == {0xC004FD02: 1, 2150858811: 1}
    assert counts.authentication_legs == 1
    assert counts.shells_refused == 1
    assert counts.bytes_in > len(enumerate_desks) * 2
    assert counts.bytes_out > 0
    assert (recorder.total(), recorder.total("Enumerate")) == (4, 2)
    assert (
        recorder.messages[-1]
        .describe()
        .endswith(f"/Microsoft.PowerShell 500 fault 2150858811 {len(recorder.messages[-1].answer)} characters")
    )
    recorder.reset()
    assert recorder.total() == 0
    assert not recorder.messages


def test_only_the_last_messages_are_kept() -> None:
    recorder = Recorder(keep=2)
    for number in range(4):
        _record(recorder, message(f"{TRANSFER}Get", f"{OFFICE}Office_Building", message_id=f"uuid:{number}"))
    assert [kept.request.count("uuid:3") for kept in recorder.messages] == [0, 1]
    assert recorder.total() == 4


def test_keys_and_passwords_do_not_stay() -> None:
    recorder = Recorder()
    body = "<p:Lock_INPUT><p:Code>ABCDE-12345-FGHIJ-67890-KLMNO</p:Code><p:Password>geheim</p:Password></p:Lock_INPUT>"
    _record(recorder, message(f"{OFFICE}Office_Building/Lock", f"{OFFICE}Office_Building", body))
    text = repr(recorder.messages)
    assert "ABCDE" not in text
    assert "geheim" not in text
    assert "XXXXX-XXXXX-XXXXX-XXXXX-KLMNO" in text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("<a:UserPassword x='1'>p</a:UserPassword>", "<a:UserPassword x='1'>***</a:UserPassword>"),
        ("key abcde-12345-FGHIJ-67890-klmno.", "key XXXXX-XXXXX-XXXXX-XXXXX-klmno."),
        ("A1B2C3D4-E5F6-7890-ABCD-EF0123456789", "A1B2C3D4-E5F6-7890-ABCD-EF0123456789"),
    ],
)
def test_mask(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_a_request_that_cannot_be_read_is_counted_too() -> None:
    recorder = Recorder()
    _record(recorder, "<broken")
    assert recorder.counts("OFFICE01").requests == {"(unreadable)": 1}
    assert replace(recorder.messages[0], at=recorder.messages[0].at).status == 500


def test_answers_are_masked_for_whoever_reads_them() -> None:
    recorder = Recorder()
    _record(recorder, message(f"{OFFICE}Office_Building/Lock", f"{OFFICE}Office_Building", "<x/>"))
    (recorded,) = recorder.messages
    assert recorded.answer == mask(recorded.unmasked_answer)
    assert recorded.unmasked_answer not in repr(recorded)
