# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects for AWX agree with what the collection documents, with the project to copy, and with AWX's own rules."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.keys import AVMA_KEYS
from ansible_collections.hyperv.avma.tests.awx import rules
from ansible_collections.hyperv.avma.tests.awx.objects import playbooks

from . import documented
from .blocks import ROOT
from .yaml_blocks import load

PROJECT = ROOT / "extensions" / "awx" / "project"
OBJECTS = {path.stem: load(path.read_text(encoding="utf-8")) for path in (ROOT / "playbooks/vars/controller").glob("*.yml")}
TEMPLATES = {
    found[1]: value
    for name, value in OBJECTS["job_templates"].items()
    if (found := re.fullmatch(r"avma_(\w+)_template", name)) and found[1] != "job"
}
QUESTIONS = [(name, question) for name, template in TEMPLATES.items() for question in template["survey_spec"]["spec"]]
CONTROLLER = load((ROOT / "playbooks/controller.yml").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs/awx.md").read_text(encoding="utf-8")
# Variables of a playbook itself stand in the comment at its top, with their defaults.
_PLAYBOOK_VARIABLE = re.compile(r"\b(avma_\w+) \(([^)]*)\)")
_ROLE_ACTIONS = ("ansible.builtin.import_role", "ansible.builtin.include_role")


def dictionaries(value: Any) -> Iterator[dict[str, Any]]:
    """All that are in ``value``, at any depth."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from dictionaries(inner)


def options(playbook: str) -> dict[str, dict[str, Any]]:
    """What a playbook takes: the options of the roles that it runs, and its own variables."""
    text = (ROOT / "playbooks" / f"{playbook}.yml").read_text(encoding="utf-8")
    found: dict[str, dict[str, Any]] = {}
    for name, default in _PLAYBOOK_VARIABLE.findall(text[: text.index("\n- ")]):
        word = re.split(r"[,:]", default)[0]
        found[name] = {"type": "bool", "default": word == "true"} if word in ("true", "false") else {"type": "str", "default": None}
    for task in dictionaries(load(text)):
        for role in (task[action] for action in _ROLE_ACTIONS if action in task):
            found |= documented.role_options(role["name"].rpartition(".")[2], role.get("tasks_from", "main"))
    return found


def of(name: str) -> dict[str, dict[str, Any]]:
    return options(TEMPLATES[name]["playbook"].removesuffix(".yml"))


# surveys and job templates


@pytest.mark.parametrize("name", TEMPLATES)
def test_awx_takes_the_survey(name: str) -> None:
    assert rules.survey(TEMPLATES[name]["survey_spec"]) == []


@pytest.mark.parametrize(("name", "question"), QUESTIONS, ids=lambda value: value if isinstance(value, str) else value["variable"])
def test_question_is_a_variable_of_the_playbook_as_it_is_documented(name: str, question: dict[str, Any]) -> None:
    option = of(name)[question["variable"]]
    kind, choices = question["type"], rules.choices_of(question)
    default = rules.defaults_of(question) if kind == "multiselect" else question["default"]
    wanted = option.get("default")
    match option["type"]:
        case "bool":
            assert (kind, sorted(choices)) == ("multiplechoice", ["false", "true"])
            assert default == str(bool(wanted)).lower()
        case "int":
            assert kind == "integer"
            assert default == wanted
        case "list" if option.get("choices"):
            assert (kind, choices) == ("multiselect", option["choices"])
            assert default == wanted
        case "list":
            assert kind == "textarea"
            assert default == "\n".join(wanted or [])
        case _ if option.get("choices"):
            assert (kind, choices) == ("multiplechoice", option["choices"])
            assert default == wanted
        case _ if kind == "text" and not question["required"]:
            assert default == (wanted or "")
        case _:
            assert question["variable"] in ("avma_unattend_path", "avma_unattend_release", "avma_unattend_edition")


def test_secrets_are_no_questions() -> None:
    """An answer is kept with the job."""
    assert [question["variable"] for name, question in QUESTIONS if of(name)[question["variable"]].get("no_log")] == []
    assert "password" not in {question["type"] for _name, question in QUESTIONS}


def test_schedules_and_programs_can_start_all_but_answer_files() -> None:
    assert {question["variable"] for _name, question in QUESTIONS if question["required"]} == {"avma_unattend_path"}


def test_releases_and_editions_that_are_offered_have_a_published_key() -> None:
    offered = {
        question["variable"]: question["choices"] for question in TEMPLATES["unattend"]["survey_spec"]["spec"] if "choices" in question
    }
    published = {(row.release_name, row.edition.value) for row in AVMA_KEYS}
    wanted = {(release, edition) for release in offered["avma_unattend_release"] for edition in offered["avma_unattend_edition"]}
    assert wanted <= published


@pytest.mark.parametrize("name", TEMPLATES)
def test_extra_variables_are_known_and_no_question_takes_their_place(name: str) -> None:
    """A survey's default counts before them."""
    given = set(TEMPLATES[name].get("extra_vars", {}))
    assert given <= set(of(name))
    assert not given & {question["variable"] for question in TEMPLATES[name]["survey_spec"]["spec"]}


@pytest.mark.parametrize("name", TEMPLATES)
def test_playbook_is_in_the_project_and_imports_ours(name: str) -> None:
    file = TEMPLATES[name]["playbook"]
    assert file in playbooks()
    (play,) = yaml.safe_load((PROJECT / file).read_text(encoding="utf-8"))
    assert play["ansible.builtin.import_playbook"] == f"hyperv.avma.{file.removesuffix('.yml')}"


def test_project_has_no_other_playbook() -> None:
    assert playbooks() == {template["playbook"] for template in TEMPLATES.values()}


def test_every_template_is_created() -> None:
    created = set(re.findall(r"avma_(\w+)_template", OBJECTS["job_templates"]["controller_templates"]))
    assert created == {*TEMPLATES, "job"}


# credentials


def injected() -> dict[str, str]:
    """Environment variables, with the name of the credential type."""
    return {name: kind["name"] for kind in OBJECTS["access"]["controller_credential_types"] for name in kind["injectors"]["env"]}


@pytest.mark.parametrize("kind", OBJECTS["access"]["controller_credential_types"], ids=lambda kind: kind["name"])
def test_awx_takes_the_credential_type_and_keeps_its_secret(kind: dict[str, Any]) -> None:
    assert rules.credential_type(kind) == []
    assert kind["kind"] == "cloud", "a job takes several of this kind, and so does an inventory source"
    assert set(kind["injectors"]) == {"env"}, "extra variables can be printed, and count before those of a machine"
    secret = {field["id"] for field in kind["inputs"]["fields"] if field.get("secret")}
    assert secret == {field["id"] for field in kind["inputs"]["fields"]} - {"username"}


def test_what_credentials_inject_is_read_by_the_group_that_they_are_for() -> None:
    read = {
        group: set(re.findall(r"'(HYPERV_AVMA_\w+)'", (PROJECT / f"inventory/group_vars/{group}.yml").read_text(encoding="utf-8")))
        for group in ("hyperv_hosts", "guests")
    }
    by_type: dict[str, set[str]] = {}
    for name, kind in injected().items():
        by_type.setdefault(kind, set()).add(name)
    assert read == {"hyperv_hosts": by_type["AVMA Hyper-V hosts"], "guests": by_type["AVMA guests"] | by_type["AVMA product key"]}


def test_inventory_plugin_reads_the_account_of_the_hosts_by_itself() -> None:
    env = {variable["name"] for option in documented.inventory_options().values() for variable in option.get("env", [])}
    assert {name for name, kind in injected().items() if kind == "AVMA Hyper-V hosts"} <= env


def test_source_of_the_inventory_is_one_of_the_plugin() -> None:
    source = yaml.safe_load((PROJECT / "inventory/fleet.avma.yml").read_text(encoding="utf-8"))
    assert documented.inventory_complaints(source) == []
    # AWX overwrites with what an update tells.
    assert (source["host_failure"], OBJECTS["access"]["controller_inventory_sources"][0]["overwrite"]) == ("error", True)


# workflow and schedules


def test_steps_of_the_workflow_start_what_there_is() -> None:
    (workflow,) = OBJECTS["workflow"]["controller_workflows"]
    nodes = {node["identifier"]: node for node in workflow["simplified_workflow_nodes"]}
    named = {one for node in nodes.values() for how in ("success_nodes", "always_nodes", "failure_nodes") for one in node.get(how, [])}
    assert named == set(nodes) - {"validate"}
    assert {node["unified_job_template"] for node in nodes.values() if "approval_node" not in node} <= {
        one["name"] for one in TEMPLATES.values()
    }


def test_schedules_are_within_the_lease_and_one_after_the_other() -> None:
    schedules = OBJECTS["workflow"]["controller_schedules"]
    templates = {template["name"]: name for name, template in TEMPLATES.items()}
    for schedule in schedules:
        assert rules.rrule(schedule["rrule"]) == [], schedule["name"]
        questions = {
            question["variable"]: question for question in TEMPLATES[templates[schedule["unified_job_template"]]]["survey_spec"]["spec"]
        }
        for variable, answer in schedule.get("extra_data", {}).items():
            assert answer in rules.choices_of(questions[variable]), variable
    starts = [re.search(r"T(\d{6})Z", schedule["rrule"])[1] for schedule in schedules]  # type: ignore[index]
    assert len(set(starts)) == len(starts)
    days = {templates[schedule["unified_job_template"]]: 7 if "FREQ=WEEKLY" in schedule["rrule"] else 1 for schedule in schedules}
    lease = documented.role_options("report")["avma_lease_validity"]["default"]
    assert lease == "7d"
    assert days == {"activate": 1, "report": 1, "validate": 7}


# the playbook that creates them


def test_playbook_passes_every_field_on() -> None:
    """A field of the data that no task names would be lost without a word."""
    tasks = {task["loop"]: task["args"] for task in CONTROLLER[0]["tasks"] if "loop" in task}
    for file in OBJECTS.values():
        for name, items in file.items():
            if name.startswith("controller_") and isinstance(items, list):
                for item in items:
                    given = set(item) - {"simplified_workflow_nodes"}
                    assert given <= set(tasks[f"{{{{ {name} }}}}"]), f"{name}: {sorted(given - set(tasks[f'{{{{ {name} }}}}']))}"
    shared = OBJECTS["job_templates"]["avma_job_template"]
    for template in TEMPLATES.values():
        assert set(template) | set(shared) <= set(tasks["{{ controller_templates }}"])


def test_page_lists_the_variables_with_their_defaults() -> None:
    files = [ROOT / "playbooks/controller.yml", *(ROOT / "playbooks/vars/controller").glob("*.yml")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    used = set(re.findall(r"\bavma_controller_\w+", text))
    rows = [row.split("|")[1:3] for row in PAGE.splitlines() if row.startswith("| `avma_controller_")]
    told: dict[str, str] = {}
    for names, defaults in rows:
        found = re.findall(r"`(\w+)`", names)
        values = re.findall(r"`([^`]+)`", defaults)
        told |= dict(zip(found, values if len(values) == len(found) else values * len(found) or [""] * len(found), strict=True))
    assert set(told) == used
    for name, default in re.findall(r"(avma_controller_\w+) \| default\(('[^']*'|\d+|true|false)[,)]", text):
        value = ast.literal_eval(default.capitalize() if default in ("true", "false") else default)
        if value not in ("", "AVMA Hyper-V hosts", "AVMA guests", "AVMA product key"):
            assert told[name] == str(value).lower() if isinstance(value, bool) else told[name] == str(value), name


def test_page_explains_what_jobs_hand_on() -> None:
    handed = {
        name
        for path in [*(ROOT / "playbooks").glob("*.yml"), *(ROOT / "roles").rglob("tasks/*.yml")]
        for name in re.findall(r"^ +(hyperv_avma_\w+):", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    }
    assert handed == set(re.findall(r"^\| `(hyperv_avma_\w+)`", PAGE, flags=re.MULTILINE))
    contains = documented.module_returns("summary")["stats"]["contains"]
    assert set(contains) <= set(re.findall(r"^\| `(\w+)`", PAGE, flags=re.MULTILINE))
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, flags=re.DOTALL)
    assert set(json.loads(example)["hyperv_avma_activate"]) == set(contains)
