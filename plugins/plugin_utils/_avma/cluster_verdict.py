# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Whether guests stay activated wherever in their failover cluster they run.

Guests move between nodes, so each node must be an activated Datacenter host, and the oldest node bounds what can be renewed.
Source: Microsoft, Automatic Virtual Machine Activation (failover clusters, live migration).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .computer_names import short_name
from .facts import ClusterFacts, ClusterNode, HostFacts
from .findings import Finding, finding
from .host_verdict import HostVerdict, judge_host
from .host_view import HostView
from .identity import GuestIdentity
from .matrix import can_activate
from .releases import Release
from .tables import Tables


@dataclass(frozen=True)
class NodeAnswer:
    """What asking one node gave: its facts, or why there are none. ``asked`` False: it was not tried."""

    node: ClusterNode
    facts: HostFacts | None = None
    problem: str | None = None
    asked: bool = True


@dataclass(frozen=True)
class NodeVerdict:
    """``reachable`` None: not asked. ``release`` is also known of a node that only the cluster reports."""

    name: str
    state: str
    reachable: bool | None
    ready: bool | None
    release: Release | None
    host: HostVerdict | None
    problem: str | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self.host.findings if self.host else ()


@dataclass(frozen=True)
class ClusterVerdict:
    """``ready`` False: a node cannot activate guests. None: no node is known not to, and not all are known to.

    ``release`` is the lowest of all nodes, None unless that of each is known. ``asked``: the nodes were to be asked.
    """

    name: str | None
    asked: bool
    ready: bool | None
    release: Release | None
    nodes: tuple[NodeVerdict, ...]
    findings: tuple[Finding, ...]


def judge_cluster(cluster: ClusterFacts, answers: Iterable[NodeAnswer], tables: Tables) -> ClusterVerdict:
    """The verdict on a cluster from the answers of its nodes, in any order. A node without an answer counts as not asked."""
    by_name = {short_name(answer.node.name): answer for answer in answers}
    found: list[Finding] = []
    nodes = tuple(_judge_node(cluster, node, by_name.get(short_name(node.name)), found, tables) for node in cluster.nodes)
    found += _judge_releases(cluster, nodes)
    return ClusterVerdict(cluster.name, True, _all_ready(nodes), _lowest(nodes), nodes, tuple(found))


def cluster_as_told(cluster: ClusterFacts, tables: Tables) -> ClusterVerdict:
    """What one node's view of the cluster says, no other node being asked: releases, and nothing on licences."""
    nodes = tuple(NodeVerdict(node.name, node.state, None, None, tables.release_of(node.build), None) for node in cluster.nodes)
    return ClusterVerdict(cluster.name, False, None, _lowest(nodes), nodes, _judge_releases(cluster, nodes))


def renewal_elsewhere_findings(identity: GuestIdentity, name: str | None, host: HostView | None, tables: Tables) -> tuple[Finding, ...]:
    """The nodes of the host's cluster that could not renew a guest's activation, as one finding; none if there are none known."""
    if host is None or host.cluster is None:
        return ()
    reasons = []
    for node in host.cluster.nodes:
        if short_name(node.name) == short_name(host.name):
            continue
        if node.ready is False:
            reasons.append(f"{node.name} cannot activate guests")
        elif node.release is not None and identity.release is not None and not can_activate(node.release, identity.release, tables):
            reasons.append(f"{node.name} runs {node.release.label}")
    return (finding("CLUSTER_NODE_CANNOT_RENEW", name, cluster=host.cluster.name, nodes=tuple(reasons)),) if reasons else ()


def _judge_node(cluster: ClusterFacts, node: ClusterNode, answer: NodeAnswer | None, found: list[Finding], tables: Tables) -> NodeVerdict:
    told = tables.release_of(node.build)
    if answer is None or answer.facts is None:
        problem = answer.problem if answer and answer.problem else "it was not asked"
        # That a node is not up has a finding of its own, made from what the cluster says.
        if node.state != "down":
            found.append(finding("CLUSTER_NODE_NOT_ASKED", node.name, node=node.name, cluster=cluster.name, reason=problem))
        return NodeVerdict(node.name, node.state, False if answer and answer.asked else None, None, told, None, problem)
    facts = answer.facts
    called = facts.os.name or facts.computer.name
    if called and short_name(called) != short_name(node.name):
        found.append(finding("CLUSTER_NODE_IS_ANOTHER", node.name, node=node.name, cluster=cluster.name, name=called))
        return NodeVerdict(node.name, node.state, False, None, told, None, f"{called} answered in its place")
    host = judge_host(facts, tables)
    if host.ready is not True:
        found.append(finding("CLUSTER_NODE_NOT_READY", node.name, node=node.name, cluster=cluster.name, reasons=host.reasons))
    # A node that is down cannot run guests now; that it answers says nothing of whether its cluster service will start.
    return NodeVerdict(node.name, node.state, True, host.ready, host.release, host)


def _all_ready(nodes: Sequence[NodeVerdict]) -> bool | None:
    states = [node.ready for node in nodes]
    if False in states:
        return False
    return True if states and all(states) else None


def _judge_releases(cluster: ClusterFacts, nodes: Sequence[NodeVerdict]) -> tuple[Finding, ...]:
    known = [(node.name, node.release) for node in nodes if node.release is not None]
    builds = {release.build for _name, release in known}
    if len(builds) < 2:
        return ()
    oldest = min((release for _name, release in known), key=lambda release: release.build)
    names = tuple(name for name, release in known if release.build == oldest.build)
    return (finding("CLUSTER_NODE_OLDER", cluster.name, cluster=cluster.name, release=oldest.label, nodes=names),)


def _lowest(nodes: Sequence[NodeVerdict]) -> Release | None:
    known = [node.release for node in nodes if node.release is not None]
    return min(known, key=lambda release: release.build) if known and len(known) == len(nodes) else None
