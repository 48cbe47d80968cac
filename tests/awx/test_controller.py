# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``playbooks/controller.yml`` with the real modules of awx.awx, against a stand-in for AWX: what it creates, and that it creates it once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ansible_collections.hyperv.avma.tests.awx.api import TOKEN, Controller, controller

ROOT = Path(__file__).resolve().parents[2]
AWX = ROOT / "build" / "awx"
TIMEOUT = 240  # seconds
SECRETS = {"hosts": "Geheim-Wort-4711!", "guests": "Geheim-Wort-4712!", "key": "NK7M4-Q2W9R-H6T3V-B8Y4X-J2C6P", "hook": "Geheim-Wort-4713"}
OWN_KEY = "activate with a key of your own"
SITE = {
    "avma_controller_organization": "Site A",
    "avma_controller_project_url": "https://git.corp.example/avma.git",
    "avma_controller_project_branch": "production",
    "avma_controller_image": "registry.corp.example/avma:1",
    "avma_controller_instance_groups": ["site-a"],
    "avma_controller_data": "/srv/avma",
    "avma_controller_forks": "20",
    "avma_controller_slices": "4",
    "avma_controller_daily_activation": "true",
    "avma_controller_host_inputs": {"username": "svc-avma@CORP.EXAMPLE", "password": SECRETS["hosts"]},
    "avma_controller_guest_inputs": {"username": "Administrator", "password": SECRETS["guests"]},
    "avma_controller_key_inputs": {"key": SECRETS["key"]},
    "avma_controller_notification_type": "webhook",
    "avma_controller_notification_configuration": {
        "url": "https://chat.corp.example/hook",
        "headers": {"Authorization": SECRETS["hook"]},
    },
}

pytestmark = pytest.mark.skipif(not (AWX / "made-from").exists(), reason="awx.awx is not in build/awx: run `make awx` with access to PyPI")


class Played:
    def __init__(self, kept: Controller, *arguments: str, **variables: object) -> None:
        kept.writes.clear()
        done = subprocess.run(
            [sys.executable, "-m", "ansible", "playbook", "hyperv.avma.controller", "-e", json.dumps({**SITE, **variables}), *arguments],
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "CONTROLLER_", "TOWER_"))},
                "ANSIBLE_COLLECTIONS_PATH": f"{ROOT / '.dev'}{os.pathsep}{AWX}",
                "ANSIBLE_CONFIG": str(ROOT / "tests/e2e/ansible.cfg"),
                "ANSIBLE_NOCOLOR": "1",
                "CONTROLLER_HOST": kept.url,
                "CONTROLLER_OAUTH_TOKEN": TOKEN,
            },
            cwd=ROOT / "build",
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        self.code = done.returncode
        self.output = done.stdout + done.stderr
        self.writes = list(kept.writes)


@pytest.fixture(scope="module")
def created() -> Iterator[tuple[Controller, Played]]:
    with controller() as kept:
        yield kept, Played(kept, "-vvv")


def test_everything_is_there(created: tuple[Controller, Played]) -> None:
    kept, played = created
    assert played.code == 0, played.output
    assert kept.names("job_templates") == [
        f"AVMA {name}" for name in ("validate", "activate", "activate in slices", "report", "retire", "unattend", OWN_KEY)
    ]
    assert kept.names("credentials") == kept.names("credential_types") == ["AVMA Hyper-V hosts", "AVMA guests", "AVMA product key"]
    project, site = kept.one("projects", "AVMA"), kept.one("organizations", "Site A")
    assert (project["scm_url"], project["scm_branch"]) == ("https://git.corp.example/avma.git", "production")
    for endpoint in ("projects", "inventories", "credentials", "notification_templates", "job_templates", "workflow_job_templates"):
        assert {item["organization"] for item in kept.objects[endpoint].values()} == {site["id"]}, endpoint
    assert kept.related("inventories", "AVMA", "instance_groups") == ["site-a"]
    assert {
        name: schedule["enabled"] for name, schedule in zip(kept.names("schedules"), kept.objects["schedules"].values(), strict=True)
    } == {
        "AVMA activate daily": True,
        "AVMA report daily": True,
        "AVMA validate weekly": True,
    }


def test_inventory_comes_from_the_project_with_the_hosts_account(created: tuple[Controller, Played]) -> None:
    kept, _played = created
    source = kept.one("inventory_sources", "AVMA hosts and guests")
    assert (source["source"], source["source_path"], source["overwrite"], source["update_on_launch"]) == ("scm", "inventory", True, True)
    assert source["credential"] == kept.one("credentials", "AVMA Hyper-V hosts")["id"]
    assert source["source_project"] == kept.one("projects", "AVMA")["id"]


def test_job_templates_have_what_they_need_and_no_more(created: tuple[Controller, Played]) -> None:
    kept, _played = created
    both = ["AVMA Hyper-V hosts", "AVMA guests"]
    assert {name: kept.related("job_templates", name, "credentials") for name in kept.names("job_templates")} == {
        "AVMA validate": ["AVMA Hyper-V hosts"],
        "AVMA activate": both,
        "AVMA activate in slices": both,
        "AVMA report": both,
        "AVMA retire": both,
        "AVMA unattend": [],
        f"AVMA {OWN_KEY}": [*both, "AVMA product key"],
    }
    assert kept.one("job_templates", f"AVMA {OWN_KEY}")["limit"] == "hyperv_hosts"
    activate = kept.one("job_templates", "AVMA activate")
    assert (activate["forks"], activate["ask_job_type_on_launch"], activate["ask_limit_on_launch"]) == (20, True, True)
    assert (activate["job_slice_count"], kept.one("job_templates", "AVMA activate in slices")["job_slice_count"]) == (1, 4)
    assert json.loads(activate["extra_vars"]) == {
        "avma_report_dir": "/srv/avma/report",
        "avma_ledger": "/srv/avma/ledger.sqlite",
        "avma_deferred_file": "/srv/avma/deferred.limit",
    }
    for template in kept.objects["job_templates"].values():
        assert template["survey_enabled"], template["name"]
        assert template["survey_spec"]["spec"], template["name"]
        assert kept.related("job_templates", template["name"], "notification_templates_error") == ["AVMA"]
    unattend = kept.one("job_templates", "AVMA unattend")["survey_spec"]["spec"][0]
    assert (unattend["variable"], unattend["default"]) == ("avma_unattend_path", "/srv/avma/autounattend.xml")


def test_nothing_is_activated_before_somebody_approves(created: tuple[Controller, Played]) -> None:
    kept, _played = created
    nodes = "workflow_job_template_nodes"
    after = {
        name: {how: found for how in ("success_nodes", "always_nodes", "failure_nodes") if (found := kept.related(nodes, name, how))}
        for name in kept.names(nodes)
    }
    assert after == {
        "validate": {"always_nodes": ["approve"]},
        "approve": {"success_nodes": ["activate"]},
        "activate": {"always_nodes": ["report"]},
        "report": {},
    }
    starts = {name: kept.find("unified_job_templates", kept.one(nodes, name)["unified_job_template"]) for name in kept.names(nodes)}
    assert {name: template["type"] for name, template in starts.items()} == {
        "validate": "job_template",
        "approve": "workflow_approval_template",
        "activate": "job_template",
        "report": "job_template",
    }
    assert starts["approve"]["timeout"] == 2 * 24 * 3600
    workflow = "AVMA validate, approve, activate, report"
    assert kept.related("workflow_job_templates", workflow, "notification_templates_approvals") == ["AVMA"]


def test_templates_for_awx_reach_it_as_they_are(created: tuple[Controller, Played]) -> None:
    kept, _played = created
    assert kept.one("credential_types", "AVMA guests")["injectors"]["env"]["HYPERV_AVMA_GUEST_PASSWORD"] == "{{ password }}"
    told = {"job": {"name": 'the "job"', "status": "failed", "artifacts": {"hyperv_avma_validate": {"deferred": 0}}}, "url": "https://awx"}
    for when in ("success", "error"):
        body = kept.one("notification_templates", "AVMA")["messages"][when]["body"]
        message = json.loads(ImmutableSandboxedEnvironment().from_string(body).render(told))
        assert message == {"job": 'the "job"', "status": "failed", "url": "https://awx", "artifacts": told["job"]["artifacts"]}


def test_secrets_are_in_no_output(created: tuple[Controller, Played]) -> None:
    kept, played = created
    assert [name for name, secret in SECRETS.items() if secret in played.output] == []
    # It is what was given that AWX keeps, not something else.
    assert kept.one("credentials", "AVMA product key")["inputs"] == {"key": SECRETS["key"]}
    assert TOKEN not in played.output


def test_second_run_changes_nothing(created: tuple[Controller, Played]) -> None:
    kept, _played = created
    again = Played(kept)
    assert (again.code, again.writes) == (0, []), again.output
    assert "changed=0" in again.output


def test_change_by_hand_is_undone(created: tuple[Controller, Played]) -> None:
    kept, _played = created
    activate = kept.one("job_templates", "AVMA activate")
    activate["survey_spec"]["spec"][2]["default"] = "true"
    mended = Played(kept, "--start-at-task", "Create the job templates")
    assert mended.code == 0, mended.output
    assert mended.writes == [("POST", f"/api/v2/job_templates/{activate['id']}/survey_spec/")]
    assert activate["survey_spec"]["spec"][2] == {
        **activate["survey_spec"]["spec"][2],
        "variable": "avma_replace_licensed",
        "default": "false",
    }


def test_second_set_beside_the_first(created: tuple[Controller, Played]) -> None:
    """Modules look for inventories and credentials by name in all organizations."""
    kept, _played = created
    before = {endpoint: len(items) for endpoint, items in kept.objects.items()}
    played = Played(kept, avma_controller_name="Site B", avma_controller_organization="Default")
    assert played.code == 0, played.output
    shared = ("organizations", "instance_groups", "credential_types", "execution_environments")
    assert {endpoint: len(items) for endpoint, items in kept.objects.items()} == {
        endpoint: count if endpoint in shared else 2 * count for endpoint, count in before.items()
    }
    default, template = kept.one("organizations", "Default"), kept.one("job_templates", "Site B activate")
    assert template["organization"] == default["id"]
    assert kept.related("job_templates", "Site B activate", "credentials") == ["Site B Hyper-V hosts", "Site B guests"]
    assert kept.find("inventories", template["inventory"])["name"] == "Site B"


def test_without_what_must_be_given_nothing_is_sent() -> None:
    with controller() as kept:
        played = Played(kept, avma_controller_image="")
    assert played.code == 2
    assert "avma_controller_image" in played.output
    assert played.writes == []


def test_other_collection_by_its_name(created: tuple[Controller, Played]) -> None:
    """ansible.controller is not to be had without a subscription: what is tried is that the modules of the given collection are called."""
    kept, _played = created
    played = Played(kept, avma_controller_collection="ansible.controller")
    assert played.code != 0
    assert "ansible.controller.credential_type" in played.output
    assert played.writes == []
