# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""extensions/audit/event_query.yml names the virtual machines that tasks have changed, from real results, as AWX applies it.

AWX compiles each expression, applies it to the result of every event of that module, wants ``canonical_facts`` that hold neither null nor
nothing, and gives the job no count at all if an expression fails (awx/main/tasks/host_indirect.py).
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from .labs import Lab
from .playing import ROOT, Run
from .scenario_files import ADMINISTRATOR, lab_of

jq = pytest.importorskip("jq", reason="the Python package jq is not installed")
QUERIES: dict[str, dict[str, str]] = yaml.safe_load((ROOT / "extensions/audit/event_query.yml").read_text(encoding="utf-8"))


def counted(run: Run) -> dict[str, str]:
    """Names of the machines by GUID, of all events of a run."""
    found: dict[str, str] = {}
    for task in run.tasks:
        query = QUERIES.get(task.action if "." in task.action else f"hyperv.avma.{task.action}")
        for record in jq.compile(query["query"]).input_value(task.result).all() if query else ():
            facts = record["canonical_facts"]
            assert set(facts) == {"hyperv_vm_id"}
            assert facts["hyperv_vm_id"]
            assert None not in record["facts"].values()
            found[facts["hyperv_vm_id"]] = record["name"]
    return found


def test_every_query_is_for_a_module_of_the_collection() -> None:
    modules = {f"hyperv.avma.{path.stem}" for path in (ROOT / "plugins/modules").glob("*.py")}
    assert set(QUERIES) <= modules
    assert all(set(entry) == {"query"} for entry in QUERIES.values())


def test_machines_count_where_a_task_changed_them(demo: Lab) -> None:
    host = next(name for name in demo.get("/inventory")["all"]["children"]["hyperv_hosts"]["hosts"])
    player = demo.player()
    tasks: list[dict[str, Any]] = [
        {"name": "read", "hyperv.avma.kvp_info": {}},
        {"name": "switch", "hyperv.avma.data_exchange": {"all": True, "state": "disabled"}},
        {"name": "again", "hyperv.avma.data_exchange": {"all": True, "state": "disabled"}},
    ]
    run = player.tasks(host, tasks)
    machines = {vm["id"]: vm["name"] for vm in run.one("kvp_info", host)["vms"]}
    first, second = (task.result for task in run.of("data_exchange", host))
    changed = {vm["id"]: vm["name"] for vm in first["vms"] if vm["changed"]}
    assert counted(run) == changed
    assert changed.items() <= machines.items()
    assert changed
    assert not any(vm["changed"] for vm in second["vms"])


def test_results_without_machines_count_nothing(demo: Lab) -> None:
    host = next(name for name in demo.get("/inventory")["all"]["children"]["hyperv_hosts"]["hosts"])
    tasks: list[dict[str, Any]] = [
        {"name": "query", "hyperv.avma.data_exchange": {"all": True, "query": "vms[].name"}},
        {"name": "fail", "hyperv.avma.host_kvp": {"name": ["no such machine"], "items": {"Owner": "us"}}, "ignore_errors": True},
        {"name": "skip", "hyperv.avma.host_kvp": {"all": True, "items": {"Owner": "us"}}, "when": False},
    ]
    run = demo.player().tasks(host, tasks)
    assert [task.kind for task in run.of("host_kvp", host)] == ["failed", "skipped"]
    assert counted(run) == {}


def test_a_guest_behind_its_host_counts_once_it_was_changed() -> None:
    windows = {"release": "2022", "edition": "standard", "licence": {"channel": "none"}, "network": False}
    vms = [{"name": "cut01", "windows": windows}]
    key: dict[str, Any] = {"via": "direct", "vm": "cut01", "guest_user": "Administrator", "guest_password": ADMINISTRATOR["password"]}
    with lab_of(hosts=[{"name": "hv01", "release": "2022", "edition": "datacenter", "vms": vms}]) as lab:
        run = lab.player().tasks("hv01", [{"name": name, "hyperv.avma.guest_key": key} for name in ("first", "again")])
    first, again = (task.result for task in run.of("guest_key", "hv01"))
    assert (first["changed"], again["changed"]) == (True, False), run.output
    assert counted(run) == {first["vm"]["id"]: "cut01"}
    # a guest of the inventory counts there
    (query,) = (jq.compile(entry["query"]) for name, entry in QUERIES.items() if name == "hyperv.avma.guest_key")
    assert query.input_value({**first, "vm": {**first["vm"], "in_inventory": True}}).all() == []
    assert query.input_value({"changed": True, "via": "winrm"}).all() == []
