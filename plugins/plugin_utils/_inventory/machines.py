# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The virtual machines that hosts have answered with, as variables of an inventory, and what each of them may be called."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterable, Mapping

from .._ansible.output import plain
from .._avma.computer_names import dns_name
from .._avma.text import safe_text
from .._avma.told import part
from .._avma.vm_matching import VmMarks, distinct, vm_marks
from .names import confirmed_fqdn
from .survey import HostAnswer

Variables = dict[str, t.Any]


def machines_of(answers: Iterable[HostAnswer], note: Callable[[str], None]) -> dict[str, Variables]:
    """Variables by GUID. A GUID that several hosts have is one machine: the one that runs, or else the first.

    The other is a replica (Hyper-V Replica keeps the GUID), or the machine was moved while the hosts were asked. ``note`` gets it.
    """
    shown = [(answer, vm) for answer in answers for vm in answer.vms]
    found: dict[str, Variables] = {}
    for one in distinct(shown, _marks):
        answer, vm = one.vm
        identifier = str(vm["id"])
        for other, _vm in one.elsewhere:
            note(f"{safe_text(vm['name'])} ({identifier}) is on {answer.host} and on {other.host}")
        found[identifier] = {
            "avma_vm": vm,
            "avma_vm_id": identifier,
            "avma_vm_name": vm["name"],
            "avma_vm_host": answer.host,
            "avma_cluster": answer.cluster,
        }
    return found


def _marks(shown: tuple[HostAnswer, Mapping[str, t.Any]]) -> VmMarks:
    answer, vm = shown
    own = part(answer.info, "host")
    return vm_marks(vm, [str(name) for name in (own.get("fqdn"), own.get("name"), answer.host) if name])


def _name(variables: Mapping[str, t.Any]) -> str:
    return str(plain(variables["avma_vm_name"]))


def _claimed(variables: Mapping[str, t.Any]) -> str:
    return str(plain(variables["avma_vm"]["guest"]["fqdn"] or ""))


# The words of the options ``hostnames`` and ``address``. An empty answer or None: the machine has no such name.
NAMES: dict[str, Callable[[Mapping[str, t.Any]], str | None]] = {
    "fqdn": lambda variables: confirmed_fqdn(_claimed(variables), _name(variables)),
    "claimed_fqdn": lambda variables: dns_name(_claimed(variables)),
    "name": _name,
    "id": lambda variables: str(plain(variables["avma_vm_id"])).lower(),
}
