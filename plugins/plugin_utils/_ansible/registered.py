# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""What earlier tasks registered on other machines, read by the variable's name: given as an argument, all of it would be rendered first."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping

from .action import Task
from .output import plain

Result = Mapping[str, t.Any]


class Registered:
    """The variables of one machine. Ansible makes them anew at each access, so they are asked for once."""

    def __init__(self, task: Task, machine: str) -> None:
        hostvars = task.variables.get("hostvars") or {}
        # Of Ansible's hostvars get() knows no default.
        self._known = hostvars[machine] if machine in hostvars else {}  # noqa: SIM401

    def result(self, variable: str) -> Result:
        """Empty for a task that did not run, or was skipped."""
        value = self._known.get(variable)
        return t.cast(Result, plain(value)) if isinstance(value, Mapping) and not value.get("skipped") else {}

    def text(self, variable: str) -> str | None:
        value = self._known.get(variable)
        return str.__str__(str(value)) if value else None


def results_of(task: Task, machines: Iterable[str], variable: str) -> list[Result]:
    """Of each machine on which the variable holds a result."""
    return [result for result in (Registered(task, machine).result(variable) for machine in machines) if result]
