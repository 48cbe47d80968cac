# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as a task: options, check and diff mode, what its results say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.hyperv.avma.tests.unit.plugins.action.playing import play
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.report.deliveries import event as delivered
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.report.deliveries import result as delivery
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.fake_guest import FakeGuest
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.fake_host import FakeHost, FakeVm

WEB = "6F3C2B6A-0C68-4B5F-9B0E-3E0B6B0C8D11"
LINUX = "0F3C2B6A-0C68-4B5F-9B0E-3E0B6B0C8D12"


def variables() -> dict[str, Any]:
    """As a run of the playbook leaves them, made by the actions themselves."""
    host = FakeHost(FakeVm(WEB, "web01"), FakeVm(LINUX, "linux01", intrinsic={"OSName": "Ubuntu"}))
    return {
        "groups": {"guests": ["web01"], "hyperv_hosts": ["hv01"]},
        "hostvars": {
            "web01": {"activate_result": play("guest_key", FakeGuest(), machine="web01").result, "avma_vm_id": WEB, "avma_tenant": "acme"},
            "hv01": {"host_result": play("host_info", host).result, "host_vms": play("kvp_info", host).result},
        },
    }


def report(folder: Path, **options: Any) -> dict[str, Any]:
    check, diff = options.pop("check", False), options.pop("diff", False)
    given = options.pop("variables", None) or variables()
    return play("report", variables=given, machine="localhost", check=check, diff=diff, dest=str(folder), **options).result


def document(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "avma-report.json").read_text(encoding="ascii")))


def test_what_a_run_has_registered_is_reported(tmp_path: Path) -> None:
    result = report(tmp_path)
    assert (result["changed"], [file["format"] for file in result["files"]]) == (True, ["html", "csv", "json"])
    assert (result["totals"]["vms"], result["totals"]["activated"], result["totals"]["not_applicable"]) == (2, 1, 1)
    found = {vm["name"]: vm for vm in document(tmp_path)["vms"]}
    assert (found["web01"]["standing"], found["web01"]["tenant"], found["web01"]["inventory_name"]) == ("activated", "acme", "web01")
    assert found["linux01"]["standing"] == "not_applicable"
    assert report(tmp_path)["changed"] is False


def test_check_and_diff_mode(tmp_path: Path) -> None:
    foretold = report(tmp_path / "new", check=True, diff=True)
    assert foretold["changed"] is True
    assert not (tmp_path / "new").exists()
    done = report(tmp_path / "new", diff=True)
    assert foretold["diff"] == done["diff"]
    assert str(tmp_path / "new" / "avma-report.html") in done["diff"]["after"]


def test_numbers_for_what_comes_after_hold_no_names(tmp_path: Path) -> None:
    stats = report(tmp_path)["stats"]
    assert stats["vms"]["activated"] == 1
    assert stats["hosts"] == {"total": 1, "ready": 1}
    assert not [name for name in ("web01", "acme", "linux01", "hv01") if name in json.dumps(stats["vms"] | stats["actions"])]
    assert len(json.dumps(stats)) < 1000


def test_ledger_counts_by_month(tmp_path: Path) -> None:
    ledger = str(tmp_path / "ledger.sqlite")
    play("ledger", path=ledger, events=[delivery([delivered(1), delivered(2)])])
    result = report(tmp_path, ledger=ledger, formats=["json", "months"], months=36, since="3650d")
    assert document(tmp_path)["months"][0]["level"] == "all"
    assert [Path(file["path"]).name for file in result["files"]] == ["avma-report.json", "avma-report-months.csv"]


def test_a_task_that_was_skipped_is_no_failure(tmp_path: Path) -> None:
    skipped = variables()
    skipped["hostvars"]["web01"] = {"guest_result": {"skipped": True, "changed": False}, "avma_vm_id": WEB}
    result = report(tmp_path, variables=skipped)
    assert (result["totals"]["unknown"], result["actions"]) == (1, [])


def test_comparison_counts_changes(tmp_path: Path) -> None:
    report(tmp_path / "old")
    later = variables()
    later["hostvars"]["web01"]["avma_tenant"] = "globex"
    result = report(tmp_path / "new", variables=later, compare=str(tmp_path / "old" / "avma-report.json"))
    assert result["changes"] == 1
    assert document(tmp_path / "new")["comparison"]["changes"][0]["after"] == "globex"


def test_an_inventory_without_anything(tmp_path: Path) -> None:
    result = report(tmp_path, variables={"groups": {}, "hostvars": {}})
    assert result["totals"]["vms"] == 0
    assert report(tmp_path, variables={"groups": {"guests": ["gone"], "hyperv_hosts": ["away"]}, "hostvars": {}})["totals"]["unknown"] == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "../evil"}, "is not the name of a file"),
        ({"mode": "rw"}, "not an octal mode"),
        ({"months": 0}, "Give a number from 1 to 36"),
        ({"since": "yesterday"}, "neither an ISO 8601 time"),
        ({"observed": "now"}, "not an ISO 8601 time"),
        ({"lease_validity": "never"}, "not a length of time"),
        ({"lease_validity": "0d"}, "out of range"),
        ({"tenant_pattern": "("}, "not a regular expression"),
        ({"compare": "/nowhere/avma-report.json"}, "No such file"),
        ({"compare": __file__}, "not JSON"),
        ({"ledger": "/nowhere/ledger.sqlite"}, "there is no ledger"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_written(tmp_path: Path, options: dict[str, Any], said: str) -> None:
    result = report(tmp_path / "out", **options)
    assert result["failed"] is True
    assert said in result["msg"]
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = report(tmp_path / "file")
    assert result["failed"] is True
    assert f"the report {tmp_path / 'file' / 'avma-report.html'} could not be written" in result["msg"]


def test_results_are_those_that_are_documented(tmp_path: Path) -> None:
    described: Mapping[str, Any] = yaml.safe_load(import_module("ansible_collections.hyperv.avma.plugins.modules.report").RETURN)
    broken = variables()
    broken["hostvars"]["hv01"]["host_result"] = {"failed": True, "msg": "hv01: access denied"}
    whole, narrow = report(tmp_path, variables=broken), report(tmp_path, query="totals.vms")
    assert set(whole) | set(narrow) == set(described) | {"changed"}
    assert narrow["result"] == 2
    for key in ("files", "actions"):
        assert {name for one in whole[key] for name in one} == set(described[key]["contains"])
