# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of other machines are taken as they are; what may be a template is rendered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.action import Task
from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.registered import Registered, results_of

TEMPLATE = "{{ other }}"


class HostVars(Mapping[str, Any]):
    """As Ansible's: what is read is rendered, raw_get gives it as it is."""

    def __init__(self, **machines: dict[str, Any]) -> None:
        self._machines = machines
        self.rendered: list[str] = []

    def __getitem__(self, machine: str) -> dict[str, Any]:
        self.rendered.append(machine)
        values = self._machines[machine]
        return {name: values["other"] if value == TEMPLATE else value for name, value in values.items()}

    def __contains__(self, machine: object) -> bool:
        return machine in self._machines

    def __iter__(self) -> Iterator[str]:
        return iter(self._machines)

    def __len__(self) -> int:
        return len(self._machines)

    def raw_get(self, machine: str) -> dict[str, Any]:
        return self._machines[machine]


def registered(hostvars: Mapping[str, Any], machine: str = "hv01") -> Registered:
    return Registered(Task({}, False, False, "localhost", {"hostvars": hostvars}, lambda _line: None), machine)


def test_a_result_is_not_rendered() -> None:
    hostvars = HostVars(hv01={"found": {"events": [{"strings": [TEMPLATE]}]}})
    assert registered(hostvars).result("found") == {"events": [{"strings": [TEMPLATE]}]}
    assert hostvars.rendered == []


def test_a_variable_that_stands_for_another_is() -> None:
    hostvars = HostVars(hv01={"found": TEMPLATE, "avma_tenant": TEMPLATE, "other": {"events": []}})
    assert registered(hostvars).result("found") == {"events": []}
    assert registered(HostVars(hv01={"avma_tenant": TEMPLATE, "other": "acme"})).text("avma_tenant") == "acme"


@pytest.mark.parametrize("value", [None, {"skipped": True}, "text", 5, []])
def test_what_is_no_result_is_empty(value: Any) -> None:
    assert registered(HostVars(hv01={"found": value, "other": value})).result("found") == {}
    assert registered({"hv01": {"found": value}}).result("found") == {}


def test_machines_that_are_not_there_have_nothing() -> None:
    hostvars = HostVars(hv01={"found": {"a": 1}}, hv02={})
    task = Task({}, False, False, "localhost", {"hostvars": hostvars}, lambda _line: None)
    assert results_of(task, ["hv01", "hv02", "hv99"], "found") == [{"a": 1}]
    assert registered({}, "hv99").text("avma_tenant") is None
