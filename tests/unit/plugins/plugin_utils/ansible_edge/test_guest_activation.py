# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The use case of guest_key against a guest that answers from its state: outcome, change, reason, and nothing that is secret."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.action import Task
from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.failure import Failure
from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.guest_activation import GuestActivation, deferred_result
from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.meant_vm import MeantVm
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.guest_plan import KeyWish
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.host_view import host_view
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.tables import PUBLISHED
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.licensing import LicensingRefused
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import ConnectionDropped, ConnectionFailed, EffectUnknown
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.fake_guest import MAK_DESCRIPTION, FakeGuest, LostAnswer
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.licence_rows import AVMA_DESCRIPTION

ENDPOINT = "http://web01:5985/wsman"
USER_KEY = "22222-33333-44444-55555-66666"
AVMA_KEY = "YDFWN-MJ9JR-3DYRK-FXXRW-78VHK"
HOST_NOT_ACTIVATED = 0xC004FD02
THROTTLED = 0xC004FD00
INSTALLED = {"Description": AVMA_DESCRIPTION, "ProductKeyChannel": "VT:IA", "PartialProductKey": "78VHK", "ID": "avma-id"}
MAK = {"Description": MAK_DESCRIPTION, "ProductKeyChannel": "Volume:MAK", "PartialProductKey": "MMMMM", "LicenseStatus": 1}

Result = dict[str, Any]


@pytest.fixture
def guest() -> FakeGuest:
    return FakeGuest()


def activate(
    guest: FakeGuest,
    wish: KeyWish | None = None,
    *,
    host: Result | None = None,
    hosts: list[Result] | None = None,
    check: bool = False,
    diff: bool = True,
    wait: int = 30,
    said: list[str] | None = None,
) -> Result:
    lines = said if said is not None else []
    task = Task({}, check, diff, "web01", {}, lines.append)
    view = host_view(host, PUBLISHED) if host else None
    return GuestActivation(task, guest, wish or KeyWish(), view, hosts or [], PUBLISHED, wait=wait).run()


def host_result(name: str = "HV01", fqdn: str | None = "hv01.corp.example", *, ready: bool | None = True, release: str = "2022") -> Result:
    findings = [] if ready else [{"code": "HOST_NOT_ACTIVATED", "severity": "error", "object": name, "cause": "x", "remedy": "y"}]
    return {
        "host": {
            "name": name,
            "fqdn": fqdn,
            "os": {"release": release, "build": 20348, "sku": 8},
            "avma": {"ready": ready, "can_activate": [release]},
        },
        "findings": findings,
    }


# outcomes

Arrange = Callable[[FakeGuest], None]


def already(guest: FakeGuest) -> None:
    guest.licences = [{**INSTALLED, "LicenseStatus": 1}]


def keyed(guest: FakeGuest) -> None:
    guest.licences = [dict(INSTALLED)]


def mak(guest: FakeGuest) -> None:
    guest.licences = [dict(MAK)]


def host_refuses(guest: FakeGuest) -> None:
    guest.on_activate = [HOST_NOT_ACTIVATED]


def busy_host(guest: FakeGuest) -> None:
    guest.on_activate = [THROTTLED] * 50


def never_licensed(guest: FakeGuest) -> None:
    guest.licensed_after = None


def key_refused(guest: FakeGuest) -> None:
    guest.on_install = [LicensingRefused("SoftwareLicensingService.InstallProductKey", 0xC004F069)]


def evaluation(guest: FakeGuest) -> None:
    guest.os["OperatingSystemSKU"] = 79


def no_hyperv(guest: FakeGuest) -> None:
    guest.computer.update(Manufacturer="VMware, Inc.", Model="VMware7,1")


def two_products(guest: FakeGuest) -> None:
    guest.licences = [{**INSTALLED}, {"PartialProductKey": "AAAAA", "LicenseStatus": 0, "ID": "other"}]


def nothing(guest: FakeGuest) -> None:
    pass


OUTCOMES: list[tuple[Arrange, KeyWish, str, bool, list[str]]] = [
    (nothing, KeyWish(), "activated", True, ["install_key", "activate"]),
    (nothing, KeyWish(activate=False), "keyed", True, ["install_key"]),
    (already, KeyWish(), "already_activated", False, []),
    (keyed, KeyWish(), "activated", True, ["activate"]),
    (keyed, KeyWish(activate=False), "keyed", False, []),
    (two_products, KeyWish(), "activated", True, ["activate"]),
    (mak, KeyWish(), "kept", False, []),
    (mak, KeyWish(replace_licensed=True), "activated", True, ["install_key", "activate"]),
    (host_refuses, KeyWish(), "failed", True, ["install_key"]),
    (busy_host, KeyWish(), "deferred", True, ["install_key"]),
    (never_licensed, KeyWish(), "failed", True, ["install_key"]),
    (key_refused, KeyWish(), "failed", False, []),
    (evaluation, KeyWish(), "refused", False, []),
    (no_hyperv, KeyWish(), "refused", False, []),
    (nothing, KeyWish(key="VDYBN-27WPP-V4HQT-9VMD4-VMK7H"), "refused", False, []),
]
IDS = [f"{arrange.__name__}-{outcome}" for arrange, _wish, outcome, _changed, _done in OUTCOMES]


@pytest.mark.parametrize(("arrange", "wish", "outcome", "changed", "done"), OUTCOMES, ids=IDS)
def test_outcome(guest: FakeGuest, arrange: Arrange, wish: KeyWish, outcome: str, changed: bool, done: list[str]) -> None:
    arrange(guest)
    result = activate(guest, wish)
    assert (result["outcome"], result["changed"]) == (outcome, changed)
    assert [step["kind"] for step in result["steps"] if step["done"]] == done
    assert result["activated"] is (outcome in ("activated", "already_activated"))
    assert result["reason"]
    assert ("diff" in result) is changed
    assert ("msg" in result) is (outcome in ("failed", "refused", "kept", "deferred"))


@pytest.mark.parametrize(("arrange", "wish", "outcome", "changed", "done"), OUTCOMES, ids=IDS)
def test_check_mode_calls_no_method_and_predicts_success(
    guest: FakeGuest, arrange: Arrange, wish: KeyWish, outcome: str, changed: bool, done: list[str]
) -> None:
    arrange(guest)
    predicted = activate(guest, wish, check=True)
    assert guest.methods == []
    assert predicted["after"] == predicted["before"]
    if outcome in ("already_activated", "keyed", "kept", "refused", "activated"):
        # where Windows refuses nothing, the prediction is what a run then does
        assert predicted["outcome"] == outcome
        really = activate(guest, wish)
        assert predicted["changed"] is really["changed"]
        assert predicted.get("diff") == really.get("diff")
        assert [step["kind"] for step in predicted["steps"]] == [step["kind"] for step in really["steps"]]


@pytest.mark.parametrize("wish", [KeyWish(), KeyWish(activate=False), KeyWish(key=USER_KEY)])
def test_second_run_changes_nothing(guest: FakeGuest, wish: KeyWish) -> None:
    assert activate(guest, wish)["changed"] is True
    guest.calls.clear()
    assert activate(guest, wish)["changed"] is False
    assert guest.methods == []


# requests


def test_at_most_three_requests_where_nothing_is_to_be_done(guest: FakeGuest) -> None:
    already(guest)
    activate(guest)
    assert guest.calls == ["Win32_OperatingSystem", "SoftwareLicensingProduct", "GetStringValue"]


@pytest.mark.parametrize("fqdn", [True, False])
def test_at_most_fourteen_requests_to_install_and_activate(guest: FakeGuest, fqdn: bool) -> None:
    """And one more where neither the task nor the guest's registry names the host in full."""
    if not fqdn:
        del guest.registry["PhysicalHostNameFullyQualified"]
    assert activate(guest)["outcome"] == "activated"
    assert len(guest.calls) == (13 if fqdn else 14)


def test_the_chassis_is_asked_only_where_the_host_is_not_known(guest: FakeGuest) -> None:
    assert activate(guest, hosts=[host_result()])["outcome"] == "activated"
    assert "Win32_SystemEnclosure" not in guest.calls
    assert len(guest.calls) == 12


# what is said


AZURE_TAG = "7783-7084-3265-9085-8269-3286-77"
INVALID_PLATFORM = 0xC004FD01


@pytest.mark.parametrize(
    ("state", "code", "found", "words"),
    [
        ({}, INVALID_PLATFORM, [], "Activate the machine by KMS or MAK"),
        ({"device_problems": []}, INVALID_PLATFORM, ["ACTIVATION_DEVICE_MISSING"], "updates of Windows"),
        ({"device_problems": [28]}, INVALID_PLATFORM, ["ACTIVATION_DEVICE_FAILED"], "updates of Windows"),
        (
            {"data_exchange": {"StartMode": "Disabled", "State": "Stopped"}},
            INVALID_PLATFORM,
            ["DATA_EXCHANGE_SERVICE_DISABLED"],
            "Set-Service",
        ),
        ({"device_problems": []}, None, ["ACTIVATION_DEVICE_MISSING"], "updates of Windows"),
        ({"device_problems": []}, 0xC004FD03, [], "Move the guest"),
        # a host that answers is reached
        (
            {"device_problems": [], "data_exchange": {"StartMode": "Disabled"}},
            HOST_NOT_ACTIVATED,
            [],
            "Activate host hv01, then run again.",
        ),
    ],
)
def test_a_refusal_is_explained_by_what_the_guest_lacks(
    guest: FakeGuest, state: Result, code: int | None, found: list[str], words: str
) -> None:
    for name, value in state.items():
        setattr(guest, name, value)
    if code is None:
        guest.licensed_after = None
    else:
        guest.on_activate = [code]
    result = activate(guest)
    refusal = "ACTIVATION_TIMED_OUT" if code is None else "ACTIVATION_FAILED"
    assert [one["code"] for one in result["findings"]] == [*found, refusal]
    assert words in result["msg"]
    assert result["outcome"] == "failed"


def test_what_cannot_be_asked_after_a_refusal_does_not_hide_it(guest: FakeGuest) -> None:
    guest.on_activate = [INVALID_PLATFORM]
    guest.break_before["Win32_PnPEntity"] = ConnectionDropped("http://web01:5985/wsman", "gone")
    result = activate(guest)
    assert result["error"]["code"] == "0xC004FD01"
    assert [one["code"] for one in result["findings"]] == ["ACTIVATION_FAILED"]


@pytest.mark.parametrize(("sku", "outcome"), [(406, "activated"), (8, "refused")])
def test_azure_edition_is_tried_where_one_of_the_hosts_may_be_entitled(guest: FakeGuest, sku: int, outcome: str) -> None:
    guest.os["OperatingSystemSKU"] = 407
    host = host_result(ready=None)
    host["host"]["os"]["sku"] = sku
    result = activate(guest, hosts=[host])
    assert result["outcome"] == outcome
    assert guest.methods == (
        ["InstallProductKey", "RefreshLicenseStatus", "Activate", "RefreshLicenseStatus"] if outcome == "activated" else []
    )


def test_in_azure_nothing_is_changed_unasked(guest: FakeGuest) -> None:
    guest.asset_tag = AZURE_TAG
    result = activate(guest)
    assert (result["outcome"], result["changed"], guest.methods) == ("refused", False, [])
    assert "azkms.core.windows.net:1688" in result["msg"]
    # Azure Stack Hub looks the same
    stated = activate(guest, KeyWish(key=AVMA_KEY))
    assert stated["outcome"] == "activated"
    assert [one["code"] for one in stated["findings"]] == ["GUEST_IN_AZURE"]


def test_what_was_said_before_is_not_said_again(guest: FakeGuest) -> None:
    guest.asset_tag = AZURE_TAG
    guest.on_activate = [INVALID_PLATFORM]
    result = activate(guest, KeyWish(key=AVMA_KEY))
    assert [one["code"] for one in result["findings"]] == ["GUEST_IN_AZURE", "ACTIVATION_FAILED"]
    assert "azkms.core.windows.net:1688" in result["msg"]


@pytest.mark.parametrize(
    ("host_finding", "found", "words"),
    [
        ("HOST_IS_AZURE_LOCAL", "AZURE_LOCAL_NOT_ENTITLED", "Sync-AzureStackHCI"),
        ("HOST_IN_AZURE", "HOST_IN_AZURE", "azkms.core.windows.net"),
    ],
)
def test_a_refusal_is_explained_by_what_the_host_is(guest: FakeGuest, host_finding: str, found: str, words: str) -> None:
    guest.on_activate = [HOST_NOT_ACTIVATED]
    host = host_result(ready=None)
    host["findings"] = [{"code": host_finding, "severity": "warning", "object": "HV01", "cause": "x", "remedy": "y"}]
    result = activate(guest, host=host)
    assert [one["code"] for one in result["findings"]] == ["HOST_READINESS_UNKNOWN", found, "ACTIVATION_FAILED"]
    assert words in result["msg"]


def test_refusal_of_the_host_names_object_cause_and_remedy(guest: FakeGuest) -> None:
    host_refuses(guest)
    result = activate(guest)
    assert result["error"] == {"kind": "licensing_refused", "code": "0xC004FD02", "symbol": "SL_E_IA_PARENT_PARTITION_NOT_ACTIVATED"}
    assert result["msg"].startswith("web01: ")
    assert "0xC004FD02 SL_E_IA_PARENT_PARTITION_NOT_ACTIVATED: host hv01 is not activated" in result["msg"]
    assert "Activate host hv01, then run again." in result["msg"]
    assert result["findings"][-1]["code"] == "ACTIVATION_FAILED"
    assert result["key_installed"] is True


def test_failure_without_a_refusal_says_what_the_licence_is(guest: FakeGuest) -> None:
    never_licensed(guest)
    result = activate(guest)
    assert result["findings"][-1]["code"] == "ACTIVATION_TIMED_OUT"
    assert "error" not in result


def test_activation_that_runs_out_of_time_changes_nothing(guest: FakeGuest) -> None:
    keyed(guest)
    never_licensed(guest)
    result = activate(guest)
    assert (result["outcome"], result["changed"]) == ("failed", False)
    assert "diff" not in result


def test_minutes_that_pass_are_no_change(guest: FakeGuest) -> None:
    guest.licences = [{**INSTALLED, "LicenseStatus": 2, "GracePeriodRemaining": 100}]
    guest.on_activate = [HOST_NOT_ACTIVATED]
    original = guest._record

    def tick(call: str) -> None:
        original(call)
        guest.licences[0]["GracePeriodRemaining"] = 99

    guest._record = tick  # type: ignore[method-assign]
    result = activate(guest)
    assert (result["outcome"], result["changed"]) == ("failed", False)


def test_licence_that_changes_without_a_step_is_a_change(guest: FakeGuest) -> None:
    keyed(guest)
    guest.on_activate = [HOST_NOT_ACTIVATED]
    original = guest._record

    def into_notification(call: str) -> None:
        original(call)
        if call == "Activate":
            guest.licences[0]["LicenseStatus"] = 5

    guest._record = into_notification  # type: ignore[method-assign]
    result = activate(guest)
    assert (result["outcome"], result["changed"]) == ("failed", True)
    assert (result["before"]["status"], result["after"]["status"]) == ("unlicensed", "notification")


@pytest.mark.parametrize("wish", [KeyWish(), KeyWish(activate=False)])
def test_kms_settings_that_are_left_are_told_and_not_touched(guest: FakeGuest, wish: KeyWish) -> None:
    guest.kms = {"KeyManagementServiceMachine": "kms01.corp.example", "KeyManagementServicePort": 1688}
    result = activate(guest, wish)
    assert [found["code"] for found in result["findings"]] == ["KMS_SETTINGS_LEFT"]
    assert len(guest.calls) <= 13
    assert {call for call in guest.calls if "Clear" in call} == set()


def test_diff_tells_channel_and_ending(guest: FakeGuest) -> None:
    diff = activate(guest)["diff"]
    assert diff["before"] != diff["after"]
    assert "channel: kms_client\n" in diff["before"]
    assert "channel: avma\n" in diff["after"]


def test_no_diff_without_diff_mode(guest: FakeGuest) -> None:
    assert "diff" not in activate(guest, diff=False)


# secrets


LOST = EffectUnknown("SoftwareLicensingService.InstallProductKey", ConnectionDropped(ENDPOINT, "closed"))


@pytest.mark.parametrize(
    "trouble",
    [
        None,
        LicensingRefused("SoftwareLicensingService.InstallProductKey", 0xC004F050),
        0xC004F069,
        ConnectionFailed(ENDPOINT, "connection refused"),
        LOST,
    ],
    ids=["none", "refused", "return value", "connection", "lost"],
)
@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("channel", ["VT:IA", "Volume:MAK"])
def test_key_of_the_user_appears_nowhere(guest: FakeGuest, trouble: object, check: bool, channel: str) -> None:
    guest.installed_channel = {"Description": "", "ProductKeyChannel": channel}
    guest.on_install = [] if trouble is None else [trouble] * 5
    wish = KeyWish(key=USER_KEY)
    said: list[str] = []
    result = activate(guest, wish, check=check, said=said)
    shown = json.dumps(result) + "\n".join(said) + repr(wish) + repr(result)
    assert USER_KEY not in shown
    assert USER_KEY[:-6] not in shown
    assert result["key"] == "*****-*****-*****-*****-66666"


def test_published_key_is_shown_whole(guest: FakeGuest) -> None:
    assert activate(guest)["key"] == AVMA_KEY


# the connection is lost on the way


@pytest.mark.parametrize("call", ["RefreshLicenseStatus", "Activate"])
def test_connection_lost_after_the_installation(guest: FakeGuest, call: str) -> None:
    guest.break_before = {call: ConnectionFailed(ENDPOINT, "connection refused")}
    result = activate(guest)
    assert (result["outcome"], result["changed"]) == ("failed", True)
    assert [step["done"] for step in result["steps"]] == [True, False]
    assert "connection refused" in result["reason"]
    assert result["msg"].startswith("web01: ")
    assert result["error"]["kind"] == "connection_failed"
    assert "unreachable" not in result
    assert "KEY_INSTALL_FAILED" not in [found["code"] for found in result["findings"]]


def test_answer_and_connection_lost_with_the_installation(guest: FakeGuest) -> None:
    guest.on_install = [LostAnswer(LOST, effect=True)] * 3
    carried_out = guest._carry_out

    def then_gone(method: str, arguments: Any) -> None:
        carried_out(method, arguments)
        guest.break_before = {"SoftwareLicensingProduct": ConnectionFailed(ENDPOINT, "connection refused")}

    guest._carry_out = then_gone  # type: ignore[method-assign]
    result = activate(guest)
    assert result["outcome"] == "failed"
    assert result["error"]["kind"] == "effect_unknown"
    assert "may or may not have been made" in result["reason"]


# the host


def test_host_that_is_not_ready_refuses_beforehand(guest: FakeGuest) -> None:
    result = activate(guest, host=host_result(ready=False))
    assert (result["outcome"], guest.methods) == ("refused", [])
    assert result["findings"][0]["code"] == "HOST_NOT_READY"


BAD, GOOD = {"ready": False}, {"ready": True}


@pytest.mark.parametrize(
    ("fqdn", "short", "hosts", "refused"),
    [
        ("hv01.corp.example", "HV01", [host_result(**BAD)], True),
        ("HV01.CORP.EXAMPLE", "HV01", [host_result("HV02", "hv02.corp.example"), host_result(**BAD)], True),
        (None, "HV01", [host_result(**BAD)], True),
        (None, "hv01", [host_result(fqdn=None, **BAD)], True),
        # one short name in two domains: the full name decides
        ("hv01.b.example", "HV01", [host_result(fqdn="hv01.a.example"), host_result(fqdn="hv01.b.example", **BAD)], True),
        ("hv01.a.example", "HV01", [host_result(fqdn="hv01.a.example"), host_result(fqdn="hv01.b.example", **BAD)], False),
        # and without it nothing is assumed
        (None, "HV01", [host_result(fqdn="hv01.a.example", **BAD), host_result(fqdn="hv01.b.example")], False),
        # DNS knows the host by another suffix than its domain's
        ("hv01.other.example", "HV01", [host_result(**BAD)], True),
        # longer than a NetBIOS name
        ("hypervisor-rack12-01.corp.example", None, [host_result("HYPERVISOR-RACK", "hypervisor-rack12-01.corp.example", **BAD)], True),
        ("hv09.corp.example", "HV09", [host_result(**BAD)], False),
        (None, None, [host_result(**BAD)], False),
        # the same host in two results
        (None, "HV01", [host_result(**BAD), host_result(**BAD)], True),
        # what is not a result of host_info is passed over
        ("hv01.corp.example", "HV01", [{}, {"failed": True, "msg": "x"}, {"host": None}, {"host": "hv01"}, host_result(**BAD)], True),
    ],
)
def test_host_among_several(guest: FakeGuest, fqdn: str | None, short: str | None, hosts: list[Result], refused: bool) -> None:
    names = {"PhysicalHostNameFullyQualified": fqdn, "PhysicalHostName": short}
    guest.registry = {name: value for name, value in names.items() if value}
    assert activate(guest, hosts=hosts)["outcome"] == ("refused" if refused else "activated")


@pytest.mark.parametrize(
    ("name", "hosts", "found"),
    [
        ("hv01.corp.example", [], True),
        ("HV01", [host_result("HV02", "hv02.corp.example")], True),
        ("hv01.other.example", [], True),
        ("hv09.corp.example", [], False),
        # a name in the inventory that is an address says nothing
        ("10.0.0.1", [], False),
        # in the inventory twice, and asked by one name
        ("hv01-alias", [host_result()], False),
    ],
)
def test_host_that_could_not_be_asked_is_found_by_its_name(guest: FakeGuest, name: str, hosts: list[Result], found: bool) -> None:
    guest.registry = {"PhysicalHostNameFullyQualified": "hv01.corp.example", "PhysicalHostName": "HV01"}
    unjudged = {"unjudged": name, "reason": "it does not answer"}
    result = activate(guest, hosts=[unjudged, *hosts])
    assert result["outcome"] == "activated"
    assert [one["code"] for one in result["findings"]] == (["HOST_NOT_JUDGED"] if found else [])


@pytest.mark.parametrize(
    ("hosts", "outcome"),
    [
        ([], "deferred"),
        ([host_result("HV02", "hv02.corp.example")], "deferred"),
        ([{"unjudged": "hv01"}], "deferred"),
        ([host_result(ready=None)], "deferred"),
        ([host_result(ready=False)], "refused"),
        ([host_result()], "activated"),
    ],
)
@pytest.mark.parametrize("check", [True, False])
def test_nothing_is_changed_where_the_host_must_be_known_to_be_ready(
    guest: FakeGuest, hosts: list[Result], outcome: str, check: bool
) -> None:
    result = activate(guest, KeyWish(require_ready=True), hosts=hosts, check=check)
    assert (result["outcome"], result["changed"]) == (outcome, outcome == "activated")
    assert bool(guest.methods) is (outcome == "activated" and not check)
    if outcome == "deferred":
        assert result["msg"].startswith("web01: ")
        assert result["findings"][-1]["remedy"] in result["msg"]


def test_guest_that_does_not_answer() -> None:
    result = deferred_result("web01", Failure(msg="web01: no answer. Start it.", kind="connect_timed_out", unreachable=True))
    assert (result["outcome"], result["changed"]) == ("deferred", False)
    assert [found["code"] for found in result["findings"]] == ["GUEST_UNREACHABLE"]
    assert "unreachable" not in result


# who answers

WEB, EVIL = "00000001-2222-4333-8444-555555555555", "00000003-2222-4333-8444-555555555555"


def meant(guest: FakeGuest, variables: Result, *, check: bool = True, direct: str | None = None) -> Result:
    task = Task({}, False, False, "web01", {}, lambda _line: None)
    judge = MeantVm("web01", variables, check=check, render=lambda value: value, direct=direct)
    return GuestActivation(task, guest, KeyWish(), None, [], PUBLISHED, wait=30, meant=judge).run()


def survey(*vms: tuple[str, str]) -> Result:
    shown = {"host_vms": {"vms": [{"id": identifier, "name": name} for identifier, name in vms]}}
    return {"groups": {"hyperv_hosts": ["hv01"], "all": ["hv01", "web01"]}, "hostvars": {"hv01": shown}}


@pytest.mark.parametrize(
    ("own", "variables", "direct", "refused"),
    [
        (EVIL, {"avma_vm_id": WEB}, None, True),
        ("{" + WEB.lower() + "}", {"avma_vm_id": WEB}, None, False),
        ("", {"avma_vm_id": WEB}, None, False),
        (EVIL, {}, None, False),
        (EVIL, {}, WEB, True),
        (EVIL, survey((WEB, "web01"), (EVIL, "evil01")), None, True),
        (EVIL, survey((WEB, "web01")), None, True),
        (EVIL, survey((WEB, "web01.other"), (EVIL, "x")), None, True),
        (EVIL, survey((WEB, "web01.other")), None, False),
        (EVIL, survey((WEB, "web01"), (EVIL, "WEB01")), None, False),
        (EVIL, {**survey((WEB, "web01"), (EVIL, "prod")), "avma_vm_name": "prod"}, None, False),
    ],
)
def test_another_machine_than_the_one_that_is_meant_is_left_as_it_is(
    guest: FakeGuest, own: str, variables: Result, direct: str | None, refused: bool
) -> None:
    guest.registry["VirtualMachineId"] = own
    result = meant(guest, variables, direct=direct)
    assert (result["outcome"] == "refused") is refused
    assert (guest.methods == []) is refused
    if refused:
        assert result["findings"][0]["code"] == "GUEST_IS_OTHER_VM"
        assert (result["changed"], result["activated"], result["after"], result["guest"]["placement"]["vm_id"]) == (
            False,
            False,
            None,
            EVIL,
        )


def test_the_operator_may_call_the_id_out_of_date(guest: FakeGuest) -> None:
    guest.registry["VirtualMachineId"] = EVIL
    result = meant(guest, {"avma_vm_id": WEB}, check=False)
    assert (result["outcome"], result["findings"][-1]["code"]) == ("activated", "GUEST_VM_ID_STALE")
