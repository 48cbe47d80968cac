# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection documents about itself, as ansible-doc shows it, and whether given values agree with that."""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from winrm.protocol import Protocol

from .blocks import ROOT

_COLLECTION = "hyperv.avma."
_CONNECTIONS = ("ansible.builtin.winrm", "ansible.builtin.psrp")
# what Ansible itself knows of every host
_HOST_VARIABLES = {"ansible_connection", "ansible_host", "ansible_port", "ansible_user", "ansible_password"}
_SPECIFIED = ("type", "elements", "choices", "required", "aliases")

PLAYBOOKS = {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
RULEBOOKS = {path.stem for path in (ROOT / "extensions/eda/rulebooks").glob("*.yml")}
MODULES = {path.stem for path in (ROOT / "plugins/modules").glob("*.py")}
ROLES = {path.name for path in (ROOT / "roles").iterdir() if path.is_dir()}


def environment() -> dict[str, str]:
    """For Ansible's commands: this checkout, and none of the caller's settings."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    return {**inherited, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".dev")}


@cache
def _shown(kind: str, *names: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "ansible", "doc", "--type", kind, "--json", *names]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=60, check=True, stdin=subprocess.DEVNULL)
    return dict(json.loads(done.stdout))


def module_options(module: str) -> dict[str, Any]:
    """Documented options of a module of the collection, by its short name."""
    return dict(_shown("module", *(_COLLECTION + name for name in sorted(MODULES)))[_COLLECTION + module]["doc"].get("options", {}))


def module_returns(module: str) -> dict[str, Any]:
    """Documented results of a module of the collection, by its short name."""
    return dict(_shown("module", *(_COLLECTION + name for name in sorted(MODULES)))[_COLLECTION + module]["return"])


def inventory_options() -> dict[str, Any]:
    return dict(_shown("inventory", _COLLECTION + "guests")[_COLLECTION + "guests"]["doc"]["options"])


def role_options(role: str, entry: str = "main") -> dict[str, Any]:
    points = _shown("role", *(_COLLECTION + name for name in sorted(ROLES)))[_COLLECTION + role]["entry_points"]
    return {name: _as_meant(option) for name, option in points[entry].get("options", {}).items()}


_CHOICE = re.compile(r"V\(([^)]+)\)")


def _as_meant(option: Mapping[str, Any]) -> dict[str, Any]:
    """A role's option with the type of its default, and the choices that its last sentence lists: ansible-core would repeat values that are wrong."""
    found = dict(option)
    if found["type"] == "raw" and isinstance(found.get("default"), (bool, int)):
        found["type"] = type(found["default"]).__name__
    text = option["description"] if isinstance(option["description"], str) else " ".join(option["description"])
    if listed := re.search(r"(?:One|Each is one) of ((?:V\([^)]+\)(?:, )?)+)\.$", text):
        found["choices"] = _CHOICE.findall(listed[1])
    return found


def module_complaints(module: str, given: Mapping[str, Any]) -> list[str]:
    """What a module of the collection would say of these options; nothing of values that are templates."""
    if module not in MODULES:
        return [f"there is no module {_COLLECTION}{module}"]
    return _complaints(module_options(module), given)


def role_complaints(role: str, given: Mapping[str, Any], entry: str = "main") -> list[str]:
    if role not in ROLES:
        return [f"there is no role {_COLLECTION}{role}"]
    return _complaints(role_options(role, entry), given)


def inventory_complaints(given: Mapping[str, Any]) -> list[str]:
    return _complaints(inventory_options(), given)


def _complaints(options: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
    templated = {name for name, value in given.items() if "{{" in json.dumps(value, default=str)}
    unknown = [f"{name} is not an option" for name in sorted(templated - set(options))]
    spec = {name: _specified(option) for name, option in options.items() if name not in templated}
    checked = {name: value for name, value in given.items() if name not in templated}
    return unknown + list(ArgumentSpecValidator(spec).validate(checked).error_messages)


def _specified(option: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: option[name] for name in _SPECIFIED if option.get(name) is not None}
    if option.get("suboptions") or option.get("options"):
        found["options"] = {name: _specified(inner) for name, inner in (option.get("suboptions") or option["options"]).items()}
    return found


@cache
def known_variables() -> frozenset[str]:
    """Variables that a playbook, role or rulebook of the collection reads or gives."""
    files = [path for folder in ("playbooks", "roles", "extensions") for path in (ROOT / folder).rglob("*.yml")]
    return frozenset(name for path in files for name in re.findall(r"\bavma_\w+", path.read_text(encoding="utf-8")))


@cache
def connection_variables() -> frozenset[str]:
    """Variables that the connections winrm and psrp read, those among them that winrm passes on to pywinrm under its own names."""
    shown = _shown("connection", *_CONNECTIONS)
    found = {
        variable["name"]
        for name in _CONNECTIONS
        for option in shown[name]["doc"]["options"].values()
        for variable in option.get("vars", [])
    }
    passed_on = {f"ansible_winrm_{name}" for name in inspect.signature(Protocol.__init__).parameters}
    return frozenset(found | passed_on | _HOST_VARIABLES)


def variable_complaints(names: Mapping[str, Any]) -> list[str]:
    """Names of variables that begin as ours or a connection's and are none."""
    ours = [name for name in names if name.startswith("avma_") and name not in known_variables()]
    connection = [name for name in names if name.startswith("ansible_") and name not in connection_variables()]
    return [f"nothing reads the variable {name}" for name in ours + connection]
