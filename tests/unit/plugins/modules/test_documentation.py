# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation says what the code does: options, results, examples, and the defaults of roles."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import AccessDenied
from ansible_collections.hyperv.avma.tests.unit.plugins.action.playing import action_class, play
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.fake_direct_host import FakeDirectHost
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.fake_guest import FakeGuest
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.fake_host import FakeHost, FakeVm

ROOT = Path(__file__).parents[4]
PLUGINS = ROOT / "plugins"
COLLECTION = "ansible_collections.hyperv.avma.plugins"
MODULES = sorted(path.stem for path in (PLUGINS / "modules").glob("*.py") if path.stem != "__init__")
ACTIONS = sorted(path.stem for path in (PLUGINS / "action").glob("*.py") if path.stem != "__init__")
Documented = dict[str, dict[str, Any]]


def documentation(module: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(import_module(f"{COLLECTION}.modules.{module}").DOCUMENTATION)
    return found


def documented_options(module: str) -> Documented:
    """With those of the fragments."""
    own = documentation(module)
    options: Documented = dict(own.get("options") or {})
    for fragment in own.get("extends_documentation_fragment", []):
        ours = fragment.startswith("hyperv.avma.")
        name, _dot, variant = fragment.removeprefix("hyperv.avma.").removeprefix("ansible.builtin.").partition(".")
        package = f"{COLLECTION}.doc_fragments" if ours else "ansible.plugins.doc_fragments"
        text = getattr(import_module(f"{package}.{name}").ModuleDocFragment, variant.upper() or "DOCUMENTATION")
        options |= yaml.safe_load(text).get("options") or {}
    return options


# options


@pytest.mark.parametrize("module", ACTIONS)
def test_options_are_those_of_the_action(module: str) -> None:
    documented, actual = documented_options(module), action_class(module).OPTIONS
    assert set(documented) == set(actual)
    for name, option in actual.items():
        described = documented[name]
        for attribute in ("type", "elements", "choices", "required"):
            assert described.get(attribute) == option.get(attribute), f"{name}: {attribute}"
        assert described.get("default") == option.get("default"), f"{name}: default"
        assert described.get("description"), name
        # documentation has no word for no_log; a key that is one must not be documented with a sample
        if option.get("no_log"):
            assert "default" not in described


def test_keys_are_kept_out_of_logs() -> None:
    for module in ACTIONS:
        for name, option in action_class(module).OPTIONS.items():
            if name in ("key", "password", "product_key"):
                assert option.get("no_log") is True, f"{module}.{name}"


@pytest.mark.parametrize("module", ACTIONS)
def test_action_has_a_module_that_documents_it(module: str) -> None:
    found = documentation(module)
    assert found["module"] == module
    assert found["short_description"]
    assert found["version_added"]


# results

# Every task may have these.
_COMMON = {"changed", "failed", "unreachable", "msg", "diff", "warnings"}


def host() -> FakeHost:
    return FakeHost(
        FakeVm("6F3C2B6A-0C68-4B5F-9B0E-3E0B6B0C8D11", "web01", enabled=3), FakeVm("0F3C2B6A-0C68-4B5F-9B0E-3E0B6B0C8D12", "sql01")
    )


def refusing(session: FakeGuest, call: str = "Win32_OperatingSystem") -> FakeGuest:
    session.break_before = {call: AccessDenied(code=5)}
    return session


def of_another_vm(guest: FakeGuest) -> FakeGuest:
    guest.registry["VirtualMachineId"] = "00000003-2222-4333-8444-555555555555"
    return guest


VM = "00000001-2222-4333-8444-555555555555"
TEMPLAR = SimpleNamespace(template=lambda value: value)


def with_pairs(session: FakeGuest) -> FakeGuest:
    session.guest_values = {"AvmaHost": (1, "HV01")}
    return session


def denied_host() -> FakeHost:
    session = host()
    session.failures = {"Win32_OperatingSystem": AccessDenied(code=5), "Msvm_ComputerSystem": AccessDenied(code=5)}
    return session


def summary_variables() -> dict[str, Any]:
    return {
        "hostvars": {
            "web01": {"activate_result": play("guest_key", FakeGuest()).result},
            "hv01": {"host_result": play("host_info", host()).result, "host_vms": play("kvp_info", host()).result},
        }
    }


THROUGH_HOST = {"via": "direct", "vm": "web01", "guest_user": "Administrator", "guest_password": "geheim"}
# For each module results of a success, of one with a query and of a failure: together they must have every key.
RESULTS: dict[str, Callable[[], list[dict[str, Any]]]] = {
    "host_info": lambda: [
        play("host_info", host(), cluster_nodes=True).result,
        play("host_info", host(), query="host.name").result,
        play("host_info", denied_host()).result,
    ],
    "kvp_info": lambda: [
        play("kvp_info", host(), notes=True).result,
        play("kvp_info", host(), query="vms[].name").result,
        play("kvp_info", denied_host()).result,
    ],
    "data_exchange": lambda: [
        play("data_exchange", host(), all=True).result,
        play("data_exchange", host(), all=True, query="vms[].name").result,
        play("data_exchange", denied_host(), all=True).result,
    ],
    "host_kvp": lambda: [
        play("host_kvp", host(), all=True, items={"a": "1"}).result,
        play("host_kvp", host(), all=True, items={"a": "1"}, query="vms[].name").result,
        play("host_kvp", denied_host(), all=True, items={"a": "1"}).result,
    ],
    "guest_kvp": lambda: [
        play("guest_kvp", with_pairs(FakeGuest())).result,
        play("guest_kvp", of_another_vm(with_pairs(FakeGuest())), state="absent", variables={"avma_vm_id": VM}, templar=TEMPLAR).result,
        play("guest_kvp", FakeGuest(), query="candidates").result,
        play("guest_kvp", refusing(FakeGuest(), "EnumValues")).result,
    ],
    "guest_info": lambda: [
        play("guest_info", FakeGuest()).result,
        play("guest_info", FakeDirectHost(FakeGuest()), **THROUGH_HOST).result,
        play("guest_info", FakeGuest(), query="guest.name").result,
        play("guest_info", refusing(FakeGuest())).result,
    ],
    "guest_key": lambda: [
        play("guest_key", FakeGuest()).result,
        play("guest_key", FakeDirectHost(FakeGuest()), **THROUGH_HOST).result,
        play("guest_key", FakeGuest(), query="guest.name").result,
        play("guest_key", refusing(FakeGuest())).result,
    ],
    "summary": lambda: [play("summary", variables=summary_variables(), guests=["web01", "gone01"], hosts=["hv01"]).result],
}
_TYPES = {"str": str, "int": int, "bool": bool, "dict": dict, "list": list, "float": float}


def described_result(module: str) -> Documented:
    found: Documented = yaml.safe_load(import_module(f"{COLLECTION}.modules.{module}").RETURN)
    return found


def compare(described: Documented, values: list[dict[str, Any]], where: str) -> None:
    produced = {key for value in values for key in value} - (_COMMON if where.count(".") == 0 else set())
    assert produced == set(described), where
    for key, entry in described.items():
        found = [value[key] for value in values if value.get(key) is not None]
        kind = _TYPES.get(entry["type"])
        if kind is not None:
            # older versions of Ansible mark texts by classes of their own; True is an int for Python
            assert all(isinstance(one, kind) and isinstance(one, bool) is (kind is bool) for one in found), (
                f"{where}.{key} is no {entry['type']}"
            )
        if "contains" not in entry:
            continue
        inside = [item for one in found for item in (one if isinstance(one, list) else [one])]
        assert inside, f"{where}.{key}: no result has it, so its keys cannot be compared"
        compare(entry["contains"], inside, f"{where}.{key}")


@pytest.mark.parametrize("module", sorted(RESULTS))
def test_results_are_those_that_are_documented(module: str) -> None:
    compare(described_result(module), RESULTS[module](), module)


@pytest.mark.parametrize("module", MODULES)
def test_each_result_says_when_and_what(module: str) -> None:
    for key, entry in described_result(module).items():
        assert entry.get("description"), key
        assert entry.get("returned"), key
        assert entry.get("type"), key


# examples


def tasks_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every dictionary that may be a task, in plays, blocks and lists of tasks."""
    if isinstance(value, list):
        for item in value:
            yield from tasks_in(item)
    elif isinstance(value, dict):
        yield value
        for inner in ("tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always"):
            yield from tasks_in(value.get(inner))


def assert_known(task: dict[str, Any]) -> bool:
    """Whether the task is one of the collection's; its options must be known and its choices right."""
    ours = [key for key in task if key.startswith("hyperv.avma.")]
    for key in ours:
        module = key.removeprefix("hyperv.avma.")
        assert module in MODULES, key
        options = documented_options(module)
        given = task[key] or {}
        assert set(given) <= set(options), f"{key}: {sorted(set(given) - set(options))}"
        for name, value in given.items():
            if "choices" in options[name] and "{{" not in str(value):
                assert set(value if isinstance(value, list) else [value]) <= set(options[name]["choices"]), name
    return bool(ours)


@pytest.mark.parametrize("module", MODULES)
def test_examples_use_known_options(module: str) -> None:
    examples = yaml.safe_load(import_module(f"{COLLECTION}.modules.{module}").EXAMPLES)
    assert [task for task in tasks_in(examples) if assert_known(task)]
    assert all(task.get("name") for task in tasks_in(examples))


def task_files() -> list[Path]:
    return sorted([*ROOT.glob("roles/*/tasks/*.yml"), *ROOT.glob("playbooks/*.yml")])


@pytest.mark.parametrize("path", task_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_roles_and_playbooks_use_known_options(path: Path) -> None:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert list(tasks_in(content))
    for task in tasks_in(content):
        assert_known(task)


# roles

ROLES = sorted(path.parents[1].name for path in ROOT.glob("roles/*/meta/argument_specs.yml"))
_INLINE_DEFAULT = re.compile(r"\b(avma_\w+)\s*\|\s*default\(((?:[^()\[\]]|\[[^\]]*\])*)\)")
_VARIABLE = re.compile(r"(?<!hyperv\.avma\.)\bavma_\w+")  # but no filter of that name


def role_options(role: str) -> Documented:
    specs = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    return {name: option for entry in specs.values() for name, option in (entry.get("options") or {}).items()}


def expressions(role: str) -> str:
    """The text of the role's tasks without their names and comments."""
    return "\n".join(
        line
        for path in sorted((ROOT / "roles" / role / "tasks").glob("*.yml"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if not line.strip().startswith(("#", "- name:"))
    )


def default_of(arguments: str) -> Any:
    """The first argument of default()."""
    words = arguments.replace("true", "True").replace("false", "False")
    values = ast.literal_eval(f"({words},)")
    return values[0]


@pytest.mark.parametrize("role", ROLES)
def test_defaults_in_tasks_are_the_documented_ones(role: str) -> None:
    options = role_options(role)
    found = _INLINE_DEFAULT.findall(expressions(role))
    for name, arguments in found:
        if arguments.split(",")[0].strip() == "omit":
            continue  # then the module's own default holds
        assert default_of(arguments) == options[name].get("default"), f"{name}: default({arguments})"
    with_default = {name for name, option in options.items() if option.get("default") is not None}
    assert with_default <= {name for name, _arguments in found}, "a documented default that no task applies"


@pytest.mark.parametrize("role", ROLES)
def test_variables_in_tasks_are_the_documented_ones(role: str) -> None:
    used = set(_VARIABLE.findall(expressions(role)))
    assert used == set(role_options(role))


@pytest.mark.parametrize("role", ROLES)
def test_key_of_a_role_is_kept_out_of_logs(role: str) -> None:
    options = role_options(role)
    assert all(option.get("no_log") is True for name, option in options.items() if name.endswith("_key"))


def test_role_passes_what_the_module_takes() -> None:
    options, module = role_options("activate"), documented_options("guest_key")
    for name in ("activate", "wait", "replace_licensed", "fail_on"):
        described = options[f"avma_{name}"]
        for attribute in ("elements", "default"):
            assert described.get(attribute) == module[name].get(attribute), f"{name}: {attribute}"
        for choice in module[name].get("choices", ()):
            assert f"V({choice})" in str(described["description"]), f"{name}: {choice}"
