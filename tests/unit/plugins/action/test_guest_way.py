# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which way a task takes to its guest, and what becomes of the task where there is none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure

from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible import owning_host
from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.connection import UnsupportedConnection
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.direct import PROSPECTS
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.finding_types import FINDINGS
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.command import CommandLost, CommandOutput
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import (
    AccessDenied,
    AuthenticationFailed,
    CertificateNotTrusted,
    ConnectionDropped,
    ConnectionFailed,
    ConnectTimedOut,
    ReadTimedOut,
    WsManError,
)
from ansible_collections.hyperv.avma.tests.unit.plugins.action.playing import Played, play
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.fake_direct_host import VM_ID, FakeDirectHost
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.fake_guest import FakeGuest

ENDPOINT = "http://web01:5985/wsman"
PASSWORD = "Geheim-4711"
DIRECT = {"via": "direct", "vm": "web01", "guest_user": "Administrator", "guest_password": PASSWORD}
NO_ANSWER = (ConnectTimedOut(ENDPOINT, "no answer"), ConnectionFailed(ENDPOINT, "refused"), ReadTimedOut(ENDPOINT, "no answer"))
OFF, SAVED = 3, 6


class Site:
    """Hosts by their names in the inventory; an exception stands for one that cannot be reached. ``asked`` has the variables of each that was."""

    def __init__(self, **hosts: FakeDirectHost | Exception) -> None:
        self.hosts = hosts
        self.asked: list[str] = []
        self.build: dict[str, int] = {}
        self.listed = [{"id": VM_ID, "name": "web01", "state": "running"}]
        self.clustered = True

    def variables(self) -> dict[str, Any]:
        hostvars = {
            name: {
                "inventory_hostname": name,
                "ansible_connection": "winrm",
                "host_result": {
                    "host": {
                        "name": name,
                        "os": {"build": self.build.get(name, 20348)},
                        "cluster": {"name": "clu01"} if self.clustered else None,
                    }
                },
                "host_vms": {"vms": self.listed if number == 0 else []},
            }
            for number, name in enumerate(self.hosts)
        }
        return {"groups": {"hyperv_hosts": [*hostvars], "all": [*hostvars]}, "hostvars": hostvars}

    def connection_of(self, name: str, _variables: dict[str, Any], **_options: Any) -> str:
        return name

    def open_session(self, name: str) -> FakeDirectHost:
        self.asked.append(name)
        found = self.hosts[name]
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    site = Site(hv01=FakeDirectHost(FakeGuest()))
    monkeypatch.setattr(owning_host, "connection_of", site.connection_of)
    monkeypatch.setattr(owning_host, "open_session", site.open_session)
    return site


def silent(error: WsManError) -> FakeGuest:
    guest = FakeGuest()
    guest.break_before = {"Win32_OperatingSystem": error}
    return guest


def auto(site: Site, guest: FakeGuest | None = None, module: str = "guest_key", **options: Any) -> Played:
    given = {"via": "auto", "guest_user": "Administrator", "guest_password": PASSWORD, **options}
    return play(module, guest or silent(NO_ANSWER[0]), machine="web01", variables=site.variables(), **given)


def codes(result: dict[str, Any]) -> list[str]:
    return [found["code"] for found in result["findings"]]


def direct_host(site: Site, name: str = "hv01") -> FakeDirectHost:
    found = site.hosts[name]
    assert isinstance(found, FakeDirectHost)
    return found


# winrm


def test_by_default_the_guest_itself_is_asked() -> None:
    result = play("guest_key", FakeGuest(), machine="web01").result
    assert (result["outcome"], result["via"]) == ("activated", "winrm")
    assert "vm" not in result


# direct


@pytest.mark.parametrize("missing", ["vm", "guest_user", "guest_password"])
def test_direct_needs_machine_and_account(missing: str) -> None:
    played = play("guest_key", FakeDirectHost(FakeGuest()), **{name: value for name, value in DIRECT.items() if name != missing})
    assert played.result["failed"]
    assert missing in played.result["msg"]
    assert played.opened == 0


class Templar:
    def template(self, text: str) -> str:
        return text.replace("{{ vault }}", PASSWORD)


def test_direct_in_a_delegated_task_takes_what_is_not_said_from_the_guest() -> None:
    host = FakeDirectHost(FakeGuest())
    own = {"ansible_user": r".\Administrator", "ansible_password": "{{ vault }}"}
    result = play("guest_key", host, via="direct", machine="web01", delegate_to="hv01", variables=own, templar=Templar(), vm=None).result
    assert (result["outcome"], result["vm"]["host"]) == ("activated", "hv01")
    request = host.requests[0]
    assert (request["user"], request["password"]) == (r".\Administrator", PASSWORD)
    by_id = play(
        "guest_key", host, via="direct", machine="x", delegate_to="hv01", variables={**own, "avma_vm_id": VM_ID}, templar=Templar()
    )
    assert by_id.result["outcome"] == "already_activated"
    # In a task of the host itself the account there is the host's.
    assert play("guest_key", host, via="direct", machine="hv01", variables=own, vm="web01", templar=Templar()).result["failed"]


class Encrypted(Sequence[str]):
    """As ansible-core before 2.19 has a value that Ansible Vault has encrypted: no text, and the templar gives it back as it is."""

    __ENCRYPTED__ = True

    def __getitem__(self, index: Any) -> Any:
        return PASSWORD[index]

    def __len__(self) -> int:
        return len(PASSWORD)

    def __str__(self) -> str:
        return PASSWORD


def test_direct_in_a_delegated_task_takes_a_password_from_the_vault() -> None:
    host = FakeDirectHost(FakeGuest())
    own = {"ansible_user": "Administrator", "ansible_password": Encrypted()}
    templar = SimpleNamespace(template=lambda value: value)
    result = play("guest_key", host, via="direct", machine="web01", delegate_to="hv01", variables=own, templar=templar).result
    assert (result.get("outcome"), host.requests[0]["password"]) == ("activated", PASSWORD)
    assert PASSWORD not in repr(result)


def test_direct_does_the_same_as_the_guest_s_own_winrm() -> None:
    through = play("guest_key", FakeDirectHost(FakeGuest()), diff=True, **DIRECT).result
    itself = play("guest_key", FakeGuest(), diff=True, machine="web01 on hv01").result
    assert (through.pop("via"), through.pop("vm")) == ("direct", {"id": VM_ID, "name": "web01", "host": "hv01", "in_inventory": False})
    assert itself.pop("via") == "winrm"
    assert through == itself


def test_direct_in_check_mode_changes_nothing_and_foretells() -> None:
    guest = FakeGuest()
    foretold = play("guest_key", FakeDirectHost(guest), check=True, **DIRECT).result
    assert guest.methods == []
    done = play("guest_key", FakeDirectHost(guest), **DIRECT).result
    assert [step["kind"] for step in foretold["steps"]] == [step["kind"] for step in done["steps"]]
    assert (foretold["changed"], done["changed"]) == (True, True)


def test_a_password_is_in_no_result() -> None:
    host = FakeDirectHost(FakeGuest())
    host.guest.os["Caption"] = f"a guest that knows {PASSWORD}"
    assert PASSWORD not in repr(play("guest_key", host, **DIRECT).result)


@pytest.mark.parametrize(("defer", "outcome"), [(False, "failed"), (True, "deferred")])
def test_direct_with_a_machine_that_is_off(defer: bool, outcome: str) -> None:
    host = FakeDirectHost(FakeGuest())
    host.vms = [(VM_ID, "web01", OFF)]
    result = play("guest_key", host, defer_unreachable=defer, **DIRECT).result
    assert (result["outcome"], codes(result)) == (outcome, ["DIRECT_VM_NOT_RUNNING"])
    assert result.get("failed", False) is not defer
    assert "unreachable" not in result, "the host of the play has answered"


def test_direct_with_a_host_that_does_not_answer_is_unreachable() -> None:
    host = FakeDirectHost(FakeGuest())
    host.on_run = [ConnectionFailed(ENDPOINT, "refused")]
    result = play("guest_key", host, **DIRECT).result
    assert (result["unreachable"], result["outcome"]) == (True, "failed")


def test_direct_for_guest_info_fails_with_its_finding() -> None:
    host = FakeDirectHost(FakeGuest())
    host.build = "9600"
    result = play("guest_info", host, **DIRECT).result
    assert result["failed"]
    assert codes(result) == ["DIRECT_HOST_TOO_OLD"]
    assert result["msg"].startswith("web01 on hv01: the host runs build 9600")


# auto


def test_auto_asks_the_guest_first(site: Site) -> None:
    result = auto(site, FakeGuest()).result
    assert (result["outcome"], result["via"], site.asked) == ("activated", "winrm", [])


@pytest.mark.parametrize("error", NO_ANSWER, ids=lambda error: type(error).__name__)
def test_auto_goes_through_the_host_where_nobody_answers(site: Site, error: WsManError) -> None:
    played = auto(site, silent(error))
    assert (played.result["outcome"], played.result["via"]) == ("activated", "direct")
    assert direct_host(site).guest.methods[0] == "InstallProductKey"
    assert direct_host(site).closed
    assert any("PowerShell Direct through hv01" in line for line in played.printed)


@pytest.mark.parametrize(
    "error", [AuthenticationFailed(ENDPOINT), CertificateNotTrusted(ENDPOINT, "self-signed")], ids=lambda error: type(error).__name__
)
def test_auto_leaves_alone_a_guest_that_refuses(site: Site, error: WsManError) -> None:
    result = auto(site, silent(error)).result
    assert (result["outcome"], result["unreachable"], site.asked) == ("failed", True, [])


def test_auto_takes_the_account_of_the_guest_s_connection(site: Site) -> None:
    own = {"remote_user": "GuestAdmin", "remote_password": PASSWORD}
    result = auto(site, guest_user=None, guest_password=None, connection_options=own).result
    assert result["outcome"] == "activated"
    request = direct_host(site).requests[0]
    assert (request["user"], request["password"]) == ("GuestAdmin", PASSWORD)
    assert PASSWORD not in repr(result)


def test_auto_without_an_account_is_deferred(site: Site) -> None:
    result = auto(site, guest_password=None, connection_options={"remote_user": "ticket@CORP"}).result
    assert (result["outcome"], codes(result), site.asked) == ("deferred", ["DIRECT_WITHOUT_CREDENTIALS"], [])
    assert "failed" not in result
    assert "unreachable" not in result


def test_auto_without_a_known_host_is_deferred(site: Site) -> None:
    site.listed = []
    result = auto(site).result
    assert (result["outcome"], codes(result), site.asked) == ("deferred", ["DIRECT_HOST_UNKNOWN"], [])


def test_auto_follows_a_machine_that_has_moved(site: Site) -> None:
    direct_host(site).vms = []
    site.hosts["hv02"] = FakeDirectHost(FakeGuest())
    result = auto(site).result
    assert (result["outcome"], result["vm"]["host"], site.asked) == ("activated", "hv02", ["hv01", "hv02"])


def test_auto_takes_the_one_that_runs_of_a_machine_and_its_replica(site: Site) -> None:
    direct_host(site).vms = [(VM_ID, "web01", OFF)]
    site.hosts["hv02"] = FakeDirectHost(FakeGuest())
    assert auto(site).result["vm"]["host"] == "hv02"


def test_auto_with_a_machine_that_has_gone(site: Site) -> None:
    direct_host(site).vms = []
    result = auto(site).result
    assert (result["outcome"], codes(result)) == ("deferred", ["DIRECT_HOST_UNKNOWN"])


def test_auto_with_a_machine_that_does_not_run(site: Site) -> None:
    direct_host(site).vms = [(VM_ID, "web01", SAVED)]
    result = auto(site).result
    assert (result["outcome"], codes(result)) == ("deferred", ["DIRECT_VM_NOT_RUNNING"])
    assert "saved on the host hv01" in result["reason"]


def test_auto_does_not_even_ask_a_host_that_is_known_to_be_too_old(site: Site) -> None:
    site.build = {"hv01": 9600}
    result = auto(site).result
    assert (result["outcome"], codes(result), site.asked) == ("deferred", ["DIRECT_HOST_TOO_OLD"], [])


@pytest.mark.parametrize(
    "error",
    [
        ConnectTimedOut(ENDPOINT, "no answer"),
        AuthenticationFailed(ENDPOINT),
        UnsupportedConnection("ssh"),
        AnsibleConnectionFailure("kinit"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_auto_with_a_host_that_cannot_be_asked(site: Site, error: Exception) -> None:
    site.hosts["hv01"] = error
    result = auto(site).result
    assert (result["outcome"], codes(result)) == ("deferred", ["DIRECT_HOST_UNREACHABLE"])
    assert "hv01" in result["reason"]


def test_auto_with_a_host_that_breaks_off_before_anything_was_changed(site: Site) -> None:
    direct_host(site).on_run = [CommandLost(ConnectionDropped(ENDPOINT, "closed"))] * 2
    result = auto(site).result
    assert (result["outcome"], codes(result)) == ("deferred", ["DIRECT_HOST_UNREACHABLE"])


def test_auto_with_a_wrong_password_is_failed_and_not_deferred(site: Site) -> None:
    refused = {"stage": "session", "error_id": "PSSessionOpenFailed", "types": ["System.Management.Automation.Remoting.PSDirectException"]}
    direct_host(site).on_run = [refused]
    result = auto(site).result
    assert (result["outcome"], result["failed"], codes(result)) == ("failed", True, ["DIRECT_LOGON_REFUSED"])
    assert len(direct_host(site).commands) == 1


def test_auto_for_guest_info_says_why_in_its_message(site: Site) -> None:
    site.listed = []
    result = auto(site, module="guest_info").result
    assert result["failed"]
    assert codes(result) == ["DIRECT_HOST_UNKNOWN"]
    assert auto(Site(), FakeGuest(), "guest_info").result["via"] == "winrm"


# what becomes of it


REMOTING = "System.Management.Automation.Remoting"


def said(error_id: str, *, stage: str = "session", message: str = "", types: Sequence[str] = ()) -> dict[str, Any]:
    return {"stage": stage, "error_id": error_id, "message": message, "types": [f"{REMOTING}.{name}" for name in types]}


def ended(code: int, stderr: str = "") -> CommandOutput:
    return CommandOutput(b"", f'<S S="Error">{stderr}</S>'.encode(), code)


DIFFER = "Hyper-V Server sent an invalid TransportVersion response during the connection negotiation."
# What meets the trip, its finding, and the outcomes: via auto, via direct with and without defer_unreachable.
FATES: dict[str, tuple[Any, tuple[str, str, str]]] = {
    "DIRECT_HOST_TOO_OLD": ("build", ("deferred", "failed", "failed")),
    "DIRECT_GUEST_TOO_OLD": (said("PSSessionOpenFailed"), ("deferred", "failed", "failed")),
    "DIRECT_VM_TOO_OLD": (said("PSSessionOpenFailed"), ("deferred", "failed", "failed")),
    "DIRECT_HOST_DENIED": (AccessDenied(code=5), ("deferred", "failed", "failed")),
    "DIRECT_VM_NOT_FOUND": (said("InvalidVMIdNotSingle"), ("deferred", "failed", "failed")),
    "DIRECT_VM_AMBIGUOUS": ("twice", ("", "failed", "failed")),
    "DIRECT_VM_NOT_RUNNING": (said("InvalidVMState"), ("deferred", "deferred", "failed")),
    "DIRECT_LOGON_REFUSED": (said("PSSessionOpenFailed", types=["PSDirectException"]), ("failed", "failed", "failed")),
    "DIRECT_SESSION_FAILED": (said("PSSessionOpenFailed"), ("deferred", "failed", "failed")),
    "DIRECT_SCRIPT_FAILED": (said("HyperVModuleNotAvailable"), ("deferred", "failed", "failed")),
    "DIRECT_ANSWER_TOO_LONG": (said("AnswerTooLong", stage="guest"), ("failed", "failed", "failed")),
    "DIRECT_INPUT_DAMAGED": (ended(71), ("deferred", "deferred", "failed")),
    "DIRECT_SIDES_DIFFER": (said("PSSessionOpenFailed", message=DIFFER, types=["PSDirectException"]), ("deferred", "deferred", "failed")),
    "DIRECT_HOST_CONSTRAINED": (
        ended(1, "+ FullyQualifiedErrorId : MethodInvocationNotSupportedInConstrainedLanguage"),
        ("deferred", "failed", "failed"),
    ),
    "DIRECT_SCRIPT_BLOCKED": (ended(1, "+ FullyQualifiedErrorId : ScriptContainedMaliciousContent"), ("deferred", "failed", "failed")),
}
# Only via auto: tested above, each deferred.
OF_AUTO = {"DIRECT_HOST_UNKNOWN", "DIRECT_HOST_UNREACHABLE", "DIRECT_WITHOUT_CREDENTIALS"}


def test_each_finding_has_a_prospect() -> None:
    known = {code for code in FINDINGS if code.startswith("DIRECT_")}
    assert set(PROSPECTS) == known
    assert set(FATES) | OF_AUTO == known


def met(host: FakeDirectHost, code: str) -> FakeDirectHost:
    meets = FATES[code][0]
    if meets == "build":
        host.build = "9600"
    elif meets == "twice":
        host.vms = [*host.vms, ("22222222-2222-3333-4444-555555555555", "web01", 2)]
    else:
        host.on_run = [meets] * 2
    if code == "DIRECT_GUEST_TOO_OLD":
        host.intrinsic = {"OSBuildNumber": "9600", "ProductType": "3"}
    if code == "DIRECT_VM_TOO_OLD":
        host.version = "5.0"
    return host


@pytest.mark.parametrize("defer", [True, False])
@pytest.mark.parametrize("code", FATES)
def test_what_becomes_of_a_guest_via_direct(code: str, defer: bool) -> None:
    result = play("guest_key", met(FakeDirectHost(FakeGuest()), code), defer_unreachable=defer, **DIRECT).result
    assert (result["outcome"], codes(result)) == (FATES[code][1][1 if defer else 2], [code])
    assert result.get("failed", False) is (result["outcome"] == "failed")


# The run knows such a host before, and names a machine by its ID.
@pytest.mark.parametrize("code", sorted(set(FATES) - {"DIRECT_HOST_TOO_OLD", "DIRECT_VM_AMBIGUOUS"}))
def test_what_becomes_of_a_guest_via_auto(site: Site, code: str) -> None:
    met(direct_host(site), code)
    result = auto(site).result
    assert (result["outcome"], codes(result)) == (FATES[code][1][0], [code])


@pytest.mark.parametrize("via", ["auto", "direct"])
def test_a_change_whose_answer_is_too_long_is_unknown_and_not_undone(site: Site, via: str) -> None:
    host = direct_host(site)
    too_long = FATES["DIRECT_ANSWER_TOO_LONG"][0]
    host.on_run = [None, too_long, too_long]
    result = (auto(site) if via == "auto" else play("guest_key", host, defer_unreachable=True, **DIRECT)).result
    assert (result["outcome"], result["error"]["kind"], codes(result)) == ("failed", "effect_unknown", ["DIRECT_ANSWER_TOO_LONG"])
    assert "nothing was carried out" not in repr(result)
    # The state is read first: what was installed in spite of it is not installed again.
    host.on_run = [None, too_long]
    assert play("guest_key", host, **DIRECT).result["outcome"] == "activated"
