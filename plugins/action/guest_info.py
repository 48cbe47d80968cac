# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of hyperv.avma.guest_info."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ..plugin_utils._ansible.action import RESULT_OPTIONS, Task, failure_result
from ..plugin_utils._ansible.failure import Failure
from ..plugin_utils._ansible.guest_way import WAY_OPTIONS, Cim, GuestAction, GuestOptions
from ..plugin_utils._ansible.results import findings_result, guest_licences_result, guest_result, identity_result, integration_result
from ..plugin_utils._ansible.tables_option import TABLES_OPTION, tables_of
from ..plugin_utils._avma.facts import Channel
from ..plugin_utils._avma.guest_plan import KeyWish, plan_guest_key
from ..plugin_utils._avma.integration_verdict import integration_findings
from ..plugin_utils._avma.outcome import Outcome
from ..plugin_utils._avma.platform import is_hyperv_guest
from ..plugin_utils._avma.vm_matching import OTHER_VM
from ..plugin_utils._windows.guest import foresee_guest, read_guest
from ..plugin_utils._windows.integration import read_integration
from ..plugin_utils._windows.system import read_asset_tag


class ActionModule(GuestAction[GuestOptions]):
    OPTIONS: t.ClassVar = {**WAY_OPTIONS, **TABLES_OPTION, **RESULT_OPTIONS}

    def options(self, task: Task) -> GuestOptions:
        return GuestOptions(self.way(task), tables_of(task))

    def gave_up(self, task: Task, failure: Failure, *, later: bool) -> dict[str, t.Any]:
        answer = failure_result(failure)
        if failure.finding is not None:
            answer["findings"] = findings_result([failure.finding])
        return answer

    def ask(self, task: Task, options: GuestOptions, session: Cim) -> dict[str, t.Any]:
        foresee_guest(session)
        facts = read_guest(session)
        # What guest_key would do, so that the finding is the same before and after it is run.
        plan = plan_guest_key(facts, KeyWish(), tables=options.tables)
        computer = facts.computer
        if computer is not None and is_hyperv_guest(computer):
            facts = replace(facts, integration=read_integration(session))
            if plan.installs:
                facts = replace(facts, computer=replace(computer, asset_tag=read_asset_tag(session)))
                plan = plan_guest_key(facts, KeyWish(), tables=options.tables)
        activates = plan.outcome not in (Outcome.KEPT, Outcome.REFUSED)
        integration = integration_findings(facts.integration, plan.identity.release, plan.identity.name, activates=activates)
        other = self.meant_vm(task, options, session).why_not(facts.placement.vm_id if facts.placement else None)
        # What another machine says of its licence proves nothing of the one that is meant.
        primary = None if other is not None and other.code == OTHER_VM else facts.primary
        return {
            "changed": False,
            "guest": {
                **guest_result(facts, options.tables),
                **guest_licences_result(facts),
                "integration": integration_result(facts.integration),
            },
            "identity": identity_result(plan.identity),
            "activated": bool(primary and primary.licensed),
            "activated_by_avma": bool(primary and primary.licensed and primary.channel is Channel.AVMA),
            "findings": findings_result((*([other] if other else []), *plan.findings, *integration)),
        }
