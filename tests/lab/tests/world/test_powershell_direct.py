# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PowerShell Direct: what the reviewed script does on a host, and how PowerShell refuses.

The script is not run: the lab does what reading it says. Its text is known by a digest, so another script is never taken for it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import runpy
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hyperv_lab.http.accounts import AccountBook
from hyperv_lab.powershell_direct import reviewed
from hyperv_lab.powershell_direct.host_commands import HostCommands
from hyperv_lab.world.vm import VmState
from hyperv_lab.wsman.settings import ServiceSettings
from hyperv_lab.wsman.winrs import Printed

from .conftest import World, pair

GUEST = {"release": "2022", "edition": "standard", "licence": {"channel": "none"}}
ACCOUNTS = [
    {"name": "HostAdmin", "password": "Lab-Host1!", "machines": ["hv", "hv2"]},
    {"name": "GuestAdmin", "password": "Lab-Guest1!", "machines": ["vm"]},
    {"name": "Locked", "password": "Lab-Guest1!", "locked": True},
]
SCRIPT = b"# the script that was reviewed"
VM = b"00000000-0000-0000-0000-000000000000"
NONCE = "00112233445566778899aabbccddeeff"
NAMES = {"kind": "query", "namespace": "root/cimv2", "query": "SELECT Name, PartOfDomain FROM Win32_ComputerSystem", "stops": False}
KEY = "YDFWN-MJ9JR-3DYRK-FXXRW-78VHK"


@dataclass(frozen=True)
class Caller:
    name: str = "HostAdmin"
    administrator: bool = True
    remote_management: bool = True


class Site:
    def __init__(self, guest: dict[str, Any] | None = None, host: dict[str, Any] | None = None, **settings: Any) -> None:
        self.world: World = pair(guest or GUEST, host, accounts=ACCOUNTS)
        book = AccountBook(self.world.fleet.accounts.values())
        book.close()  # the file that NTLM would read is not needed here
        self.commands = HostCommands(self.world.machine("hv"), self.world.machine, book, ServiceSettings(**settings))

    def printed(self, *operations: dict[str, Any], script: bytes = SCRIPT, caller: Caller | None = None, **request: str) -> Printed:
        given = {"nonce": NONCE, "vm": self.world.fleet.vm("vm")[1].id, "user": "GuestAdmin", "password": "Lab-Guest1!", **request}
        lines = (base64.b64encode(script), json.dumps({**given, "operations": json.dumps(operations)}).encode(), b"")
        return self.commands.run(b"\r\n".join(lines), caller or Caller())

    def answer(self, *operations: dict[str, Any], **more: Any) -> dict[str, Any]:
        printed = self.printed(*operations, **more)
        found = re.search(rb"HYPERV-AVMA-BEGIN (\w+) ([0-9A-F]{64}) (\S+) HYPERV-AVMA-END", printed.stdout)
        assert found is not None, printed
        data = base64.b64decode(found[3])
        assert (found[1].decode(), found[2].decode()) == (NONCE, hashlib.sha256(data).hexdigest().upper())
        answer: dict[str, Any] = json.loads(data)
        return answer

    def results(self, *operations: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
        answer = self.answer(*operations, **more)
        assert answer["stage"] == "guest", answer
        results: list[dict[str, Any]] = json.loads(answer["results"])
        return results

    def refusal(self, **more: Any) -> tuple[str, str]:
        """The identifier of the error, and the last class in it."""
        answer = self.answer(NAMES, **more)
        assert answer["stage"] == "session"
        assert "results" not in answer
        return answer["error_id"].partition(",")[0], answer["types"][-1].rpartition(".")[2]


@pytest.fixture(autouse=True)
def reviewed_script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reviewed, "SCRIPT", reviewed.digest(SCRIPT))


def call(class_name: str, method: str, keys: dict[str, str], **arguments: Any) -> dict[str, Any]:
    named = {"namespace": "root/cimv2", "class": class_name, "method": method, "keys": keys, "arguments": arguments}
    return {"kind": "call", "stops": True, **named}


# what is run


def test_a_command_line_is_known_by_its_digest_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    commands = Site().commands
    monkeypatch.setattr(reviewed, "COMMAND_LINE", reviewed.digest(b"powershell.exe -x"))
    assert commands.knows("powershell.exe -x")
    for other in ("powershell.exe -X", "powershell.exe -x ", "cmd.exe", "", "\ud800"):
        assert not commands.knows(other)


def test_another_script_is_not_taken_for_the_reviewed_one() -> None:
    site = Site()
    before = site.world.fleet.digest()
    printed = site.printed(NAMES, script=SCRIPT + b" ")
    assert (printed.exit_code, printed.stdout) == (70, b"")
    assert site.commands.run(b"no Base64!", Caller()).exit_code == 70
    assert site.world.fleet.digest() == before


@pytest.mark.parametrize(
    "rest",
    [
        b"",
        b"\r\n",
        b"\r\n[]",
        b'\r\n{"nonce": "x"}',
        b"\r\n\xff",
        b'\r\n{"nonce": "x", "vm": "no GUID", "user": "x", "password": "x", "operations": "[]"}',
        b'\r\n{"nonce": "x", "vm": "%s", "user": "x", "password": "x", "operations": "{}"}' % VM,
        b'\r\n{"nonce": "x", "vm": "%s", "user": "x", "password": "x", "operations": "[]"}\r\nmore' % VM,
    ],
)
def test_input_without_a_request_ends_in_an_error(rest: bytes) -> None:
    printed = Site().commands.run(base64.b64encode(SCRIPT) + rest, Caller())
    assert (printed.stdout, printed.exit_code) == (b"", 71)


@pytest.mark.fidelity(
    "PowerShell writes CLIXML to a redirected stderr whatever it runs",
    source="Ansible's winrm connection, which filters it out",
    confidence="H",
)
def test_progress_stands_on_stderr() -> None:
    assert Site().printed(NAMES).stderr.startswith(b"#< CLIXML")


# who gets a session


@pytest.mark.fidelity(
    "PowerShell Direct needs Windows Server 2016 on both sides and a machine that runs",
    source="Microsoft, PowerShell Direct",
    confidence="H",
)
def test_requirements_of_both_sides() -> None:
    assert Site(host={"release": "2012r2"}).printed(NAMES).stdout == b"", "PowerShell 4 cannot run the script"
    assert Site(guest={"release": "2012r2", "edition": "standard"}).refusal() == ("PSSessionOpenFailed", "PSRemotingDataStructureException")
    site = Site()
    for state in (VmState.OFF, VmState.SAVED, VmState.PAUSED):
        site.world.fleet.set_state(site.world.fleet.vm("vm")[1], state)
        assert site.refusal() == ("InvalidVMState", "ArgumentException")


@pytest.mark.fidelity(
    "Errors of New-PSSession by their FullyQualifiedErrorId; a wrong password is a PSDirectException",
    source="PowerShell's source (PSRemotingErrorId, RemoteSessionHyperVSocket)",
    confidence="H",
)
@pytest.mark.parametrize(
    "account",
    [
        {"password": "wrong"},
        {"user": "nobody"},
        {"user": "HostAdmin", "password": "Lab-Host1!"},
        {"user": "Locked"},
    ],
)
def test_accounts_are_those_of_the_guest(account: dict[str, str]) -> None:
    assert Site().refusal(**account) == ("PSSessionOpenFailed", "PSDirectException")


@pytest.mark.parametrize("user", ["GuestAdmin", r".\GuestAdmin", r"VM\GuestAdmin", "guestadmin"])
def test_a_local_account_may_be_written_with_its_machine(user: str) -> None:
    assert Site().results(NAMES, user=user)[0]["rows"][0]["Name"] == ["VM"]


def test_a_machine_is_only_found_on_the_host_that_has_it_now() -> None:
    site = Site()
    assert site.refusal(vm="00000000-0000-0000-0000-000000000000") == ("InvalidVMIdNotSingle", "ArgumentException")
    site.world.fleet.migrate(site.world.fleet.vm("vm")[1], site.world.fleet.host("hv2"))
    assert site.refusal() == ("InvalidVMIdNotSingle", "ArgumentException")


def test_who_is_no_administrator_of_the_host_sees_no_machine() -> None:
    assert Site().refusal(caller=Caller(administrator=False)) == ("InvalidVMIdNotSingle", "ArgumentException")


def test_a_host_without_hyper_v() -> None:
    site = Site()
    site.world.fleet.host("hv").hyperv = False
    assert site.refusal()[0] == "HyperVModuleNotAvailable"


# what it does there


def test_rows_have_texts_that_are_the_same_in_every_culture() -> None:
    (system,) = Site({**GUEST, "language": "de-DE"}).results(NAMES)[0]["rows"]
    assert (system["Name"], system["PartOfDomain"], system["Domain"]) == (["VM"], ["true"], [])
    started = {**NAMES, "query": "SELECT LastBootUpTime FROM Win32_OperatingSystem"}
    (os,) = Site().results(started)[0]["rows"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*Z", os["LastBootUpTime"][0])


def test_methods_change_the_guest() -> None:
    site = Site()
    version = site.results({**NAMES, "query": "SELECT Version FROM SoftwareLicensingService"})[0]["rows"][0]["Version"][0]
    done = site.results(call("SoftwareLicensingService", "InstallProductKey", {"Version": version}, ProductKey=KEY))
    assert done[0]["rows"][0]["ReturnValue"] == ["0"]
    assert site.world.keyed("vm").values["PartialProductKey"] == "78VHK"
    read = call("StdRegProv", "EnumValues", {}, hDefKey=2147483650, sSubKeyName=r"SOFTWARE\Microsoft\Virtual Machine\Guest\Parameters")
    assert "PhysicalHostName" in site.results(read)[0]["rows"][0]["sNames"]


@pytest.mark.parametrize("form", ["wsman", "wmierror"])
def test_refusals_carry_their_number_in_one_place_or_two(form: str) -> None:
    site = Site(fault_form=form)
    version = site.results({**NAMES, "query": "SELECT Version FROM SoftwareLicensingService"})[0]["rows"][0]["Version"][0]
    wrong = call("SoftwareLicensingService", "InstallProductKey", {"Version": version}, ProductKey="2" * 5 + "-22222" * 4)
    results = site.results(wrong, NAMES)
    assert len(results) == 1, "what stops keeps the rest from being carried out"
    assert results[0]["message_id"] == "HRESULT 0xc004f050"
    assert ("error_code" in results[0]) is (form == "wmierror")


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ({**NAMES, "query": "SELECT * FROM Win32_Nothing"}, "0x80041010"),
        ({**NAMES, "query": "SELECT Nothing FROM Win32_ComputerSystem"}, "0x80041017"),
        ({**NAMES, "namespace": "root/virtualization/v2"}, "0x8004100e"),
        (call("SoftwareLicensingService", "Nothing", {}), "0x8004102e"),
        (call("SoftwareLicensingService", "RefreshLicenseStatus", {"Version": "0"}), "0x80041002"),
        (call("StdRegProv", "EnumValues", {}, hDefKey=-1, sSubKeyName="x"), "0x80041008"),
    ],
)
def test_wmi_refuses_in_the_guest_as_it_does_anywhere(operation: dict[str, Any], code: str) -> None:
    results = Site().results({**operation, "stops": False}, NAMES)
    assert results[0]["error_id"].startswith(f"HRESULT {code},")
    assert "rows" in results[1], "a question that is refused keeps no other one from being asked"


def test_the_digest_of_a_new_script_is_printed_for_whoever_reviewed_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "script.ps1"
    path.write_bytes(SCRIPT)
    monkeypatch.setattr(sys, "argv", ["reviewed", str(path)])
    runpy.run_path(reviewed.__file__, run_name="__main__")
    assert capsys.readouterr().out.strip() == hashlib.sha256(SCRIPT).hexdigest()
