# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The failover cluster of a host: ``MSCluster_Cluster`` and ``MSCluster_Node`` in root/MSCluster, which only members have."""

from __future__ import annotations

from .._avma.facts import ClusterFacts, ClusterNode
from .._wsman.errors import Fault
from .._wsman.session import Session
from .namespaces import MSCLUSTER, says_missing

# Microsoft, MSCluster_Node.State
_NODE_STATES: dict[int | None, str] = {0: "up", 1: "down", 2: "paused", 3: "joining"}


def read_cluster(session: Session) -> ClusterFacts | None:
    """The cluster with its nodes, None if the host is not a member. One request on a host that is not, two or three on one that is.

    The namespace is missing where the feature is not installed. The fault for that is not recorded anywhere, see ``says_missing``; a
    refused access does not say it, and is raised.
    """
    try:
        clusters = list(session.query(MSCLUSTER, "SELECT Name FROM MSCluster_Cluster"))
    except Fault as fault:
        if says_missing(session, MSCLUSTER, fault):
            return None
        raise
    if not clusters:
        return None  # the feature is installed, the cluster is not formed
    nodes = session.query(MSCLUSTER, "SELECT BuildNumber, Name, State FROM MSCluster_Node")
    return ClusterFacts(
        name=clusters[0].text("Name"),
        nodes=tuple(
            ClusterNode(
                name=row.text("Name") or "",
                state=_NODE_STATES.get(row.integer("State"), "unknown"),
                build=row.integer("BuildNumber"),
            )
            for row in nodes
        ),
    )
