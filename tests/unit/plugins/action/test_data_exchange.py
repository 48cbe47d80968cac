# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data Exchange of machines: which are chosen, what is changed, and what is told when one of them fails."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import ConnectionDropped, ConnectionFailed, EffectUnknown
from ansible_collections.hyperv.avma.tests.unit.plugins.action.playing import play
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.fake_host import FakeHost, FakeVm

WEB = "6F3C2B6A-0C68-4B5F-9B0E-3E0B6B0C8D11"
SQL = "0F3C2B6A-0C68-4B5F-9B0E-3E0B6B0C8D12"
TWIN = "1F3C2B6A-0C68-4B5F-9B0E-3E0B6B0C8D13"
ENDPOINT = "http://hv01:5985/wsman"
LOST = EffectUnknown("ModifyGuestServiceSettings", ConnectionDropped(ENDPOINT, "closed"))


@pytest.fixture
def host() -> FakeHost:
    return FakeHost(FakeVm(WEB, "web01", enabled=3), FakeVm(SQL, "sql01"), FakeVm(TWIN, "SQL01", state=3, enabled=3))


def changed(result: dict[str, Any]) -> list[str]:
    return [row["id"] for row in result["vms"] if row["changed"]]


def test_all(host: FakeHost) -> None:
    result = play("data_exchange", host, all=True).result
    assert result["changed"] is True
    assert changed(result) == [WEB, TWIN]
    assert [vm.enabled for vm in host.vms] == [2, 2, 2]
    assert host.closed


def test_second_run_changes_nothing(host: FakeHost) -> None:
    play("data_exchange", host, all=True)
    host.calls.clear()
    result = play("data_exchange", host, all=True).result
    assert (result["changed"], host.switched) == (False, [])
    assert all(row["before"] is row["after"] is True for row in result["vms"])


@pytest.mark.parametrize("options", [{"name": ["WEB01"]}, {"name": "web01"}, {"id": [WEB.lower()]}, {"id": "{" + WEB + "}"}])
def test_one_by_name_or_id(host: FakeHost, options: dict[str, Any]) -> None:
    result = play("data_exchange", host, **options).result
    assert changed(result) == [WEB]
    assert len(result["vms"]) == 1


def test_name_and_id_together(host: FakeHost) -> None:
    assert len(play("data_exchange", host, name=["web01"], id=[TWIN]).result["vms"]) == 2


def test_disable(host: FakeHost) -> None:
    result = play("data_exchange", host, id=[SQL], state="disabled").result
    assert changed(result) == [SQL]
    assert (result["vms"][0]["before"], result["vms"][0]["after"], host.vms[1].enabled) == (True, False, 3)


def test_older_host_is_asked_by_its_own_method(host: FakeHost) -> None:
    host.os["BuildNumber"] = "9600"
    play("data_exchange", host, name=["web01"])
    assert host.switched == ["ModifyResourceSettings web01"]


# options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "say which virtual machines"),
        ({"all": False}, "say which virtual machines"),
        ({"name": []}, "say which virtual machines"),
        ({"all": True, "wait": -1}, "wait: -1 is negative"),
        ({"all": True, "name": ["web01"]}, "'all'"),
        ({"all": True, "id": [WEB]}, "'all'"),
    ],
)
def test_choice_that_makes_no_sense_is_refused_before_anything_is_sent(host: FakeHost, options: dict[str, Any], message: str) -> None:
    result = play("data_exchange", host, **options).result
    assert result["failed"] is True
    assert message in result["msg"]
    assert host.calls == []


@pytest.mark.parametrize("options", [{"all": True, "name": [], "id": []}, {"all": False, "name": ["web01"]}])
def test_options_that_a_role_passes_through_are_no_contradiction(host: FakeHost, options: dict[str, Any]) -> None:
    assert play("data_exchange", host, **options).result["changed"] is True


def test_unknown_option_is_refused(host: FakeHost) -> None:
    result = play("data_exchange", host, nmae="web01").result
    assert result["failed"] is True
    assert "there is no such option: nmae. Supported parameters include: all, " in result["msg"]
    assert host.calls == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": ["web01", "wbe01"]}, "no virtual machine wbe01 on this host"),
        ({"id": ["deadbeef"]}, "no virtual machine deadbeef on this host"),
        ({"name": ["sql01"]}, f"2 virtual machines are named sql01: {SQL}, {TWIN}. Choose by 'id'"),
    ],
)
@pytest.mark.parametrize("check", [False, True])
def test_unknown_and_ambiguous_names_change_nothing(host: FakeHost, options: dict[str, Any], message: str, check: bool) -> None:
    result = play("data_exchange", host, check=check, **options).result
    assert result["failed"] is True
    assert message in result["msg"]
    assert host.switched == []
    assert host.closed


# check and diff mode


@pytest.mark.parametrize("options", [{"all": True}, {"name": ["web01"]}, {"all": True, "state": "disabled"}, {"id": [SQL]}])
def test_check_mode_predicts_exactly(host: FakeHost, options: dict[str, Any]) -> None:
    predicted = play("data_exchange", host, check=True, diff=True, **options).result
    assert host.switched == []
    assert play("data_exchange", host, diff=True, **options).result == predicted


def test_diff_names_each_change(host: FakeHost) -> None:
    diff = play("data_exchange", host, diff=True, all=True).result["diff"]
    assert diff["before"] == f"web01 ({WEB}): disabled\nSQL01 ({TWIN}): disabled\n"
    assert diff["after"] == f"web01 ({WEB}): enabled\nSQL01 ({TWIN}): enabled\n"


@pytest.mark.parametrize(("diff", "options"), [(False, {"all": True}), (True, {"id": [SQL]})])
def test_no_diff_unless_asked_for_and_needed(host: FakeHost, diff: bool, options: dict[str, Any]) -> None:
    assert "diff" not in play("data_exchange", host, diff=diff, **options).result


# failures


def test_partial_failure_tells_what_was_changed(host: FakeHost) -> None:
    host.vms[0].on_switch = [32774]
    result = play("data_exchange", host, diff=True, all=True).result
    assert result["failed"] is True
    assert result["changed"] is True
    assert changed(result) == [TWIN]
    web = result["vms"][0]
    assert web["error"].startswith("hv01, virtual machine web01: ")
    assert "system is in use" in web["error"]
    assert (web["before"], web["after"], web["changed"]) == (False, False, False)
    assert web["error"] in result["msg"]
    assert "web01" not in result["diff"]["after"]


def test_host_that_is_lost_on_the_way(host: FakeHost) -> None:
    host.vms[2].on_switch = [ConnectionFailed(ENDPOINT, "connection refused")]
    result = play("data_exchange", host, all=True).result
    assert (result["failed"], result["changed"], changed(result)) == (True, True, [WEB])
    assert "unreachable" not in result
    assert "connection refused" in result["vms"][2]["error"]


def test_lost_answer_and_then_a_lost_host_still_tells_what_was_changed(host: FakeHost) -> None:
    host.vms[2].on_switch = [LOST]
    original = host.invoke

    def then_gone(*arguments: Any, **more: Any) -> Any:
        if host.switched:
            host.failures["Msvm_KvpExchangeComponentSettingData"] = ConnectionFailed(ENDPOINT, "connection refused")
        return original(*arguments, **more)

    host.invoke = then_gone  # type: ignore[method-assign]
    result = play("data_exchange", host, all=True).result
    assert (result["failed"], changed(result)) == (True, [WEB])


@pytest.mark.parametrize("check", [False, True])
def test_machine_without_setting_is_an_error_of_its_own(host: FakeHost, check: bool) -> None:
    host.vms[0].has_setting = False
    result = play("data_exchange", host, check=check, all=True).result
    assert result["failed"] is True
    assert changed(result) == [TWIN]
    assert "no Data Exchange setting" in result["vms"][0]["error"]
    assert result["vms"][0]["before"] is None


def test_host_that_does_not_answer_is_unreachable(host: FakeHost) -> None:
    host.failures["Msvm_ComputerSystem"] = ConnectionFailed(ENDPOINT, "connection refused")
    result = play("data_exchange", host, all=True).result
    assert (result["unreachable"], result["changed"]) == (True, False)
    assert result["error"]["kind"] == "connection_failed"
