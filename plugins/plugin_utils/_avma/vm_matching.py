# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Which guest is which virtual machine, and which virtual machines of several hosts are one.

What a host states is proof: the ID of a virtual machine, which the inventory plugin passes on, and PowerShell Direct, which Hyper-V itself
leads into the machine of that ID. What a guest's own registry says Hyper-V wrote, but the guest's administrator can change it, so it
counts where nobody else knows, and never against what is known. A name is a hint: several machines may have it, and in Data Exchange a
tenant claims any. It joins where one machine alone has it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar

from .computer_names import forms, forms_of, is_address, same_computer, short_name
from .told import mappings, part

_Vm = TypeVar("_Vm")
_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_LIVELY = ("running", "starting", "paused", "saved", "shutting_down", "off")
# Of a result: the operator has said that the guest's registry is out of date.
STALE_ID = "GUEST_VM_ID_STALE"
OTHER_VM = "GUEST_IS_OTHER_VM"


class By(str, Enum):
    """What says which virtual machine is meant, the surest first."""

    ID = "id"  # its host states it
    OWN_ID = "own_id"  # the guest says so: its registry, or what an event repeats of it
    PLACE = "place"  # host and name in the guest's registry
    NAME = "name"


def normalise_id(value: object) -> str | None:
    """An ID as the collection writes it: upper case, without braces."""
    return str(value).strip("{} \t\r\n").upper() or None if value else None


def is_id(text: str) -> bool:
    """Whether ``text`` has the form of an ID, with or without braces. An ID is never looked for among names."""
    return bool(_GUID.fullmatch(text.strip().strip("{}")))


def liveliness(state: object) -> int:
    """0 for a machine that runs; the higher, the less it does so."""
    return _LIVELY.index(str(state)) if str(state) in _LIVELY else len(_LIVELY)


@dataclass(frozen=True)
class VmMarks:
    """What distinguishes a virtual machine from others. ``name`` is the host's, ``claimed`` are names that somebody in the guest chose."""

    id: str | None
    name: str | None
    hosts: tuple[str, ...] = ()  # what its host is called, its own name first
    claimed: tuple[str, ...] = ()
    state: str | None = None


def vm_marks(vm: Mapping[str, Any], hosts: Iterable[str] = (), claimed: Iterable[object] = ()) -> VmMarks:
    """Of a machine as kvp_info shows it."""
    own = (part(vm, "guest").get("fqdn"), *claimed)
    return VmMarks(
        normalise_id(vm.get("id")),
        str(vm["name"]) if vm.get("name") else None,
        tuple(hosts),
        tuple(str(name) for name in own if name),
        str(vm.get("state")),
    )


@dataclass(frozen=True)
class GuestMarks:
    """What identifies the virtual machine of a guest. The names begin with what the inventory says; ``own_...`` is the guest's registry."""

    name: str | None = None
    known_id: str | None = None
    known_name: str | None = None
    own_id: str | None = None
    own_name: str | None = None
    own_hosts: tuple[str, ...] = ()
    computer: str | None = None


def guest_marks(name: str | None, result: Mapping[str, Any], vm_id: object = None, vm_name: object = None) -> GuestMarks:
    """Of a result of guest_info or guest_key, with what the inventory knows."""
    placement = part(result, "guest", "placement")
    direct = part(result, "vm").get("id") if result.get("via") == "direct" else None
    stale = any(found.get("code") == STALE_ID for found in mappings(result.get("findings")))
    return GuestMarks(
        name=name,
        known_id=normalise_id(vm_id) or normalise_id(direct),
        known_name=_text(vm_name),
        own_id=None if stale else normalise_id(placement.get("vm_id")),
        own_name=None if stale else _text(placement.get("vm_name")),
        own_hosts=tuple(str(host) for host in (placement.get("host_fqdn"), placement.get("host")) if host),
        computer=_text(part(result, "guest").get("name")),
    )


@dataclass(frozen=True)
class Match(Generic[_Vm]):
    """``vm`` None: none of those that are known. ``other``: the ID that the guest's registry has instead of the one that is meant."""

    vm: _Vm | None
    by: By | None = None
    name: str | None = None  # that joined them, where ``by`` is a name
    meant: str | None = None  # the ID of the machine that is meant, where ``other`` is set
    other: str | None = None


@dataclass(frozen=True)
class EventMatch(Generic[_Vm]):
    """``ambiguous``: the event carries IDs of several machines, so it counts for none."""

    vm: _Vm | None = None
    by: By | None = None
    ambiguous: bool = False


@dataclass(frozen=True)
class Distinct(Generic[_Vm]):
    """One virtual machine. ``elsewhere``: as other hosts show it, for Hyper-V Replica keeps the ID, and a machine may move meanwhile."""

    vm: _Vm
    elsewhere: tuple[_Vm, ...] = ()


def distinct(vms: Iterable[_Vm], marks: Callable[[_Vm], VmMarks]) -> list[Distinct[_Vm]]:
    """Each virtual machine once, in the order given: the one that runs stands for its replicas, else the first.

    A host that the inventory knows by two names shows the same machines twice, and is not another host.
    """
    groups: dict[object, list[_Vm]] = {}
    for number, vm in enumerate(vms):
        groups.setdefault(marks(vm).id or number, []).append(vm)
    found = []
    for same in groups.values():
        first = min(same, key=lambda vm: liveliness(marks(vm).state))
        others = [vm for vm in same if vm is not first and not _same_row(marks(first), marks(vm))]
        found.append(Distinct(first, tuple(others)))
    return found


def _same_row(one: VmMarks, other: VmMarks) -> bool:
    """Whether one host shows both: by the name that it gives itself, which stands first. No host shows a machine in two states."""
    return bool(one.hosts and other.hosts) and same_computer(one.hosts[0], other.hosts[0]) and one.state == other.state


class VmIndex(Generic[_Vm]):
    """Virtual machines, each once. ``inventory``: names of guests, for a short form means a guest only where it is that guest's alone."""

    def __init__(self, vms: Iterable[_Vm], marks: Callable[[_Vm], VmMarks], inventory: Iterable[str] = ()) -> None:
        self._ids: dict[str, _Vm] = {}
        self._places: dict[tuple[str, str], list[_Vm]] = defaultdict(list)
        self._given, self._claimed = _Names[_Vm](), _Names[_Vm]()
        for vm in vms:
            mark = marks(vm)
            if mark.id:
                self._ids.setdefault(mark.id, vm)
            if mark.name:
                self._given.add(mark.name, vm)
                for form in forms_of(mark.hosts):
                    self._places[form, mark.name.casefold()].append(vm)
            for name in mark.claimed:
                self._claimed.add(name, vm)
        self._marks = marks
        self._shared = _shared(inventory)

    def by_id(self, value: object) -> _Vm | None:
        return self._ids.get(normalise_id(value) or "")

    def named(self, name: str, *, claimed: bool = True) -> tuple[_Vm, ...]:
        """The machines that may be called so. Names that hosts gave come first: nobody takes one by claiming it in a guest."""
        full, *short = forms(name) or ("",)
        for form in (full, *(form for form in short if form not in self._shared)):
            # Two full names of different domains are two names, so the short form of one is looked for among short names only.
            exact = bool(short)
            if found := self._given.find(form, exact) or (self._claimed.find(form, exact) if claimed else []):
                return tuple(found)
        return ()

    def match(self, guest: GuestMarks) -> Match[_Vm]:
        """The virtual machine that a guest of the inventory is."""
        if guest.known_id:
            other = guest.own_id if guest.own_id and guest.own_id != guest.known_id else None
            return Match(self._ids.get(guest.known_id), By.ID, meant=guest.known_id, other=other)
        if guest.own_id:
            return self._contradicted(guest) or Match(self._ids.get(guest.own_id), By.OWN_ID)
        return self._by_place(guest) or self._by_name(guest)

    def _contradicted(self, guest: GuestMarks) -> Match[_Vm] | None:
        """The inventory's name means one machine, and the guest's registry says that it is another one that is known, or the name is exact."""
        name = guest.known_name or guest.name
        found = self.named(name, claimed=False) if name else ()
        if len(found) != 1 or name is None:
            return None
        (vm,) = found
        mark = self._marks(vm)
        exact = (mark.name or "").casefold() == name.casefold()
        if mark.id is None or mark.id == guest.own_id or not (exact or guest.own_id in self._ids):
            return None
        return Match(vm, By.NAME, name, meant=mark.id, other=guest.own_id)

    def _by_place(self, guest: GuestMarks) -> Match[_Vm] | None:
        for host in guest.own_hosts:
            for form in forms(host):
                found = self._places.get((form, (guest.own_name or "").casefold()), [])
                if len(found) == 1:
                    return Match(found[0], By.PLACE)
        return None

    def _by_name(self, guest: GuestMarks) -> Match[_Vm]:
        # Where the inventory knows the machine's name, what guests are called does not count.
        names = (guest.known_name,) if guest.known_name else (guest.own_name, guest.computer, guest.name)
        for name in names:
            found = self.named(name) if name else ()
            if len(found) == 1:
                return Match(found[0], By.NAME, name)
        return Match(None)

    def of_event(self, ids: Iterable[object], names: Iterable[object], *, claimed: bool = False) -> EventMatch[_Vm]:
        """Whom an event of a host means. More than one ID that is known, be it part of a name, is not an answer; nor is a name then.

        ``claimed``: the IDs stand where the guest's own words may stand.
        """
        called = [str(name) for name in names if name]
        stated = {one for one in map(normalise_id, ids) if one in self._ids}
        within = {one.upper() for name in called for one in _GUID.findall(name) if one.upper() in self._ids}
        if len(stated | within) > 1:
            return EventMatch(ambiguous=True)
        for one in stated:
            return EventMatch(self._ids[one], By.OWN_ID if claimed else By.ID)
        if within:  # a guest that is named by an ID, and chose its name itself
            return EventMatch(ambiguous=True)
        for name in called:
            found = self.named(name)
            if len(found) == 1:
                return EventMatch(found[0], By.NAME)
        return EventMatch()


class _Names(Generic[_Vm]):
    """Machines by name. One with a domain is found by its short form only where what is looked for has none either."""

    def __init__(self) -> None:
        self._full: dict[str, list[_Vm]] = defaultdict(list)
        self._short: dict[str, list[_Vm]] = defaultdict(list)

    def add(self, name: str, vm: _Vm) -> None:
        if is_id(name):
            return
        full, *short = forms(name) or ("",)
        for index, keys in ((self._full, [full]), (self._short, short)):
            for key in keys:
                if not any(one is vm for one in index[key]):
                    index[key].append(vm)

    def find(self, name: str, exact: bool) -> list[_Vm]:
        return self._full.get(name, []) or ([] if exact else self._short.get(name, []))


def _shared(names: Iterable[str]) -> frozenset[str]:
    """Short forms that stand for several of these names."""
    found: dict[str, set[str]] = defaultdict(set)
    for name in names:
        if not is_address(name):
            found[short_name(name)].add(name.casefold())
    return frozenset(form for form, owners in found.items() if len(owners) > 1)


def _text(value: object) -> str | None:
    return str(value) if value else None
