# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events are decoded in every shape that is plausible, and whatever else comes never raises."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.event_text import EventText, Notification, decode, fields_of
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.events import LogEvent, LogOrigin, event_result

VM = "6E8A1C3D-0B2F-4A5E-9C77-1D2E3F405162"
IAID = "0A1B2C3D-4E5F-4061-8273-8495A6B7C8D9"
SKU = "8C8F0AD3-9A43-4E05-B840-93B8D1475CBC"
FIELDS = ["0xC004FD02", "web01.tenant.example", VM.lower(), IAID.lower(), SKU.lower(), "2026/11/2 04:12", "10080"]
SHAPES = {
    "one string": ([",".join(FIELDS)], "Info:\r\n" + ",".join(FIELDS)),
    "one string with blanks": ([", ".join(FIELDS)], None),
    "separate strings": (FIELDS, "Info:\r\n" + "\r\n".join(FIELDS)),
    "reversed": (FIELDS[::-1], None),
    "message only": ([], "Automatic virtual machine activation. Info:\r\n" + ", ".join(FIELDS)),
    "message in Japanese": ([], "仮想マシンの自動ライセンス認証。情報:\r\n" + ", ".join(FIELDS)),
    "message in Russian": ([], "Автоматическая активация виртуальной машины. Сведения:\n" + ",".join(FIELDS)),
    "GUIDs in braces": ([*FIELDS[:2], "{" + VM + "}", "{" + IAID + "}", "{" + SKU + "}", *FIELDS[5:]], None),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_the_same(shape: str) -> None:
    strings, message = SHAPES[shape]
    text = decode(strings, message)
    assert text.codes == (0xC004FD02,)
    assert set(text.guids) == {VM, IAID, SKU}
    assert text.names == ("web01.tenant.example",)
    assert text.times == ("2026-11-02T04:12:00",)
    assert (text.notification, text.inferred, text.code) == (Notification.INVALID_HOST, True, 0xC004FD02)


@pytest.mark.parametrize(
    ("code", "notification"),
    [
        ("0x00000000", Notification.SUCCESS),
        ("0xC004FD00", Notification.THROTTLED),
        ("0xC004FD01", Notification.INVALID_HOST),
        ("0xc004fd02", Notification.INVALID_HOST),
        ("0xC004FD03", Notification.ACTIVATION_DENIED),
        ("0xC004FD04", Notification.ACTIVATION_DENIED),
        ("0xC004F074", Notification.INVALID_DATA),
        ("0xFFFFFFFFC004FD03", Notification.ACTIVATION_DENIED),
        ("3221552387", Notification.ACTIVATION_DENIED),
        ("-1073414909", Notification.ACTIVATION_DENIED),
        ("0x4004F00C", Notification.UNKNOWN),
    ],
)
def test_codes_among_other_values_are_mapped_and_marked_inferred(code: str, notification: Notification) -> None:
    text = decode([f"{code},hv01"], None)
    assert text.notification is notification
    assert text.inferred is (notification is not Notification.UNKNOWN)


@pytest.mark.parametrize(
    ("result", "code", "notification"),
    [
        ("0x00000000", 0, Notification.SUCCESS),
        ("0xC004FD01", 0xC004FD01, Notification.INVALID_HOST),
        (" 0xc004fd03\r\n", 0xC004FD03, Notification.ACTIVATION_DENIED),
        ("hr=0xC004F074", 0xC004F074, Notification.INVALID_DATA),
        ("0x4004F00C", 0x4004F00C, Notification.UNKNOWN),
    ],
)
@pytest.mark.parametrize("detail", [None, "", VM, "0xC004FD00", "0x00000000, Success", "Activation Denied"])
def test_the_first_of_two_strings_decides_alone(result: str, code: int, notification: Notification, detail: str | None) -> None:
    strings = [result] if detail is None else [result, detail]
    text = decode(strings, None)
    assert (text.code, text.notification, text.inferred) == (code, notification, False)
    assert text.guids == ((VM,) if detail == VM else ())


def test_a_result_in_the_second_string_is_concluded_only() -> None:
    text = decode([VM, "0xC004FD03"], None)
    assert (text.notification, text.inferred) == (Notification.ACTIVATION_DENIED, True)


def test_a_failure_beside_a_zero_is_a_failure() -> None:
    assert decode(["0x00000000, 0xC004FD03, hv01"], None).notification is Notification.ACTIVATION_DENIED
    assert decode(["0xC004F06C, 0x00000000, hv01"], None).code == 0xC004F06C


def test_windows_own_words_are_not_inferred() -> None:
    text = decode(["web01"], "Activation Denied\r\nweb01")
    assert (text.notification, text.inferred) == (Notification.ACTIVATION_DENIED, False)


def test_words_that_agree_with_the_code_confirm_it() -> None:
    assert decode(["0xC004FD02,web01"], "Invalid Host. 0xC004FD02,web01").inferred is False


def test_the_code_wins_over_words_that_disagree() -> None:
    text = decode(["0xC004FD03,web01"], "Success or failure of activation: 0xC004FD03,web01")
    assert (text.notification, text.inferred) == (Notification.ACTIVATION_DENIED, True)


def test_a_machine_that_is_called_success_proves_nothing() -> None:
    text = decode(["web01", "Success"], "Automatic activation of web01: Success")
    assert text.notification is Notification.UNKNOWN
    assert decode([], "web01, Success").inferred is True  # nothing shows whose word it is


def test_names_are_whole_fields_with_a_letter() -> None:
    text = decode(["hv01:1688", "10.0.0.1", "host: node-2.corp.example.", "not a name", "büro-pc", "12345", "-x"], None)
    assert text.names == ("hv01", "node-2.corp.example", "büro-pc")


def test_guids_that_name_no_machine_are_left_out() -> None:
    text = decode(
        ["00000000-0000-0000-0000-000000000000", "55c92734-d682-4d71-983e-d6ec3f16059f", "3375baf4-9e15-4b30-b765-67acb10d607b", VM], None
    )
    assert text.guids == (VM,)


def test_times_that_are_none_are_left_out() -> None:
    text = decode(["2026/13/40 25:61", "2026/11/2 4:05", "2026-11-02T04:12:09Z"], None)
    assert text.times == ("2026-11-02T04:05:00", "2026-11-02T04:12:09Z")


def test_an_empty_event_says_nothing() -> None:
    assert decode([], None) == EventText()
    assert decode(["", ""], "").notification is Notification.UNKNOWN


def test_fields_lose_labels_and_separators() -> None:
    assert fields_of(["Name: web01, a;b", "web01"]) == ("web01", "a", "b")


_TEXT = st.text(st.characters(), max_size=200) | st.sampled_from(
    [*FIELDS, "0x", "0xC004FD0", "----", "{}", "9999999999", "2026/02/30 10:00", "\ud800"]
)


@given(st.lists(_TEXT, max_size=100), st.none() | _TEXT)
def test_it_never_raises(strings: list[str], message: str | None) -> None:
    text = decode(strings, message)
    assert all(0 <= code <= 0xFFFFFFFF for code in text.codes)
    assert len(set(text.guids)) == len(text.guids) <= 64
    assert text.inferred is False or text.notification is not Notification.UNKNOWN


@given(st.permutations(FIELDS))
def test_order_does_not_matter(fields: list[str]) -> None:
    text = decode([",".join(fields)], None)
    assert (text.code, set(text.guids), text.names) == (0xC004FD02, {VM, IAID, SKU}, ("web01.tenant.example",))


def test_hostile_length_costs_little() -> None:
    text = decode(["a-" * 5_000_000, "0xC004FD02"], "0x" * 5_000_000)
    assert text.code == 0xC004FD02


@pytest.mark.parametrize(
    "piece", ["a,", "a.", "a-", "1", " ", "0x", "0xC004FD00,", VM + ",", "2026/11/02 04:12:09,", "AAAAA-BBBBB-", "a: b"]
)
def test_a_hostile_event_costs_no_more_than_a_good_one(piece: str) -> None:
    strings = tuple((f"{number:02}" + piece * 16384)[:16384] for number in range(100))
    event = LogEvent(1, datetime(2026, 11, 2, tzinfo=UTC), 12310, "hv01", None, strings, "Success " + "x".join(strings))
    begun = time.process_time()
    event_result(event, LogOrigin("hv01", "Application", None))
    assert time.process_time() - begun < 0.05
