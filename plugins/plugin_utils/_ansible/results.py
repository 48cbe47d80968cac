# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The public shape of results: what RETURN of the modules documents, made from facts and verdicts in one place."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable
from datetime import datetime

from ...module_utils._product_keys import display_key
from .._avma.cluster_verdict import ClusterVerdict, NodeVerdict
from .._avma.editions import sku_of
from .._avma.facts import (
    ComputerFacts,
    GuestFacts,
    GuestPlacement,
    HostFacts,
    IntegrationFacts,
    KmsSettings,
    KvpItem,
    LicenceFacts,
    OsFacts,
    VmFacts,
)
from .._avma.findings import Finding
from .._avma.host_verdict import HostVerdict
from .._avma.identity import GuestIdentity
from .._avma.keys import AvmaKey
from .._avma.tables import Tables
from .._avma.times import iso
from .._avma.vm_verdict import VmVerdict
from .._avma.windows_codes import describe_code

Result = dict[str, t.Any]


def findings_result(findings: Iterable[Finding]) -> list[Result]:
    return [finding.as_dict() for finding in findings]


def host_result(facts: HostFacts, verdict: HostVerdict, cluster: ClusterVerdict | None = None, *, tables: Tables) -> Result:
    """``cluster`` None: the host is not a member of one, or it could not be asked (``facts`` says which)."""
    return {
        "name": facts.os.name or facts.computer.name,
        "fqdn": _fqdn(facts.computer),
        "os": os_result(facts.os, tables),
        "computer": computer_result(facts.computer),
        "hyperv": facts.hyperv,
        "licence": licence_result(facts.licence),
        "cluster": _cluster_result(facts, cluster),
        "avma": {"ready": verdict.ready, "can_activate": list(verdict.can_activate)},
    }


def readiness_result(facts: HostFacts, verdict: HostVerdict, cluster: ClusterVerdict | None = None, *, tables: Tables) -> Result:
    """What a guest needs to know of its host: small, since it is handed to the task of every guest. Same names as in the whole result.

    Of a cluster only the nodes that might not renew what this host activates.
    """
    os = os_result(facts.os, tables)
    return {
        "host": {
            "name": facts.os.name or facts.computer.name,
            "fqdn": _fqdn(facts.computer),
            "os": {key: os[key] for key in ("build", "release", "sku", "edition")},
            "avma": {"ready": verdict.ready, "can_activate": list(verdict.can_activate)},
            "cluster": _narrow_cluster(cluster, verdict),
        },
        "findings": [{key: value for key, value in finding.as_dict().items() if key != "data"} for finding in verdict.findings],
    }


def os_result(os: OsFacts, tables: Tables) -> Result:
    sku = sku_of(os.sku) if os.sku is not None else None
    release = tables.release_of(os.build)
    return {
        "caption": os.caption,
        "version": os.version,
        "build": os.build,
        "release": release.name if release else None,
        "sku": os.sku,
        "edition": sku.edition.value if sku else None,
        "edition_id": sku.edition_id if sku else None,
        "core": sku.core if sku else None,
        "evaluation": sku.evaluation if sku else None,
        "product_type": {1: "workstation", 2: "domain_controller", 3: "server"}.get(os.product_type or 0),
        "language": os.language,
        "last_boot": _time(os.last_boot),
    }


def computer_result(computer: ComputerFacts) -> Result:
    return {
        "name": computer.name,
        "dns_name": computer.dns_name,
        "domain": computer.domain if computer.part_of_domain else None,
        "manufacturer": computer.manufacturer,
        "model": computer.model,
        "hypervisor_present": computer.hypervisor_present,
    }


def licence_result(licence: LicenceFacts | None) -> Result | None:
    if licence is None:
        return None
    return {
        "channel": licence.channel.value,
        "product_key_channel": licence.channel_raw,
        "description": licence.description,
        "name": licence.name,
        "status": licence.status.value,
        "status_code": licence.status_code,
        "licensed": licence.licensed,
        "reason": None if not licence.reason else describe_code(licence.reason),
        "partial_product_key": licence.partial_product_key,
        "minutes_remaining": licence.minutes_remaining,
        "evaluation_end": _time(licence.evaluation_end),
        "kms_machine": licence.kms.machine or licence.kms.discovered,
        "volume_activation": licence.through.value if licence.through else None,
        "avma": {
            "iaid": licence.avma.iaid,
            "host": licence.avma.host_name,
            "host_digital_pid": licence.avma.host_pid,
            "last_activation": _time(licence.avma.last_activation),
        },
    }


def placement_result(placement: GuestPlacement | None) -> Result | None:
    if placement is None:
        return None
    return {"host": placement.host_name, "host_fqdn": placement.host_fqdn, "vm_id": placement.vm_id, "vm_name": placement.vm_name}


def integration_result(integration: IntegrationFacts | None) -> Result | None:
    if integration is None:
        return None
    device, service = integration.device, integration.data_exchange
    return {
        "activation_device": None if device is None else {"present": device.present, "problem": device.problem},
        "data_exchange_service": None
        if service is None
        else {"installed": service.installed, "running": service.running, "disabled": service.disabled},
    }


def identity_result(identity: GuestIdentity) -> Result:
    return {
        "kind": identity.kind.value,
        "name": identity.name,
        "build": identity.build,
        "release": identity.release.name if identity.release else None,
        "sku": identity.sku,
        "edition": identity.edition.value if identity.edition else None,
        "core": identity.core,
        "evaluation": identity.evaluation,
        "trust": identity.trust,
    }


def guest_result(facts: GuestFacts, tables: Tables) -> Result:
    """The guest without its licence, which ``guest_key`` returns as before and after."""
    return {
        "name": facts.os.name,
        "os": os_result(facts.os, tables),
        "computer": computer_result(facts.computer) if facts.computer else None,
        "placement": placement_result(facts.placement),
    }


def kms_result(kms: KmsSettings | None) -> Result | None:
    return None if kms is None else {"machine": kms.machine, "port": kms.port or None, "lookup_domain": kms.lookup_domain}


def guest_licences_result(facts: GuestFacts) -> Result:
    return {
        "licence": licence_result(facts.primary),
        "licences": [licence_result(licence) for licence in facts.licences],
        "kms": kms_result(facts.kms),
    }


def vm_result(vm: VmFacts, verdict: VmVerdict, *, items: bool, notes: bool = False) -> Result:
    intrinsic = _pairs(vm.kvp.intrinsic)
    result: Result = {
        "id": vm.id,
        "name": vm.name,
        "state": vm.state.value,
        "data_exchange": {"enabled": vm.kvp.enabled, "health": vm.kvp.health.value},
        "guest": {
            **identity_result(verdict.identity),
            "fqdn": intrinsic.get("FullyQualifiedDomainName"),
            "addresses": _addresses(intrinsic),
            "integration_services": intrinsic.get("IntegrationServicesVersion"),
        },
        "avma": {"status": verdict.status.value, "key": _key_result(verdict.key)},
        "findings": findings_result(verdict.findings),
    }
    if items:
        result["kvp"] = {"intrinsic": intrinsic, "guest": _pairs(vm.kvp.guest), "host": _pairs(vm.kvp.host)}
    if notes:
        result["notes"] = vm.notes
    return result


def _key_result(key: AvmaKey | None) -> str | None:
    return display_key(key.key) if key else None


def _pairs(items: Iterable[KvpItem]) -> dict[str, str]:
    """Of items with one name the first counts, as for the identity that is made of them."""
    pairs: dict[str, str] = {}
    for item in items:
        pairs.setdefault(item.name, item.data)
    return pairs


def _addresses(intrinsic: dict[str, str]) -> list[str]:
    found: list[str] = []
    for name in ("NetworkAddressIPv4", "NetworkAddressIPv6"):
        found.extend(part.strip() for part in intrinsic.get(name, "").split(";") if part.strip())
    return found


def _cluster_result(facts: HostFacts, cluster: ClusterVerdict | None) -> Result:
    if cluster is None:
        return {"member": False if facts.cluster_known else None, "name": None, "nodes": [], "verdict": None}
    return {
        "member": True,
        "name": cluster.name,
        "nodes": [
            {"name": node.name, "state": node.state, "release": node.release.name if node.release else None} for node in cluster.nodes
        ],
        "verdict": {
            "asked": cluster.asked,
            "ready": cluster.ready,
            "effective_release": cluster.release.name if cluster.release else None,
            "nodes": [_node_result(node) for node in cluster.nodes] if cluster.asked else [],
        },
    }


def _node_result(node: NodeVerdict) -> Result:
    return {
        "name": node.name,
        "state": node.state,
        "reachable": node.reachable,
        "ready": node.ready,
        "release": node.release.name if node.release else None,
        "edition": node.host.edition.value if node.host and node.host.edition else None,
        "problem": node.problem,
        "findings": findings_result(node.findings),
    }


def _narrow_cluster(cluster: ClusterVerdict | None, host: HostVerdict) -> Result | None:
    if cluster is None:
        return None
    return {
        "name": cluster.name,
        "effective_release": cluster.release.name if cluster.release else None,
        "nodes": [
            {"name": node.name, "ready": node.ready, "release": node.release.name if node.release else None}
            for node in cluster.nodes
            if node.ready is False or (node.release and host.release and node.release.build < host.release.build)
        ],
    }


def _fqdn(computer: ComputerFacts) -> str | None:
    host = computer.dns_name or computer.name
    if not host:
        return None
    return f"{host}.{computer.domain}".lower() if computer.part_of_domain and computer.domain else host.lower()


def _time(when: datetime | None) -> str | None:
    return None if when is None else iso(when)
