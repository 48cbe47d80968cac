# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node of a failover cluster that dies, and one that comes back.

Unlike live migration nothing of the VMs' memory survives: those that ran are started again on another node, where guests with an AVMA key
ask their new host (Microsoft, "Failover clustering" and "Automatic virtual machine activation").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cluster import Cluster
from .host import Host
from .jobs import JobQueue
from .vm import VmState

if TYPE_CHECKING:
    from .fleet import Fleet

_UP, _DOWN = 0, 1  # MSCluster_Node.State


class NoCluster(ValueError):
    """The host is no node of a cluster, so nothing takes over from it."""


def fail_over(fleet: Fleet, node: Host) -> None:
    """The node loses its power. Its VMs move to the nodes that are up, each to the one with the fewest; without any they stay and are off."""
    cluster = _cluster_of(fleet, node)
    node.powered, node.node_state = False, _DOWN
    node.jobs = JobQueue()
    fleet.notify(node)
    for vm in list(node.vms.values()):
        ran = vm.running
        if vm.state is not VmState.SAVED:  # a saved one has its memory on the cluster's disk
            fleet.set_state(vm, VmState.OFF)
        standing = [other for other in cluster.nodes if other.powered and other.node_state == _UP]
        if standing:
            fleet.migrate(vm, min(standing, key=lambda other: len(other.vms)))
            if ran:
                fleet.set_state(vm, VmState.RUNNING)


def bring_back(fleet: Fleet, node: Host) -> None:
    """The node starts and joins its cluster again. VMs stay where they are, as they do without a preferred owner."""
    _cluster_of(fleet, node)
    node.powered, node.node_state = True, _UP
    node.booted = fleet.clock.now()
    fleet.notify(node)


def _cluster_of(fleet: Fleet, node: Host) -> Cluster:
    cluster = fleet.cluster_of(node)
    if cluster is None:
        raise NoCluster(f"host {node.name} is in no cluster: only a node of one fails over")
    return cluster
