# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mistake beside a secret option, made in a real run: neither ansible-core nor the collection prints the secret, at any verbosity."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from .playing import Player

pytestmark = pytest.mark.e2e

PASSWORD = "Geheim-Wort-4711!"
KEY = "NK7M4-Q2W9R-H6T3V-B8Y4X-J2C6P"
WAY = {"via": "auto", "guest_user": "Administrator", "guest_password": "{{ secret_password }}"}
KEYED = {**WAY, "key": "{{ secret_key }}"}
FILE = {"path": "unattend.xml", "key": "{{ secret_key }}", "windows_pe_key": "{{ secret_key }}"}
MISTAKES: list[tuple[str, dict[str, Any]]] = [
    ("guest_key", {**KEYED, "wiat": 5}),
    ("guest_key", {**KEYED, "wait": "2m"}),
    ("guest_key", {**KEYED, "fail_on": ["fialed"]}),
    ("guest_key", {**KEYED, "host": {}, "hosts": []}),
    ("guest_key", {**KEYED, "wait": -1}),
    ("guest_key", {"kye": "{{ secret_key }}"}),
    ("guest_key", {**KEYED, "tables": "{{ secret_key }}"}),
    ("guest_key", {**KEYED, "query": "{{ secret_key }}"}),
    ("guest_info", {**WAY, "tabels": {}}),
    ("guest_info", {**WAY, "tables": "none"}),
    ("guest_info", {**WAY, "via": "{{ secret_key }}"}),
    ("guest_info", {**WAY, "query": "a[?"}),
    ("guest_info", {**WAY, "via": "direct"}),
    ("host_info", {"query": "{{ secret_key }}"}),
    ("data_exchange", {"state": "{{ secret_key }}", "all": True}),
    ("unattend_key", {**FILE, "sate": "present"}),
    ("unattend_key", {**FILE, "windows_pe": "sometimes"}),
    ("unattend_key", {**FILE, "state": "here"}),
    ("unattend_key", {**FILE, "windows_pe": False}),
    ("unattend_key", {"path": "unattend.xml", "windows_pe_key": "{{ secret_key }}"}),
]


ROLES = Path(__file__).parents[2] / "roles"
VARIABLES = [
    (path.parent.parent.name, entry, variable)
    for path in sorted(ROLES.glob("*/meta/argument_specs.yml"))
    for entry, spec in yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"].items()
    for variable in spec["options"]
]
# Free text that becomes the name of something, which is then shown: a file, a heading, a group, a machine.
NAMES = {"avma_report_dir", "avma_report_title", "avma_ledger", "avma_report_compare"}


def with_a_key_in(role: str, entry: str, variable: str) -> dict[str, Any]:
    """A block that runs the role so, and goes on after its failure."""
    others = {"avma_unattend_path": "unattend.xml"} if role == "unattend" else {}
    run = {
        "ansible.builtin.include_role": {"name": f"hyperv.avma.{role}", "tasks_from": entry},
        "vars": {**others, variable: "{{ secret_key }}"},
    }
    return {"block": [run], "rescue": [{"ansible.builtin.debug": {"msg": f"{role} {variable}"}}]}


def test_no_role_prints_a_key_that_stands_in_a_wrong_variable() -> None:
    player = Player(
        {"all": {"hosts": {"here": {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}}}}
    )
    tried = [one for one in VARIABLES if one[2] not in NAMES]
    run = player.tasks("here", [with_a_key_in(*one) for one in tried], verbosity=2, secret_key=KEY)
    failed = [task for task in run.tasks if task.kind == "failed"]
    assert len(failed) >= len(tried) // 2, run.output
    lines = [line for line in run.output.splitlines() if KEY in line or KEY[:-6] in line]
    assert lines == []


@pytest.mark.parametrize("verbosity", [0, 4])
def test_no_mistake_prints_a_secret(verbosity: int) -> None:
    # Nothing listens there, and nothing has to: options are checked first.
    machine = {"ansible_connection": "winrm", "ansible_host": "127.0.0.1", "ansible_user": "u", "ansible_password": "p", "ansible_port": 9}
    local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    player = Player({"all": {"hosts": {"web01": machine, "here": local}}})
    tasks = [
        {f"hyperv.avma.{module}": options, "ignore_errors": True, **({"delegate_to": "here"} if module == "unattend_key" else {})}
        for module, options in MISTAKES
    ]
    run = player.tasks("web01", tasks, verbosity=verbosity, secret_password=PASSWORD, secret_key=KEY)
    results = [task for task in run.tasks if task.action.startswith("hyperv.avma.")]
    assert [task.kind for task in results] == ["failed"] * len(MISTAKES), run.output
    shown = run.output + repr(run.tasks)
    assert [secret for secret in (PASSWORD, KEY, KEY[:-6]) if secret in shown] == []
