# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Who may be reached by PowerShell Direct: rules about facts, no I/O.

Source: Microsoft, "Manage Windows virtual machines with PowerShell Direct": Windows 10 or Windows Server 2016 and later on both sides, the
machine runs on that host.
"""

from __future__ import annotations

from .facts import VmState
from .findings import Finding, finding
from .identity import GuestIdentity, OsKind

OLDEST_DIRECT_BUILD = 14393  # Windows Server 2016


def why_not_direct_host(build: int | None, host: str) -> Finding | None:
    """Why a host cannot carry PowerShell Direct; None if it can, or if its build is not known."""
    return finding("DIRECT_HOST_TOO_OLD", host, build=build) if build is not None and build < OLDEST_DIRECT_BUILD else None


def why_not_direct_vm(state: VmState, vm: str, host: str) -> Finding | None:
    return None if state is VmState.RUNNING else finding("DIRECT_VM_NOT_RUNNING", vm, state=state.value.replace("_", " "), host=host)


def why_not_direct_guest(identity: GuestIdentity, vm: str) -> Finding | None:
    """``identity`` may be what Data Exchange claims: nothing is changed by what is said here."""
    if identity.kind is OsKind.LINUX:
        return finding("DIRECT_GUEST_TOO_OLD", vm, says="Linux")
    if identity.build is None or identity.build >= OLDEST_DIRECT_BUILD:
        return None
    return finding("DIRECT_GUEST_TOO_OLD", vm, says=identity.release.label if identity.release else f"build {identity.build}")
