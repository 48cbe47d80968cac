# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stale values in a guest's registry: what is chosen, when nothing is removed, and what a lost answer leads to."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import (
    AccessDenied,
    ConnectionDropped,
    ConnectionFailed,
    EffectUnknown,
)
from ansible_collections.hyperv.avma.tests.unit.plugins.action.playing import play
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.fake_guest import FakeGuest, LostAnswer
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.licence_rows import AVMA_DESCRIPTION

ENDPOINT = "http://web01:5985/wsman"
LOST = EffectUnknown("StdRegProv.DeleteValue", ConnectionDropped(ENDPOINT, "closed"))
AVMA = {"Description": AVMA_DESCRIPTION, "ProductKeyChannel": "VT:IA", "LicenseStatus": 1}


@pytest.fixture
def guest() -> FakeGuest:
    """On a KMS client key, with what AVMA has left behind."""
    session = FakeGuest()
    session.guest_values = {
        "DeployedBy": (1, "image 2024-11"),
        "AvmaHost": (1, "HV01"),
        "LastActivation": (1, "2026-11-02"),
        "LicenseFlags": (4, ""),
    }
    return session


def names(result: dict[str, Any]) -> list[str]:
    return list(result["removed"])


def test_listed_and_left_alone(guest: FakeGuest) -> None:
    result = play("guest_kvp", guest).result
    assert (result["changed"], names(result), result["on_avma_key"]) == (False, [], False)
    assert result["pairs"] == [
        {"name": "DeployedBy", "candidate": False, "data": None},
        {"name": "AvmaHost", "candidate": True, "data": "HV01"},
        {"name": "LastActivation", "candidate": True, "data": "2026-11-02"},
        {"name": "LicenseFlags", "candidate": True, "data": None},
    ]
    assert result["candidates"] == ["AvmaHost", "LastActivation", "LicenseFlags"]
    assert "DeleteValue" not in guest.calls


def test_absent_and_a_second_time(guest: FakeGuest) -> None:
    result = play("guest_kvp", guest, state="absent").result
    assert (result["changed"], names(result)) == (True, ["AvmaHost", "LastActivation", "LicenseFlags"])
    assert list(guest.guest_values) == ["DeployedBy"]
    again = play("guest_kvp", guest, state="absent").result
    assert (again["changed"], names(again)) == (False, [])


def test_own_patterns(guest: FakeGuest) -> None:
    assert names(play("guest_kvp", guest, state="absent", patterns=["deployed*"]).result) == ["DeployedBy"]
    assert "AvmaHost" in guest.guest_values


@pytest.mark.parametrize(
    ("licence", "on_avma_key"),
    [(AVMA, True), ({**AVMA, "LicenseStatus": 5}, True), ({"Description": "something new", "ProductKeyChannel": "VT:NEW"}, None)],
)
def test_guest_on_an_avma_key_keeps_them_unless_told(guest: FakeGuest, licence: dict[str, Any], on_avma_key: bool | None) -> None:
    guest.licences = [licence]
    result = play("guest_kvp", guest, state="absent").result
    assert (result["changed"], result["on_avma_key"], [found["code"] for found in result["findings"]]) == (
        False,
        on_avma_key,
        ["GUEST_ON_AVMA_KEY"],
    )
    assert "AvmaHost" in guest.guest_values
    assert play("guest_kvp", guest, state="absent", force=True).result["changed"] is True


def test_nothing_is_said_where_nothing_is_to_be_removed(guest: FakeGuest) -> None:
    guest.licences = [AVMA]
    guest.guest_values = {}
    assert play("guest_kvp", guest, state="absent").result["findings"] == []


def test_guest_without_any_key_has_left_avma(guest: FakeGuest) -> None:
    guest.licences = []
    assert play("guest_kvp", guest, state="absent").result["changed"] is True


def test_check_mode_predicts_exactly(guest: FakeGuest) -> None:
    predicted = play("guest_kvp", guest, check=True, diff=True, state="absent").result
    assert len(guest.guest_values) == 4
    done = play("guest_kvp", guest, diff=True, state="absent").result
    assert predicted.pop("msg") == done.pop("msg").replace("removed", "would remove")
    assert done == predicted
    assert predicted["diff"]["before"] == "AvmaHost: HV01\nLastActivation: 2026-11-02\nLicenseFlags: (no text)\n"


def test_product_key_that_was_left_there_is_not_shown(guest: FakeGuest) -> None:
    key = "QQQQQ-WWWWW-RRRRR-TTTTT-YYYYY"
    guest.guest_values = {"LicenseKey": (1, f"key {key}")}
    result = play("guest_kvp", guest, check=True, diff=True, state="absent").result
    assert "LicenseKey" in result["candidates"]
    assert key not in str(result)


@pytest.mark.parametrize(("patterns", "message"), [(["~("], "not a regular expression"), ([""], "is empty"), ([], "there is none")])
def test_patterns_that_are_none_are_refused_before_anything_is_sent(guest: FakeGuest, patterns: list[str], message: str) -> None:
    result = play("guest_kvp", guest, patterns=patterns).result
    assert result["failed"] is True
    assert message in result["msg"]
    assert guest.calls == []


def test_line_for_people_gives_the_terminal_no_orders(guest: FakeGuest) -> None:
    guest.guest_values = {"Avma\u009b31m": (1, ""), "Licence\u202e": (1, "")}
    guest.on_delete = [2]
    assert play("guest_kvp", guest).result["msg"] == "hv01: left Avma31m, Licence"
    assert play("guest_kvp", guest, check=True, state="absent").result["msg"] == "hv01: would remove Avma31m, Licence"
    # the first one was gone by itself
    assert play("guest_kvp", guest, state="absent").result["msg"] == "hv01: removed Licence; left Avma31m"


# failures


def test_lost_answer_is_looked_after_and_never_called_again(guest: FakeGuest) -> None:
    guest.on_delete = [LostAnswer(LOST, effect=True)]
    result = play("guest_kvp", guest, state="absent").result
    assert "failed" not in result
    assert names(result) == ["AvmaHost", "LastActivation", "LicenseFlags"]
    assert guest.calls.count("DeleteValue") == 3


def test_lost_call_that_came_to_nothing_is_made_once_more(guest: FakeGuest) -> None:
    guest.on_delete = [LostAnswer(LOST, effect=False)]
    result = play("guest_kvp", guest, state="absent").result
    assert ("failed" in result, len(names(result)), guest.calls.count("DeleteValue")) == (False, 3, 4)


def test_call_that_is_lost_twice_is_an_error(guest: FakeGuest) -> None:
    guest.on_delete = [None, LostAnswer(LOST, effect=False), LostAnswer(LOST, effect=False)]
    result = play("guest_kvp", guest, state="absent").result
    assert (result["failed"], result["changed"], names(result)) == (True, True, ["AvmaHost"])
    assert result["error"]["kind"] == "effect_unknown"
    assert guest.calls.count("DeleteValue") == 3


@pytest.mark.parametrize(("answer", "kind"), [(5, "method_failed"), (ConnectionFailed(ENDPOINT, "refused"), "connection_failed")])
def test_what_was_removed_before_a_failure_is_told(guest: FakeGuest, answer: Any, kind: str) -> None:
    guest.on_delete = [None, answer]
    result = play("guest_kvp", guest, state="absent").result
    assert (result["failed"], names(result), result["error"]["kind"]) == (True, ["AvmaHost"], kind)


def test_value_that_somebody_else_has_removed_is_no_failure_and_no_change(guest: FakeGuest) -> None:
    guest.on_delete = [2]
    assert names(play("guest_kvp", guest, state="absent").result) == ["LastActivation", "LicenseFlags"]


def test_guest_that_refuses_fails(guest: FakeGuest) -> None:
    guest.break_before = {"EnumValues": AccessDenied(code=5)}
    assert play("guest_kvp", guest).result["error"]["kind"] == "access_denied"


@pytest.mark.parametrize("state", ["listed", "absent"])
def test_what_ansible_prints_by_itself_shows_no_control_characters(guest: FakeGuest, state: str) -> None:
    """Message and diff; what the pairs hold stays as it is in the result."""
    name, data = "Avma\u202eHost", "a\u2066b"
    guest.guest_values[name] = (1, data)
    result = play("guest_kvp", guest, state=state, patterns=["Avma*"], diff=True, check=True).result
    printed = repr([result["msg"], result.get("diff")]).encode("ascii", "backslashreplace").decode()
    assert [one for one in ("202e", "2066") if one in printed] == []
    assert {"name": name, "candidate": True, "data": data} in result["pairs"]
