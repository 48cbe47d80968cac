# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The session that a host's PowerShell opens in a guest: who gets one, and how PowerShell refuses.

Sources: Microsoft, "Manage Windows virtual machines with PowerShell Direct" (requirements), PowerShell's own source (PSRemotingErrorId, what
New-PSSession makes of each failure). Messages are English here whatever the host speaks; nobody should read them.
"""

from __future__ import annotations

from collections.abc import Callable

from ..cim.provider import Account
from ..http.accounts import Login
from ..world.guest import Guest
from ..world.host import Host

OLDEST_DIRECT_BUILD = 14393  # Windows Server 2016, on both sides
OLDEST_VERSION = 8.0  # of the machine's configuration (MicrosoftDocs, Virtualization-Documentation 1344)
_CMDLET = "Microsoft.PowerShell.Commands.NewPSSessionCommand"
_REMOTING = "System.Management.Automation.Remoting"


class SessionRefused(Exception):
    """As the script's catch sees it: FullyQualifiedErrorId, message, and the classes of the exception and those in it."""

    def __init__(self, error_id: str, message: str, types: tuple[str, ...]) -> None:
        super().__init__(message)
        self.error_id = error_id
        self.message = message
        self.types = types


def refused(error_id: str, message: str, *types: str) -> SessionRefused:
    return SessionRefused(f"{error_id},{_CMDLET}", message, types)


def open_session(host: Host, caller: Account, vm_id: str, logon: Callable[[], Login | None]) -> tuple[Guest, Login]:
    """The guest and who is logged on there. ``logon`` checks the credentials; it is only asked where Windows would."""
    if not host.hyperv:
        raise refused("HyperVModuleNotAvailable", "The Hyper-V module for Windows PowerShell is not available.", "System.ArgumentException")
    # Get-VM shows nothing to whoever is no Hyper-V administrator.
    vm = host.vms.get(vm_id.strip("{}").upper()) if caller.administrator else None
    if vm is None:
        raise refused(
            "InvalidVMIdNotSingle", f"The input VMId {vm_id} does not resolve to a single virtual machine.", "System.ArgumentException"
        )
    if not vm.running:
        raise refused("InvalidVMState", f"The virtual machine {vm.name} is not in running state.", "System.ArgumentException")
    guest = vm.guest
    if not isinstance(guest, Guest) or guest.release.build < OLDEST_DIRECT_BUILD or float(vm.version) < OLDEST_VERSION:
        message = "An error has occurred which Windows PowerShell cannot handle. A remote session might have ended."
        raise refused("PSSessionOpenFailed", message, f"{_REMOTING}.PSRemotingDataStructureException")
    login = logon()
    if login is None:
        raise refused("PSSessionOpenFailed", "The credential is invalid.", f"{_REMOTING}.PSDirectException")
    return guest, login
