# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Hyper-V of a host: is it there, and which virtual machines does it have. ``Msvm_*`` in root/virtualization/v2."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .._avma.facts import VmState
from .._wsman.errors import InvalidClassOrQuery, InvalidNamespace, NotFound, WsManError
from .._wsman.session import Session
from .._wsman.wql import quote
from .namespaces import VIRTUALIZATION

GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")

# Microsoft, Msvm_ComputerSystem.EnabledState
_STATES: dict[int | None, VmState] = {
    2: VmState.RUNNING,
    3: VmState.OFF,
    4: VmState.SHUTTING_DOWN,
    6: VmState.SAVED,
    9: VmState.PAUSED,
    10: VmState.STARTING,
}


class NoHyperv(WsManError):
    """The machine has no Hyper-V."""


@dataclass(frozen=True)
class Vm:
    """A row of ``Msvm_ComputerSystem`` that is a virtual machine."""

    id: str  # GUID, upper case
    name: str
    state: VmState
    state_code: int | None

    @property
    def running(self) -> bool:
        return self.state is VmState.RUNNING


def hyperv_present(session: Session) -> bool:
    """Whether Hyper-V's management service answers. One request.

    Neither ``Win32_ServerFeature`` (servers only, deprecated) nor ``Win32_OptionalFeature`` (clients only in practice) is asked:
    the namespace answers on every Windows that has the role, and only there.
    """
    try:
        rows = list(session.query(VIRTUALIZATION, "SELECT Name FROM Msvm_VirtualSystemManagementService"))
    except (InvalidNamespace, InvalidClassOrQuery, NotFound):
        return False
    return bool(rows)


def read_vms(session: Session) -> tuple[Vm, ...]:
    """Every virtual machine that the host owns now. Pages, never a request for each machine.

    The host itself is a row of the same class. It is told apart by its Name, which is no GUID: captions are localised.
    Raises NoHyperv where the namespace is not there; which fault Windows sends for that is not recorded.
    """
    return _vms(session, "SELECT ElementName, EnabledState, Name FROM Msvm_ComputerSystem")


def find_vms(session: Session, name_or_id: str) -> tuple[Vm, ...]:
    """The machines of this name, or the one with this ID, that the host owns now. Names need not be unique. One request.

    Raises NoHyperv as ``read_vms`` does.
    """
    wanted = name_or_id.strip().strip("{}")
    condition = f"Name = {quote(wanted.upper())}" if GUID.fullmatch(wanted) else f"ElementName = {quote(name_or_id)}"
    return _vms(session, f"SELECT ElementName, EnabledState, Name FROM Msvm_ComputerSystem WHERE {condition}")


def _vms(session: Session, wql: str) -> tuple[Vm, ...]:
    try:
        rows = list(session.query(VIRTUALIZATION, wql))
    except NotFound as error:
        raise NoHyperv(f"Hyper-V is not installed: Windows knows no WMI namespace {VIRTUALIZATION}") from error
    vms = []
    for row in rows:
        identifier = row.text("Name") or ""
        if not GUID.fullmatch(identifier):
            continue
        code = row.integer("EnabledState")
        vms.append(
            Vm(
                id=identifier.upper(),
                name=row.text("ElementName") or "",
                state=_STATES.get(code, VmState.OTHER),
                state_code=code,
            )
        )
    return tuple(vms)
