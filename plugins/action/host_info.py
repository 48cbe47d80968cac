# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of hyperv.avma.host_info."""

from __future__ import annotations

import typing as t

from ..plugin_utils._ansible.action import QUERY_OPTION, Session, Task, WsManAction
from ..plugin_utils._ansible.results import findings_result, host_result, readiness_result
from ..plugin_utils._avma.host_verdict import HostVerdict, judge_host
from ..plugin_utils._windows.host import read_host


class ActionModule(WsManAction):
    OPTIONS: t.ClassVar = {"require_ready": {"type": "bool", "default": False}, **QUERY_OPTION}

    def converse(self, task: Task, session: Session) -> dict[str, t.Any]:
        facts = read_host(session)
        verdict = judge_host(facts)
        result: dict[str, t.Any] = {
            "changed": False,
            "host": host_result(facts, verdict),
            "findings": findings_result(verdict.findings),
            "readiness": readiness_result(facts, verdict),
        }
        if task.options["require_ready"] and not verdict.ready:
            result.update(failed=True, msg=_not_ready(task.machine, verdict))
        return result


def _not_ready(machine: str, verdict: HostVerdict) -> str:
    said = "cannot activate guests" if verdict.ready is False else "may not be able to activate guests"
    reasons = [f"{found.cause}. {found.remedy}" for found in verdict.findings if found.code in verdict.reasons]
    return f"{machine} {said}: {' '.join(reasons)}"
