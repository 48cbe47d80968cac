# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The report as a JSON document, whose shape docs/report.schema.json publishes.

What is only a matter of when the report was made (``significant`` leaves it out) does not make a report another one.
"""

from __future__ import annotations

import json
import typing as t
from collections.abc import Mapping
from datetime import datetime

from .._avma.times import iso
from .model import Action, Comparison, Day, FindingEntry, HostEntry, MonthRow, Report, Totals, VmEntry

SCHEMA = "hyperv-avma-report"
VERSION = 1
Document = dict[str, t.Any]


def document_of(report: Report) -> Document:
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "title": report.title,
        "generated": _time(report.generated),
        "observed": _time(report.observed),
        "events_since": _time(report.since),
        "totals": totals_document(report.totals),
        "groups": {
            grouping: [{"name": group.name, **totals_document(group.totals)} for group in groups] for grouping, groups in report.groups
        },
        "actions": [_action(action) for action in report.actions],
        "hosts": [_host(host) for host in report.hosts],
        "vms": [_vm(vm) for vm in report.vms],
        "unmatched": [_vm(vm) for vm in report.unmatched],
        "timeline": [_day(day) for day in report.timeline],
        "months": [_month(row) for row in report.months],
        "comparison": _comparison(report.comparison) if report.comparison else None,
        "notes": list(report.notes),
    }


def to_json(document: Document) -> str:
    """Two blanks deep and ASCII only, so that it can be looked at in any terminal."""
    return json.dumps(document, ensure_ascii=True, indent=1) + "\n"


# Statements of what was looked at just now carry the time of looking; those of events do not.
_LOOKED_AT = ("guest", "kvp")
_LEASE_FINDINGS = ("LEASE_WILL_LAPSE", "LEASE_LAPSED")


def significant(document: Mapping[str, t.Any]) -> Document:
    """The document without the times of making and looking, and without what is reckoned from them. Raises on what is no report."""
    kept = {name: value for name, value in document.items() if name not in ("generated", "observed", "events_since")}
    for name in ("vms", "unmatched"):
        kept[name] = [_significant_vm(vm) for vm in document[name]]
    kept["actions"] = [
        {name: value for name, value in action.items() if name not in ("meaning", "objects")}
        | {"objects": [one["name"] for one in action["objects"]]}
        if action["code"] in _LEASE_FINDINGS
        else action
        for action in document["actions"]
    ]
    return kept


def _significant_vm(vm: Mapping[str, t.Any]) -> Document:
    return {
        **vm,
        "lease": {"state": vm["lease"]["state"], "basis": vm["lease"]["basis"]},
        "statements": [
            {name: value for name, value in one.items() if name != "time" or one["source"] not in _LOOKED_AT} for one in vm["statements"]
        ],
        "findings": [
            {name: value for name, value in one.items() if name != "cause" or one["code"] not in _LEASE_FINDINGS} for one in vm["findings"]
        ],
    }


def totals_document(totals: Totals) -> Document:
    return {"vms": totals.vms, "attention": totals.attention, **{standing.value: count for standing, count in totals.standings}}


def _vm(vm: VmEntry) -> Document:
    return {
        "id": vm.id,
        "name": vm.name,
        "inventory_name": vm.inventory_name,
        "host": vm.host,
        "cluster": vm.cluster,
        "tenant": vm.tenant,
        "tenant_source": vm.tenant_source,
        "state": vm.state,
        "release": vm.release,
        "edition": vm.edition,
        "os": vm.os,
        "os_source": vm.os_source.value if vm.os_source else None,
        "channel": vm.channel,
        "licence_status": vm.licence_status,
        "partial_product_key": vm.partial_product_key,
        "standing": vm.standing.value,
        "conclusion": vm.conclusion.value,
        "source": vm.source.value if vm.source else None,
        "reason": vm.reason,
        "first_success": _time(vm.first_success),
        "last_success": _time(vm.last_success),
        "lease": vm.lease.as_dict(),
        "statements": [statement.as_dict() for statement in vm.statements],
        "severity": vm.severity.value if vm.severity else None,
        "findings": [_finding(finding) for finding in vm.findings],
    }


def _host(host: HostEntry) -> Document:
    return {
        "name": host.name,
        "computer": host.computer,
        "cluster": host.cluster,
        "release": host.release,
        "edition": host.edition,
        "os": host.os,
        "channel": host.channel,
        "licence_status": host.licence_status,
        "ready": host.ready,
        "reason": host.reason,
        "vms": host.vms,
        "events": host.events,
        "events_complete": host.events_complete,
        "severity": host.severity.value if host.severity else None,
        "findings": [_finding(finding) for finding in host.findings],
    }


def _finding(finding: FindingEntry) -> Document:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "object": finding.object,
        "cause": finding.cause,
        "remedy": finding.remedy,
    }


def _action(action: Action) -> Document:
    return {
        "code": action.code,
        "severity": action.severity.value,
        "title": action.title,
        "kind": action.kind,
        "meaning": action.meaning,
        "remedy": action.remedy,
        "affected": action.affected,
        "objects": [{"name": one.name, "host": one.host, "cause": one.cause, "remedy": one.remedy} for one in action.objects],
    }


def _day(day: Day) -> Document:
    return {"date": day.date.isoformat(), "success": day.success, "refused": day.refused, "other": day.other}


def _month(row: MonthRow) -> Document:
    return {
        "month": row.month,
        "level": row.level.value,
        "tenant": row.tenant,
        "host": row.host,
        "maximum": row.maximum,
        "day_of_maximum": row.day_of_maximum,
        "days": list(row.days),
        "seen": list(row.seen),
    }


def _comparison(comparison: Comparison) -> Document:
    return {
        "with": comparison.generated,
        "totals": {standing.value: difference for standing, difference in comparison.totals},
        "changes": [
            {
                "kind": change.kind,
                "object": change.object,
                "name": change.name,
                "id": change.id,
                "attribute": change.attribute,
                "before": change.before,
                "after": change.after,
            }
            for change in comparison.changes
        ],
    }


def _time(time: datetime | None) -> str | None:
    return None if time is None else iso(time.replace(microsecond=0))
