# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Choosing virtual machines by name or id, as ``kvp_info``, ``data_exchange`` and ``host_kvp`` offer it."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .._avma.text import safe_text
from .._avma.vm_matching import normalise_id
from .options import OptionError

VM_OPTIONS: dict[str, t.Any] = {
    "name": {"type": "list", "elements": "str", "default": []},
    "id": {"type": "list", "elements": "str", "default": []},
}


# Hyper-V filters its rows by authorisation (libhvee issue 224).
NONE_SHOWN = (
    "It shows this account no virtual machine: it has none, or the account is not in the group 'Hyper-V Administrators' of this host"
)

# A list for several hosts names machines that this one does not have.
MISSING_OPTION: dict[str, t.Any] = {"missing": {"type": "str", "choices": ["fail", "ignore"], "default": "fail"}}
ALL_OPTION: dict[str, t.Any] = {"all": {"type": "bool", "default": False}}


@dataclass(frozen=True)
class VmChoice:
    """All machines where both are empty."""

    names: tuple[str, ...]
    ids: tuple[str, ...]


def choice_of(given: Mapping[str, t.Any]) -> VmChoice:
    """What VM_OPTIONS say. An empty entry of a list names no machine, so it is refused. Raises OptionError."""
    for option in VM_OPTIONS:
        if any(not text.strip() for text in given[option]):
            raise OptionError(f"{option}: one of its entries is empty. Give the virtual machine's {option}, or leave the entry out")
    return VmChoice(tuple(given["name"]), tuple(given["id"]))


def explicit_choice_of(given: Mapping[str, t.Any]) -> VmChoice:
    """The same for what changes machines, where all of them must be meant: ALL_OPTION. Raises OptionError."""
    choice = choice_of(given)
    chosen = bool(choice.names or choice.ids)
    if not given["all"] and not chosen:
        raise OptionError("say which virtual machines: 'name', 'id', or 'all: true'")
    # Not by mutually_exclusive, which would refuse 'all: false' and an empty 'name' as well.
    if given["all"] and chosen:
        raise OptionError("'all' excludes 'name' and 'id': leave out the one or the others")
    return choice


class Named(t.Protocol):
    @property
    def id(self) -> str:
        """A GUID in upper case."""

    @property
    def name(self) -> str:
        """As Hyper-V shows it; need not be unique."""


Machine = t.TypeVar("Machine", bound=Named)


def choose(machines: Sequence[Machine], choice: VmChoice, *, unique: bool = False) -> tuple[Machine, ...]:
    """The machines that ``choice`` means, in the host's order; all of them if it names none.

    Names are compared without case, as Hyper-V does, and need not be unique there: with ``unique`` a name that several machines
    have is refused. A machine that is not there is an OptionError, so that a typing error never looks like success.
    """
    names = [name.casefold() for name in choice.names]
    ids = [normalise_id(identifier) for identifier in choice.ids]
    if not names and not ids:
        return tuple(machines)
    by_name: dict[str, list[Machine]] = {}
    for machine in machines:
        by_name.setdefault(machine.name.casefold(), []).append(machine)
    missing = [given for given in choice.names if given.casefold() not in by_name]
    known = {machine.id for machine in machines}
    missing += [given for given, identifier in zip(choice.ids, ids, strict=True) if identifier not in known]
    if missing:
        why = "It may have been renamed, or have moved to another node of the cluster" if machines else NONE_SHOWN
        raise OptionError(f"no virtual machine {_listed(missing)} on this host. {why}")
    if unique:
        for given, name in zip(choice.names, names, strict=True):
            if len(by_name[name]) > 1:
                raise OptionError(
                    f"{len(by_name[name])} virtual machines are named {given}: {_listed(vm.id for vm in by_name[name])}. Choose by 'id'"
                )
    wanted = {machine.id for name in names for machine in by_name[name]} | set(ids)
    return tuple(machine for machine in machines if machine.id in wanted)


def choose_here(machines: Sequence[Machine], choice: VmChoice) -> tuple[tuple[Machine, ...], list[str]]:
    """The machines of ``choice`` that this host has, and what it does not have. Where it has none of them, none is chosen."""
    known_names = {machine.name.casefold() for machine in machines}
    known_ids = {machine.id for machine in machines}
    names = tuple(name for name in choice.names if name.casefold() in known_names)
    ids = tuple(identifier for identifier in choice.ids if normalise_id(identifier) in known_ids)
    missing = [given for given in choice.names if given not in names] + [given for given in choice.ids if given not in ids]
    if missing and not names and not ids:
        return (), missing
    return choose(machines, VmChoice(names, ids), unique=True), missing


def _listed(values: Iterable[str]) -> str:
    return ", ".join(safe_text(value) for value in values)
