# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The summary of an activation run: one row for each guest of the inventory and for each virtual machine that is in no inventory.

Works on the public results of ``guest_key``, ``host_info`` and ``kvp_info``, which may be missing or be those of a failed task: a guest that
cannot be reached must still have its row.
"""

from __future__ import annotations

import typing as t
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field

from .._avma.computer_names import without_domain
from .._avma.outcome import Outcome
from .._avma.told import mappings, part
from .joining import Join, Machine, own_name, replica_finding
from .material import GuestMaterial, HostMaterial
from .os_label import os_label

Result = Mapping[str, t.Any]

NOT_RUN = "not_run"
# Before the outcome that a dry run foresees.
WOULD_BE = "would_be_"
UNREACHABLE = "unreachable"
# Outcomes that somebody has to do something about.
_ATTENTION = {Outcome.REFUSED.value, Outcome.FAILED.value, Outcome.DEFERRED.value, UNREACHABLE, NOT_RUN}
_ATTENTION_STATUS = {"action_required"}
# Of a failed task its message is the reason, and a message names its remedy.
_AS_THE_REASON_SAYS = "Do what the reason says, then run again."


@dataclass(frozen=True)
class Row:
    guest: str
    host: str | None
    os: str | None
    outcome: str
    channel: str | None
    partial_product_key: str | None
    reason: str
    remedy: str
    managed: bool  # False: a virtual machine that no guest of the inventory stands for
    # Of guests. ``off``: it told nothing, and its host says why. ``host_judged`` False: it was changed without a verdict on its host.
    answered: bool = True
    off: bool = False
    host_judged: bool | None = None

    @property
    def attention(self) -> bool:
        return self.outcome in (_ATTENTION if self.managed else _ATTENTION_STATUS)

    def as_dict(self) -> dict[str, t.Any]:
        """With the field names of the modules' results."""
        return {
            "guest": self.guest,
            "host": self.host,
            "os": self.os,
            "outcome": self.outcome,
            "channel": self.channel,
            "partial_product_key": self.partial_product_key,
            "reason": self.reason,
            "remedy": self.remedy,
            "managed": self.managed,
        }


@dataclass(frozen=True)
class HostRow:
    host: str
    os: str | None
    licence: str | None
    cluster: str | None
    vms: int | None
    ready: bool | None
    reason: str
    remedy: str

    def as_dict(self) -> dict[str, t.Any]:
        return asdict(self)


@dataclass(frozen=True)
class Summary:
    hosts: tuple[HostRow, ...]
    rows: tuple[Row, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    guests_left_out: int = 0
    check: bool = False

    @property
    def unreached(self) -> bool:
        """Guests were asked, not one has answered, and that is not because they are off."""
        guests = [row for row in self.rows if row.managed]
        return any(not row.off for row in guests) and not any(row.answered for row in guests)

    @property
    def unjudged(self) -> tuple[str, ...]:
        return tuple(row.guest for row in self.rows if row.host_judged is False)


def summarise(
    guests: Iterable[GuestMaterial],
    hosts: Iterable[HostMaterial],
    left_out: Iterable[GuestMaterial] = (),
    *,
    check: bool = False,
    mended: Collection[str] = (),
) -> Summary:
    """Hosts and guests in the order given, then the machines that no guest stands for, by host and name.

    ``left_out``: guests of the inventory that the run leaves out. ``check``: nothing was changed, and results say what would be.
    ``mended``: IDs of the machines whose Data Exchange the run would enable.
    """
    guests, hosts, left_out = tuple(guests), tuple(hosts), tuple(left_out)
    joined = Join(hosts, (*guests, *left_out))
    rows = [_guest_row(guest, joined.of(guest), check=check) for guest in guests]
    others = [machine for machine in joined.machines if machine.guest is None]
    rows.extend(
        _machine_row(machine, mended=machine.id in mended)
        for machine in sorted(others, key=lambda machine: (_host_of(machine) or "", machine.name or ""))
    )
    return Summary(
        hosts=tuple(_host_row(host) for host in hosts),
        rows=tuple(rows),
        counts=dict(Counter(row.outcome for row in rows if row.managed)),
        guests_left_out=len(left_out),
        check=check,
    )


def _guest_row(guest: GuestMaterial, machine: Machine, *, check: bool) -> Row:
    result = guest.result
    # What another machine has answered says nothing of this one but that the address is wrong.
    facts = {} if machine.other else part(result, "guest")
    licence = {} if machine.other else part(result, "after") or part(facts, "licence")
    # An unreachable guest is told apart although guest_key counts it as failed.
    outcome = (
        UNREACHABLE
        if result.get("unreachable")
        else str(result.get("outcome") or (Outcome.FAILED.value if result.get("failed") else NOT_RUN))
    )
    if check and result.get("changed") and outcome in (Outcome.ACTIVATED.value, Outcome.KEYED.value):
        outcome = WOULD_BE + outcome
    off = outcome in (Outcome.DEFERRED.value, UNREACHABLE) and machine.host is not None and machine.vm.get("state") != "running"
    reason = str(result.get("reason") or result.get("msg") or "the task did not run for this guest")
    remedy = str(_first_of(result.get("findings"), "error", "warning").get("remedy") or "")
    if machine.other is not None:
        reason, remedy = machine.other.cause, machine.other.remedy
        outcome = Outcome.REFUSED.value
    elif off:
        # The host knows better than a connection that got no answer.
        reason = f"the virtual machine is {machine.vm.get('state')}, as host {_host_of(machine)} shows it"
        remedy = "Start it, then run again."
    elif outcome in (Outcome.FAILED.value, UNREACHABLE) and result.get("msg"):
        remedy = remedy or _AS_THE_REASON_SAYS
    return Row(
        guest=guest.name,
        host=_host_name(facts, licence, machine),
        os=os_label(part(facts, "os") or part(machine.vm, "guest")),
        outcome=outcome,
        channel=licence.get("channel"),
        partial_product_key=licence.get("partial_product_key"),
        reason=reason + _replicas(machine),
        remedy=remedy,
        managed=True,
        answered=bool(part(result, "guest")),
        off=off,
        host_judged=result.get("host_judged") if result.get("changed") else None,
    )


def _host_of(machine: Machine) -> str | None:
    return own_name(machine.host) if machine.host is not None else None


def _replicas(machine: Machine) -> str:
    replica = replica_finding(machine)
    return f"; {replica.cause}" if replica is not None else ""


def _host_name(facts: Mapping[str, t.Any], licence: Mapping[str, t.Any], machine: Machine) -> str | None:
    """Where the guest runs now as it or its host says, else which host activated it last; without the domain."""
    if machine.host is not None:
        return _host_of(machine)
    name = part(facts, "placement").get("host") or part(licence, "avma").get("host")
    return without_domain(str(name)).upper() if name else None


def _host_row(host: HostMaterial) -> HostRow:
    facts = part(host.info, "host")
    avma = part(facts, "avma")
    licence = part(facts, "licence")
    vms = host.kvp.get("vms")
    worst = _first_of(host.info.get("findings"), "error", "warning") if avma.get("ready") is not True else {}
    releases = ", ".join(str(release) for release in avma.get("can_activate") or ())
    if worst:
        reason = str(worst.get("cause"))
    elif avma.get("ready"):
        reason = f"can activate {releases}"
        if worst := _cluster_finding(host):
            reason += f"; but {worst.get('cause')}"
    else:
        reason = str(host.info.get("msg") or "the host was not asked")
    remedy = str(worst.get("remedy") or "")
    if not facts and host.info.get("msg"):
        remedy = _AS_THE_REASON_SAYS
    return HostRow(
        host=host.name,
        os=os_label(part(facts, "os")),
        licence=f"{licence.get('status')} ({licence.get('channel')})" if licence else None,
        cluster=part(facts, "cluster").get("name"),
        vms=len(vms) if isinstance(vms, (list, tuple)) else None,
        ready=avma.get("ready"),
        reason=reason,
        remedy=remedy,
    )


def _cluster_finding(host: HostMaterial) -> Mapping[str, t.Any]:
    """Why guests may lose their activation on other nodes, if the nodes were asked; empty if they may not."""
    verdict = part(host.info, "host", "cluster", "verdict")
    if not verdict.get("asked") or verdict.get("ready") is True:
        return {}
    told = [finding for finding in mappings(host.info.get("findings")) if str(finding.get("code")).startswith("CLUSTER_")]
    return _first_of(told, "error", "warning")


def _first_of(findings: t.Any, *severities: str) -> Mapping[str, t.Any]:
    """The first finding of the worst severity that is there, else an empty one."""
    known = mappings(findings)
    for severity in severities:
        for finding in known:
            if finding.get("severity") == severity:
                return finding
    return {}


def _machine_row(machine: Machine, *, mended: bool) -> Row:
    vm = machine.vm
    first = {} if mended else _first_of(vm.get("findings"), "error", "warning", "info")
    reason = "this run would enable its Data Exchange" if mended else str(first.get("cause") or "seen from its host only")
    return Row(
        guest=machine.name or machine.id or "unknown",
        host=_host_of(machine),
        os=os_label(part(vm, "guest")),
        outcome="unknown" if mended else str(part(vm, "avma").get("status") or "unknown"),
        channel=None,
        partial_product_key=None,
        reason=reason + _replicas(machine),
        remedy=str(first.get("remedy") or ""),
        managed=False,
    )
