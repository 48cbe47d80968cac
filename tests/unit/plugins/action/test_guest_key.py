# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options and failures of guest_key; what it does to a guest is tested with its use case."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import (
    AccessDenied,
    AuthenticationFailed,
    CertificateNotTrusted,
    ConnectionFailed,
    ConnectTimedOut,
    ReadTimedOut,
    WsManError,
)
from ansible_collections.hyperv.avma.tests.unit.plugins.action.playing import Played, play
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.fake_guest import FakeGuest
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.wire import fault

ENDPOINT = "http://web01:5985/wsman"
USER_KEY = "22222-33333-44444-55555-66666"
NO_ANSWER = [ConnectTimedOut(ENDPOINT, "no answer"), ConnectionFailed(ENDPOINT, "refused"), ReadTimedOut(ENDPOINT, "no answer")]
ANSWERED = [AuthenticationFailed(ENDPOINT), CertificateNotTrusted(ENDPOINT, "self-signed")]


def run(guest: FakeGuest | None = None, **options: Any) -> Played:
    return play("guest_key", guest or FakeGuest(), machine="web01", **options)


def silent(error: WsManError) -> FakeGuest:
    guest = FakeGuest()
    guest.break_before = {"Win32_OperatingSystem": error}
    return guest


def test_installs_and_activates() -> None:
    played = run()
    assert played.result["outcome"] == "activated"
    assert "failed" not in played.result
    assert played.printed == ["web01: key ending in 78VHK is installed", "web01: activated"]


# the key


@pytest.mark.parametrize("key", ["22222-33333-44444-55555", "22222-33333-44444-55555-6666!", "22222333334444455555666660"])
def test_malformed_key_is_refused_before_anything_is_sent_and_never_shown(key: str) -> None:
    guest = FakeGuest()
    played = run(guest, key=key)
    assert played.result["failed"] is True
    assert played.opened == 0
    assert guest.calls == []
    assert key not in repr(played.result)


@pytest.mark.parametrize("key", [USER_KEY, f"  {USER_KEY.lower()} "])
def test_key_of_the_user_is_used_and_never_shown(key: str) -> None:
    guest = FakeGuest()
    played = run(guest, key=key, diff=True)
    assert guest.keys_seen == [USER_KEY]
    assert USER_KEY not in repr(played.result)
    assert USER_KEY not in "".join(played.printed)
    assert played.result["key"] == "*****-*****-*****-*****-66666"


@pytest.mark.parametrize("echo", [USER_KEY, USER_KEY.lower()])
@pytest.mark.parametrize("code", [0x80041001, 0xC004F050])
def test_key_that_windows_repeats_is_cut_out(echo: str, code: int) -> None:
    guest = FakeGuest()
    guest.on_install = [fault(code=code, provider_text=f"The key {echo} is not valid.")]
    played = run(guest, key=echo)
    assert played.result["outcome"] == "failed"
    assert echo not in repr(played.result)


def test_published_key_may_be_shown() -> None:
    assert run(key="YDFWN-MJ9JR-3DYRK-FXXRW-78VHK").result["key"] == "YDFWN-MJ9JR-3DYRK-FXXRW-78VHK"


def test_empty_key_is_none() -> None:
    assert run(key="").result["outcome"] == "activated"


TABLES = {
    "releases": [{"name": 9999, "build": 900100}],
    "avma_keys": [{"release": 9999, "edition": "Standard", "key": USER_KEY.lower()}],
}


def test_key_of_the_tables_is_used_and_never_shown() -> None:
    guest = FakeGuest()
    guest.os["BuildNumber"] = "900100"
    played = run(guest, tables=TABLES, diff=True)
    assert (played.result["outcome"], guest.keys_seen) == ("activated", [USER_KEY])
    assert (played.result["key"], played.result["identity"]["release"]) == ("*****-*****-*****-*****-66666", "9999")
    assert played.result["guest"]["os"]["release"] == "9999"
    assert USER_KEY not in repr(played.result).upper()


def test_a_host_of_an_added_release_is_understood() -> None:
    guest = FakeGuest()
    guest.os["BuildNumber"] = "900100"
    older = {"host": {"name": "HV01", "os": {"build": 26100, "sku": 8}, "avma": {"ready": True}}}
    played = run(guest, tables=TABLES, hosts=[older])
    assert (played.result["outcome"], played.result["findings"][0]["code"]) == ("refused", "GUEST_NEWER_THAN_HOST")
    same = {"host": {"name": "HV01", "os": {"build": 900100, "sku": 8}, "avma": {"ready": True}}}
    assert run(guest, tables=TABLES, hosts=[same]).result["outcome"] == "activated"


@pytest.mark.parametrize("module", ["guest_key", "guest_info", "host_info", "kvp_info"])
def test_tables_that_contradict_the_published_ones_are_refused_before_anything_is_sent(module: str) -> None:
    played = play(module, FakeGuest(), tables={"avma_keys": [{"release": "2022", "edition": "Standard", "key": USER_KEY}]})
    assert played.result["failed"] is True
    assert f"hyperv.avma.{module}: tables: avma_keys[0] (2022 Standard): the AVMA key of this release" in played.result["msg"]
    assert USER_KEY not in repr(played.result)
    assert played.opened == 0


# other options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"wait": -1}, "wait: -1 is negative"),
        ({"host": {}}, "host: the value is not a result of hyperv.avma.host_info"),
        ({"host": {"failed": True, "msg": "x"}}, "failed or was skipped"),
        ({"host": {"host": {"name": "HV01", "avma": {"ready": "perhaps"}}}}, "'host.avma.ready'"),
    ],
)
def test_option_that_makes_no_sense_is_refused_before_anything_is_sent(options: dict[str, Any], message: str) -> None:
    played = run(**options)
    assert played.result["failed"] is True
    assert message in played.result["msg"]
    assert played.opened == 0


NOT_READY = {"host": {"name": "HV01", "avma": {"ready": False}}, "findings": []}


@pytest.mark.parametrize("value", [[NOT_READY], ("of no use", NOT_READY), "{{ elsewhere }}"])
def test_hosts_are_read_from_a_variable(value: Any) -> None:
    guest = FakeGuest()
    guest.registry = {"PhysicalHostName": "HV01"}
    rendered = {"{{ elsewhere }}": [NOT_READY]}
    templar = SimpleNamespace(template=rendered.__getitem__)
    played = run(guest, hosts_variable="found", variables={"found": value}, templar=templar)
    assert (played.result["outcome"], guest.methods) == ("refused", [])


@pytest.mark.parametrize("variables", [{}, {"found": None}, {"found": {}}])
def test_variable_without_hosts_is_refused_before_anything_is_sent(variables: dict[str, Any]) -> None:
    played = run(hosts_variable="found", variables=variables)
    assert played.result["failed"] is True
    assert "hosts_variable: the variable 'found' holds no list" in played.result["msg"]
    assert played.opened == 0


@pytest.mark.parametrize(
    "options",
    [{"host": {}, "hosts": []}, {"hosts": [], "hosts_variable": "found"}, {"fail_on": ["sometimes"]}, {"wait": "long"}, {"retries": 3}],
)
def test_option_that_ansible_refuses(options: dict[str, Any]) -> None:
    guest = FakeGuest()
    assert run(guest, **options).result["failed"] is True
    assert guest.calls == []


@pytest.mark.parametrize(
    ("fail_on", "failed"),
    [(None, True), (["refused"], True), (["failed"], False), ([], False), (["kept", "refused"], True)],
)
def test_outcomes_that_fail_the_task(fail_on: list[str] | None, failed: bool) -> None:
    guest = FakeGuest()
    guest.os["OperatingSystemSKU"] = 79
    result = run(guest, **({} if fail_on is None else {"fail_on": fail_on})).result
    assert result["outcome"] == "refused"
    assert result.get("failed", False) is failed


@pytest.mark.parametrize(("fail_on", "failed"), [(["failed"], True), ([], False), (["deferred"], False)])
def test_guest_that_refuses_to_be_asked_is_an_outcome_too(fail_on: list[str], failed: bool) -> None:
    result = run(silent(AccessDenied(code=5)), fail_on=fail_on).result
    assert (result["outcome"], result["changed"]) == ("failed", False)
    assert result.get("failed", False) is failed
    assert result["error"]["kind"] == "access_denied"
    assert result["reason"].startswith("web01: ")
    assert result["findings"] == []


@pytest.mark.parametrize("outcome", ["activated", "already_activated"])
def test_success_may_be_made_a_failure(outcome: str) -> None:
    guest = FakeGuest()
    if outcome == "already_activated":
        run(guest)
    assert run(guest, fail_on=[outcome]).result["failed"] is True


# a guest that does not answer


@pytest.mark.parametrize("error", NO_ANSWER + ANSWERED, ids=lambda error: type(error).__name__)
def test_unreachable_guest(error: WsManError) -> None:
    result = run(silent(error)).result
    assert (result["unreachable"], result["outcome"], result["changed"]) == (True, "failed", False)
    assert "failed" not in result


@pytest.mark.parametrize("error", NO_ANSWER, ids=lambda error: type(error).__name__)
def test_guest_without_an_answer_may_be_deferred(error: WsManError) -> None:
    result = run(silent(error), defer_unreachable=True).result
    assert (result["outcome"], result["changed"]) == ("deferred", False)
    assert "unreachable" not in result
    assert "failed" not in result


@pytest.mark.parametrize("error", ANSWERED, ids=lambda error: type(error).__name__)
def test_guest_that_refuses_the_logon_is_not_deferred(error: WsManError) -> None:
    assert run(silent(error), defer_unreachable=True).result["unreachable"] is True


def test_deferred_guest_may_fail_the_task() -> None:
    assert run(silent(NO_ANSWER[0]), defer_unreachable=True, fail_on=["deferred"]).result["failed"] is True


def test_connection_lost_after_a_change_is_never_deferred() -> None:
    guest = FakeGuest()
    guest.break_before = {"Activate": NO_ANSWER[0]}
    result = run(guest, defer_unreachable=True).result
    assert (result["outcome"], result["changed"], result["failed"]) == ("failed", True, True)


def test_query_keeps_the_outcome() -> None:
    result = run(query="after.channel").result
    assert result == {"changed": True, "outcome": "activated", "result": "avma"}
