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

from enum import Enum

from .facts import VmState
from .findings import Finding, finding
from .identity import GuestIdentity, OsKind

OLDEST_DIRECT_BUILD = 14393  # Windows Server 2016
OLDEST_DIRECT_VERSION = 8  # of a machine's configuration, which one that came from 2012 R2 keeps (Virtualization-Documentation 1344)


class Prospect(Enum):
    """What becomes of a guest that PowerShell Direct did not serve."""

    LATER = "a further run may serve it: deferred, with via: direct where defer_unreachable is set"
    OTHER_WAY = "another way may serve it, such as its own network: deferred with via: auto, failed with via: direct"
    PERSON = "a further run would do harm, or meet the same: failed by each way"


PROSPECTS = {
    "DIRECT_HOST_TOO_OLD": Prospect.OTHER_WAY,
    "DIRECT_GUEST_TOO_OLD": Prospect.OTHER_WAY,
    "DIRECT_VM_TOO_OLD": Prospect.OTHER_WAY,
    "DIRECT_HOST_DENIED": Prospect.OTHER_WAY,
    # A machine that moves is on neither host for a moment, but a name that is wrong stays wrong.
    "DIRECT_VM_NOT_FOUND": Prospect.OTHER_WAY,
    "DIRECT_VM_AMBIGUOUS": Prospect.OTHER_WAY,
    "DIRECT_VM_NOT_RUNNING": Prospect.LATER,
    # Each further try counts toward the lock-out of the account.
    "DIRECT_LOGON_REFUSED": Prospect.PERSON,
    # It starts, restarts, or another session has the socket; or its service is switched off.
    "DIRECT_SESSION_FAILED": Prospect.OTHER_WAY,
    "DIRECT_SCRIPT_FAILED": Prospect.OTHER_WAY,
    # Whoever runs the guest sends what no Windows sends; to come again only helps them.
    "DIRECT_ANSWER_TOO_LONG": Prospect.PERSON,
    "DIRECT_INPUT_DAMAGED": Prospect.LATER,
    # Seen to come and go until both sides have the updates of September 2025.
    "DIRECT_SIDES_DIFFER": Prospect.LATER,
    "DIRECT_HOST_CONSTRAINED": Prospect.OTHER_WAY,
    "DIRECT_SCRIPT_BLOCKED": Prospect.OTHER_WAY,
    "DIRECT_HOST_UNKNOWN": Prospect.LATER,
    "DIRECT_HOST_UNREACHABLE": Prospect.LATER,
    "DIRECT_WITHOUT_CREDENTIALS": Prospect.LATER,
}


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


def why_not_direct_version(version: str | None, vm: str, host: str) -> Finding | None:
    """``version`` is that of the machine's configuration, as the host has it ("5.0"); None if it is not known."""
    major = (version or "").partition(".")[0]
    if not major.isascii() or not major.isdigit() or int(major) >= OLDEST_DIRECT_VERSION:
        return None
    return finding("DIRECT_VM_TOO_OLD", vm, version=version, host=host)
