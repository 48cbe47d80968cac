# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Guests of the inventory and virtual machines of hosts, each machine once: what a report and the table of a run are made of."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from .._avma.computer_names import forms_of, is_address, same_computer
from .._avma.evidence import SeenGuest, SeenVm
from .._avma.findings import Finding, finding
from .._avma.told import mappings, part
from .._avma.vm_matching import OTHER_VM, By, Distinct, GuestMarks, Match, VmIndex, VmMarks, distinct, guest_marks, normalise_id, vm_marks
from .material import GuestMaterial, HostMaterial, Result


@dataclass
class Machine:
    """A virtual machine as a host shows it, as a guest reports itself, or both. ``elsewhere``: as other hosts show it, too."""

    host: HostMaterial | None
    vm: Result
    guest: GuestMaterial | None = None
    match: Match[Machine] | None = None
    elsewhere: tuple[Machine, ...] = ()

    @property
    def id(self) -> str | None:
        return normalise_id(self.vm.get("id")) or self.guest_id

    @property
    def name(self) -> str | None:
        named = self.vm.get("name")
        if named is None and self.guest is not None:
            named = self.guest.vm_name or self.placement.get("vm_name") or self.guest.name
        return None if named is None else str(named)

    @property
    def key(self) -> str:
        """What distinguishes it from others."""
        return self.id or f"name:{(self.name or '').casefold()}"

    @property
    def other(self) -> Finding | None:
        """The guest's answer came from another machine than this one, so it says nothing of this one."""
        if self.match is None or self.match.other is None or self.guest is None:
            return None
        return finding(OTHER_VM, self.guest.name, meant=self.match.meant, answered=self.match.other)

    @property
    def result(self) -> Result:
        """What the guest has reported of this machine."""
        return self.guest.result if self.guest and self.other is None else {}

    @property
    def placement(self) -> Result:
        return part(self.result, "guest", "placement")

    @property
    def guest_id(self) -> str | None:
        """As the inventory knows it, else as the guest's registry has it."""
        if self.guest is None:
            return None
        marks = _marks(self.guest)
        return marks.known_id or (marks.own_id if self.other is None else None)

    @property
    def marks(self) -> VmMarks:
        hosts = tuple(host_names(self.host)) if self.host is not None else ()
        return vm_marks(self.vm, hosts, [part(self.result, "guest").get("name")])

    @property
    def marks_with_id(self) -> VmMarks:
        """As events may name it: by the ID that its guest has, where no host shows it."""
        return replace(self.marks, id=self.id)

    @property
    def apart(self) -> bool:
        """A guest that may be one of the machines that hosts show, or none at all: its ID is unknown, and no name says which."""
        return self.host is None and self.id is None

    @property
    def answered(self) -> bool:
        """Whether the guest itself has reported something of this machine."""
        return isinstance(part(self.result, "guest").get("name"), str)

    def seen_vm(self, observed: datetime) -> SeenVm:
        if self.host is None:
            raise AssertionError(f"{self.name}: no host shows this machine")
        return SeenVm(own_name(self.host), self.vm, observed)

    def seen_guest(self, observed: datetime) -> SeenGuest:
        if self.guest is None:
            raise AssertionError(f"{self.name}: no guest of the inventory is this machine")
        by_name = self.match is not None and self.match.by is By.NAME
        return SeenGuest(self.result, observed, self.guest.vm_id if by_name else self.id, self.name if by_name else self.guest.vm_name)


def own_name(host: HostMaterial) -> str:
    """The name that the host gives itself, which is the one in events; else the inventory's."""
    return str(part(host.kvp, "host").get("name") or part(host.info, "host").get("name") or host.name)


def host_names(host: HostMaterial) -> list[str]:
    """What a host may be called, the full name that it gives itself first."""
    full = part(host.info, "host").get("fqdn")
    return [*([str(full)] if full else []), own_name(host), *([] if is_address(host.name) else [host.name])]


def host_forms(host: HostMaterial) -> set[str]:
    return forms_of([*host_names(host), host.name])


def same_host(one: HostMaterial, other: HostMaterial) -> bool:
    """Whether the inventory knows one host by two names."""
    return same_computer(host_names(one)[0], host_names(other)[0])


class Join:
    """``machines``: those of hosts in their order, then guests that no host showed. ``notes``: what is there twice.

    A guest may claim any ID, so it never takes the place of one whose ID the inventory knows.
    """

    def __init__(self, hosts: Iterable[HostMaterial], guests: Iterable[GuestMaterial]) -> None:
        guests = tuple(guests)
        self.machines, self.notes = _machines(hosts)
        self._of: dict[int, Machine] = {}
        index = VmIndex(self.machines, lambda machine: machine.marks, [guest.name for guest in guests])
        others: list[Machine] = []
        for guest in sorted(guests, key=lambda guest: index.by_id(guest.vm_id) is None):
            match = index.match(_marks(guest))
            machine = match.vm
            if machine is None:
                others.append(machine := Machine(None, {}, guest, match))
            elif machine.guest is None or _better(guest, match, machine):
                machine.guest, machine.match = guest, match
            else:
                first = machine.guest.name
                self.notes.append(f"{guest.name} and {first} are the same virtual machine, so {first} stands for both")
            self._of[id(guest)] = machine if machine.guest is guest else replace(machine, guest=guest, match=match)
        self.machines += others

    def of(self, guest: GuestMaterial) -> Machine:
        """The machine of a guest that was given, with that guest's own answer."""
        return self._of[id(guest)]


def _better(guest: GuestMaterial, match: Match[Machine], machine: Machine) -> bool:
    """Whether a guest stands for a machine in the place of another, which has reported nothing."""
    known = machine.guest is not None and bool(machine.guest.vm_id)
    answered = match.other is None and bool(part(guest.result, "guest").get("name"))
    return not machine.answered and answered and (bool(guest.vm_id) or not known)


def _machines(hosts: Iterable[HostMaterial]) -> tuple[list[Machine], list[str]]:
    found: list[Distinct[Machine]] = distinct(
        (Machine(host, vm) for host in hosts for vm in mappings(host.kvp.get("vms"))), lambda machine: machine.marks
    )
    for one in found:
        one.vm.elsewhere = one.elsewhere
    twice = sum(len(one.elsewhere) for one in found)
    notes = [f"{twice} virtual machines were shown by more than one host (moved, or replicas) and are counted once"] if twice else []
    return [one.vm for one in found], notes


def _marks(guest: GuestMaterial) -> GuestMarks:
    return guest_marks(guest.name, guest.result, guest.vm_id, guest.vm_name)


def replica_finding(machine: Machine) -> Finding | None:
    """What to say of a machine that several hosts show."""
    if not machine.elsewhere or machine.host is None:
        return None
    others: t.Iterator[str] = (f"{own_name(one.host)} ({one.vm.get('state') or 'unknown'})" for one in machine.elsewhere if one.host)
    return finding(
        "VM_ON_SEVERAL_HOSTS", machine.name, host=own_name(machine.host), state=str(machine.vm.get("state")), others=tuple(others)
    )
