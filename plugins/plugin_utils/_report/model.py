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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Annotated

from .._avma.evidence import Conclusion, Source, Statement
from .._avma.findings import Severity
from .._avma.lease import Lease
from .._avma.standings import Standing
from .._avma.times import iso
from .entry_fields import Described
from .tenancy import TenantSource

_DAYS = tuple(f"{number:02d}" for number in range(1, 32))
_EACH_DAY = {"minItems": 28, "maxItems": 31}


@dataclass(frozen=True)
class FindingEntry:
    code: Annotated[str, Described("stable word for the kind of finding")]
    severity: Severity
    object: str
    cause: str
    remedy: str


@dataclass(frozen=True)
class VmEntry:
    """One virtual machine. ``None`` is "not known"."""

    id: Annotated[str | None, Described("GUID of the virtual machine")]
    name: Annotated[str, Described(compared=True, before="id")]
    inventory_name: str | None
    host: Annotated[str | None, Described("that it runs on", compared=True)]
    cluster: str | None
    tenant: Annotated[str | None, Described(compared=True)]
    tenant_source: Annotated[TenantSource | None, Described("where the tenant's name comes from; as reliable as that is")]
    state: Annotated[str | None, Described(compared=True)]
    release: Annotated[str | None, Described(compared=True)]
    edition: Annotated[str | None, Described(compared=True)]
    os: Annotated[str | None, Described(columns=())]
    os_source: Annotated[Source | None, Described("who says what it runs. guest: proof; host_event: strong; kvp: a hint")]
    channel: Annotated[str | None, Described("of the product key, as the guest says", compared=True)]
    licence_status: str | None
    partial_product_key: Annotated[str | None, Described("its last five characters", compared=True)]
    standing: Annotated[Standing, Described(compared=True)]
    as_of: Annotated[datetime | None, Described("the moment that the standing is true of; null where nothing is known")]
    conclusion: Conclusion
    source: Annotated[
        Source | None,
        Described("whose word the standing rests on. guest: proof; host_event: strong; kvp: a hint", compared=True, before="conclusion"),
    ] = field(init=False)
    reason: str
    first_success: Annotated[datetime | None, Described("the first activation on record within the time of the report")]
    last_success: datetime | None
    lease: Annotated[Lease, Described(columns=("lease_state", "lease_basis", "lapses"))]
    statements: Annotated[tuple[Statement, ...], Described(columns=())]
    severity: Annotated[Severity | None, Described("of its worst finding")] = field(init=False)
    findings: Annotated[tuple[FindingEntry, ...], Described(columns=("findings", "remedy"))] = ()

    def __post_init__(self) -> None:
        source = {
            Conclusion.PROVEN: Source.GUEST,
            Conclusion.LOGGED_BY_HOST: Source.HOST_EVENT,
            Conclusion.CLAIMED_BY_KVP: Source.KVP,
        }.get(self.conclusion, Source.KVP if self.standing is Standing.NOT_APPLICABLE else None)
        object.__setattr__(self, "source", source)
        object.__setattr__(self, "severity", worst(finding.severity for finding in self.findings))


@dataclass(frozen=True)
class HostEntry:
    """One Hyper-V host of the inventory."""

    name: Annotated[str, Described("in the inventory")]
    computer: Annotated[str | None, Described("as it calls itself")]
    cluster: Annotated[str | None, Described(compared=True)]
    release: Annotated[str | None, Described(compared=True)]
    edition: Annotated[str | None, Described(compared=True)]
    os: str | None
    channel: Annotated[str | None, Described(compared=True)]
    licence_status: Annotated[str | None, Described(compared=True)]
    ready: Annotated[bool | None, Described("whether it can activate guests", compared=True)]
    reason: str
    vms: Annotated[int | None, Described("machines that it showed")]
    events: Annotated[int | None, Described("events of it on record; null: its log was never read")]
    events_complete: Annotated[bool | None, Described("false: some are known to be missing")]
    severity: Annotated[Severity | None, Described("of its worst finding")] = field(init=False)
    findings: tuple[FindingEntry, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "severity", worst(finding.severity for finding in self.findings))


@dataclass(frozen=True)
class Totals:
    """Machines by standing, in the order of ``Standing``. Of the activated, those whose guests say so, and those whose hosts do."""

    vms: Annotated[int, Described("all virtual machines; the standings add up to it")] = 0
    attention: Annotated[int, Described("those with an error or a warning")] = 0
    standings: tuple[tuple[Standing, int], ...] = ()
    activated_proven: Annotated[int, Described("of the activated those whose guests say so")] = 0
    activated_logged: Annotated[int, Described("of the activated those that stand on a host's log, each as of a moment")] = 0
    activated_logged_since: Annotated[datetime | None, Described("the oldest of these moments")] = None

    def count(self, standing: Standing) -> int:
        return dict(self.standings).get(standing, 0)

    def as_dict(self) -> dict[str, object]:
        since = self.activated_logged_since
        return {
            "vms": self.vms,
            "attention": self.attention,
            **{standing.value: count for standing, count in self.standings},
            "activated_proven": self.activated_proven,
            "activated_logged": self.activated_logged,
            "activated_logged_since": None if since is None else iso(since.replace(microsecond=0)),
        }


@dataclass(frozen=True)
class Group:
    """Machines that share a host, cluster, tenant, release, edition or channel; ``name`` None: of whom that is not known."""

    name: str | None
    totals: Totals

    def as_dict(self) -> dict[str, object]:
        return {"name": self.name, **self.totals.as_dict()}


@dataclass(frozen=True)
class ActionObject:
    name: str
    host: str | None
    cause: str
    remedy: str


@dataclass(frozen=True)
class Action:
    """Something to do: all findings of one kind."""

    code: str
    severity: Annotated[Severity, Described(schema={"enum": [Severity.ERROR.value, Severity.WARNING.value]})]
    title: str
    kind: Annotated[str, Described(schema={"enum": ["host", "guest"]})]
    meaning: Annotated[str, Described("the cause, or one as an example where it differs")]
    remedy: str
    affected: Annotated[int, Described("virtual machines that it concerns; of a host's finding those on the host")]
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
    """Distinct activated guests on each day of a month (UTC). ``days`` and ``seen`` are as long as the month."""

    month: Annotated[str, Described(schema={"pattern": "^[0-9]{4}-[0-9]{2}$"})]
    level: Level
    tenant: str | None
    host: str | None
    maximum: Annotated[int, Described("the highest of days")] = field(init=False)
    day_of_maximum: Annotated[int | None, Described("the first one", schema={"minimum": 1, "maximum": 31})] = field(init=False)
    days: Annotated[
        tuple[int | None, ...],
        Described("guests whose activation held on that day; null: has not come yet", columns=_DAYS, schema=_EACH_DAY),
    ]
    seen: Annotated[
        tuple[int | None, ...],
        Described(
            "guests with an activation that was logged or proven on that day",
            columns=tuple(f"seen_{day}" for day in _DAYS),
            schema=_EACH_DAY,
        ),
    ]

    def __post_init__(self) -> None:
        maximum = max((count for count in self.days if count is not None), default=0)
        object.__setattr__(self, "maximum", maximum)
        object.__setattr__(self, "day_of_maximum", self.days.index(maximum) + 1 if maximum else None)


@dataclass(frozen=True)
class Change:
    """``attribute``, ``before`` and ``after``: only of what has changed."""

    kind: Annotated[str, Described(schema={"enum": ["appeared", "gone", "changed"]})]
    object: Annotated[str, Described(schema={"enum": ["host", "vm"]})]
    name: str
    id: str | None = None
    attribute: str | None = None
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True)
class Comparison:
    """What is other than in the report of ``generated``."""

    generated: Annotated[str, Described("when the earlier report was made")]
    totals: Annotated[Mapping[Standing, int], Described("differences, this report less the earlier one")]
    changes: tuple[Change, ...]

    def as_dict(self) -> dict[str, object]:
        return {"with": self.generated, "totals": self.totals, "changes": self.changes}


@dataclass(frozen=True)
class Report:
    title: str
    generated: Annotated[datetime, Described("when the report was made")]
    observed: Annotated[datetime, Described("when the machines were asked")]
    events_since: Annotated[datetime, Described("from when on events count")]
    totals: Totals
    groups: Annotated[
        Mapping[str, tuple[Group, ...]],
        Described("The same machines by each of these; null stands for those without one."),
    ]
    actions: Annotated[tuple[Action, ...], Described("What needs action, the most urgent first.")]
    hosts: tuple[HostEntry, ...]
    vms: tuple[VmEntry, ...]
    unmatched: Annotated[tuple[VmEntry, ...], Described("guests that may be among the vms, and so are not counted")]
    timeline: Annotated[tuple[Day, ...], Described("What the hosts logged by day (UTC), from event 12310.")]
    months: Annotated[
        tuple[MonthRow, ...],
        Described("Distinct activated guests by month, from the ledger. The rows of hosts add up to those of tenants, and those to all."),
    ] = ()
    comparison: Comparison | None = None
    notes: Annotated[tuple[str, ...], Described("What the reader should know of the report itself.")] = ()


_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


def rank(severity: Severity | None) -> int:
    """0 for the worst; None comes last."""
    return len(_ORDER) if severity is None else _ORDER[severity]


def worst(severities: Iterable[Severity]) -> Severity | None:
    return min(severities, key=rank, default=None)


def totals_of(vms: Iterable[VmEntry]) -> Totals:
    vms = tuple(vms)
    counted = Counter(vm.standing for vm in vms)
    logged = [vm for vm in vms if vm.standing is Standing.ACTIVATED and vm.source is not Source.GUEST]
    return Totals(
        len(vms),
        sum(rank(vm.severity) <= rank(Severity.WARNING) for vm in vms),
        tuple((standing, counted[standing]) for standing in Standing),
        counted[Standing.ACTIVATED] - len(logged),
        len(logged),
        min((vm.as_of for vm in logged if vm.as_of), default=None),
    )
