# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""All that one Hyper-V host reports about itself, in the fewest requests."""

from __future__ import annotations

from dataclasses import replace

from .._avma.facts import ClusterFacts, HostFacts
from .._avma.platform import is_hyperv_guest
from .._wsman.errors import Fault
from .._wsman.session import Session
from .cluster import read_cluster
from .hyperv import hyperv_present
from .licensing import read_licences
from .system import read_asset_tag, read_computer, read_os


def read_node(session: Session) -> HostFacts:
    """What decides whether a node of a cluster can activate guests: operating system, licence, Hyper-V. Three requests.

    The cluster itself was asked through another node.
    """
    os = read_os(session)
    licences = read_licences(session)
    return HostFacts(os=os, licence=licences[0] if licences else None, hyperv=hyperv_present(session))


def read_host(session: Session) -> HostFacts:
    """Operating system, computer, licence, Hyper-V, cluster: at most 8 requests, one more of a host that is itself a virtual machine.

    A cluster that cannot be asked stays unknown: the account has no rights in root/MSCluster, its provider wants a delegated logon, or the
    cluster service is stopped. Anything else that is refused is raised: the verdict hangs on it.
    """
    os = read_os(session)
    computer = read_computer(session)
    if is_hyperv_guest(computer):
        computer = replace(computer, asset_tag=read_asset_tag(session))
    licences = read_licences(session)
    hyperv = hyperv_present(session)
    cluster: ClusterFacts | None = None
    cluster_known = True
    try:
        cluster = read_cluster(session)
    except Fault:
        cluster_known = False
    return HostFacts(
        os=os,
        licence=licences[0] if licences else None,
        hyperv=hyperv,
        computer=computer,
        cluster=cluster,
        cluster_known=cluster_known,
    )
