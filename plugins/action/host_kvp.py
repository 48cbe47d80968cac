# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of hyperv.avma.host_kvp."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..plugin_utils._ansible.action import RESULT_OPTIONS, Session, Task, WsManAction
from ..plugin_utils._ansible.failure import failure_of
from ..plugin_utils._ansible.options import OptionError, not_negative
from ..plugin_utils._ansible.vm_choice import (
    ALL_OPTION,
    MISSING_OPTION,
    NONE_SHOWN,
    VM_OPTIONS,
    VmChoice,
    choose,
    choose_here,
    explicit_choice_of,
)
from ..plugin_utils._avma.facts import KvpItem
from ..plugin_utils._avma.kvp_items import InvalidItem, ItemChange, after, check_item, plan_absent, plan_present
from ..plugin_utils._avma.name_patterns import InvalidPattern, NamePatterns
from ..plugin_utils._avma.text import safe_text
from ..plugin_utils._windows.host_items import write_items
from ..plugin_utils._windows.hyperv import Vm, read_vms
from ..plugin_utils._windows.kvp import read_settings


@dataclass(frozen=True)
class Options:
    """``items`` are to be there, or ``names`` and ``patterns`` to be gone."""

    vms: VmChoice
    present: bool
    items: Mapping[str, str]
    names: tuple[str, ...]
    patterns: NamePatterns
    wait: int
    partly: bool  # machines that this host does not have are left out


class ActionModule(WsManAction[Options]):
    OPTIONS: t.ClassVar = {
        **VM_OPTIONS,
        **ALL_OPTION,
        **MISSING_OPTION,
        "items": {"type": "dict"},
        "names": {"type": "list", "elements": "str", "default": []},
        "patterns": {"type": "list", "elements": "str", "default": []},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "wait": {"type": "int", "default": 60},
        **RESULT_OPTIONS,
    }

    def options(self, task: Task) -> Options:
        given = task.given
        vms = explicit_choice_of(given)
        wait = not_negative(given, "wait", "a number of seconds")
        if given["state"] == "present":
            if given["names"] or given["patterns"]:
                raise OptionError("'names' and 'patterns' say what to remove: they need 'state: absent'")
            if not given["items"]:
                raise OptionError("say which items: 'items' with their names and values")
        else:
            if given["items"]:
                raise OptionError("'items' says what to write: to remove items give 'names' or 'patterns'")
            if not given["names"] and not given["patterns"]:
                raise OptionError("say which items to remove: 'names' or 'patterns'")
        try:
            patterns = NamePatterns(given["patterns"])
        except InvalidPattern as error:
            raise OptionError(f"patterns: {error}") from error
        return Options(
            vms,
            given["state"] == "present",
            _items(given["items"] or {}),
            tuple(given["names"]),
            patterns,
            wait,
            given["missing"] == "ignore",
        )

    def converse(self, task: Task, options: Options, session: Session) -> dict[str, t.Any]:
        # A machine's items come in one piece, so the larger the pages that the host allows, the better.
        session.learn_limits()
        vms = read_vms(session)
        chosen, missing = choose_here(vms, options.vms) if options.partly else (choose(vms, options.vms, unique=True), [])
        settings = read_settings(session, chosen)
        existing = {vm.id: settings[vm.id].host_items for vm in chosen if vm.id in settings}
        plans: dict[str, tuple[ItemChange, ...]] = {}
        problems: dict[str, str] = {}
        for vm in chosen:
            about = f"{task.machine}, virtual machine {vm.name}"
            if vm.id not in existing:
                problems[vm.id] = f"{about}: it has no Data Exchange setting that could be read. Check its integration services."
                continue
            try:
                plans[vm.id] = self._plan(options, existing[vm.id])
            except InvalidItem as error:
                problems[vm.id] = f"{about}: {error}."
        changes = dict(plans)
        if not task.check_mode:
            changes = self._applied(task, options.wait, session, chosen, plans, problems)
        rows = [_row(vm, existing.get(vm.id), changes.get(vm.id, ()), problems.get(vm.id)) for vm in chosen]
        result: dict[str, t.Any] = {"changed": any(changes.values()), "vms": rows, "missing": missing}
        if not vms:
            result["warnings"] = [f"{task.machine}: {NONE_SHOWN}."]
        if result["changed"]:
            result["msg"] = _said(task.machine, rows, predicted=task.check_mode)
        if task.diff_mode and result["changed"]:
            result["diff"] = _diff(task.machine, rows)
        if problems:
            result.update(failed=True, msg=" ".join(problems.values()))
        return result

    @staticmethod
    def _plan(options: Options, existing: Sequence[KvpItem]) -> tuple[ItemChange, ...]:
        if options.present:
            return plan_present(existing, options.items)
        return plan_absent(existing, options.names, options.patterns)

    @staticmethod
    def _applied(
        task: Task, wait: int, session: Session, vms: Sequence[Vm], plans: dict[str, tuple[ItemChange, ...]], problems: dict[str, str]
    ) -> dict[str, tuple[ItemChange, ...]]:
        """What was changed of each machine. A machine that fails does not stop the others, a host that is lost does."""
        made: dict[str, tuple[ItemChange, ...]] = {}
        lost: Exception | None = None
        for vm in vms:
            plan = plans.get(vm.id)
            if not plan:
                continue
            error = lost
            if error is None:
                written = write_items(session, vm, plan, wait=wait)
                made[vm.id], error = written.changes, written.error
                lost = error if written.lost else None
            if error is not None:
                problems[vm.id] = failure_of(error, f"{task.machine}, virtual machine {vm.name}").msg
        return made


def _items(given: dict[str, t.Any]) -> dict[str, str]:
    """The items as texts. OptionError for what is none, or cannot be written."""
    wanted: dict[str, str] = {}
    for name, value in given.items():
        if not isinstance(value, (str, int, float)) or isinstance(value, bool):
            raise OptionError(f"items: the value of {name!r} is not a text. Put it in quotes")
        try:
            check_item(str(name), str(value))
        except InvalidItem as error:
            raise OptionError(f"items: {error}") from error
        if any(str(name).casefold() == other.casefold() for other in wanted):
            raise OptionError(f"items: {name!r} is given twice; case does not distinguish names")
        wanted[str(name)] = str(value)
    return wanted


def _row(vm: Vm, existing: Sequence[KvpItem] | None, changes: Sequence[ItemChange], problem: str | None) -> dict[str, t.Any]:
    return {
        "id": vm.id,
        "name": vm.name,
        "state": vm.state.value,
        "host_items": None if existing is None else after(existing, changes),
        "changes": [change.as_dict() for change in changes],
        "changed": bool(changes),
        "error": problem,
    }


def _said(machine: str, rows: list[dict[str, t.Any]], *, predicted: bool) -> str:
    """One line for people, fit for a terminal."""
    changed = [
        f"{safe_text(row['name'], 60)}: " + ", ".join(f"{change['kind']} {safe_text(change['name'], 60)}" for change in row["changes"])
        for row in rows
        if row["changes"]
    ]
    return f"{machine}: {'would change ' if predicted else ''}{'; '.join(changed)}"


def _diff(machine: str, rows: list[dict[str, t.Any]]) -> dict[str, str]:
    def lines(which: str) -> str:
        return "".join(
            f"{row['name']} ({row['id']}): {change['name']}: {change[which]}\n"
            for row in rows
            for change in row["changes"]
            if change[which] is not None
        )

    header = f"{machine}: items from the host"
    return {"before_header": header, "after_header": header, "before": lines("before"), "after": lines("after")}
