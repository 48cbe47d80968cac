# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MSCluster_*: the failover cluster as one of its nodes shows it.

Properties from Microsoft's "Failover Cluster WMI provider"; no recording over WS-Management is public. VM resources are named
"Virtual Machine NAME", their group after the VM (as cluster-aware tools read them).
"""

from __future__ import annotations

from collections.abc import Iterable

from ..cim import schema
from ..cim.types import CimClass, Instance, Reference, Value
from ..world.cluster import Cluster
from ..world.host import Host
from ..world.releases import RELEASES
from ..world.vm import Vm, derived_guid
from .base import Provider, instance

NAMESPACE = "root/mscluster"

_ONLINE, _OFFLINE = 2, 3  # MSCluster_Resource.State
_GROUP_ONLINE, _GROUP_OFFLINE = 0, 1  # MSCluster_ResourceGroup.State
_VM_GROUP, _CLUSTER_GROUP = 111, 1  # MSCluster_ResourceGroup.GroupType
_VM_TYPE = "Virtual Machine"  # not localised


class FailoverCluster(Provider):
    serves = (
        "MSCluster_Cluster",
        "MSCluster_Node",
        "MSCluster_ResourceGroup",
        "MSCluster_Resource",
        "MSCluster_ResourceGroupToResource",
        "MSCluster_NodeToActiveGroup",
        "MSCluster_NodeToActiveResource",
        "MSCluster_ClusterToNode",
        "MSCluster_ClusterToResourceGroup",
        "MSCluster_ClusterToResource",
    )

    def _cluster(self) -> Cluster:
        assert isinstance(self.windows, Host)
        cluster = self.fleet.cluster_of(self.windows)
        assert cluster is not None
        return cluster

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        cluster = self._cluster()
        if cls.name == "MSCluster_Cluster":
            yield instance(cls, _cluster_values(cluster))
        elif cls.name == "MSCluster_Node":
            for number, node in enumerate(cluster.nodes, 1):
                yield instance(cls, _node_values(cluster, node, number))
        elif cls.name == "MSCluster_ResourceGroup":
            yield instance(cls, _core_group(cluster))
            for node, vm in _vms(cluster):
                yield instance(cls, _group_values(node, vm))
        elif cls.name == "MSCluster_Resource":
            yield instance(cls, _core_resource(cluster))
            for node, vm in _vms(cluster):
                yield instance(cls, _resource_values(node, vm))
        else:
            yield from self._associations(cls, cluster)

    def _associations(self, cls: CimClass, cluster: Cluster) -> Iterable[Instance]:
        """Microsoft, "Failover Cluster WMI Provider": cluster to node, group and resource, node to what it owns, group to its resources."""
        owner = _named("MSCluster_Cluster", cluster.name)
        if cls.name == "MSCluster_ClusterToNode":
            for node in cluster.nodes:
                yield Instance(cls, {"Antecedent": owner, "Dependent": _named("MSCluster_Node", node.name.upper())})
            return
        for node, group_name, resource_name in [
            (cluster.nodes[0], "Cluster Group", "Cluster Name"),
            *((node, vm.name, f"{_VM_TYPE} {vm.name}") for node, vm in _vms(cluster)),
        ]:
            at = _named("MSCluster_Node", node.name.upper())
            group, resource = _named("MSCluster_ResourceGroup", group_name), _named("MSCluster_Resource", resource_name)
            whole, part = {
                "MSCluster_ClusterToResourceGroup": (owner, group),
                "MSCluster_ClusterToResource": (owner, resource),
                "MSCluster_NodeToActiveGroup": (at, group),
                "MSCluster_NodeToActiveResource": (at, resource),
                "MSCluster_ResourceGroupToResource": (group, resource),
            }[cls.name]
            yield Instance(cls, {"GroupComponent": whole, "PartComponent": part})


def _named(class_name: str, name: str) -> Reference:
    return Reference(NAMESPACE, class_name, {"Name": name})


def _vms(cluster: Cluster) -> Iterable[tuple[Host, Vm]]:
    for node in cluster.nodes:
        for vm in list(node.vms.values()):
            yield node, vm


def _cluster_values(cluster: Cluster) -> dict[str, Value]:
    return {
        "Caption": cluster.name,
        "ClusterFunctionalLevel": min(_functional_level(node) for node in cluster.nodes),
        "CreationClassName": "MSCluster_Cluster",
        "EnableSharedVolumes": True,
        "Fqdn": cluster.fqdn,
        "MaxNumberOfNodes": 64,
        "Name": cluster.name,
        "QuorumType": "Majority",
        "SharedVolumesRoot": r"C:\ClusterStorage",
        "Status": "OK",
    }


def _functional_level(node: Host) -> int:
    """That of the newest release which the node is not older than."""
    return max(release.cluster_level or 0 for release in RELEASES.values() if release.build <= node.release.build)


def _node_values(cluster: Cluster, node: Host, number: int) -> dict[str, Value]:
    major, minor = node.release.kernel
    return {
        "BuildNumber": node.release.build,
        "Caption": node.name.upper(),
        "Characteristics": 0,
        "CreationClassName": "MSCluster_Node",
        "CSDVersion": "",
        "DynamicWeight": 1,
        "Flags": 0,
        "Id": str(number),
        "MajorVersion": major,
        "MinorVersion": minor,
        "Name": node.name.upper(),
        "NodeDrainStatus": 0,
        "NodeInstanceID": derived_guid("node", cluster.name, node.name).lower(),
        "NodeWeight": 1,
        "State": node.node_state,
        "Status": "OK",
    }


def _core_group(cluster: Cluster) -> dict[str, Value]:
    return {
        "Caption": "Cluster Group",
        "GroupType": _CLUSTER_GROUP,
        "Id": derived_guid("group", cluster.name).lower(),
        "IsCore": True,
        "Name": "Cluster Group",
        "OwnerNode": cluster.nodes[0].name.upper(),
        "State": _GROUP_ONLINE,
        "Status": "OK",
    }


def _group_values(node: Host, vm: Vm) -> dict[str, Value]:
    return {
        "Caption": vm.name,
        "GroupType": _VM_GROUP,
        "Id": derived_guid("group", vm.id).lower(),
        "IsCore": False,
        "Name": vm.name,
        "OwnerNode": node.name.upper(),
        "Priority": 2000,
        "State": _GROUP_ONLINE if vm.running else _GROUP_OFFLINE,
        "Status": "OK",
    }


def _core_resource(cluster: Cluster) -> dict[str, Value]:
    return {
        "Caption": "Cluster Name",
        "CoreResource": True,
        "Id": derived_guid("resource", cluster.name).lower(),
        "Name": "Cluster Name",
        "OwnerGroup": "Cluster Group",
        "OwnerNode": cluster.nodes[0].name.upper(),
        "State": _ONLINE,
        "Status": "OK",
        "Type": "Network Name",
    }


def _resource_values(node: Host, vm: Vm) -> dict[str, Value]:
    private = schema.cim_class(NAMESPACE, "MSCluster_Property_Resource_Virtual_Machine")
    return {
        "Caption": f"{_VM_TYPE} {vm.name}",
        "CoreResource": False,
        "Id": derived_guid("resource", vm.id).lower(),
        "Name": f"{_VM_TYPE} {vm.name}",
        "OwnerGroup": vm.name,
        "OwnerNode": node.name.upper(),
        "PrivateProperties": Instance(private, {"VmID": vm.id.lower(), "OfflineAction": 1, "ShutdownAction": 0}),
        "State": _ONLINE if vm.running else _OFFLINE,
        "Status": "OK",
        "Type": _VM_TYPE,
    }
