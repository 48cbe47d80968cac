# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What YAML in a guide may be, and what is wrong with it. What is none of these kinds is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import yaml

from . import documented

_BLOCKS = ("tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always")
_ROLE_ACTIONS = {f"{prefix}{name}" for prefix in ("", "ansible.builtin.") for name in ("import_role", "include_role")}
_COLLECTION = "hyperv.avma."


class _Loader(yaml.SafeLoader):
    """Knows the tags that Ansible adds."""


for _tag in ("!vault", "!unsafe"):
    _Loader.add_constructor(_tag, lambda loader, node: loader.construct_scalar(node))


def load(text: str) -> Any:
    """One document. Raises yaml.YAMLError."""
    return yaml.load(text, Loader=_Loader)  # a SafeLoader


def kind_of(value: Any) -> str:
    """Raises ValueError for what is of no kind."""
    for kind, is_one in _KINDS.items():
        if is_one(value):
            return kind
    raise ValueError(f"this is none of: {', '.join(_KINDS)}. Write it as one of them, or teach tests/docs/yaml_blocks.py what it is")


def complaints(value: Any) -> list[str]:
    kind = kind_of(value)
    return list(_CHECKS[kind](value))


def plays(value: Any) -> list[dict[str, Any]]:
    """What ansible-playbook can check of it: the plays themselves, or one that runs the tasks; nothing for other kinds."""
    kind = kind_of(value)
    if kind == "playbook":
        return list(value)
    return [{"name": "Tasks of a guide", "hosts": "all", "gather_facts": False, "tasks": value}] if kind == "tasks" else []


# kinds


def _list_of_mappings(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(entry, dict) for entry in value)


def _is_rulebook(value: Any) -> bool:
    return _list_of_mappings(value) and all("rules" in entry and "sources" in entry for entry in value)


def _is_rules(value: Any) -> bool:
    return _list_of_mappings(value) and all("condition" in entry and ("action" in entry or "actions" in entry) for entry in value)


def _is_playbook(value: Any) -> bool:
    return _list_of_mappings(value) and all({"hosts", "import_playbook"} & set(entry) for entry in value)


def _is_tasks(value: Any) -> bool:
    return _list_of_mappings(value) and all("block" in entry or any("." in key for key in entry) for entry in value)


def _is_inventory(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(group, dict) and group and set(group) <= {"hosts", "children", "vars"} for group in value.values()
    )


def _is_variables(value: Any) -> bool:
    return isinstance(value, dict) and all(str(name).startswith(("avma_", "ansible_", "vault_")) for name in value)


def _has(*keys: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and set(keys) <= set(value)


_KINDS: dict[str, Callable[[Any], bool]] = {
    "rulebook": _is_rulebook,
    "rules of a rulebook": _is_rules,
    "playbook": _is_playbook,
    "tasks": _is_tasks,
    "source of the inventory plugin": _has("plugin"),
    "scenario of the lab": lambda value: _has("hosts")(value) and isinstance(value["hosts"], list),
    "requirements of a project": lambda value: isinstance(value, dict) and bool(value) and set(value) <= {"collections", "roles"},
    "execution environment": lambda value: isinstance(value, dict) and value.get("version") == 3,
    "defaults of modules": lambda value: isinstance(value, dict) and set(value) == {"module_defaults"},
    "inventory": _is_inventory,
    "variables": _is_variables,
}


# what is wrong with them


def _mappings(value: Any) -> Iterator[dict[str, Any]]:
    """Plays and tasks, at any depth."""
    for entry in value:
        yield entry
        for inner in _BLOCKS:
            yield from _mappings(entry.get(inner) or [])


def _playbook(value: Any) -> Iterator[str]:
    for entry in _mappings(value):
        if not entry.get("name"):
            yield f"a play or task without a name: {sorted(entry)}"
        yield from documented.variable_complaints(entry.get("vars") or {})
        if str(entry.get("import_playbook", "")).startswith(_COLLECTION):
            name = entry["import_playbook"].removeprefix(_COLLECTION)
            if name not in documented.PLAYBOOKS:
                yield f"there is no playbook {_COLLECTION}{name}"
        yield from _module_defaults(entry.get("module_defaults") or {})
        for key, given in entry.items():
            if key.startswith(_COLLECTION):
                yield from documented.module_complaints(key.removeprefix(_COLLECTION), given or {})
            elif key in _ROLE_ACTIONS and str(given["name"]).startswith(_COLLECTION):
                role = str(given["name"]).removeprefix(_COLLECTION)
                yield from documented.role_complaints(role, entry.get("vars") or {}, given.get("tasks_from", "main"))


def _module_defaults(value: dict[str, Any]) -> Iterator[str]:
    for name, given in value.items():
        if name == f"group/{_COLLECTION}avma":
            known = {option for module in documented.MODULES for option in documented.module_options(module)}
            yield from (f"no module has the option {option}" for option in sorted(set(given) - known))
        elif name.startswith(_COLLECTION):
            known = set(documented.module_options(name.removeprefix(_COLLECTION)))
            yield from (f"{name} has no option {option}" for option in sorted(set(given) - known))


def _rulebook(value: Any) -> Iterator[str]:
    for entry in value:
        yield from _rules(entry["rules"])
        for source in entry["sources"]:
            plugins = [name for name in source if name.startswith(_COLLECTION)]
            known = ("hyperv.avma.avma_events",)
            yield from (f"there is no event source {name}" for name in plugins if name not in known)


def _rules(value: Any) -> Iterator[str]:
    for rule in value:
        if not rule.get("name"):
            yield "a rule without a name"
        for action in [rule["action"]] if "action" in rule else rule["actions"]:
            name = str((action.get("run_playbook") or {}).get("name", ""))
            if name.startswith(_COLLECTION) and name.removeprefix(_COLLECTION) not in documented.PLAYBOOKS:
                yield f"there is no playbook {name}"


def _source(value: dict[str, Any]) -> Iterator[str]:
    if value["plugin"] != f"{_COLLECTION}guests":
        yield f"there is no inventory plugin {value['plugin']} in the collection"
    yield from documented.inventory_complaints(value)
    for variables in (value.get("host_variables"), value.get("guest_variables"), *(value.get("hosts") or {}).values()):
        yield from documented.variable_complaints(variables or {})


def _scenario(value: dict[str, Any]) -> Iterator[str]:
    from hyperv_lab.scenarios.building import build
    from hyperv_lab.scenarios.loading import parse

    build(parse(value))  # raises what is wrong, with its place
    yield from ()


def _requirements(value: dict[str, Any]) -> Iterator[str]:
    for entry in value.get("collections") or []:
        if not (isinstance(entry, str) or "name" in entry):
            yield f"no name of a collection: {entry}"


def _execution_environment(value: dict[str, Any]) -> Iterator[str]:
    from ansible_builder.ee_schema import validate_schema

    validate_schema(value)
    yield from ()


def _inventory(value: dict[str, Any]) -> Iterator[str]:
    for group in value.values():
        yield from documented.variable_complaints(group.get("vars") or {})
        for variables in (group.get("hosts") or {}).values():
            yield from documented.variable_complaints(variables or {})
        for child, inside in (group.get("children") or {}).items():
            yield from _inventory({child: inside}) if inside else ()


_CHECKS: dict[str, Callable[[Any], Iterator[str]]] = {
    "rulebook": _rulebook,
    "rules of a rulebook": _rules,
    "playbook": _playbook,
    "tasks": _playbook,
    "source of the inventory plugin": _source,
    "scenario of the lab": _scenario,
    "requirements of a project": _requirements,
    "execution environment": _execution_environment,
    "defaults of modules": lambda value: _module_defaults(value["module_defaults"]),
    "inventory": _inventory,
    "variables": lambda value: iter(documented.variable_complaints(value)),
}
