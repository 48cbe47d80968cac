# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of a summary, from results that may be missing, failed, or of another shape than expected."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._report.material import GuestMaterial, HostMaterial
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.summary import Row, summarise

WEB = "6F3C2B6A-0C68-4B5F-9B0E-3E0B6B0C8D11"
SQL = "0F3C2B6A-0C68-4B5F-9B0E-3E0B6B0C8D12"
OS = {"release": "2022", "edition": "Standard", "evaluation": False}
Result = dict[str, Any]


def guest(name: str = "WEB01", outcome: str = "activated", **more: Any) -> Result:
    return {
        "outcome": outcome,
        "reason": "the reason",
        "guest": {"name": name, "os": OS, "placement": {"host": "HV01", "vm_id": None, "vm_name": None}},
        "after": {"channel": "avma", "partial_product_key": "78VHK", "avma": {"host": None}},
        "findings": [],
        **more,
    }


def vm(identifier: str, name: str, state: str = "running", status: str = "eligible", findings: list[Result] | None = None) -> Result:
    return {"id": identifier, "name": name, "state": state, "guest": OS, "avma": {"status": status}, "findings": findings or []}


def host(*vms: Result, name: str = "HV01", **info: Any) -> HostMaterial:
    facts = {
        "host": {
            "os": {"release": "2022", "edition": "Datacenter"},
            "licence": {"status": "licensed", "channel": "oem"},
            "cluster": {"member": True, "name": "CL1"},
            "avma": {"ready": True, "can_activate": ["2022", "2019"]},
        },
        "findings": [],
    }
    return HostMaterial(name.lower(), {**facts, **info}, {"host": {"name": name}, "vms": list(vms)})


def one(run: GuestMaterial, *hosts: HostMaterial) -> Row:
    summary = summarise([run], hosts)
    return next(row for row in summary.rows if row.managed)


def test_guest_that_was_activated() -> None:
    row = one(GuestMaterial("web01", guest()))
    assert row.as_dict() == {
        "guest": "web01",
        "host": "HV01",
        "os": "2022 Standard",
        "outcome": "activated",
        "channel": "avma",
        "partial_product_key": "78VHK",
        "reason": "the reason",
        "remedy": "",
        "managed": True,
    }
    assert not row.attention


@pytest.mark.parametrize(
    ("result", "outcome", "reason"),
    [
        ({}, "not_run", "the task did not run for this guest"),
        ({"failed": True, "msg": "it broke"}, "failed", "it broke"),
        ({"unreachable": True, "msg": "no answer"}, "unreachable", "no answer"),
        # guest_key gives an outcome even then
        ({"unreachable": True, "msg": "no answer", "outcome": "failed", "reason": "no answer", "findings": []}, "unreachable", "no answer"),
        ({"skipped": True}, "not_run", "the task did not run for this guest"),
    ],
)
def test_guest_without_a_whole_result_has_its_row(result: Result, outcome: str, reason: str) -> None:
    row = one(GuestMaterial("web01", result))
    assert (row.guest, row.outcome, row.reason, row.channel, row.os) == ("web01", outcome, reason, None, None)
    assert row.attention
    assert row.remedy == ("Do what the reason says, then run again." if "msg" in result else "")


@pytest.mark.parametrize("odd", ["text", 5, ["a"], None, True])
@pytest.mark.parametrize("part", ["guest", "after", "findings", "outcome", "reason"])
def test_result_of_another_shape_does_not_break_the_summary(part: str, odd: object) -> None:
    assert one(GuestMaterial("web01", {**guest(), part: odd})).guest == "web01"


@pytest.mark.parametrize("odd", ["text", 5, ["a"], None, True])
@pytest.mark.parametrize("part", ["host", "vms", "findings"])
def test_host_of_another_shape_does_not_break_the_summary(part: str, odd: object) -> None:
    result = {**dict(host(vm(WEB, "web01")).info), part: odd}
    summary = summarise([GuestMaterial("web01", guest())], [HostMaterial("hv01", result, result)])
    assert [row.host for row in summary.hosts] == ["hv01"]


@pytest.mark.parametrize(
    ("outcome", "attention"),
    [
        ("activated", False),
        ("already_activated", False),
        ("keyed", False),
        ("kept", False),
        ("refused", True),
        ("failed", True),
        ("deferred", True),
    ],
)
def test_what_needs_attention(outcome: str, attention: bool) -> None:
    assert one(GuestMaterial("web01", guest(outcome=outcome))).attention is attention


def test_counts_are_of_guests_only() -> None:
    runs = [
        GuestMaterial(f"g{number}", guest(f"G{number}", outcome)) for number, outcome in enumerate(["activated", "activated", "failed"])
    ]
    summary = summarise([*runs, GuestMaterial("gone", {})], [host(vm(WEB, "linux01", status="not_eligible"))])
    assert summary.counts == {"activated": 2, "failed": 1, "not_run": 1}
    assert len(summary.rows) == 5


# which virtual machine a guest is


@pytest.mark.parametrize(
    "run",
    [
        GuestMaterial("other", guest("OTHER"), vm_id=WEB),
        GuestMaterial("other", guest("OTHER"), vm_id="{" + WEB.lower() + "}"),
        GuestMaterial("other", guest("OTHER"), vm_name="WEB01"),
        GuestMaterial("web01", {}),
        GuestMaterial("other", guest("web01")),
        GuestMaterial("other", {**guest("OTHER"), "guest": {"placement": {"vm_id": WEB.lower()}}}),
        GuestMaterial("other", {**guest("OTHER"), "guest": {"placement": {"vm_name": "web01"}}}),
    ],
)
def test_guest_is_matched_and_listed_once(run: GuestMaterial) -> None:
    summary = summarise([run], [host(vm(WEB, "web01"), vm(SQL, "sql01"))])
    assert [(row.guest, row.managed) for row in summary.rows] == [(run.name, True), ("sql01", False)]


def test_id_goes_before_name() -> None:
    row = one(GuestMaterial("sql01", {}, vm_id=WEB), host(vm(WEB, "x", "off")), host(vm(SQL, "sql01"), name="HV02"))
    assert row.host == "HV01"


@pytest.mark.parametrize("claim", [{"vm_id": SQL}, {"vm_name": "sql01"}])
def test_a_guest_whose_id_is_known_hides_no_other_machine_by_its_claims(claim: dict[str, str]) -> None:
    result = {**guest("SQL01"), "guest": {"name": "SQL01", "placement": claim}}
    summary = summarise([GuestMaterial("web01", result, vm_id=WEB)], [host(vm(SQL, "sql01"))])
    assert [(row.guest, row.managed) for row in summary.rows] == [("web01", True), ("sql01", False)]


def test_name_that_several_machines_have_matches_none() -> None:
    summary = summarise([GuestMaterial("web01", {})], [host(vm(WEB, "web01")), host(vm(SQL, "WEB01"), name="HV02")])
    assert [row.managed for row in summary.rows] == [True, False, False]
    assert summary.rows[0].host is None


@pytest.mark.parametrize("result", [{"unreachable": True, "msg": "x"}, guest(outcome="deferred")])
def test_machine_that_is_off_explains_a_guest_that_does_not_answer(result: Result) -> None:
    row = one(GuestMaterial("web01", result), host(vm(WEB, "web01", "off")))
    assert row.reason == "the virtual machine is off, as host HV01 shows it"
    assert row.remedy == "Start it, then run again."


def test_machine_that_runs_explains_nothing() -> None:
    assert one(GuestMaterial("web01", {"unreachable": True, "msg": "no answer"}), host(vm(WEB, "web01"))).reason == "no answer"


def test_host_that_is_no_short_name_is_one_in_the_table() -> None:
    result = guest()
    result["guest"]["placement"]["host"] = "hv01.corp.example"
    assert one(GuestMaterial("web01", result)).host == "HV01"


# machines that are in no inventory


def test_other_machines_come_by_host_and_name_with_their_first_finding() -> None:
    findings = [
        {"severity": "info", "cause": "i", "remedy": "ri"},
        {"severity": "warning", "cause": "w", "remedy": "rw"},
        "no finding",
    ]
    summary = summarise(
        [],
        [host(vm(WEB, "b"), name="HV02"), host(vm(SQL, "z"), vm("X", "", status="action_required", findings=findings), name="HV01")],  # type: ignore[arg-type]
    )
    assert [(row.host, row.guest) for row in summary.rows] == [("HV01", "X"), ("HV01", "z"), ("HV02", "b")]
    assert (summary.rows[0].reason, summary.rows[0].remedy, summary.rows[0].attention) == ("w", "rw", True)
    assert (summary.rows[1].reason, summary.rows[1].attention) == ("seen from its host only", False)


# hosts


def test_host_that_is_ready() -> None:
    (row,) = summarise([], [host(vm(WEB, "a"), vm(SQL, "b"))]).hosts
    assert row.as_dict() == {
        "host": "hv01",
        "os": "2022 Datacenter",
        "licence": "licensed (oem)",
        "cluster": "CL1",
        "vms": 2,
        "ready": True,
        "reason": "can activate 2022, 2019",
        "remedy": "",
    }


def test_host_that_is_not_ready_says_its_worst_finding() -> None:
    findings = [{"severity": "warning", "cause": "w", "remedy": "rw"}, {"severity": "error", "cause": "e", "remedy": "re"}]
    facts = {"host": {"avma": {"ready": False, "can_activate": []}}, "findings": findings}
    (row,) = summarise([], [HostMaterial("hv01", facts, {})]).hosts
    assert (row.ready, row.reason, row.remedy, row.vms) == (False, "e", "re", None)


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        ({}, "the host was not asked"),
        ({"unreachable": True, "msg": "no answer"}, "no answer"),
        ({"failed": True, "msg": "denied"}, "denied"),
    ],
)
def test_host_without_a_result_has_its_row(info: Result, reason: str) -> None:
    (row,) = summarise([], [HostMaterial("hv01", info, {})]).hosts
    assert (row.host, row.ready, row.reason) == ("hv01", None, reason)
    assert row.remedy == ("Do what the reason says, then run again." if info else "")


@pytest.mark.parametrize(
    ("os", "label"),
    [
        ({"release": "2022", "edition": "Standard", "evaluation": True}, "2022 Standard (evaluation)"),
        ({"release": "2022", "edition": None}, "2022"),
        ({"kind": "linux"}, "Linux"),
        ({"caption": "Microsoft Windows 11"}, "Microsoft Windows 11"),
        ({"kind": "windows_client", "caption": None}, "Windows client"),
        ({"kind": "unknown"}, None),
        ({}, None),
    ],
)
def test_operating_system_in_a_row(os: Result, label: str | None) -> None:
    machine = {**vm(WEB, "web01"), "guest": os}
    assert summarise([], [host(machine)]).rows[0].os == label


NODE_DOWN: Result = {"code": "CLUSTER_NODE_DOWN", "severity": "warning", "cause": "the node HV02 is down", "remedy": "Bring HV02 up."}


@pytest.mark.parametrize(
    ("verdict", "told"),
    [
        ({"asked": True, "ready": None}, True),
        ({"asked": True, "ready": False}, True),
        ({"asked": True, "ready": True}, False),
        ({"asked": False, "ready": None}, False),
        (None, False),
    ],
)
def test_cluster_that_is_not_ready_is_told_with_the_host(verdict: Result | None, told: bool) -> None:
    run = host(findings=[NODE_DOWN])
    facts = {**run.info["host"], "cluster": {"name": "CL1", "verdict": verdict}}
    (row,) = summarise([], [HostMaterial("hv01", {**run.info, "host": facts}, run.kvp)]).hosts
    assert ("; but the node HV02 is down" in row.reason, row.remedy == "Bring HV02 up.", row.ready) == (told, told, True)
