# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of hyperv.avma.kvp_info."""

from __future__ import annotations

import typing as t
from collections import Counter
from dataclasses import dataclass

from ..plugin_utils._ansible.action import RESULT_OPTIONS, Session, Task, WsManAction
from ..plugin_utils._ansible.results import vm_result
from ..plugin_utils._ansible.tables_option import TABLES_OPTION, tables_of
from ..plugin_utils._ansible.vm_choice import NONE_SHOWN, VM_OPTIONS, VmChoice, choice_of, choose
from ..plugin_utils._avma.facts import HostFacts
from ..plugin_utils._avma.host_verdict import judge_host
from ..plugin_utils._avma.tables import Tables
from ..plugin_utils._avma.vm_verdict import judge_vm
from ..plugin_utils._windows.kvp import read_vm_facts
from ..plugin_utils._windows.licensing import read_licences
from ..plugin_utils._windows.system import read_os


@dataclass(frozen=True)
class Options:
    vms: VmChoice
    items: bool
    notes: bool
    tables: Tables


class ActionModule(WsManAction[Options]):
    OPTIONS: t.ClassVar = {
        **VM_OPTIONS,
        "items": {"type": "bool", "default": True},
        "notes": {"type": "bool", "default": False},
        **TABLES_OPTION,
        **RESULT_OPTIONS,
    }

    def options(self, task: Task) -> Options:
        return Options(choice_of(task.given), task.given["items"], task.given["notes"], tables_of(task))

    def converse(self, task: Task, options: Options, session: Session) -> dict[str, t.Any]:
        # A page as large as the server allows: with many machines this is what the number of requests hangs on.
        session.learn_limits()
        os = read_os(session)
        licences = read_licences(session)
        items, notes = options.items, options.notes
        vms = read_vm_facts(session, items=items, notes=notes)
        # Computer and cluster do not matter to the verdict of a machine, and Hyper-V has just answered.
        host = judge_host(HostFacts(os=os, licence=licences[0] if licences else None, hyperv=True), options.tables)
        chosen = choose(vms, options.vms)
        results = [vm_result(vm, judge_vm(vm, host, options.tables), items=items, notes=notes) for vm in chosen]
        warnings = [] if vms else [f"{task.machine}: {NONE_SHOWN}."]
        if items and any(vm.kvp.guest_items_left_out for vm in vms):
            warnings.append(
                f"{task.machine}: a guest has written more key-value pairs than an answer of this host holds, so those that guests wrote are "
                "left out for all machines. What their integration services wrote is there. Find the guest by its registry key "
                "'Virtual Machine\\Guest', or raise MaxEnvelopeSizekb of the host."
            )
        if notes and vms and all(vm.notes is None for vm in vms):
            warnings.append(
                f"{task.machine}: the notes of a virtual machine are longer than an answer of this host can be, so no notes are there. Shorten "
                "them, or raise MaxEnvelopeSizekb of the host."
            )
        return {
            **({"warnings": warnings} if warnings else {}),
            "changed": False,
            "host": {"name": os.name, "avma": {"ready": host.ready, "can_activate": list(host.can_activate)}},
            "vms": results,
            "summary": {
                "total": len(results),
                "by_state": dict(Counter(vm["state"] for vm in results)),
                "by_status": dict(Counter(vm["avma"]["status"] for vm in results)),
            },
        }
