# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""What Hyper-V hosts answer to an inventory, asked at once, each over a session of its own."""

from __future__ import annotations

import os
import typing as t
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby

from ansible.errors import AnsibleError

from .._ansible.connection import UnsupportedConnection, open_session
from .._ansible.failure import Failure, failure_of
from .._ansible.output import plain
from .._ansible.results import findings_result, host_result, vm_result
from .._avma.cluster_verdict import cluster_as_told
from .._avma.host_verdict import judge_host
from .._avma.text import safe_text
from .._avma.vm_verdict import judge_vm
from .._windows.host import read_host
from .._windows.kvp import read_vm_facts
from .._wsman.errors import WsManError
from .._wsman.session import Session

Result = dict[str, t.Any]

_TICKETS = "KRB5CCNAME"


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

    def as_cached(self) -> Result:
        """Plain values without any secret, for Ansible's cache. Only of a host that has answered."""
        return {"info": self.info, "vms": list(self.vms)}


def cached_answer(host: str, cached: t.Any) -> HostAnswer | None:
    """The answer that a cache holds. None: it is no such thing, as after an update of the collection."""
    if not isinstance(cached, dict) or not isinstance(cached.get("info"), dict) or not isinstance(cached.get("vms"), list):
        return None
    if not all(isinstance(vm, dict) and {"id", "name", "state", "guest"} <= set(vm) for vm in cached["vms"]):
        return None
    return HostAnswer(host, plain(cached["info"]), tuple(plain(cached["vms"])))


@dataclass(frozen=True)
class Target:
    """A host to ask. ``connect`` makes the connection plugin of it; nothing is sent by that."""

    host: str
    connect: t.Callable[[], t.Any]


@dataclass(frozen=True)
class _Opened:
    host: str
    connection: t.Any  # kept as long as the session: it owns the file of a Kerberos ticket
    session: Session


def ask_hosts(targets: Iterable[Target], *, items: bool, parallel: int) -> dict[str, HostAnswer]:
    """The answer of each host by its name. ``items``: with all key-value pairs. A host that fails is an answer too.

    Users one after the other, since the Kerberos tickets of a process are those of its last user.
    """
    answers: dict[str, HostAnswer] = {}
    prepared: list[tuple[str, t.Any]] = []
    for target in targets:
        try:
            prepared.append((target.host, target.connect()))
        except (AnsibleError, UnsupportedConnection) as error:
            answers[target.host] = _not_asked(target.host, error)
    prepared.sort(key=lambda one: _user(one[1]))
    with _own_tickets():
        for _name, group in groupby(prepared, key=lambda one: _user(one[1])):
            opened: list[_Opened] = []
            for host, connection in group:
                try:
                    # Here and not in the threads: with Kerberos this runs kinit, which sets the environment of the process.
                    opened.append(_Opened(host, connection, open_session(connection)))
                except (AnsibleError, UnsupportedConnection) as error:
                    answers[host] = _not_asked(host, error)
            if opened:
                with ThreadPoolExecutor(max_workers=min(parallel, len(opened)), thread_name_prefix="avma-inventory") as pool:
                    answers.update((answer.host, answer) for answer in pool.map(lambda one: _ask(one, items=items), opened))
    return answers


def _ask(opened: _Opened, *, items: bool) -> HostAnswer:
    session = opened.session
    try:
        info, vms = read_answer(session, items=items)
        return HostAnswer(opened.host, info, vms, requests=session.statistics.requests)
    except WsManError as error:
        return HostAnswer(opened.host, failure=failure_of(error, opened.host), requests=session.statistics.requests)
    finally:
        session.close()


def read_answer(session: Session, *, items: bool) -> tuple[Result, tuple[Result, ...]]:
    """A host and its virtual machines: at most 12 requests and the further pages of many machines."""
    session.learn_limits()
    facts = read_host(session)
    verdict = judge_host(facts)
    cluster = cluster_as_told(facts.cluster) if facts.cluster is not None else None
    findings = [*verdict.findings, *(cluster.findings if cluster else ())]
    info = {"host": host_result(facts, verdict, cluster), "findings": findings_result(findings)}
    vms = read_vm_facts(session, items=items) if facts.hyperv else ()
    return plain(info), tuple(plain(vm_result(vm, judge_vm(vm, verdict), items=items)) for vm in vms)


def _not_asked(host: str, error: Exception) -> HostAnswer:
    reason = safe_text(f"{error}".rstrip(". "), limit=600)
    return HostAnswer(host, failure=Failure(msg=f"{host}: {reason}.", kind="connection_not_made"))


def _user(connection: t.Any) -> str:
    return str(connection.get_option("remote_user") or "")


@contextmanager
def _own_tickets() -> Iterator[None]:
    """The Kerberos tickets of the process hold again afterwards."""
    before = os.environ.get(_TICKETS)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(_TICKETS, None)
        else:
            os.environ[_TICKETS] = before
