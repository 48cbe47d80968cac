# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of hyperv.avma.host_info."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ..plugin_utils._ansible.action import RESULT_OPTIONS, Session, Task, WsManAction
from ..plugin_utils._ansible.cluster_nodes import NodeSurvey
from ..plugin_utils._ansible.results import findings_result, host_result, readiness_result
from ..plugin_utils._ansible.tables_option import TABLES_OPTION, tables_of
from ..plugin_utils._avma.cluster_verdict import ClusterVerdict, cluster_as_told, judge_cluster
from ..plugin_utils._avma.facts import HostFacts
from ..plugin_utils._avma.findings import Finding
from ..plugin_utils._avma.host_name import why_not_this_host
from ..plugin_utils._avma.host_verdict import HostVerdict, judge_host
from ..plugin_utils._avma.tables import Tables
from ..plugin_utils._windows.host import read_host


@dataclass(frozen=True)
class Options:
    cluster_nodes: bool
    unlisted_nodes: bool
    require_ready: bool
    tables: Tables


class ActionModule(WsManAction[Options]):
    OPTIONS: t.ClassVar = {
        "cluster_nodes": {"type": "bool", "default": False},
        "unlisted_nodes": {"type": "bool", "default": False},
        "require_ready": {"type": "bool", "default": False},
        **TABLES_OPTION,
        **RESULT_OPTIONS,
    }

    def options(self, task: Task) -> Options:
        return Options(task.given["cluster_nodes"], task.given["unlisted_nodes"], task.given["require_ready"], tables_of(task))

    def converse(self, task: Task, options: Options, session: Session) -> dict[str, t.Any]:
        facts = read_host(session)
        verdict = judge_host(facts, options.tables)
        cluster = self._cluster(task, options, facts)
        result: dict[str, t.Any] = {
            "changed": False,
            "host": host_result(facts, verdict, cluster, tables=options.tables),
            "findings": findings_result([*self._name(task, facts), *verdict.findings, *(cluster.findings if cluster else ())]),
            "readiness": readiness_result(facts, verdict, cluster, tables=options.tables),
        }
        if options.require_ready and not verdict.ready:
            result.update(failed=True, msg=_not_ready(task.machine, verdict))
        elif options.require_ready and cluster is not None and cluster.asked and not cluster.ready:
            result.update(failed=True, msg=_cluster_not_ready(task.machine, cluster))
        return result

    def _name(self, task: Task, facts: HostFacts) -> list[Finding]:
        own = task.variables.get("hostvars", {}).get(task.machine) if self._task.delegate_to else task.variables
        told = {name: str(self._templar.template(own[name])) for name in ("ansible_host", "avma_computer_name") if own and own.get(name)}
        found = why_not_this_host(
            facts.os.name or facts.computer.name, task.machine, [told.get("ansible_host", "")], told.get("avma_computer_name")
        )
        return [found] if found is not None else []

    def _cluster(self, task: Task, options: Options, facts: HostFacts) -> ClusterVerdict | None:
        if facts.cluster is None:
            return None
        if not options.cluster_nodes:
            return cluster_as_told(facts.cluster, tables=options.tables)
        survey = NodeSurvey(self._connection, self._play_context, task.variables, unlisted=options.unlisted_nodes)
        cluster = judge_cluster(facts.cluster, survey.ask(facts), options.tables)
        self._display.vvv(f"WS-MAN {survey.requests} requests to the other nodes of the cluster", host=task.machine)
        return cluster


def _not_ready(machine: str, verdict: HostVerdict) -> str:
    said = "cannot activate guests" if verdict.ready is False else "may not be able to activate guests"
    reasons = [f"{found.cause}. {found.remedy}" for found in verdict.findings if found.code in verdict.reasons]
    return f"{machine} {said}: {' '.join(reasons)}"


def _cluster_not_ready(machine: str, cluster: ClusterVerdict) -> str:
    said = "cannot" if cluster.ready is False else "may not be able to"
    reasons = [f"{found.cause}. {found.remedy}" for found in cluster.findings]
    return f"{machine}: the cluster {cluster.name} {said} keep guests activated on each of its nodes: {' '.join(reasons)}"
