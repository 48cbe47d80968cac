# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Choosing virtual machines by name or id, as ``kvp_info`` and ``data_exchange`` offer it."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Sequence

from .._avma.text import safe_text
from .._avma.vm_matching import normalise_id
from .action import OptionError

VM_OPTIONS: dict[str, t.Any] = {
    "name": {"type": "list", "elements": "str", "default": []},
    "id": {"type": "list", "elements": "str", "default": []},
}


class Named(t.Protocol):
    @property
    def id(self) -> str:
        """A GUID in upper case."""

    @property
    def name(self) -> str:
        """As Hyper-V shows it; need not be unique."""


Machine = t.TypeVar("Machine", bound=Named)


def choose(machines: Sequence[Machine], options: dict[str, t.Any], *, unique: bool = False) -> tuple[Machine, ...]:
    """The machines that ``name`` and ``id`` mean, in the host's order; all of them if both are empty.

    Names are compared without case, as Hyper-V does, and need not be unique there: with ``unique`` a name that several machines
    have is refused. A machine that is not there is an OptionError, so that a typing error never looks like success.
    """
    names = [name.casefold() for name in options["name"]]
    ids = [normalise_id(identifier) for identifier in options["id"]]
    if not names and not ids:
        return tuple(machines)
    by_name: dict[str, list[Machine]] = {}
    for machine in machines:
        by_name.setdefault(machine.name.casefold(), []).append(machine)
    missing = [given for given in options["name"] if given.casefold() not in by_name]
    known = {machine.id for machine in machines}
    missing += [given for given, identifier in zip(options["id"], ids, strict=True) if identifier not in known]
    if missing:
        raise OptionError(
            f"no virtual machine {_listed(missing)} on this host. It may have been renamed, or have moved to another node of the cluster"
        )
    if unique:
        for given, name in zip(options["name"], names, strict=True):
            if len(by_name[name]) > 1:
                raise OptionError(
                    f"{len(by_name[name])} virtual machines are named {given}: {_listed(vm.id for vm in by_name[name])}. Choose by 'id'"
                )
    wanted = {machine.id for name in names for machine in by_name[name]} | set(ids)
    return tuple(machine for machine in machines if machine.id in wanted)


def _listed(values: Iterable[str]) -> str:
    return ", ".join(safe_text(value) for value in values)
