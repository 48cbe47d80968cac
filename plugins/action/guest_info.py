# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of hyperv.avma.guest_info."""

from __future__ import annotations

import typing as t

from ..plugin_utils._ansible.action import QUERY_OPTION, Session, Task, WsManAction
from ..plugin_utils._ansible.results import findings_result, guest_licences_result, guest_result, identity_result
from ..plugin_utils._ansible.tables_option import TABLES_OPTION, tables_of
from ..plugin_utils._avma.facts import Channel
from ..plugin_utils._avma.guest_plan import KeyWish, plan_guest_key
from ..plugin_utils._windows.guest import read_guest


class ActionModule(WsManAction):
    OPTIONS: t.ClassVar = {**TABLES_OPTION, **QUERY_OPTION}

    def perform(self, task: Task) -> dict[str, t.Any]:
        self._tables = tables_of(task)
        return super().perform(task)

    def converse(self, task: Task, session: Session) -> dict[str, t.Any]:
        facts = read_guest(session)
        # What guest_key would do, so that the finding is the same before and after it is run.
        plan = plan_guest_key(facts, KeyWish(), tables=self._tables)
        primary = facts.primary
        return {
            "changed": False,
            "guest": {**guest_result(facts, self._tables), **guest_licences_result(facts)},
            "identity": identity_result(plan.identity),
            "activated": bool(primary and primary.licensed),
            "activated_by_avma": bool(primary and primary.licensed and primary.channel is Channel.AVMA),
            "findings": findings_result(plan.findings),
        }
