# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""What Hyper-V hosts answer to an inventory, asked at once, each over a session of its own."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable
from dataclasses import dataclass, field

from .._ansible.failure import Failure, connection_not_made, failure_of
from .._ansible.output import plain
from .._ansible.parallel_sessions import ask_machines
from .._ansible.results import findings_result, host_result, vm_result
from .._avma.cluster_verdict import cluster_as_told
from .._avma.host_verdict import judge_host
from .._avma.tables import Tables
from .._avma.vm_verdict import judge_vm
from .._windows.host import read_host
from .._windows.kvp import read_vm_facts
from .._wsman.errors import WsManError
from .._wsman.session import Session

Result = dict[str, t.Any]


@dataclass(frozen=True)
class HostAnswer:
    """``info`` as the module host_info returns it (``host``, ``findings``), ``vms`` as kvp_info does. ``failure``: why there are none."""

    host: str  # as the inventory calls it
    info: Result = field(default_factory=dict)
    vms: tuple[Result, ...] = ()
    failure: Failure | None = None
    requests: int = 0

    @property
    def cluster(self) -> str | None:
        cluster = (self.info.get("host") or {}).get("cluster") or {}
        return cluster.get("name") or None

    @property
    def has_hyperv(self) -> bool:
        """As far as is known."""
        return (self.info.get("host") or {}).get("hyperv") is not False

    def as_cached(self) -> Result:
        """Plain values without any secret, for Ansible's cache. Only of a host that has answered."""
        return {"info": self.info, "vms": list(self.vms)}


_Shape = t.Mapping[str, t.Any]
_TEXT = (str, type(None))
# Of what a cache holds, the parts that are read again, with their types. What is a mapping or None may be left out.
_INFO: _Shape = {"host": {"name": _TEXT, "fqdn": _TEXT, "cluster": {"name": _TEXT}}, "findings": (list, type(None))}
_VM: _Shape = {
    "id": str,
    "name": str,
    "state": str,
    "guest": {"fqdn": _TEXT, "addresses": (list, type(None))},
    "data_exchange": {},
    "avma": {},
    "kvp": {"intrinsic": {}, "guest": {}, "host": {}},
    "findings": (list, type(None)),
}


def _has(value: t.Any, shape: _Shape) -> bool:
    """Whether a mapping has values of these types, as far as it has them."""
    if not isinstance(value, dict):
        return False
    return all(
        value.get(key) is None or _has(value[key], wanted) if isinstance(wanted, dict) else isinstance(value.get(key), wanted)
        for key, wanted in shape.items()
    )


def cached_answer(host: str, cached: t.Any) -> HostAnswer | None:
    """The answer that a cache holds. None: it is something else, as after an update of the collection."""
    if not isinstance(cached, dict) or not isinstance(cached.get("info"), dict) or not isinstance(cached.get("vms"), list):
        return None
    if not _has(cached["info"], _INFO) or not all(_has(vm, _VM) for vm in cached["vms"]):
        return None
    if not all({"fqdn", "addresses"} <= set(vm.get("guest") or ()) for vm in cached["vms"]):
        return None
    return HostAnswer(host, plain(cached["info"]), tuple(plain(cached["vms"])))


@dataclass(frozen=True)
class Target:
    """A host to ask. ``connect`` makes the connection plugin of it; nothing is sent by that."""

    host: str
    connect: t.Callable[[], t.Any]


def ask_hosts(targets: Iterable[Target], *, items: bool, notes: bool = False, parallel: int, tables: Tables) -> dict[str, HostAnswer]:
    """The answer of each host by its name. ``items``: with all key-value pairs; ``notes``: with those of the machines. A host that fails is an
    answer too."""

    def ask(target: Target, session: Session) -> HostAnswer:
        try:
            info, vms = read_answer(session, items=items, notes=notes, tables=tables)
        except WsManError as error:
            return HostAnswer(target.host, failure=failure_of(error, target.host), requests=session.statistics.requests)
        return HostAnswer(target.host, info, vms, requests=session.statistics.requests)

    answers = ask_machines(targets, lambda target: target.connect(), ask, _not_asked, parallel=parallel)
    return {answer.host: answer for answer in answers}


def read_answer(session: Session, *, items: bool, notes: bool = False, tables: Tables) -> tuple[Result, tuple[Result, ...]]:
    """A host and its virtual machines: at most 12 requests, 13 with ``notes``, and the further pages of many machines."""
    session.learn_limits()
    facts = read_host(session)
    verdict = judge_host(facts, tables)
    cluster = cluster_as_told(facts.cluster, tables) if facts.cluster is not None else None
    findings = [*verdict.findings, *(cluster.findings if cluster else ())]
    info = {"host": host_result(facts, verdict, cluster, tables=tables), "findings": findings_result(findings)}
    # Where Hyper-V shows nothing at all this fails: a host without machines is something else.
    vms = () if facts.hyperv is False else read_vm_facts(session, items=items, notes=notes)
    return plain(info), tuple(plain(vm_result(vm, judge_vm(vm, verdict, tables), items=items, notes=notes)) for vm in vms)


def unseen(answers: t.Mapping[str, HostAnswer], before: t.Mapping[str, t.Sequence[str]]) -> dict[str, HostAnswer]:
    """The hosts that show no machine, as failures where they had some ``before`` (GUIDs by host) that no host shows now.

    Hyper-V shows an account without rights no machines and says nothing of it. Machines that have moved are on another host.
    """
    shown = {vm["id"] for answer in answers.values() for vm in answer.vms}
    return {
        name: HostAnswer(name, failure=_machines_gone(name, lost), requests=answer.requests)
        for name, answer in answers.items()
        if answer.failure is None and answer.has_hyperv and not answer.vms and (lost := set(before.get(name, ())) - shown)
    }


def _machines_gone(host: str, lost: set[str]) -> Failure:
    return Failure(
        msg=f"{host}: Hyper-V shows this account no virtual machine, and {len(lost)} that it showed before are on no other host. "
        "Add the account to the group 'Hyper-V Administrators' on the host. If they were deleted, delete the inventory's cache.",
        kind="machines_not_shown",
    )


def _not_asked(target: Target, error: Exception) -> HostAnswer:
    return HostAnswer(target.host, failure=connection_not_made(error, target.host))
