# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The report as a value. Each rendering shows this and computes nothing of its own, so that their numbers agree.

All text in it is harmless for a terminal: one line, bounded, without control, bidirectional and invisible characters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum

from .._avma.evidence import Conclusion, Source, Statement
from .._avma.findings import Severity
from .._avma.lease import Lease


class Standing(str, Enum):
    """What is known of a machine's activation. Each machine has exactly one."""

    ACTIVATED = "activated"  # by AVMA
    LAPSED = "lapsed"  # its activation was logged, but should have been renewed by now; the guest was not asked
    LICENSED_OTHERWISE = "licensed_otherwise"  # by MAK, KMS, retail or OEM, as the guest says
    NOT_ACTIVATED = "not_activated"
    CONTRADICTED = "contradicted"
    NOT_APPLICABLE = "not_applicable"  # Linux and others that AVMA does not serve
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class FindingEntry:
    code: str
    severity: Severity
    object: str
    cause: str
    remedy: str


@dataclass(frozen=True)
class VmEntry:
    """One virtual machine. ``None`` is "not known". ``os_source``: whether the guest or Data Exchange says what it runs."""

    id: str | None
    name: str
    inventory_name: str | None
    host: str | None
    cluster: str | None
    tenant: str | None
    tenant_source: str | None
    state: str | None
    release: str | None
    edition: str | None
    os: str | None
    os_source: Source | None
    channel: str | None
    licence_status: str | None
    partial_product_key: str | None
    standing: Standing
    conclusion: Conclusion
    reason: str
    statements: tuple[Statement, ...]
    first_success: datetime | None
    last_success: datetime | None
    lease: Lease
    findings: tuple[FindingEntry, ...] = ()

    @property
    def source(self) -> Source | None:
        """Whose word the standing rests on."""
        return {
            Conclusion.PROVEN: Source.GUEST,
            Conclusion.LOGGED_BY_HOST: Source.HOST_EVENT,
            Conclusion.CLAIMED_BY_KVP: Source.KVP,
        }.get(self.conclusion)

    @property
    def severity(self) -> Severity | None:
        return worst(finding.severity for finding in self.findings)


@dataclass(frozen=True)
class HostEntry:
    """One Hyper-V host of the inventory.

    ``events``: those on record, None if its log was never read; ``events_complete``: nothing is known to be missing.
    """

    name: str
    computer: str | None
    cluster: str | None
    release: str | None
    edition: str | None
    os: str | None
    channel: str | None
    licence_status: str | None
    ready: bool | None
    reason: str
    vms: int | None
    events: int | None
    events_complete: bool | None
    findings: tuple[FindingEntry, ...] = ()

    @property
    def severity(self) -> Severity | None:
        return worst(finding.severity for finding in self.findings)


@dataclass(frozen=True)
class Totals:
    """Machines by standing, in the order of ``Standing``; ``attention``: those with an error or a warning."""

    vms: int = 0
    standings: tuple[tuple[Standing, int], ...] = ()
    attention: int = 0

    def count(self, standing: Standing) -> int:
        return dict(self.standings).get(standing, 0)


@dataclass(frozen=True)
class Group:
    """Machines that share a host, cluster, tenant, release, edition or channel; ``name`` None: of whom that is not known."""

    name: str | None
    totals: Totals


@dataclass(frozen=True)
class ActionObject:
    name: str
    host: str | None
    cause: str
    remedy: str


@dataclass(frozen=True)
class Action:
    """Something to do: all findings of one kind. ``affected``: machines that it concerns; of a host's finding those on the host."""

    code: str
    severity: Severity
    title: str
    kind: str  # host or guest
    meaning: str
    remedy: str
    affected: int
    objects: tuple[ActionObject, ...]


@dataclass(frozen=True)
class Day:
    """What the hosts logged on one day (UTC)."""

    date: date
    success: int
    refused: int
    other: int


class Level(str, Enum):
    HOST = "host"
    TENANT = "tenant"
    ALL = "all"


@dataclass(frozen=True)
class MonthRow:
    """Distinct activated guests on each day of a month (UTC). ``days`` is as long as the month, None for days that have not come.

    ``seen``: guests of which an activation was logged or proven on that day. ``days`` also counts those whose last one still held.
    """

    month: str  # "2026-11"
    level: Level
    tenant: str | None
    host: str | None
    days: tuple[int | None, ...]
    seen: tuple[int | None, ...]

    @property
    def maximum(self) -> int:
        return max((count for count in self.days if count is not None), default=0)

    @property
    def day_of_maximum(self) -> int | None:
        """The first day with the maximum; None if nothing was counted."""
        return self.days.index(self.maximum) + 1 if self.maximum else None


@dataclass(frozen=True)
class Change:
    """``kind``: appeared, gone or changed; ``attribute``, ``before`` and ``after`` only for the last."""

    kind: str
    object: str  # host or vm
    name: str
    id: str | None = None
    attribute: str | None = None
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True)
class Comparison:
    """What is other than in the report of ``generated``."""

    generated: str
    changes: tuple[Change, ...]
    totals: tuple[tuple[Standing, int], ...]  # differences, this report less the earlier one


@dataclass(frozen=True)
class Report:
    title: str
    generated: datetime
    observed: datetime
    since: datetime
    hosts: tuple[HostEntry, ...]
    vms: tuple[VmEntry, ...]
    unmatched: tuple[VmEntry, ...]  # guests that may be among the vms, and so are not counted
    totals: Totals
    groups: tuple[tuple[str, tuple[Group, ...]], ...]
    actions: tuple[Action, ...]
    timeline: tuple[Day, ...]
    months: tuple[MonthRow, ...] = ()
    comparison: Comparison | None = None
    notes: tuple[str, ...] = field(default=())


_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


def rank(severity: Severity | None) -> int:
    """0 for the worst; None comes last."""
    return len(_ORDER) if severity is None else _ORDER[severity]


def worst(severities: Iterable[Severity]) -> Severity | None:
    return min(severities, key=rank, default=None)


def totals_of(vms: Iterable[VmEntry]) -> Totals:
    vms = tuple(vms)
    counted = Counter(vm.standing for vm in vms)
    return Totals(
        len(vms),
        tuple((standing, counted[standing]) for standing in Standing),
        sum(rank(vm.severity) <= rank(Severity.WARNING) for vm in vms),
    )
