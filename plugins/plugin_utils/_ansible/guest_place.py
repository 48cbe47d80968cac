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
from .._windows.hyperv import GUID
from .inventory_connection import Inventory, is_address

DEFAULT_GROUP = "hyperv_hosts"
# What the role 'host' registers: the results of host_info and kvp_info.
_HOST_RESULT, _VMS_RESULT = "host_result", "host_vms"
# Variables that the inventory plugin gives a guest.
VM_ID, _VM_NAME, _VM_HOST = "avma_vm_id", "avma_vm_name", "avma_vm_host"


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

    A finding where nobody knows, or where several machines bear the name.
    """
    inventory = Inventory(variables)
    wanted = _wanted(variables, guest, vm)
    read = [_read(name, inventory.results(name)) for name in hosts or _group(variables)]
    owners: dict[str, list[_Read]] = {}
    for host in read:
        for machine in host.vms:
            if _is_wanted(machine, wanted):
                owners.setdefault(str(machine.get("id")), []).append(host)
    if len(owners) > 1:
        names = tuple(sorted({host.name for found in owners.values() for host in found}))
        return finding("DIRECT_VM_AMBIGUOUS", guest, vm=wanted[0], count=len(owners), host=", ".join(names))
    identifier, last = next(iter(owners.items()), (None, []))
    known = str(variables.get(_VM_HOST) or "")
    if not last and vm is None and known and variables.get(VM_ID):
        identifier, last = (
            str(variables[VM_ID]),
            [next((host for host in read if host.name == known), _read(known, inventory.results(known)))],
        )
    if identifier is None:
        return finding("DIRECT_HOST_UNKNOWN", guest, vm=wanted[0])
    clusters = {host.cluster for host in last if host.cluster}
    mates = [host for host in read if host.cluster in clusters and host not in last]
    return GuestPlaces(identifier, tuple(HostPlace(host.name, host.build) for host in (*last, *mates)))


def _wanted(variables: Mapping[str, t.Any], guest: str, vm: str | None) -> tuple[str, ...]:
    """What the machine may be called, the surest first: only the ID where that is known."""
    if vm:
        return (vm,)
    if identifier := variables.get(VM_ID):
        return (str(identifier),)
    if name := variables.get(_VM_NAME):
        return (str(name),)
    short = guest.partition(".")[0]
    return (guest, short) if short and short != guest and _is_short_for_one(variables, guest, short) else (guest,)


def _is_short_for_one(variables: Mapping[str, t.Any], guest: str, short: str) -> bool:
    """Whether the name without its domain means this guest: that of an address means nothing, and tenants may both have a web01."""
    if is_address(guest):
        return False
    groups: Mapping[str, Sequence[str]] = variables.get("groups") or {}
    others = (str(name) for name in groups.get("all", ()) if str(name) != guest)
    return all(is_address(name) or name.partition(".")[0].casefold() != short.casefold() for name in others)


def _is_wanted(machine: Mapping[str, t.Any], wanted: Iterable[str]) -> bool:
    """An ID is never looked for among names: whoever names machines could give one the ID of another."""
    own = {kind: str(machine.get(kind) or "").casefold() for kind in ("id", "name")}
    for one in wanted:
        bare = one.strip().strip("{}")
        if GUID.fullmatch(bare):
            if own["id"] == bare.casefold():
                return True
        elif own["name"] == one.casefold():
            return True
    return False


def _group(variables: Mapping[str, t.Any]) -> Sequence[str]:
    groups: Mapping[str, Sequence[str]] = variables.get("groups") or {}
    return [str(name) for name in groups.get(DEFAULT_GROUP, ())]


def _read(name: str, variables: Mapping[str, t.Any]) -> _Read:
    result = variables.get(_HOST_RESULT)
    host = part(result if isinstance(result, Mapping) else {}, "host")
    build = part(host, "os").get("build")
    cluster = part(host, "cluster").get("name")
    vms = variables.get(_VMS_RESULT)
    return _Read(
        name=name,
        build=build if isinstance(build, int) else None,
        cluster=str(cluster) if cluster else None,
        vms=tuple(mappings(vms.get("vms") if isinstance(vms, Mapping) else None)),
    )
