# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The way to a guest by PowerShell Direct, from the host's side: what can be known is checked before anything is run."""

from __future__ import annotations

from .._avma.direct import why_not_direct_host, why_not_direct_vm
from .._avma.findings import finding
from .._wsman.session import Session
from .direct_guest import DirectGuest
from .direct_refusal import DirectRefused, DirectVm
from .hyperv import Vm, find_vms
from .powershell_direct import Credential
from .system import read_os


def open_direct_guest(session: Session, vm: str, credential: Credential, *, host: str) -> DirectGuest:
    """The guest of a virtual machine (name or ID) of this session's host, called ``host``. Two requests; the guest is not asked yet.

    Raises DirectRefused where the host is too old, or the machine is not there, not the only one of its name, or does not run.
    """
    if too_old := why_not_direct_host(read_os(session).build, host):
        raise DirectRefused(too_old)
    found = find_vms(session, vm)
    if not found:
        raise DirectRefused(finding("DIRECT_VM_NOT_FOUND", vm, host=host, vm=vm))
    if len(found) > 1:
        raise DirectRefused(finding("DIRECT_VM_AMBIGUOUS", vm, host=host, vm=vm, count=len(found)))
    return guest_of(session, found[0], credential, host=host)


def guest_of(session: Session, vm: Vm, credential: Credential, *, host: str) -> DirectGuest:
    """The guest of a machine that this session's host owns. Raises DirectRefused if it does not run."""
    if stopped := why_not_direct_vm(vm.state, vm.name, host):
        raise DirectRefused(stopped)
    return DirectGuest(session, DirectVm(vm.id, vm.name, host), credential)
