# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Why there is no way into a guest by PowerShell Direct: what the host knows, and what PowerShell said.

Identifiers of errors are those of PowerShell's own source (PSRemotingErrorId, New-PSSession): messages are in the host's language.
Requirements: Microsoft, "Manage Windows virtual machines with PowerShell Direct".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .._avma.direct import why_not_direct_guest, why_not_direct_version
from .._avma.findings import Finding, finding
from .._avma.identity import identify_kvp
from .._avma.tables import PUBLISHED
from .._wsman.errors import WsManError
from .._wsman.session import Session
from .hyperv import read_configuration_version
from .kvp import read_intrinsic_items
from .powershell_direct import ScriptAnswer

# PowerShell throws this class where the guest does not accept the credentials, and where the two sides do not agree on the protocol.
_LOGON = "PSDirectException"
# The message of the latter names who sent which part of the protocol wrongly: two words that no language translates (RemoteSessionHyperVSocket.cs).
# One of them alone may stand in a refusal of the credentials, and each further try of those counts toward the lock-out of the account.
_PARTS_OF_PROTOCOL = (("Broker", "Credential"), ("Broker", "Token"), ("Server", "TransportVersion"))
_WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)
# Where the host insists on the new protocol the message has no such words, and is only known in English.
_NEGOTIATION = "Negotiating a secure connection to Hyper-V failed"
SESSION = "session"
ANSWER_TOO_LONG = "AnswerTooLong"
# The bootstrap's and the script's own: nothing was carried out.
INPUT_DAMAGED = (70, 71)
# The script's own, as it ended itself.
OUT_OF_TIME = 72
_IN_WORDS = {
    "AnswerMissing": "the guest ended without an answer",
    "AnswerOverdue": "the guest did not come to its end in time",
    "AnswerUnreadable": "the guest's answer is not a text",
    "GuestSilent": "the guest fell silent in the middle",
    "OperationsUnreadable": "the guest could not read what it was given",
    "SessionBroken": "the session broke in the middle",
}
_CONSTRAINED = re.compile(rb"FullyQualifiedErrorId : \w*ConstrainedLanguage")
_BLOCKED = re.compile(rb"FullyQualifiedErrorId : \w*(ScriptContainedMaliciousContent|ScriptBlocked)")
# Only the host's own error records are read of its errors.
_ERRORS = re.compile(rb'<S S="Error">([^<]*)</S>')
_NO_SUCH_VM = ("InvalidVMIdNotSingle", "InvalidVMNameNoVM")
_NOT_RUNNING = "InvalidVMState"
_NO_MODULE = "HyperVModuleNotAvailable"


class DirectRefused(WsManError):
    """There is no way into the guest by PowerShell Direct, or none back. ``finding`` says why, and what to do."""

    def __init__(self, found: Finding) -> None:
        self.finding = found
        super().__init__(found.cause)


@dataclass(frozen=True)
class DirectVm:
    """A virtual machine on the host that owns it now."""

    id: str
    name: str
    host: str

    @property
    def label(self) -> str:
        return f"{self.name} on {self.host}"


def refused_by_host(vm: DirectVm) -> DirectRefused:
    """WinRM opens no shell, or does not run the command, for this account."""
    return DirectRefused(finding("DIRECT_HOST_DENIED", vm.name, host=vm.host))


def stopped_before(vm: DirectVm, exit_code: int | None, stderr: bytes) -> DirectRefused | None:
    """Why PowerShell ended before the script opened a session, where the host says so.

    The script ends in 0 or 72 once there is a session, so that what a guest wrote is never read here.
    """
    if exit_code in INPUT_DAMAGED:
        return DirectRefused(finding("DIRECT_INPUT_DAMAGED", vm.name, host=vm.host, code=exit_code))
    if exit_code != 1:
        return None
    said = b"".join(_ERRORS.findall(stderr))
    if _CONSTRAINED.search(said):
        return DirectRefused(finding("DIRECT_HOST_CONSTRAINED", vm.name, host=vm.host))
    if _BLOCKED.search(said):
        return DirectRefused(finding("DIRECT_SCRIPT_BLOCKED", vm.name, host=vm.host))
    return None


def no_answer(vm: DirectVm, exit_code: int | None) -> DirectRefused:
    """PowerShell ended without the script's answer."""
    if exit_code == OUT_OF_TIME:
        return DirectRefused(_session_failed(vm, "the host's script did not come to its end in time"))
    said = "PowerShell ended without an answer" if exit_code is None else f"PowerShell ended with code {exit_code} and without an answer"
    return DirectRefused(finding("DIRECT_SCRIPT_FAILED", vm.name, host=vm.host, error=said))


def refusal_of(answer: ScriptAnswer, vm: DirectVm, host: Session, secrets: Iterable[str]) -> DirectRefused:
    """The reason of a script that failed as a whole. May ask the host once more what machine and guest are."""
    error_id = answer.error_id.partition(",")[0]
    said = _IN_WORDS.get(error_id) or (f"{error_id}: {answer.message}" if error_id else answer.message)
    for secret in secrets:
        said = said.replace(secret, "********") if secret else said
    if answer.stage != SESSION:
        # From here on identifiers may be the guest's, and what it says of the host proves nothing.
        found = finding("DIRECT_ANSWER_TOO_LONG", vm.name) if error_id == ANSWER_TOO_LONG else _session_failed(vm, said)
        return DirectRefused(found)
    if any(name.rpartition(".")[2] == _LOGON for name in answer.exception_types):
        if parts := _protocol(answer.message):
            return DirectRefused(finding("DIRECT_SIDES_DIFFER", vm.name, host=vm.host, error=parts))
        return DirectRefused(finding("DIRECT_LOGON_REFUSED", vm.name, host=vm.host))
    if error_id in _NO_SUCH_VM:
        return DirectRefused(finding("DIRECT_VM_NOT_FOUND", vm.name, host=vm.host, vm=vm.name))
    if error_id == _NOT_RUNNING:
        return DirectRefused(finding("DIRECT_VM_NOT_RUNNING", vm.name, host=vm.host, state="not running"))
    if error_id == _NO_MODULE:
        return DirectRefused(finding("DIRECT_SCRIPT_FAILED", vm.name, host=vm.host, error=said))
    return DirectRefused(_old_machine(vm, host) or _too_old(vm, host) or _session_failed(vm, said))


def _session_failed(vm: DirectVm, said: str) -> Finding:
    return finding("DIRECT_SESSION_FAILED", vm.name, host=vm.host, error=said)


def _protocol(message: str) -> str | None:
    """The parts of the protocol that a message names."""
    words = set(_WORD.findall(message))
    named = next((" ".join(parts) for parts in _PARTS_OF_PROTOCOL if words.issuperset(parts)), None)
    return named or ("negotiation" if _NEGOTIATION in message else None)


def _old_machine(vm: DirectVm, host: Session) -> Finding | None:
    """Whether the machine's configuration is older than PowerShell Direct. Only asked afterwards."""
    try:
        return why_not_direct_version(read_configuration_version(host, vm.id), vm.name, vm.host)
    except WsManError:
        return None


def _too_old(vm: DirectVm, host: Session) -> Finding | None:
    """Whether the guest says by Data Exchange that it is a Windows without PowerShell Direct. Only a hint, and only asked afterwards."""
    try:
        items = read_intrinsic_items(host, vm.id)
    except WsManError:
        return None
    # Windows without PowerShell Direct is older than any release that a user could add.
    return why_not_direct_guest(identify_kvp(items, PUBLISHED), vm.name)
