# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Asking the nodes of a failover cluster within one task, each over a session of its own."""

from __future__ import annotations

import os
import typing as t
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby

from ansible.errors import AnsibleError

from .._avma.cluster_verdict import NodeAnswer, short_name
from .._avma.facts import ClusterNode, HostFacts
from .._avma.text import safe_text
from .._windows.host import read_node
from .._wsman.errors import WsManError
from .._wsman.session import Session
from .connection import UnsupportedConnection, open_session
from .failure import failure_of
from .inventory_connection import Inventory, address_like, connection_like

# Sessions at once: a cluster has at most 64 nodes, and other tasks run beside this one.
PARALLEL = 8
_TICKETS = "KRB5CCNAME"


@dataclass(frozen=True)
class _Opened:
    node: ClusterNode
    name: str  # as the inventory calls it, or as it is addressed
    connection: t.Any  # kept as long as the session: it owns the file of a Kerberos ticket
    session: Session


@dataclass
class NodeSurvey:
    """``requests``: those that the nodes answered or not, for the statistics."""

    connection: t.Any
    play_context: t.Any
    variables: dict[str, t.Any]
    requests: int = 0

    def ask(self, own: HostFacts) -> list[NodeAnswer]:
        """An answer for each node, that of ``own`` among them. A node whose cluster service is down is not asked."""
        if own.cluster is None:
            return []
        own_name = own.os.name or own.computer.name or ""
        answers: list[NodeAnswer] = []
        others: list[ClusterNode] = []
        for node in own.cluster.nodes:
            if short_name(node.name) == short_name(own_name):
                answers.append(NodeAnswer(node, replace(own, cluster=None)))
            elif node.state == "down":
                answers.append(NodeAnswer(node, problem="the cluster says that it is down", asked=False))
            else:
                others.append(node)
        with _own_tickets():
            return answers + self._ask_others(others, own_name)

    def _ask_others(self, nodes: Iterable[ClusterNode], own_name: str) -> list[NodeAnswer]:
        """Users one after the other: the Kerberos tickets of a process are those of its last user."""
        nodes = list(nodes)
        answers: list[NodeAnswer] = []
        prepared: list[tuple[ClusterNode, str, t.Any]] = []
        inventory = Inventory(self.variables)
        known = inventory.find(node.name for node in nodes)
        for node in nodes:
            try:
                prepared.append((node, *self._connection(node, known.get(node.name), inventory, own_name)))
            except (AnsibleError, UnsupportedConnection) as error:
                answers.append(_not_asked(node, error))
        prepared.sort(key=lambda item: _user(item[2]))
        for _user_name, group in groupby(prepared, key=lambda item: _user(item[2])):
            opened: list[_Opened] = []
            for node, name, connection in group:
                try:
                    # Here and not in the threads: with Kerberos this runs kinit, which sets the environment of the process.
                    opened.append(_Opened(node, name, connection, open_session(connection)))
                except (AnsibleError, UnsupportedConnection) as error:
                    answers.append(_not_asked(node, error))
            if opened:
                with ThreadPoolExecutor(max_workers=min(PARALLEL, len(opened)), thread_name_prefix="avma-node") as pool:
                    answers.extend(pool.map(_answer_of, opened))
                self.requests += sum(one.session.statistics.requests for one in opened)
        return answers

    def _connection(self, node: ClusterNode, name: str | None, inventory: Inventory, own_name: str) -> tuple[str, t.Any]:
        own_address = str(self.connection.get_option("remote_addr") or "")
        address = address_like(own_address, own_name, node.name)
        variables = inventory.variables(name) if name else {}
        return name or address, connection_like(self.connection, address, variables, self.play_context)


def _answer_of(opened: _Opened) -> NodeAnswer:
    try:
        return NodeAnswer(opened.node, read_node(opened.session))
    except WsManError as error:
        return NodeAnswer(opened.node, problem=failure_of(error, opened.name).msg)
    finally:
        opened.session.close()


def _not_asked(node: ClusterNode, error: Exception) -> NodeAnswer:
    return NodeAnswer(node, problem=safe_text(f"{error}".rstrip(". "), limit=400))


def _user(connection: t.Any) -> str:
    return str(connection.get_option("remote_user") or "")


@contextmanager
def _own_tickets() -> Iterator[None]:
    """The Kerberos tickets of the task's own connection hold again afterwards."""
    before = os.environ.get(_TICKETS)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(_TICKETS, None)
        else:
            os.environ[_TICKETS] = before
