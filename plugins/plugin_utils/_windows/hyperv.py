# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Hyper-V of a host: is it there, which virtual machines does it have, and what do their notes say. ``Msvm_*`` in root/virtualization/v2.

Notes are ``Msvm_VirtualSystemSettingData.Notes``: any text of the administrators of the host or the machine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .._avma.facts import VmState
from .._wsman.errors import EncodingLimit, Fault, WsManError
from .._wsman.instance import Instance
from .._wsman.session import Session
from .._wsman.wql import quote
from .namespaces import CIMV2, VIRTUALIZATION, says_missing

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
_SYSTEMS = "SELECT ElementName, EnabledState, Name FROM Msvm_ComputerSystem"
# Without WHERE: a host that refuses WQL in this namespace is then asked for the class.
_NOTES = "SELECT Notes, VirtualSystemIdentifier, VirtualSystemType FROM Msvm_VirtualSystemSettingData"
_REALIZED = "Microsoft:Hyper-V:System:Realized"  # a machine's own settings; those of its checkpoints have another type
_VERSIONS = "SELECT Version, VirtualSystemIdentifier, VirtualSystemType FROM Msvm_VirtualSystemSettingData"
# How long notes can be is documented nowhere.
NOTES_LIMIT = 4000


# Every Windows has the second one, so it shows that services are shown at all.
_SERVICES = "SELECT Name, State FROM Win32_Service WHERE Name = 'vmms' OR Name = 'sppsvc'"


class NoHyperv(WsManError):
    """The machine has no Hyper-V."""


class MachinesNotShown(WsManError):
    """Hyper-V answers, and shows the account nothing, not even the host's own row: it filters rows by authorisation (libhvee issue 224)."""

    def __init__(self) -> None:
        super().__init__("Hyper-V answers this account with nothing, so which virtual machines the host has is not known")


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


def hyperv_present(session: Session) -> bool | None:
    """Whether the machine has Hyper-V. None: it answers with nothing. One request, where it has Hyper-V and shows it.

    Neither ``Win32_ServerFeature`` (servers only, deprecated) nor ``Win32_OptionalFeature`` (clients only in practice) is asked:
    the namespace answers on every Windows that has the role, and only there. After the role was removed it may stay without classes, or
    without rows. Rows are also missing for an account without rights on Hyper-V; which of its rows is not published.
    """
    try:
        rows = list(session.query(VIRTUALIZATION, "SELECT Name FROM Msvm_VirtualSystemManagementService"))
    except Fault as fault:
        if says_missing(session, VIRTUALIZATION, fault):
            return False
        raise
    return True if rows else _service_runs(session)


def _service_runs(session: Session) -> bool | None:
    """Of a namespace without rows: False if Hyper-V's service is not there or does not run, None if that is not shown either."""
    try:
        states = {(row.text("Name") or "").lower(): row.text("State") for row in session.query(CIMV2, _SERVICES)}
    except Fault:  # an account that is no administrator may be refused
        return None
    if "vmms" in states:
        return None if states["vmms"] == "Running" else False
    return False if "sppsvc" in states else None


def read_vms(session: Session) -> tuple[Vm, ...]:
    """Every virtual machine that the host owns now. Pages, never a request for each machine.

    The host itself is a row of the same class. It is recognised by its Name, which is not a GUID: captions are localised.
    Raises NoHyperv where the namespace is not there, MachinesNotShown where not even that row is: then the account is shown nothing.
    """
    rows = _rows(session, _SYSTEMS)
    if not rows:
        if _service_runs(session) is False:
            raise NoHyperv("Hyper-V's service (vmms) is not installed or does not run")
        raise MachinesNotShown
    return _vms(rows)


def find_vms(session: Session, name_or_id: str) -> tuple[Vm, ...]:
    """The machines of this name, or the one with this ID, that the host owns now. Names need not be unique. One request.

    Raises NoHyperv and MachinesNotShown as ``read_vms`` does; another request shows whether nothing was found or nothing is shown.
    """
    wanted = name_or_id.strip().strip("{}")
    condition = f"Name = {quote(wanted.upper())}" if GUID.fullmatch(wanted) else f"ElementName = {quote(name_or_id)}"
    found = _vms(_rows(session, f"{_SYSTEMS} WHERE {condition}"))
    if not found:
        read_vms(session)
    return found


def _rows(session: Session, wql: str) -> list[Instance]:
    try:
        return list(session.query(VIRTUALIZATION, wql))
    except Fault as fault:
        if says_missing(session, VIRTUALIZATION, fault):
            raise NoHyperv(
                f"Hyper-V is not installed: Windows does not know the WMI namespace {VIRTUALIZATION}, or any class in it"
            ) from fault
        raise


def _vms(rows: list[Instance]) -> tuple[Vm, ...]:
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


def read_notes(session: Session) -> dict[str, str] | None:
    """The first ``NOTES_LIMIT`` characters of each machine's notes by its GUID in upper case, "" where there are none. One request a page.

    Notes are an array of texts; Hyper-V's own tools fill one element; more are joined as lines. None: notes of some machine are
    longer than an answer of the host can be, so that Windows does not return those of the others either.
    """
    try:
        rows = list(session.query(VIRTUALIZATION, _NOTES))
    except EncodingLimit:
        return None
    found = {}
    for row in rows:
        owner = row.text("VirtualSystemIdentifier") or ""
        if GUID.fullmatch(owner) and row.text("VirtualSystemType") == _REALIZED:
            found[owner.upper()] = "\n".join(row.texts("Notes"))[:NOTES_LIMIT]
    return found


def read_configuration_version(session: Session, vm_id: str) -> str | None:
    """The version of a machine's configuration ("9.0"); None where Hyper-V does not say. One request a page."""
    rows = session.query(VIRTUALIZATION, f"{_VERSIONS} WHERE VirtualSystemIdentifier = {quote(vm_id)}")
    versions = [row.text("Version") for row in rows if row.text("VirtualSystemType") == _REALIZED]
    return versions[0] if versions else None
