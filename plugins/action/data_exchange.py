# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of hyperv.avma.data_exchange."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ..plugin_utils._ansible.action import RESULT_OPTIONS, Session, Task, WsManAction
from ..plugin_utils._ansible.failure import failure_of
from ..plugin_utils._ansible.options import not_negative
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
from ..plugin_utils._windows.data_exchange import SwitchRunner
from ..plugin_utils._windows.hyperv import Vm, read_vms
from ..plugin_utils._windows.kvp import KvpSetting, read_settings
from ..plugin_utils._windows.system import read_os


@dataclass(frozen=True)
class Options:
    vms: VmChoice
    enabled: bool
    wait: int
    partly: bool  # machines that this host does not have are left out


class ActionModule(WsManAction[Options]):
    OPTIONS: t.ClassVar = {
        **VM_OPTIONS,
        **ALL_OPTION,
        **MISSING_OPTION,
        "state": {"type": "str", "choices": ["enabled", "disabled"], "default": "enabled"},
        "wait": {"type": "int", "default": 60},
        **RESULT_OPTIONS,
    }

    def options(self, task: Task) -> Options:
        vms = explicit_choice_of(task.given)
        return Options(
            vms,
            task.given["state"] == "enabled",
            not_negative(task.given, "wait", "a number of seconds"),
            task.given["missing"] == "ignore",
        )

    def converse(self, task: Task, options: Options, session: Session) -> dict[str, t.Any]:
        wanted = options.enabled
        vms = read_vms(session)
        chosen, missing = choose_here(vms, options.vms) if options.partly else (choose(vms, options.vms, unique=True), [])
        settings = read_settings(session, chosen, host_items=False)
        to_change = [vm for vm in chosen if vm.id in settings and settings[vm.id].enabled is not wanted]
        problems: dict[str, str] = {
            vm.id: f"{task.machine}: virtual machine {vm.name} ({vm.id}) has no Data Exchange setting that could be read. Check its integration services."
            for vm in chosen
            if vm.id not in settings
        }
        changed: set[str] = {vm.id for vm in to_change}
        if to_change and not task.check_mode:
            outcome = SwitchRunner(session, host_build=read_os(session).build, wait=options.wait).apply(
                [settings[vm.id] for vm in to_change], enabled=wanted
            )
            changed = set(outcome.changed)
            problems.update(
                {
                    vm_id: failure_of(error, f"{task.machine}, virtual machine {_name(vms, vm_id)}").msg
                    for vm_id, error in outcome.errors.items()
                }
            )
        rows = [_row(vm, settings.get(vm.id), wanted, vm.id in changed, problems.get(vm.id)) for vm in chosen]
        result: dict[str, t.Any] = {"changed": bool(changed), "vms": rows, "missing": missing}
        if not vms:
            result["warnings"] = [f"{task.machine}: {NONE_SHOWN}."]
        if task.diff_mode and changed:
            result["diff"] = _diff(task.machine, rows)
        if problems:
            result.update(failed=True, msg=" ".join(problems.values()))
        return result


def _name(vms: tuple[Vm, ...], vm_id: str) -> str:
    return next((vm.name for vm in vms if vm.id == vm_id), vm_id)


def _row(vm: Vm, setting: KvpSetting | None, wanted: bool, changed: bool, problem: str | None) -> dict[str, t.Any]:
    before = setting.enabled if setting else None
    return {
        "id": vm.id,
        "name": vm.name,
        "state": vm.state.value,
        "before": before,
        "after": wanted if changed else before,
        "changed": changed,
        "error": problem,
    }


def _diff(machine: str, rows: list[dict[str, t.Any]]) -> dict[str, str]:
    def lines(which: str) -> str:
        words = {True: "enabled", False: "disabled", None: "unknown"}
        return "".join(f"{row['name']} ({row['id']}): {words[row[which]]}\n" for row in rows if row["changed"])

    header = f"{machine}: Data Exchange"
    return {"before_header": header, "after_header": header, "before": lines("before"), "after": lines("after")}
