# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""On which Hyper-V host a guest of the inventory may run: by what was read of the hosts before, and by the inventory.

A guest is known here by the ID or the name that its host gave the virtual machine, never by what the guest says through Data Exchange: the
guest's password is sent into the machine that is found, and a tenant could claim to be somebody else's guest.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .._avma.findings import Finding, finding
from .._avma.told import mappings, part
from .._avma.vm_matching import VmIndex, VmMarks, distinct, is_id, normalise_id, vm_marks
from .inventory_connection import Inventory

DEFAULT_GROUP = "hyperv_hosts"
# What the role 'host' registers: the results of host_info and kvp_info.
_HOST_RESULT, VMS_RESULT = "host_result", "host_vms"
# Variables that the inventory plugin gives a guest.
VM_ID, VM_NAME, _VM_HOST = "avma_vm_id", "avma_vm_name", "avma_vm_host"


@dataclass(frozen=True)
class HostPlace:
    """A host by its name in the inventory. ``build`` None: not known."""

    name: str
    build: int | None


@dataclass(frozen=True)
class GuestPlaces:
    """Where to look for a guest's machine (name or ID): the host that had it last, then the others of its cluster."""

    vm: str
    hosts: tuple[HostPlace, ...]


@dataclass(frozen=True)
class _Read:
    """What was read of a host."""

    name: str
    build: int | None
    cluster: str | None
    vms: tuple[Mapping[str, t.Any], ...]


def places_of(variables: Mapping[str, t.Any], guest: str, vm: str | None, hosts: Sequence[str]) -> GuestPlaces | Finding:
    """Where the guest with this name in the inventory may run. ``vm`` is what the user calls its machine, ``hosts`` the hosts to consider.

    A finding where no host has it, or where several machines bear the name.
    """
    inventory = Inventory(variables)
    wanted = str(vm or variables.get(VM_ID) or variables.get(VM_NAME) or guest)
    read = [_read(name, inventory.results(name)) for name in hosts or _group(variables)]
    owners = _owners(read, variables, guest, vm)
    if len(owners) > 1:
        names = tuple(sorted({host.name for found in owners.values() for host in found}))
        return finding("DIRECT_VM_AMBIGUOUS", guest, vm=wanted, count=len(owners), host=", ".join(names))
    identifier, last = next(iter(owners.items()), (None, []))
    known = str(variables.get(_VM_HOST) or "")
    if not last and vm is None and known and variables.get(VM_ID):
        identifier, last = (
            str(variables[VM_ID]),
            [next((host for host in read if host.name == known), _read(known, inventory.results(known)))],
        )
    if identifier is None:
        return finding("DIRECT_HOST_UNKNOWN", guest, vm=wanted)
    clusters = {host.cluster for host in last if host.cluster}
    mates = [host for host in read if host.cluster in clusters and host not in last]
    return GuestPlaces(identifier, tuple(HostPlace(host.name, host.build) for host in (*last, *mates)))


def _owners(read: Iterable[_Read], variables: Mapping[str, t.Any], guest: str, vm: str | None) -> dict[str, list[_Read]]:
    """The machines that are meant, by ID, with the hosts that have them. Where the ID or the machine's name is known, nothing else counts."""
    shown = [(host, machine) for host in read for machine in host.vms if machine.get("id")]
    machines = distinct(shown, _marks)
    groups: Mapping[str, Sequence[str]] = variables.get("groups") or {}
    # Tenants may both have a web01, and the password of one must not go to the other.
    index = VmIndex(machines, lambda one: _marks(one.vm), [guest, *map(str, groups.get("all", ()))])
    wanted = vm or str(variables.get(VM_ID) or "")
    if wanted and (is_id(wanted) or not vm):
        found = [one for one in (index.by_id(wanted),) if one is not None]
    else:
        found = list(index.named(vm or str(variables.get(VM_NAME) or guest), claimed=False))
    owners: dict[str, list[_Read]] = {}
    for one in found:
        # The host that has it running first, then those that have it as well.
        identifier = str(one.vm[1]["id"])
        hosts = [one.vm[0], *(host for host, machine in shown if normalise_id(machine["id"]) == normalise_id(identifier))]
        owners[identifier] = list({host.name: host for host in hosts}.values())
    return owners


def _marks(shown: tuple[_Read, Mapping[str, t.Any]]) -> VmMarks:
    host, machine = shown
    return vm_marks(machine, [host.name])


def _group(variables: Mapping[str, t.Any]) -> Sequence[str]:
    groups: Mapping[str, Sequence[str]] = variables.get("groups") or {}
    return [str(name) for name in groups.get(DEFAULT_GROUP, ())]


def _read(name: str, variables: Mapping[str, t.Any]) -> _Read:
    result = variables.get(_HOST_RESULT)
    host = part(result if isinstance(result, Mapping) else {}, "host")
    build = part(host, "os").get("build")
    cluster = part(host, "cluster").get("name")
    vms = variables.get(VMS_RESULT)
    return _Read(
        name=name,
        build=build if isinstance(build, int) else None,
        cluster=str(cluster) if cluster else None,
        vms=tuple(mappings(vms.get("vms") if isinstance(vms, Mapping) else None)),
    )
