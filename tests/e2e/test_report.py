# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``report.yml`` on the demo fleet: what it says, that it agrees with itself, and that a second run changes nothing."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from .labs import Lab
from .playing import Run

pytestmark = pytest.mark.e2e

CONTRADICTIONS = {
    "ACTIVATION_CONTRADICTED",
    "ACTIVATED_BY_OTHER_HOST",
    "KVP_OF_OTHER_VM",
    "KVP_OTHER_OS",
    "SAME_ACTIVATION_ID",
}
LAB_HOSTS = ("hv01", "hv02", "hv03", "hv04")
UNKNOWN = "DEADBEEF-0B2F-4A5E-9C77-1D2E3F405162"
ALL = ["html", "csv", "json", "months", "openmetrics"]


def report_in(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "avma-report.json").read_text(encoding="ascii")))


def standings(folder: Path) -> dict[str, str]:
    return {vm["name"]: vm["standing"] for vm in report_in(folder)["vms"]}


def files_of(run: Run) -> list[dict[str, Any]]:
    return list(run.of("report")[-1].result["files"])


def test_activate_ends_with_the_report(demo: Lab) -> None:
    player = demo.player()
    run = player.playbook("activate", avma_fail_on=["failed"])
    assert run.code == 0, run.output
    folder = Path(player.folder.name) / "avma-report"
    assert {file["path"] for file in files_of(run)} == {str(folder / f"avma-report.{suffix}") for suffix in ("html", "csv", "json")}
    assert str(folder / "avma-report.html") in run.output
    assert run.of("set_stats")[-1].kind == "ok"
    found = standings(folder)
    assert (found["web01"], found["sql01"], found["lin01"]) == ("activated", "licensed_otherwise", "not_applicable")
    assert {"web01", "app03", "branch01"} <= set(found)
    assert (found["spare01"], found["trial01"]) == ("unknown", "licensed_otherwise")
    web01 = next(vm for vm in report_in(folder)["vms"] if vm["name"] == "web01")
    assert (web01["source"], web01["conclusion"], web01["host"]) == ("guest", "proven", "hv01")
    assert [one["code"] for one in report_in(folder)["actions"]][:1] == ["HOST_NOT_DATACENTER"]
    # Data Exchange is off somewhere on hv02 only: elsewhere the machines are read once.
    assert {task.host: len(run.of("kvp_info", task.host)) for task in run.of("kvp_info")} == {"hv01": 1, "hv02": 2, "hv03": 1, "hv04": 1}

    without = player.playbook("activate", avma_report=False, limit="web01")
    assert without.code == 0, without.output
    assert all(task.kind == "skipped" for task in without.of("report"))


def test_a_place_that_cannot_be_written_is_no_failure_unless_it_was_named(demo: Lab) -> None:
    player = demo.player()
    # Not a matter of permissions, which root does not know.
    (Path(player.folder.name) / "avma-report").write_text("no folder", encoding="utf-8")
    run = player.playbook("activate", limit="web01")
    assert run.code == 0, run.output
    assert run.of("report")[-1].result["files"] == []
    # ansible-core before 2.19 breaks the lines of a warning
    assert "avma-report.html could not be written" in " ".join(run.output.split())
    stats = run.of("set_stats")[-1].result["ansible_stats"]["data"]["hyperv_avma_report"]
    assert (stats["files"], stats["vms"]["activated"]) == ([], 1)
    named = player.playbook("activate", limit="web01", avma_report_dir="avma-report/here")
    assert named.code != 0
    assert "could not be written" in named.of("report")[-1].result["msg"]


def test_report_with_a_ledger_and_once_more(demo: Lab, tmp_path: Path) -> None:
    player = demo.player()
    player.module("guest_key", "web01:app02")
    variables = {"avma_report_dir": str(tmp_path / "out"), "avma_ledger": str(tmp_path / "ledger.sqlite"), "avma_report_formats": ALL}
    digest = demo.digest()

    foretold = player.playbook("report", check=True, **variables)
    assert foretold.code == 0, foretold.output
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "ledger.sqlite").exists()
    assert all(file["changed"] for file in files_of(foretold))

    first = player.playbook("report", **variables)
    assert first.code == 0, first.output
    assert all(file["changed"] for file in files_of(first))
    document = report_in(tmp_path / "out")
    web01 = next(vm for vm in document["vms"] if vm["name"] == "web01")
    assert [one["source"] for one in web01["statements"]][:2] == ["guest", "host_event"]
    assert web01["first_success"] is not None
    with (tmp_path / "out" / "avma-report.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == document["totals"]["vms"]
    whole = [row for row in document["months"] if row["level"] == "all"][-1]
    assert whole["maximum"] >= 2

    second = player.playbook("report", **variables)
    assert [file["format"] for file in files_of(second) if file["changed"]] == [], second.output
    assert second.of("set_stats")[-1].kind == "ok"
    assert demo.digest() == digest


def test_ledger_without_a_folder_is_named_as_the_cause(demo: Lab, tmp_path: Path) -> None:
    run = demo.player().playbook(
        "report", limit="hv01", avma_report_dir=str(tmp_path), avma_ledger=str(tmp_path / "missing" / "ledger.sqlite")
    )
    assert run.code != 0
    assert "The host could not be asked" not in run.output
    told = next(task.result["msg"] for task in run.of("debug", "hv01") if "ledger" in str(task.result.get("msg")))
    assert str(tmp_path / "missing" / "ledger.sqlite") in told
    assert "Check that its folder is there" in told


def test_contradictions_are_found_and_what_has_changed_is_said(demo: Lab, tmp_path: Path) -> None:
    player = demo.player()
    player.module("guest_key", "web01:web02:file01")
    variables: dict[str, Any] = {"avma_ledger": str(tmp_path / "ledger.sqlite"), "avma_report_formats": ALL}
    before = player.playbook("report", avma_report_dir=str(tmp_path / "before"), **variables)
    assert before.code == 0, before.output
    assert [action["code"] for action in report_in(tmp_path / "before")["actions"] if action["code"] in CONTRADICTIONS] == []
    demo.post(
        "/arrange",
        [
            {"do": "false_item", "vm": "web02", "name": "OSEditionId", "data": "7"},  # it is Datacenter
            {"do": "guest_item", "vm": "app01", "name": "VirtualMachineId", "data": demo.vm("web02")["id"].lower()},
            {"do": "activation_id", "guest": "web02", "of": "app01"},
            {"do": "migrate", "vm": "file01", "host": "hv02"},
            {"do": "licence", "machine": "web01", "status": "notification", "reason": 0xC004FD02},
            {"do": "event", "machine": "hv01", "id": 12310, "strings": [f"0x00000000,{UNKNOWN.lower()}"]},
        ],
    )
    compared = str(tmp_path / "before" / "avma-report.json")
    after = player.playbook("report", avma_report_dir=str(tmp_path / "after"), avma_report_compare=compared, **variables)
    assert after.code == 0, after.output
    document = report_in(tmp_path / "after")
    found = {vm["name"]: {one["code"] for one in vm["findings"]} & CONTRADICTIONS for vm in document["vms"]}
    assert {name: codes for name, codes in found.items() if codes} == {
        "web01": {"ACTIVATION_CONTRADICTED"},
        "web02": {"KVP_OTHER_OS", "SAME_ACTIVATION_ID"},
        "app01": {"KVP_OF_OTHER_VM", "SAME_ACTIVATION_ID"},
        "file01": {"ACTIVATED_BY_OTHER_HOST"},
    }
    assert any(note.startswith("hosts logged events for 1 machines that are none of those here") for note in document["notes"])
    changes = {(one["name"], one["attribute"]): (one["before"], one["after"]) for one in document["comparison"]["changes"]}
    assert changes["web01", "standing"] == ("activated", "contradicted")
    assert changes["file01", "host"] == ("hv01", "hv02")
    assert document["comparison"]["totals"]["contradicted"] == 1
    page = (tmp_path / "after" / "avma-report.html").read_text(encoding="utf-8")
    assert "What changed" in page
    assert "KVP_OF_OTHER_VM" in page
    metrics = (tmp_path / "after" / "avma-report.prom").read_text(encoding="utf-8")
    counted = re.findall(r'^hyperv_avma_vms\{.*standing="(\w+)".*\} (\d+)$', metrics, re.MULTILINE)
    assert sum(int(count) for standing, count in counted if standing == "contradicted") == 1
    assert sum(int(count) for _standing, count in counted) == document["totals"]["vms"]
    assert metrics.endswith("# EOF\n")
    with (tmp_path / "after" / "avma-report-months.csv").open(encoding="utf-8-sig", newline="") as file:
        months = list(csv.DictReader(file))
    assert {row["level"] for row in months} == {"all", "tenant", "host"}
    # web01, web02 and file01 by their hosts' logs, app01 by the log of before; hosts add up to all
    whole = months[-1]["month"]
    top = next(int(row["maximum"]) for row in months if (row["month"], row["level"]) == (whole, "all"))
    assert top >= 3
    assert sum(int(row["maximum"]) for row in months if (row["month"], row["level"]) == (whole, "tenant")) == top


def test_hosts_alone_tell_of_machines_that_nobody_may_enter(demo: Lab, tmp_path: Path) -> None:
    player = demo.player()
    player.module("guest_key", "web01")
    demo.reset_counters()
    run = player.playbook("report", avma_report_dir=str(tmp_path), avma_report_guests=False)
    assert run.code == 0, run.output
    assert demo.requests("web01") == 0
    web01 = next(vm for vm in report_in(tmp_path)["vms"] if vm["name"] == "web01")
    assert (web01["standing"], web01["source"]) == ("activated", "host_event")


def test_a_host_that_does_not_answer_is_in_the_report(demo: Lab, tmp_path: Path) -> None:
    player = demo.player()
    hosts = next(group for name, group in _groups(player.inventory) if name == "hyperv_hosts")
    hosts["hosts"]["hv99"] = {"ansible_host": "127.0.0.1", "ansible_port": 1}
    guests = next(group for name, group in _groups(player.inventory) if name == "guests")
    guests["hosts"]["stray01"] = {"ansible_host": "127.0.0.1", "ansible_port": 1}
    run = player.playbook("report", avma_report_dir=str(tmp_path))
    document = report_in(tmp_path)
    gone = next(host for host in document["hosts"] if host["name"] == "hv99")
    assert gone["ready"] is None
    assert [finding["code"] for finding in gone["findings"]] == ["HOST_NOT_ASKED"]
    assert any("hosts could not be asked" in note for note in document["notes"])
    assert len(document["hosts"]) == 5, run.output
    # Which machine it is, or whether it is one, nobody can tell: it is counted in no total, and what to do about it is said.
    assert [vm["name"] for vm in document["unmatched"]] == ["stray01"]
    assert document["totals"]["vms"] == len(document["vms"]) == sum(len(lab_host["vms"]) for lab_host in map(demo.machine, LAB_HOSTS))
    assert any(one["name"] == "stray01" for action in document["actions"] for one in action["objects"])


def _groups(inventory: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    for name, group in inventory.items():
        found.append((name, group))
        found += _groups(group.get("children") or {})
    return found


def test_what_tenants_write_stays_text_all_the_way(demo: Lab, tmp_path: Path) -> None:
    payload = "<script>alert(1)</script>{{ 7*7 }}\u202e"
    demo.arrange("guest_item", vm="web01", name="Owner", data=payload)
    demo.arrange("notes", vm="app02", text=f"{{{{ 7*7 }}}}\nCustomer: {payload}\nroot password: hunter2")
    run = demo.player().playbook(
        "report", avma_report_dir=str(tmp_path), avma_tenant_item="Owner", avma_tenant_notes="^Customer: (.*)", avma_report_guests=False
    )
    assert run.code == 0, run.output
    found = {vm["name"]: (vm["tenant"], vm["tenant_source"]) for vm in report_in(tmp_path)["vms"]}
    assert found["web01"] == ("<script>alert(1)</script>{{ 7*7 }}", "kvp")
    assert found["app02"] == ("<script>alert(1)</script>{{ 7*7 }}", "notes")
    # Of the notes nothing but the tenant is shown, and nobody reads them who does not ask for them.
    assert "hunter2" not in "".join(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())
    assert "notes" not in demo.player().module("kvp_info", "hv01").one("kvp_info", "hv01")["vms"][0]
    page = (tmp_path / "avma-report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}" in page
