# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The project of ``extensions/awx`` in AWX: inventory update, jobs by ansible-runner, what they hand on and what they keep to themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from .labs import Lab
from .scenario_files import lab_of

pytest.importorskip("ansible_runner", reason="ansible-runner is not installed")

from .awx_jobs import Job, Site

pytestmark = pytest.mark.e2e

FRESH = {"release": "2022", "edition": "standard", "licence": {"channel": "none"}}
LEFT = {"AvmaHost": "HV02", "Old, tool": "1", "DeployedBy": "image"}
HOSTS = {"username": "svc-hosts", "password": "Geheim-Wort-4711!"}
GUESTS = {"username": "svc-guests", "password": "Geheim-Wort-4712!"}
# Well-formed, published nowhere; the lab takes it for an AVMA key.
OWN_KEY = "NK7M4-Q2W9R-H6T3V-B8Y4X-J2C6P"
SECRETS = (HOSTS["password"], GUESTS["password"], OWN_KEY, OWN_KEY.replace("-", ""))


@pytest.fixture(scope="module")
def process() -> Iterator[Lab]:
    with lab_of(
        domain="lab.example.com",
        accounts=[{"name": account["username"], "password": account["password"]} for account in (HOSTS, GUESTS)],
        keys=[{"key": OWN_KEY, "channel": "VT:IA", "release": "2022", "edition": "standard"}],
        clusters=[{"name": "clu01", "nodes": ["hv01", "hv02"]}],
        hosts=[
            {
                "name": "hv01",
                "release": "2022",
                "edition": "datacenter",
                "vms": [{"name": "web01", "windows": FRESH, "host_items": {"FleetTool_Avma": "1"}}, {"name": "off01", "windows": FRESH}],
            },
            {
                "name": "hv02",
                "release": "2022",
                "edition": "datacenter",
                "vms": [
                    {"name": "web02", "windows": {**FRESH, "guest_items": LEFT}},
                    {"name": "trial01", "windows": {"release": "2022", "edition": "standard_eval"}},
                ],
            },
        ],
    ) as lab:
        yield lab


@pytest.fixture
def lab(process: Lab) -> Lab:
    process.reset()
    return process


@pytest.fixture
def site(lab: Lab, tmp_path: Path) -> Site:
    return Site(tmp_path, lab, {"AVMA Hyper-V hosts": HOSTS, "AVMA guests": GUESTS, "AVMA product key": {"key": OWN_KEY}})


def leaks(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


def stats(job: Job, kind: str) -> dict[str, int]:
    return {host.partition(".")[0]: count for host, count in job.stats[kind].items()}


def size(job: Job) -> int:
    return len(json.dumps(job.artifacts))


def test_workflow(lab: Lab, site: Site) -> None:
    assert leaks(site.update_inventory()) == []
    guests = {name.partition(".")[0]: name for name in site.database["guests"]["hosts"]}
    assert set(guests) == {"web01", "web02", "off01", "trial01"}

    lab.arrange("vm_state", vm="off01", state="off")
    before = lab.digest()
    validate = site.launch("validate", answers={"avma_require_ready": "true", "avma_cluster_nodes": "true"})
    assert validate.status == "successful", validate.output
    assert validate.artifacts == {
        "hyperv_avma_validate": {
            "check": False,
            "hosts": {"total": 2, "ready": 2, "not_ready": 0, "unknown": 0},
            "guests": {"total": 0},
            "other_vms": {"action_required": 1, "eligible": 2, "unknown": 1},
            "deferred": 0,
            "deferred_limit": "",
        }
    }

    predicted = site.launch("activate", check=True, artifacts=validate.artifacts)
    assert lab.digest() == before
    assert list(site.data.iterdir()) == []

    # Red, as an evaluation is refused; the others are served.
    activate = site.launch("activate", artifacts=validate.artifacts, verbosity=4)
    assert activate.status == "failed"
    assert activate.outcomes() == {"web01": "activated", "web02": "activated", "off01": "deferred", "trial01": "refused"}
    assert activate.outcomes() == predicted.outcomes()
    assert (stats(activate, "failures"), stats(activate, "dark")) == ({"trial01": 1}, {})
    summary = activate.artifacts["hyperv_avma_activate"]
    assert summary["guests"] == {"total": 4, "activated": 2, "deferred": 1, "refused": 1}
    assert (summary["deferred"], summary["deferred_limit"]) == (1, guests["off01"])
    assert leaks(activate.everything()) == []
    assert (site.data / "deferred.limit").read_text() == f"{guests['off01']}\n"

    # The later jobs get all of it as variables.
    handed_on = {**validate.artifacts, **activate.artifacts}
    report = site.launch("report", artifacts=handed_on, answers={"avma_report_formats": "html\njson\nmonths", "avma_report_title": ""})
    assert report.status == "successful", report.output
    assert report.artifacts["hyperv_avma_report"]["vms"]["activated"] == 2
    assert {path.name for path in (site.data / "report").iterdir()} == {
        "avma-report.csv",  # of the job before
        "avma-report.html",
        "avma-report.json",
        "avma-report-months.csv",
    }
    assert max(map(size, (validate, activate, report))) < 1000

    lab.arrange("vm_state", vm="off01", state="running")
    resumed = site.launch("activate", artifacts=handed_on, limit=f"hyperv_hosts,{summary['deferred_limit']}")
    assert (resumed.status, resumed.outcomes()) == ("successful", {"off01": "activated"}), resumed.output
    assert resumed.artifacts["hyperv_avma_activate"]["guests"] == {"total": 1, "activated": 1}
    assert not (site.data / "deferred.limit").exists()


def test_partly_unreachable(lab: Lab, site: Site) -> None:
    site.update_inventory()
    lab.arrange("vm_state", vm="off01", state="off")
    lab.arrange("vm_state", vm="web02", state="off")
    lab.arrange("vm_state", vm="trial01", state="off")
    job = site.launch("activate", answers={"avma_defer_unreachable": "false"}, verbosity=4)
    assert job.status == "failed"
    assert stats(job, "dark") == {"off01": 1, "web02": 1, "trial01": 1}
    assert job.outcomes()["web01"] == "activated"
    summary = job.artifacts["hyperv_avma_activate"]
    assert summary["guests"] == {"total": 4, "activated": 1, "unreachable": 3}
    # Whom it did not reach is still to come, and the next job takes the file as its limit.
    assert leaks(job.everything()) == []
    lab.arrange("vm_state", vm="web02", state="running")
    resumed = site.launch("key", limit=f"hyperv_hosts,@{site.data}/deferred.limit", verbosity=4)
    assert resumed.outcomes() == {"off01": "deferred", "web02": "activated", "trial01": "deferred"}
    assert lab.machine("web02")["licence"]["partial_key"] == OWN_KEY[-5:]
    assert leaks(resumed.everything()) == []


def test_slices_judge_the_whole_cluster(lab: Lab, site: Site) -> None:
    site.update_inventory()
    jobs = [site.launch("slices", answers={"avma_unlisted_nodes": True}, slice_of=(number, 2)) for number in (1, 2)]
    hosts = [job.results("host_info") for job in jobs]
    assert [set(results) for results in hosts] == [{"hv01"}, {"hv02"}], "each slice has one node only"
    for results in hosts:
        for result in results.values():
            verdict = result["host"]["cluster"]["verdict"]
            assert (verdict["ready"], {node["name"].lower() for node in verdict["nodes"]}) == (True, {"hv01", "hv02"})
    outcomes = {name: outcome for job in jobs for name, outcome in job.outcomes().items()}
    assert outcomes == {"web01": "activated", "web02": "activated", "off01": "activated", "trial01": "refused"}
    totals = [job.artifacts["hyperv_avma_activate"]["guests"]["total"] for job in jobs]
    assert sum(totals) == 4
    assert 0 not in totals
    assert list(site.data.iterdir()) == [], "what no slice can know as a whole"


def test_answers_of_surveys_are_text(lab: Lab, site: Site) -> None:
    site.update_inventory()
    answers = {"avma_retire_state": "absent", "avma_retire_patterns": "Avma*\r\nOld, *\r\n", "avma_retire_host_patterns": "FleetTool_*\n"}
    retire = site.launch("retire", answers=answers)
    assert retire.status == "successful", retire.output
    assert retire.artifacts == {
        "hyperv_avma_retire": {
            "guests": {"total": 4, "answered": 4, "candidates": 2, "removed": 2},
            "hosts": {"total": 2, "answered": 2, "candidates": 1, "removed": 1},
        }
    }
    assert lab.vm("web02")["guest_items"] == {"DeployedBy": "image"}

    # Nothing answered but what must be: a template in an answer is text.
    path = site.data / "{{ 7 * 7 }}.xml"
    first, second = (
        site.launch("unattend", answers={"avma_unattend_path": str(path), "avma_unattend_create": "true"}) for _run in range(2)
    )
    assert first.status == second.status == "successful", first.output
    assert "YQB4H-NKHHJ-Q6K4R-4VMY6-VCH67" in path.read_text(encoding="utf-8")
    assert (sum(first.stats["changed"].values()), second.stats["changed"]) == (1, {})
