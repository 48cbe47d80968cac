# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All machines of a host at once, with the verdict on each."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import EncodingLimit, InvalidNamespace
from ansible_collections.hyperv.avma.tests.unit.plugins.action.playing import play
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.fake_host import INTRINSIC, FakeHost, FakeVm

WEB = "6F3C2B6A-0C68-4B5F-9B0E-3E0B6B0C8D11"
SQL = "0F3C2B6A-0C68-4B5F-9B0E-3E0B6B0C8D12"
OFF = "1F3C2B6A-0C68-4B5F-9B0E-3E0B6B0C8D13"
KEY = "YDFWN-MJ9JR-3DYRK-FXXRW-78VHK"


@pytest.fixture
def host() -> FakeHost:
    linux = {"OSName": "Ubuntu", "OSMajorVersion": "24.04", "OSBuildNumber": "6.8.0-31-generic"}
    return FakeHost(FakeVm(WEB, "web01"), FakeVm(SQL, "sql01", intrinsic=linux), FakeVm(OFF, "web01", state=3))


def test_every_machine_with_its_verdict(host: FakeHost) -> None:
    result = play("kvp_info", host).result
    assert result["changed"] is False
    assert result["host"] == {"name": "HV01", "avma": {"ready": True, "can_activate": ["2022", "2019", "2016", "2012 R2"]}}
    assert [(vm["id"], vm["state"], vm["avma"]) for vm in result["vms"]] == [
        (WEB, "running", {"status": "eligible", "key": KEY}),
        (SQL, "running", {"status": "not_eligible", "key": None}),
        (OFF, "off", {"status": "unknown", "key": None}),
    ]
    assert result["summary"] == {
        "total": 3,
        "by_state": {"running": 2, "off": 1},
        "by_status": {"eligible": 1, "not_eligible": 1, "unknown": 1},
    }
    guest = result["vms"][0]["guest"]
    assert (guest["kind"], guest["edition"], guest["release"], guest["trust"]) == ("windows_server", "Standard", "2022", "kvp")
    assert guest["addresses"] == ["10.0.0.5", "10.0.0.6"]
    assert result["vms"][0]["kvp"]["intrinsic"] == INTRINSIC


@pytest.mark.parametrize("count", [0, 1, 200])
def test_requests_do_not_grow_with_the_machines(count: int) -> None:
    host = FakeHost(*(FakeVm(f"{number:08X}-0C68-4B5F-9B0E-3E0B6B0C8D11", f"vm{number}") for number in range(count)))
    result = play("kvp_info", host).result
    assert result["summary"]["total"] == count
    assert len(host.calls) <= 6


def test_items_may_be_left_out(host: FakeHost) -> None:
    assert all("kvp" not in vm for vm in play("kvp_info", host, items=False).result["vms"])


def test_notes_are_read_only_if_asked_for(host: FakeHost) -> None:
    host.vms[0].notes = "Customer: acme"
    assert all("notes" not in vm for vm in play("kvp_info", host).result["vms"])
    assert "Msvm_VirtualSystemSettingData" not in host.calls
    assert play("kvp_info", host, notes=True).result["vms"][0]["notes"] == "Customer: acme"
    assert host.calls.count("Msvm_VirtualSystemSettingData") == 1


def test_notes_longer_than_an_answer_cost_only_the_notes(host: FakeHost) -> None:
    host.failures["Msvm_VirtualSystemSettingData"] = EncodingLimit(code=2150858823)
    result = play("kvp_info", host, notes=True).result
    assert [vm["notes"] for vm in result["vms"]] == [None] * len(host.vms)
    assert any("no notes are there" in warning for warning in result["warnings"])


def test_name_that_several_machines_have_gives_all_of_them(host: FakeHost) -> None:
    assert [vm["id"] for vm in play("kvp_info", host, name=["WEB01"]).result["vms"]] == [WEB, OFF]


def test_name_that_no_machine_has_fails(host: FakeHost) -> None:
    result = play("kvp_info", host, name=["web02"]).result
    assert result["failed"] is True
    assert "no virtual machine web02 on this host" in result["msg"]


def test_machine_without_hyperv(host: FakeHost) -> None:
    host.failures["Msvm_ComputerSystem"] = InvalidNamespace(code=0x8004100E)
    result = play("kvp_info", host).result
    assert result["error"]["kind"] == "namespace_missing"
    assert "Hyper-V" in result["msg"]


def test_query(host: FakeHost) -> None:
    result = play("kvp_info", host, items=False, query="vms[?avma.status == 'eligible'].name").result
    assert result == {"changed": False, "result": ["web01"]}


@pytest.mark.parametrize("hostile", ["{{ lookup('pipe', 'id') }}", "<script>", "\u202eevil", "a" * 5000, "\x00", "'; DROP TABLE"])
def test_hostile_items_are_hints_of_one_machine_only(host: FakeHost, hostile: str) -> None:
    host.vms[1].intrinsic = dict.fromkeys(INTRINSIC, hostile.replace("\x00", ""))
    result = play("kvp_info", host).result
    assert result["vms"][0]["avma"] == {"status": "eligible", "key": KEY}
    assert result["vms"][1]["avma"]["status"] != "eligible"
    assert result["vms"][1]["avma"]["key"] is None
