# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Whether the machine that answered is the virtual machine that was meant: an address or a name in the inventory proves nothing.

Which one is meant the inventory plugin says (avma_vm_id), PowerShell Direct, or a survey of the hosts in which one machine has the guest's
name. What answered says its own registry, into which Hyper-V writes the ID. A value that is missing is not a mismatch.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Mapping, Sequence

from .._avma.computer_names import short_name
from .._avma.findings import Finding, finding
from .._avma.told import mappings
from .._avma.vm_matching import OTHER_VM, STALE_ID, GuestMarks, VmIndex, normalise_id, vm_marks
from .guest_place import DEFAULT_GROUP, VM_ID, VM_NAME, VMS_RESULT
from .inventory_connection import Inventory

IDENTITY_OPTION: dict[str, t.Any] = {"check_identity": {"type": "bool", "default": True}}


class MeantVm:
    """Of one guest. ``direct``: the ID of the machine into which PowerShell Direct led. ``render``: makes plain values of variables."""

    def __init__(
        self, guest: str, variables: Mapping[str, t.Any], *, check: bool, render: t.Callable[[t.Any], t.Any], direct: str | None = None
    ) -> None:
        self._guest = guest
        self._variables = variables
        self._check = check
        self._render = render
        self._direct = direct

    def why_not(self, own_id: str | None) -> Finding | None:
        """What is wrong with an answer from a machine with this ID: an error, or a warning where the operator says that the ID is out of date."""
        own = normalise_id(own_id)
        if own is None:
            return None
        known = normalise_id(self._direct) or normalise_id(self._told(VM_ID))
        marks = GuestMarks(self._guest, known, self._told(VM_NAME), own)
        vms = [] if known else list(self._candidates(marks))
        match = VmIndex(vms, vm_marks, self._inventory()).match(marks)
        if match.other is None:
            return None
        return finding(OTHER_VM if self._check else STALE_ID, self._guest, meant=match.meant, answered=match.other)

    def _told(self, name: str) -> str | None:
        value = self._variables.get(name)
        return str.__str__(str(self._render(value))) if value else None

    def _candidates(self, marks: GuestMarks) -> Iterator[Mapping[str, t.Any]]:
        """Of all machines of the survey those that this guest may be: hosts may have thousands."""
        inventory = Inventory(self._variables)
        wanted = short_name(marks.known_name or marks.name or "")
        seen: set[str] = set()
        for host in self._groups().get(DEFAULT_GROUP, ()):
            survey = inventory.results(str(host)).get(VMS_RESULT)
            for vm in mappings(survey.get("vms") if isinstance(survey, Mapping) else None):
                identifier = normalise_id(vm.get("id"))
                if (
                    identifier
                    and identifier not in seen
                    and (identifier == marks.own_id or short_name(str(vm.get("name") or "")) == wanted)
                ):
                    seen.add(identifier)
                    yield vm

    def _inventory(self) -> list[str]:
        return [str(name) for name in self._groups().get("all", ())]

    def _groups(self) -> Mapping[str, Sequence[str]]:
        groups: Mapping[str, Sequence[str]] = self._variables.get("groups") or {}
        return groups
