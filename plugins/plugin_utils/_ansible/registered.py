# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""What earlier tasks registered on other machines, read by the variable's name: given as an argument, all of it would be rendered first.

Ansible renders what is read of hostvars too, piece by piece, which for some hundred thousand events takes minutes. Results hold nothing to
render, so they are taken as they are; other variables are rendered.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping
from functools import cached_property

from .action import Task
from .output import as_it_was, plain

Result = Mapping[str, t.Any]


class Registered:
    """The variables of one machine. Ansible makes them again at each access, so they are asked for once."""

    def __init__(self, task: Task, machine: str) -> None:
        self._hostvars = task.variables.get("hostvars") or {}
        self._machine = machine

    @cached_property
    def _known(self) -> Mapping[str, t.Any]:
        # Of Ansible's hostvars get() knows no default.
        return self._hostvars[self._machine] if self._machine in self._hostvars else {}  # noqa: SIM401

    @cached_property
    def _raw(self) -> Mapping[str, t.Any]:
        raw_get = getattr(self._hostvars, "raw_get", None)
        found = raw_get(self._machine) if raw_get is not None and self._machine in self._hostvars else self._known
        return found if isinstance(found, Mapping) else {}

    def result(self, variable: str) -> Result:
        """Empty for a task that did not run, or was skipped."""
        value = self._raw.get(variable)
        if isinstance(value, str):
            # Somebody gave the variable another one's value, by a template.
            value = self._known.get(variable)
        return t.cast(Result, as_it_was(value)) if isinstance(value, Mapping) and not value.get("skipped") else {}

    def text(self, variable: str) -> str | None:
        value = self._known.get(variable)
        return str.__str__(str(value)) if value else None


def results_of(task: Task, machines: Iterable[str], variable: str) -> list[Result]:
    """Of each machine on which the variable holds a result."""
    return [result for result in (Registered(task, machine).result(variable) for machine in machines) if result]


def machines_of(task: Task, option: str, group: str) -> tuple[str, ...]:
    """The names that the option holds, else those of the inventory's group."""
    given = task.given[option]
    return tuple(map(plain, given if given is not None else (task.variables.get("groups") or {}).get(group, ())))
