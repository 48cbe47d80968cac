# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of objects that the stand-in for AWX keeps: their fields, what they refer to, and when AWX would refuse them.

Fields are those of AWX's REST API that the modules of awx.awx send for ``playbooks/controller.yml``. AWX ignores fields that it does not know;
here they are refused, so that a misspelt one is seen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import rules

Object = dict[str, Any]
Find = Callable[[str, Any], Object]  # endpoint and id
PROJECT = Path(__file__).resolve().parents[2] / "extensions/awx/project"
# valid_playbook_re in awx/main/utils/ansible.py
_PLAYBOOK = re.compile(r"^\s*?-?\s*?(?:hosts|(ansible\.builtin\.)?include|(ansible\.builtin\.)?import_playbook):\s*?.*?$", re.MULTILINE)


@dataclass(frozen=True)
class Kind:
    """``fields`` with the value that AWX gives those that are left out. ``refers`` names the endpoint of fields that hold an id."""

    type: str
    fields: Mapping[str, Any]
    refers: Mapping[str, str] = field(default_factory=dict)
    associations: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ("name",)
    problems: Callable[[Object, Find], list[str]] = lambda item, find: []
    identity: str = "name"


def playbooks() -> set[str]:
    """The files of the project that AWX offers as playbooks."""
    return {path.name for path in PROJECT.glob("*.yml") if _PLAYBOOK.search(path.read_text(encoding="utf-8"))}


def _job_template(item: Object, find: Find) -> list[str]:
    return [] if item["playbook"] in playbooks() else [f"playbook: {item['playbook']!r} is not in the project"]


def _inventory_source(item: Object, find: Find) -> list[str]:
    found = [] if (PROJECT / item["source_path"]).exists() else [f"source_path: {item['source_path']!r} is not in the project"]
    if item["credential"] is not None:
        kind = find("credential_types", find("credentials", item["credential"])["credential_type"])["kind"]
        # InventorySource.cloud_credential_validation: no Machine, source control, Insights or Vault credential for a source of a project
        found += [] if kind == "cloud" else [f"credential: of the kind {kind}"]
    return found


def _schedule(item: Object, find: Find) -> list[str]:
    template = find("unified_job_templates", item["unified_job_template"])
    asked = {question["variable"]: question for question in template.get("survey_spec", {}).get("spec", [])}
    unknown = [f"extra_data: {name} is not a question of the survey" for name in item["extra_data"] if name not in asked]
    wrong = [
        f"extra_data: {name}: {value!r} is not a choice"
        for name, value in item["extra_data"].items()
        if asked.get(name, {}).get("type") == "multiplechoice" and value not in rules.choices_of(asked[name])
    ]
    return rules.rrule(item["rrule"]) + unknown + wrong


def _credential(item: Object, find: Find) -> list[str]:
    inputs = find("credential_types", item["credential_type"])["inputs"]
    known = {one["id"] for one in inputs["fields"]}
    return [f"inputs: {name} is missing" for name in inputs.get("required", []) if not item["inputs"].get(name)] + [
        f"inputs: {name} is not a field" for name in item["inputs"] if name not in known
    ]


# WebhookBackend.init_parameters in awx/main/notifications/webhook_backend.py
_WEBHOOK = {"http_method": "POST", "disable_ssl_verification": False, "username": "", "password": ""}
_NOTIFIED = {f"notification_templates_{when}": "notification_templates" for when in ("started", "success", "error")}
_NODES = dict.fromkeys(("success_nodes", "failure_nodes", "always_nodes"), "workflow_job_template_nodes")

KINDS: dict[str, Kind] = {
    "organizations": Kind("organization", {"name": "", "description": ""}),
    "instance_groups": Kind("instance_group", {"name": ""}),
    "credential_types": Kind(
        "credential_type",
        {"name": "", "description": "", "kind": "", "inputs": {}, "injectors": {}, "managed": False},
        problems=lambda item, find: rules.credential_type(item),
    ),
    "credentials": Kind(
        "credential",
        {"name": "", "description": "", "organization": None, "credential_type": None, "inputs": {}},
        {"organization": "organizations", "credential_type": "credential_types"},
        required=("name", "credential_type", "organization"),
        problems=_credential,
    ),
    "execution_environments": Kind(
        "execution_environment", {"name": "", "description": "", "image": "", "pull": "", "organization": None}, required=("name", "image")
    ),
    "projects": Kind(
        "project",
        {
            "name": "",
            "description": "",
            "organization": None,
            "scm_type": "",
            "scm_url": "",
            "scm_branch": "",
            "scm_clean": False,
            "scm_update_on_launch": False,
            "default_environment": None,
            "credential": None,
        },
        {"organization": "organizations", "default_environment": "execution_environments", "credential": "credentials"},
        required=("name", "scm_url"),
    ),
    "inventories": Kind(
        "inventory",
        {"name": "", "description": "", "organization": None, "kind": "", "host_filter": None},
        {"organization": "organizations"},
        {"instance_groups": "instance_groups"},
        ("name", "organization"),
    ),
    "inventory_sources": Kind(
        "inventory_source",
        {
            "name": "",
            "description": "",
            "inventory": None,
            "source": "",
            "source_project": None,
            "source_path": "",
            "credential": None,
            "execution_environment": None,
            "overwrite": False,
            "overwrite_vars": False,
            "update_on_launch": False,
            "update_cache_timeout": 0,
        },
        {
            "inventory": "inventories",
            "source_project": "projects",
            "credential": "credentials",
            "execution_environment": "execution_environments",
        },
        _NOTIFIED,
        ("name", "inventory", "source", "source_project", "source_path"),
        _inventory_source,
    ),
    "notification_templates": Kind(
        "notification_template",
        {"name": "", "description": "", "organization": None, "notification_type": "", "notification_configuration": {}, "messages": None},
        {"organization": "organizations"},
        required=("name", "organization", "notification_type", "notification_configuration"),
    ),
    "job_templates": Kind(
        "job_template",
        {
            "name": "",
            "description": "",
            "organization": None,
            "job_type": "run",
            "inventory": None,
            "project": None,
            "playbook": "",
            "execution_environment": None,
            "limit": "",
            "forks": 0,
            "timeout": 0,
            "job_slice_count": 1,
            "extra_vars": "",
            "survey_enabled": False,
            "ask_limit_on_launch": False,
            "ask_job_type_on_launch": False,
            "ask_diff_mode_on_launch": False,
            "ask_verbosity_on_launch": False,
            "ask_forks_on_launch": False,
            "ask_job_slice_count_on_launch": False,
        },
        {
            "organization": "organizations",
            "inventory": "inventories",
            "project": "projects",
            "execution_environment": "execution_environments",
        },
        {**_NOTIFIED, "credentials": "credentials"},
        ("name", "project", "playbook", "inventory"),
        _job_template,
    ),
    "workflow_job_templates": Kind(
        "workflow_job_template",
        {"name": "", "description": "", "organization": None, "allow_simultaneous": False, "ask_limit_on_launch": False},
        {"organization": "organizations"},
        {**_NOTIFIED, "notification_templates_approvals": "notification_templates"},
    ),
    "workflow_job_template_nodes": Kind(
        "workflow_job_template_node",
        {"identifier": "", "workflow_job_template": None, "unified_job_template": None, "type": "workflow_job_template_node"},
        {"workflow_job_template": "workflow_job_templates", "unified_job_template": "unified_job_templates"},
        _NODES,
        ("identifier", "workflow_job_template"),
        identity="identifier",
    ),
    "workflow_approval_templates": Kind("workflow_approval_template", {"name": "", "description": "", "timeout": 0}),
    "schedules": Kind(
        "schedule",
        {"name": "", "description": "", "unified_job_template": None, "rrule": "", "enabled": True, "extra_data": {}},
        {"unified_job_template": "unified_job_templates"},
        required=("name", "unified_job_template", "rrule"),
        problems=_schedule,
    ),
}
# What a schedule or a step of a workflow can start.
UNIFIED = ("job_templates", "projects", "inventory_sources", "workflow_job_templates", "workflow_approval_templates")


def normalised(endpoint: str, given: Object) -> Object:
    """As AWX keeps what it is given: no null for text, and defaults beside what is configured."""
    found = {name: "" if value is None and KINDS[endpoint].fields.get(name) == "" else value for name, value in given.items()}
    if found.get("notification_type") == "webhook":
        found["notification_configuration"] = {**_WEBHOOK, **found["notification_configuration"]}
    return found


def refusal(endpoint: str, item: Object, given: Object, find: Find) -> list[str]:
    """Why AWX would refuse the object ``item`` of which ``given`` was sent."""
    kind = KINDS[endpoint]
    found = [f"{name}: no such field" for name in given if name not in kind.fields]
    found += [f"{name}: is missing" for name in kind.required if item.get(name) in (None, "")]
    for name, value in given.items():
        wanted = kind.fields.get(name)
        if wanted is not None and value is not None and not isinstance(value, type(wanted)):
            found.append(f"{name}: {value!r} is no {type(wanted).__name__}")
    for name, other in kind.refers.items():
        if item.get(name) is not None:
            try:
                find(other, item[name])
            except KeyError:
                found.append(f"{name}: {item[name]!r} is not there")
    if item.get("extra_vars"):
        json.loads(item["extra_vars"])
    return found or kind.problems(item, find)
