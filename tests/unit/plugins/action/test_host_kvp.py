# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Items from a host: what is called, what is not called twice, and what is told when a call fails or its answer is lost."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import (
    AccessDenied,
    ConnectionDropped,
    ConnectionFailed,
    DeadlineExceeded,
    EffectUnknown,
)
from ansible_collections.hyperv.avma.tests.unit.plugins.action.playing import play
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.fake_host import FakeHost, FakeVm

WEB = "6F3C2B6A-0C68-4B5F-9B0E-3E0B6B0C8D11"
SQL = "0F3C2B6A-0C68-4B5F-9B0E-3E0B6B0C8D12"
TWIN = "1F3C2B6A-0C68-4B5F-9B0E-3E0B6B0C8D13"
ENDPOINT = "http://hv01:5985/wsman"
LOST = EffectUnknown("AddKvpItems", ConnectionDropped(ENDPOINT, "closed"))
GONE = ConnectionFailed(ENDPOINT, "connection refused")


@pytest.fixture
def host() -> FakeHost:
    return FakeHost(
        FakeVm(WEB, "web01", host_items={"Owner": "web", "Old": "1"}),
        FakeVm(SQL, "sql01", state=3, host_items={"Owner": "sql", "AvmaHost": "hv09", "avma_key": "x"}),
        FakeVm(TWIN, "SQL01"),
    )


def kinds(result: dict[str, Any], vm: int = 0) -> list[tuple[str, str]]:
    return [(change["kind"], change["name"]) for change in result["vms"][vm]["changes"]]


def test_only_what_differs_is_sent_one_call_for_each_method(host: FakeHost) -> None:
    result = play("host_kvp", host, name="web01", items={"Owner": "new", "A": "1", "B": 2}).result
    assert kinds(result) == [("modify", "Owner"), ("add", "A"), ("add", "B")]
    assert host.written == ["ModifyKvpItems web01 Owner", "AddKvpItems web01 A B"]
    assert host.vms[0].host_items == {"Owner": "new", "Old": "1", "A": "1", "B": "2"} == result["vms"][0]["host_items"]
    assert host.closed


def test_second_run_changes_nothing(host: FakeHost) -> None:
    play("host_kvp", host, name="web01", items={"Owner": "new", "a": "1"})
    host.calls.clear()
    result = play("host_kvp", host, name="web01", items={"Owner": "new", "A": "1"}).result
    assert (result["changed"], kinds(result), host.written) == (False, [], [])


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ({"names": ["OWNER", "missing"]}, {"AvmaHost", "avma_key"}),
        ({"patterns": ["avma*"]}, {"Owner"}),
        ({"patterns": ["~^avma_"], "names": ["Owner"]}, {"AvmaHost"}),
        ({"names": ["missing"]}, {"Owner", "AvmaHost", "avma_key"}),
    ],
)
def test_absent(host: FakeHost, options: dict[str, Any], left: set[str]) -> None:
    result = play("host_kvp", host, id=SQL, state="absent", **options).result
    assert set(host.vms[1].host_items) == left == set(result["vms"][0]["host_items"])
    assert result["changed"] is (len(left) < 3)
    assert play("host_kvp", host, id=SQL, state="absent", **options).result["changed"] is False


def test_all_machines(host: FakeHost) -> None:
    result = play("host_kvp", host, all=True, state="absent", patterns=["*"]).result
    assert [row["changed"] for row in result["vms"]] == [True, True, False]
    assert [vm.host_items for vm in host.vms] == [{}, {}, {}]


@pytest.mark.parametrize(
    "options",
    [
        {"name": "web01", "items": {"Owner": "x", "New": "y"}},
        {"all": True, "items": {"Owner": "web"}},
        {"all": True, "state": "absent", "names": ["Owner"]},
    ],
)
def test_check_mode_predicts_exactly(host: FakeHost, options: dict[str, Any]) -> None:
    predicted = play("host_kvp", host, check=True, diff=True, **options).result
    assert host.written == []
    done = play("host_kvp", host, diff=True, **options).result
    assert predicted.pop("msg") == done.pop("msg").replace("hv01: ", "hv01: would change ", 1)
    assert done == predicted
    assert predicted["changed"] is True


def test_diff_names_machine_item_and_values(host: FakeHost) -> None:
    diff = play("host_kvp", host, diff=True, name="web01", items={"Owner": "new", "A": "1"}).result["diff"]
    assert diff["before"] == f"web01 ({WEB}): Owner: web\n"
    assert diff["after"] == f"web01 ({WEB}): Owner: new\nweb01 ({WEB}): A: 1\n"


def test_many_items_go_in_several_calls(host: FakeHost) -> None:
    play("host_kvp", host, name="web01", items={f"n{number:03}": "v" for number in range(40)})
    assert [len(call.split()) - 2 for call in host.written] == [16, 16, 8]


# options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"items": {"a": "1"}}, "say which virtual machines"),
        ({"name": "web01"}, "say which items: 'items'"),
        ({"name": "web01", "items": {}}, "say which items: 'items'"),
        ({"name": "web01", "all": True, "items": {"a": "1"}}, "'all' excludes"),
        ({"name": "web01", "state": "absent"}, "say which items to remove"),
        ({"name": "web01", "state": "absent", "items": {"a": "1"}}, "'items' says what to write"),
        ({"name": "web01", "items": {"a": "1"}, "patterns": ["a*"]}, "need 'state: absent'"),
        ({"name": "web01", "items": {"a": ["list"]}}, "the value of 'a' is not a text"),
        ({"name": "web01", "items": {"a": True}}, "the value of 'a' is not a text"),
        ({"name": "web01", "items": {"a": "1", "A": "2"}}, "given twice"),
        ({"name": "web01", "items": {"a": "v" * 1024}}, "the limit is 1023"),
        ({"name": "web01", "state": "absent", "patterns": ["~("]}, "not a regular expression"),
        ({"name": "web01", "items": {"a": "1"}, "wait": -1}, "wait: -1 is negative"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_sent(host: FakeHost, options: dict[str, Any], message: str) -> None:
    result = play("host_kvp", host, **options).result
    assert result["failed"] is True
    assert message in result["msg"]
    assert host.calls == []


def test_ambiguous_name_is_refused(host: FakeHost) -> None:
    assert "2 virtual machines are named sql01" in play("host_kvp", host, name="sql01", items={"a": "1"}).result["msg"]
    assert host.written == []


# failures


def test_too_many_items_are_an_error_of_that_machine_alone(host: FakeHost) -> None:
    host.vms[0].host_items = {f"n{number}": "" for number in range(128)}
    result = play("host_kvp", host, all=True, items={"new": "1"}).result
    assert result["failed"] is True
    assert "hv01, virtual machine web01: there would be 129 items" in result["msg"]
    assert [row["changed"] for row in result["vms"]] == [False, True, True]


def test_refusal_of_one_machine_does_not_stop_the_others(host: FakeHost) -> None:
    host.vms[0].on_items = [32774]
    result = play("host_kvp", host, all=True, items={"new": "1"}).result
    assert (result["failed"], result["changed"]) == (True, True)
    assert [row["changed"] for row in result["vms"]] == [False, True, True]
    assert "system is in use" in result["vms"][0]["error"]
    assert result["vms"][0]["host_items"] == {"Owner": "web", "Old": "1"}


def test_lost_answer_is_looked_after_and_never_called_again(host: FakeHost) -> None:
    def took_effect(given: dict[str, str]) -> None:
        host.vms[0].host_items.update(given)
        raise LOST

    host.vms[0].on_items = [took_effect]
    result = play("host_kvp", host, name="web01", items={"new": "1"}).result
    assert "failed" not in result
    assert kinds(result) == [("add", "new")]
    assert len(host.written) == 1


def test_lost_call_that_came_to_nothing_is_made_once_more(host: FakeHost) -> None:
    host.vms[0].on_items = [LOST]
    result = play("host_kvp", host, name="web01", items={"new": "1"}).result
    assert (result["changed"], "failed" in result) == (True, False)
    assert len(host.written) == 2


def test_call_that_is_lost_twice_is_an_error_that_says_so(host: FakeHost) -> None:
    host.vms[0].on_items = [LOST, LOST]
    result = play("host_kvp", host, name="web01", items={"new": "1"}).result
    assert (result["failed"], result["changed"]) == (True, False)
    assert "whether the call took effect is not known" in result["msg"]
    assert len(host.written) == 2


def test_nothing_is_called_again_where_it_cannot_be_looked(host: FakeHost) -> None:
    def then_blind(_given: dict[str, str]) -> None:
        host.failures["Msvm_KvpExchangeComponentSettingData"] = GONE
        raise LOST

    host.vms[0].on_items = [then_blind]
    result = play("host_kvp", host, name="web01", items={"new": "1"}).result
    assert (result["failed"], result["changed"], len(host.written)) == (True, False, 1)


def test_job_that_still_runs_is_not_asked_for_again(host: FakeHost) -> None:
    host.vms[0].on_items = [DeadlineExceeded("the job still runs after 60 seconds")]
    result = play("host_kvp", host, name="web01", items={"new": "1"}).result
    assert (result["failed"], len(host.written)) == (True, 1)
    assert "'wait'" in result["msg"]


def test_part_of_a_call_that_took_effect_is_told(host: FakeHost) -> None:
    def half(given: dict[str, str]) -> int:
        name = next(iter(given))
        host.vms[0].host_items[name] = given[name]
        return 32768

    host.vms[0].on_items = [half]
    result = play("host_kvp", host, name="web01", items={"a": "1", "b": "2"}).result
    assert (result["failed"], kinds(result)) == (True, [("add", "a")])
    assert result["vms"][0]["host_items"] == {"Owner": "web", "Old": "1", "a": "1"}


def test_host_that_is_lost_on_the_way_is_not_asked_again(host: FakeHost) -> None:
    host.vms[1].on_items = [GONE]
    result = play("host_kvp", host, all=True, items={"new": "1"}).result
    assert (result["failed"], [row["changed"] for row in result["vms"]]) == (True, [True, False, False])
    assert "connection refused" in result["vms"][2]["error"]
    assert len(host.written) == 2
    assert "unreachable" not in result


def test_machine_without_setting_is_an_error_of_its_own(host: FakeHost) -> None:
    host.vms[0].has_setting = False
    result = play("host_kvp", host, all=True, items={"new": "1"}).result
    assert [row["changed"] for row in result["vms"]] == [False, True, True]
    assert "no Data Exchange setting" in result["vms"][0]["error"]
    assert result["vms"][0]["host_items"] is None


def test_host_that_refuses_fails(host: FakeHost) -> None:
    host.failures["Msvm_ComputerSystem"] = AccessDenied(code=5)
    result = play("host_kvp", host, all=True, items={"new": "1"}).result
    assert (result["failed"], result["error"]["kind"]) == (True, "access_denied")
