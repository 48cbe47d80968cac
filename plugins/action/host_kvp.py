# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of hyperv.avma.host_kvp."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

from ..plugin_utils._ansible.action import QUERY_OPTION, OptionError, Session, Task, WsManAction
from ..plugin_utils._ansible.failure import failure_of
from ..plugin_utils._ansible.vm_choice import VM_OPTIONS, choose
from ..plugin_utils._avma.facts import KvpItem
from ..plugin_utils._avma.kvp_items import InvalidItem, ItemChange, after, check_item, plan_absent, plan_present
from ..plugin_utils._avma.stale_items import InvalidPattern, NamePatterns
from ..plugin_utils._avma.text import safe_text
from ..plugin_utils._windows.host_items import write_items
from ..plugin_utils._windows.hyperv import Vm, read_vms
from ..plugin_utils._windows.kvp import read_settings


class ActionModule(WsManAction):
    OPTIONS: t.ClassVar = {
        **VM_OPTIONS,
        "all": {"type": "bool", "default": False},
        "items": {"type": "dict"},
        "names": {"type": "list", "elements": "str", "default": []},
        "patterns": {"type": "list", "elements": "str", "default": []},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "wait": {"type": "int", "default": 60},
        **QUERY_OPTION,
    }

    def perform(self, task: Task) -> dict[str, t.Any]:
        options = task.options
        chosen = bool(options["name"] or options["id"])
        if not options["all"] and not chosen:
            raise OptionError("say which virtual machines: 'name', 'id', or 'all: true'")
        if options["all"] and chosen:
            raise OptionError("'all' excludes 'name' and 'id': leave out the one or the others")
        if options["wait"] < 0:
            raise OptionError(f"wait: {options['wait']} is negative; it is a number of seconds")
        if options["state"] == "present":
            if options["names"] or options["patterns"]:
                raise OptionError("'names' and 'patterns' say what to remove: they need 'state: absent'")
            if not options["items"]:
                raise OptionError("say which items: 'items' with their names and values")
        else:
            if options["items"]:
                raise OptionError("'items' says what to write: to remove items give 'names' or 'patterns'")
            if not options["names"] and not options["patterns"]:
                raise OptionError("say which items to remove: 'names' or 'patterns'")
        self._wanted = _items(options["items"] or {})
        try:
            self._patterns = NamePatterns(options["patterns"])
        except InvalidPattern as error:
            raise OptionError(f"patterns: {error}") from error
        return super().perform(task)

    def converse(self, task: Task, session: Session) -> dict[str, t.Any]:
        options = task.options
        # A machine's items come in one piece, so the larger the pages that the host allows, the better.
        session.learn_limits()
        chosen = choose(read_vms(session), options, unique=True)
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
            changes = self._applied(task, session, chosen, plans, problems)
        rows = [_row(vm, existing.get(vm.id), changes.get(vm.id, ()), problems.get(vm.id)) for vm in chosen]
        result: dict[str, t.Any] = {"changed": any(changes.values()), "vms": rows}
        if result["changed"]:
            result["msg"] = _said(task.machine, rows, predicted=task.check_mode)
        if task.diff_mode and result["changed"]:
            result["diff"] = _diff(task.machine, rows)
        if problems:
            result.update(failed=True, msg=" ".join(problems.values()))
        return result

    def _plan(self, options: dict[str, t.Any], existing: Sequence[KvpItem]) -> tuple[ItemChange, ...]:
        if options["state"] == "present":
            return plan_present(existing, self._wanted)
        return plan_absent(existing, options["names"], self._patterns)

    @staticmethod
    def _applied(
        task: Task, session: Session, vms: Sequence[Vm], plans: dict[str, tuple[ItemChange, ...]], problems: dict[str, str]
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
                written = write_items(session, vm, plan, wait=task.options["wait"])
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
            raise OptionError(f"items: the value of {name!r} is no text. Put it in quotes")
        try:
            check_item(str(name), str(value))
        except InvalidItem as error:
            raise OptionError(f"items: {error}") from error
        if any(str(name).casefold() == other.casefold() for other in wanted):
            raise OptionError(f"items: {name!r} is given twice; case does not tell names apart")
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
