# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Which guest of the inventory is which virtual machine of a host: by its ID, by host and name as Hyper-V wrote them into the guest's registry,
else by a name that one machine alone has, which is weaker: that it is called in Data Exchange, too, is a tenant's word.
"""

from __future__ import annotations

import typing as t
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from .._avma.evidence import SeenGuest, SeenVm
from .._avma.told import mappings, part
from .material import GuestMaterial, HostMaterial, Result, identifier

_Key = t.TypeVar("_Key")
_LIVELY = ("running", "starting", "paused", "saved", "shutting_down", "off")


@dataclass
class Machine:
    """A virtual machine as a host shows it, as a guest tells of itself, or both. ``joined_by``: the name alone that joined them, None for more."""

    host: HostMaterial | None
    vm: Result
    guest: GuestMaterial | None = None
    joined_by: str | None = None

    @property
    def id(self) -> str | None:
        return identifier(self.vm.get("id")) or self.guest_id

    @property
    def name(self) -> str | None:
        named = self.vm.get("name")
        if named is None and self.guest is not None:
            named = self.guest.vm_name or self.placement.get("vm_name") or self.guest.name
        return None if named is None else str(named)

    @property
    def key(self) -> str:
        """What tells it from others."""
        return self.id or f"name:{(self.name or '').casefold()}"

    @property
    def placement(self) -> Result:
        return part(self.guest.result if self.guest else {}, "guest", "placement")

    @property
    def guest_id(self) -> str | None:
        return _id_of(self.guest) if self.guest else None

    @property
    def names(self) -> set[str]:
        """Names that events may call it by, with and without domain."""
        names = [
            self.vm.get("name"),
            part(self.vm, "guest").get("fqdn"),
            part(self.guest.result if self.guest else {}, "guest").get("name"),
        ]
        return {form for name in names if name for form in forms(str(name))}

    @property
    def apart(self) -> bool:
        """A guest that may be one of the machines that hosts show, or none at all: nobody knows its ID, and no name has told which."""
        return self.host is None and self.id is None

    @property
    def answered(self) -> bool:
        """Whether the guest itself has told something."""
        return self.guest is not None and isinstance(part(self.guest.result, "guest").get("name"), str)

    def seen_vm(self, observed: datetime) -> SeenVm:
        if self.host is None:
            raise AssertionError(f"{self.name}: no host shows this machine")
        return SeenVm(own_name(self.host), self.vm, observed)

    def seen_guest(self, observed: datetime) -> SeenGuest:
        if self.guest is None:
            raise AssertionError(f"{self.name}: no guest of the inventory is this machine")
        return SeenGuest(self.guest.result, observed, self.guest.vm_id if self.joined_by else self.id, self.joined_by or self.guest.vm_name)


def own_name(host: HostMaterial) -> str:
    """The name that the host gives itself, which is the one in events; else the inventory's."""
    return str(part(host.kvp, "host").get("name") or part(host.info, "host").get("name") or host.name)


def host_forms(host: HostMaterial) -> set[str]:
    """What a host may be called, with and without domain."""
    names = (host.name, own_name(host), str(part(host.info, "host").get("fqdn") or ""))
    return {form for name in names for form in forms(name) if form}


def forms(name: str) -> tuple[str, str]:
    folded = name.casefold()
    return folded, folded.partition(".")[0]


def join(hosts: Iterable[HostMaterial], guests: Iterable[GuestMaterial]) -> tuple[list[Machine], list[str]]:
    """Machines of hosts in their order, then guests that no host showed; and notes on what is there twice.

    A guest may claim any ID, so it never takes the place of one whose ID the inventory knows.
    """
    machines, notes = _machines(hosts)
    by_id = {machine.id: machine for machine in machines if machine.id}
    by_place, by_name = _by_place(machines), _by_name(machines)
    others: list[Machine] = []
    for guest in sorted(guests, key=lambda guest: identifier(guest.vm_id) not in by_id):
        machine, joined_by = _machine_of(guest, by_id, by_place, by_name)
        if machine is None:
            others.append(Machine(None, {}, guest))
        elif machine.guest is None or (
            not machine.answered and part(guest.result, "guest").get("name") and (guest.vm_id or not machine.guest.vm_id)
        ):
            machine.guest, machine.joined_by = guest, joined_by
        else:
            notes.append(f"{guest.name} and {machine.guest.name} are the same virtual machine, so {machine.guest.name} stands for both")
    return machines + others, notes


def _machines(hosts: Iterable[HostMaterial]) -> tuple[list[Machine], list[str]]:
    """One for each ID: a machine that moves while hosts are asked, or a replica, is shown by two of them."""
    found: dict[str, Machine] = {}
    twice = 0
    for host in hosts:
        for number, vm in enumerate(mappings(host.kvp.get("vms"))):
            machine = Machine(host, vm)
            key = machine.id or f"{host.name}/{number}"
            twice += key in found
            if key not in found or _liveliness(vm) < _liveliness(found[key].vm):
                found[key] = machine
    notes = [f"{twice} virtual machines were shown by more than one host (moved, or replicas) and are counted once"] if twice else []
    return list(found.values()), notes


def _liveliness(vm: Result) -> int:
    state = str(vm.get("state"))
    return _LIVELY.index(state) if state in _LIVELY else len(_LIVELY)


def _by_place(machines: Iterable[Machine]) -> dict[tuple[str, str], Machine]:
    """By host, in each form of its names, and the name that the machine has there."""
    found: dict[tuple[str, str], list[Machine]] = defaultdict(list)
    for machine in machines:
        if machine.host is not None and machine.name:
            for form in host_forms(machine.host):
                found[form, machine.name.casefold()].append(machine)
    return _unambiguous(found)


def _by_name(machines: Iterable[Machine]) -> dict[str, Machine]:
    found: dict[str, list[Machine]] = defaultdict(list)
    for machine in machines:
        for form in machine.names:
            found[form].append(machine)
    return _unambiguous(found)


def _unambiguous(found: Mapping[_Key, list[Machine]]) -> dict[_Key, Machine]:
    return {key: owners[0] for key, owners in found.items() if len(owners) == 1}


def _id_of(guest: GuestMaterial) -> str | None:
    """Its own word counts only where the inventory knows none."""
    return identifier(guest.vm_id) or identifier(part(guest.result, "guest", "placement").get("vm_id"))


def _machine_of(
    guest: GuestMaterial, by_id: Mapping[str, Machine], by_place: Mapping[tuple[str, str], Machine], by_name: Mapping[str, Machine]
) -> tuple[Machine | None, str | None]:
    if told := _id_of(guest):
        return by_id.get(told), None
    placement = part(guest.result, "guest", "placement")
    for host in (placement.get("host_fqdn"), placement.get("host")):
        for form in forms(str(host)) if host else ():
            place = (form, str(placement.get("vm_name")).casefold())
            if place in by_place:
                return by_place[place], None
    for name in (guest.vm_name, placement.get("vm_name"), part(guest.result, "guest").get("name"), guest.name):
        for form in forms(str(name)) if name else ():
            if form in by_name:
                return by_name[form], form
    return None, None
