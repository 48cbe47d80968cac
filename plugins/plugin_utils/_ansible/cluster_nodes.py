# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Asking the nodes of a failover cluster within one task, each over a session of its own."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence
from dataclasses import dataclass, replace

from .._avma.cluster_verdict import NodeAnswer
from .._avma.computer_names import dns_name, short_name
from .._avma.facts import ClusterNode, HostFacts
from .._avma.text import safe_text
from .._windows.host import read_node
from .._wsman.errors import WsManError
from .._wsman.session import Session
from .failure import failure_of
from .inventory_connection import Inventory, address_like, connection_like
from .parallel_sessions import ask_machines

# Sessions at once: a cluster has at most 64 nodes, and other tasks run beside this one.
PARALLEL = 8
_NOT_A_NAME = "what the host calls it is not the name of a computer"
_UNLISTED = "it is not in the inventory, and would get this host's credentials (option unlisted_nodes)"


@dataclass
class NodeSurvey:
    """``unlisted``: nodes that are not in the inventory are asked too. Only the host names them, and they get the host's own credentials.

    ``requests``: those that the nodes answered or not, for the statistics.
    """

    connection: t.Any
    play_context: t.Any
    variables: dict[str, t.Any]
    unlisted: bool = False
    requests: int = 0

    def ask(self, own: HostFacts) -> list[NodeAnswer]:
        """An answer for each node, that of ``own`` among them. A node whose cluster service is down is not asked."""
        if own.cluster is None:
            return []
        own_name = own.os.name or own.computer.name or ""
        answers: list[NodeAnswer] = []
        others: list[ClusterNode] = []
        named = {node.name for node in own.cluster.nodes if dns_name(node.name) == node.name.lower()}
        inventory = Inventory(self.variables)
        known = inventory.find(named)
        for node in own.cluster.nodes:
            if short_name(node.name) == short_name(own_name):
                answers.append(NodeAnswer(node, replace(own, cluster=None)))
            elif node.state == "down":
                answers.append(NodeAnswer(node, problem="the cluster says that it is down", asked=False))
            elif node.name not in named:
                answers.append(NodeAnswer(node, problem=_NOT_A_NAME, asked=False))
            elif node.name not in known and not self.unlisted:
                answers.append(NodeAnswer(node, problem=_UNLISTED, asked=False))
            else:
                others.append(node)
        return answers + (self._ask_others(others, own_name, inventory, known) if others else [])

    def _ask_others(self, nodes: Sequence[ClusterNode], own_name: str, inventory: Inventory, known: dict[str, str]) -> list[NodeAnswer]:
        own_address = str(self.connection.get_option("remote_addr") or "")

        def connect(node: ClusterNode) -> t.Any:
            name = known.get(node.name)
            address = address_like(own_address, own_name, node.name)
            return connection_like(self.connection, address, inventory.variables(name) if name else {}, self.play_context)

        def ask(node: ClusterNode, session: Session) -> tuple[NodeAnswer, int]:
            try:
                answer = NodeAnswer(node, read_node(session))
            except WsManError as error:
                called = known.get(node.name) or address_like(own_address, own_name, node.name)
                answer = NodeAnswer(node, problem=failure_of(error, called).msg)
            return answer, session.statistics.requests

        answered = ask_machines(nodes, connect, ask, _not_asked, parallel=PARALLEL)
        self.requests += sum(requests for _answer, requests in answered)
        return [answer for answer, _requests in answered]


def _not_asked(node: ClusterNode, error: Exception) -> tuple[NodeAnswer, int]:
    return NodeAnswer(node, problem=safe_text(f"{error}".rstrip(". "), limit=400)), 0
