# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""From an error of the protocol to what a user reads: object, cause, remedy. The one place that maps them."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._avma.errors import error_of
from .._avma.text import safe_text
from .._windows.data_exchange import NotSwitched
from .._windows.host_items import NotWritten
from .._windows.hyperv import NoHyperv
from .._windows.licensing import LicensingRefused
from .._wsman import errors as wsman
from .._wsman.symbols import symbol_of


@dataclass(frozen=True)
class Failure:
    """``unreachable``: nothing on the other side could be asked, which Ansible treats apart from a failure."""

    msg: str
    kind: str
    unreachable: bool = False
    code: int | None = None
    symbol: str | None = None

    def as_dict(self) -> dict[str, t.Any]:
        return {
            "kind": self.kind,
            "code": None if self.code is None else f"0x{self.code:08X}",
            "symbol": self.symbol,
        }


# Most specific first. Each row: error, kind, unreachable, remedy.
_REMEDIES: tuple[tuple[type[Exception], str, bool, str], ...] = (
    (
        wsman.CertificateNotTrusted,
        "certificate_not_trusted",
        True,
        "Give the certificate authority that signed it (ansible_winrm_ca_trust_path or ansible_psrp_ca_cert), "
        "or connect by a name that the certificate carries.",
    ),
    (
        wsman.ConnectTimedOut,
        "connect_timed_out",
        True,
        "Check that the machine is running, its address, and that a firewall lets the WinRM port through.",
    ),
    (
        wsman.ReadTimedOut,
        "read_timed_out",
        True,
        "The machine took the request and did not answer in time. "
        "Raise ansible_winrm_read_timeout_sec (winrm) or ansible_psrp_read_timeout (psrp) if it is slow.",
    ),
    (
        wsman.ConnectionFailed,
        "connection_failed",
        True,
        "Check that the machine is running, that WinRM listens on this port (winrm enumerate winrm/config/listener), "
        "and ansible_port and ansible_winrm_scheme or ansible_psrp_protocol.",
    ),
    (
        wsman.AuthenticationFailed,
        "authentication_failed",
        True,
        "Check ansible_user and ansible_password, whether the account is locked, and that the machine allows this kind of authentication "
        "(ansible_winrm_transport or ansible_psrp_auth).",
    ),
    (
        wsman.UnencryptedRefused,
        "unencrypted_refused",
        True,
        "The machine refuses messages that are not encrypted. Use HTTPS, or ntlm, kerberos or credssp with message encryption left on.",
    ),
    (
        wsman.AccessDenied,
        "access_denied",
        False,
        "The account may log on but not read or change this. Use an administrator, or give the account WinRM access (Remote Management Users) and "
        "'Remote Enable' and 'Execute Methods' on the WMI namespace (see the guide 'start here', rights).",
    ),
    (
        wsman.InvalidNamespace,
        "namespace_missing",
        False,
        "Check that the role or feature that brings this WMI namespace is installed (root/virtualization/v2: Hyper-V; root/MSCluster: Failover Clustering).",
    ),
    (
        wsman.QuotaExceeded,
        "quota_exceeded",
        False,
        "Too many WinRM operations run for this account or machine. Run again with fewer forks or a smaller serial, or raise the quota (winrm/config).",
    ),
    (
        wsman.OperationTimedOut,
        "operation_timed_out",
        False,
        "Windows did not finish in time. Raise the operation timeout (ansible_winrm_operation_timeout_sec or ansible_psrp_operation_timeout) and run again.",
    ),
    (
        wsman.EffectUnknown,
        "effect_unknown",
        False,
        "The connection broke while a change was under way, so it may or may not have been made. Run again: the state is read first.",
    ),
    (
        wsman.DeadlineExceeded,
        "deadline_exceeded",
        False,
        "Windows still works on it. Raise the option 'wait' if it is slow, and run again: the state is read first.",
    ),
    (wsman.ServiceBusy, "service_busy", False, "WMI is overloaded, starting or stopping on this machine. Run again in some minutes."),
    (
        wsman.InvalidClassOrQuery,
        "class_missing",
        False,
        "This Windows does not know the class, or the account may not see it: check its version, and the WMI repository ('winmgmt /verifyrepository').",
    ),
    (NoHyperv, "namespace_missing", False, "Install the Hyper-V role, or take the machine out of the group of Hyper-V hosts."),
    (wsman.NotFound, "not_found", False, "It has gone in the meantime, such as a machine that moved to another host. Run again."),
    (wsman.MissingLibrary, "library_missing", False, "Install it where Ansible runs."),
    (NotSwitched, "not_switched", False, "See the event log of Hyper-V (Hyper-V-VMMS) on the host for the reason, then run again."),
    (NotWritten, "not_written", False, "See the event log of Hyper-V (Hyper-V-VMMS) on the host for the reason, then run again."),
    (LicensingRefused, "licensing_refused", False, "Look the code up with 'slui 0x2a' and the code on the machine."),
    (wsman.JobFailed, "job_failed", False, "See the event log of Hyper-V (Hyper-V-VMMS) on the host for the reason, then run again."),
    (wsman.MethodFailed, "method_failed", False, "See the event log of the machine for the reason, then run again."),
    (
        wsman.MalformedAnswer,
        "malformed_answer",
        False,
        "What answered is not WinRM as Windows speaks it: check address, port and path, and any proxy between.",
    ),
    (
        wsman.UnexpectedHttpStatus,
        "unexpected_http_status",
        False,
        "Unless the machine is starting or overloaded, what answered is not WinRM as Windows speaks it: check address, port, path and any proxy.",
    ),
)


def failure_of(error: Exception, machine: str) -> Failure:
    """What went wrong with ``machine`` (as the inventory calls it), in one sentence of cause and one of remedy."""
    kind, unreachable, remedy = "error", False, "Run again with -vvv for the protocol's details."
    for error_type, row_kind, row_unreachable, row_remedy in _REMEDIES:
        if isinstance(error, error_type):
            kind, unreachable, remedy = row_kind, row_unreachable, row_remedy
            break
    code, symbol, known_remedy = _code_of(error)
    return Failure(
        msg=f"{machine}: {_cause(error)}. {known_remedy or remedy}",
        kind=kind,
        unreachable=unreachable,
        code=code,
        symbol=symbol,
    )


def _code_of(error: Exception) -> tuple[int | None, str | None, str | None]:
    """The most specific code, its symbol, and the remedy that belongs to it."""
    if isinstance(error, LicensingRefused):
        entry = error_of(error.code)
        return error.code, entry.symbol if entry else None, entry.remedy if entry else None
    if isinstance(error, wsman.Fault):
        # the same number as in its text
        number = error.hresult if error.code is None or error.code > 0xFFFF else error.code
        return number, None if number is None else symbol_of(number), None
    return None, None, None


def _cause(error: Exception) -> str:
    """The cause alone, where the protocol's error has a remedy of its own: here it is told in Ansible's terms.

    Texts of faults come from the machine, and some of them from its tenants.
    """
    if isinstance(error, (wsman.ConnectionFailed, wsman.AuthenticationFailed)):
        return safe_text(f"{error.endpoint}: {error.cause.partition('. ')[0]}".rstrip(". "), limit=800)
    if isinstance(error, wsman.UnencryptedRefused):
        return safe_text(str(error).partition(". ")[0].rstrip(". "), limit=800)
    if isinstance(error, wsman.EffectUnknown):
        return safe_text(f"{error.subject}: whether the call took effect is not known: {_cause(error.reason)}", limit=800)
    if isinstance(error, wsman.MissingLibrary):
        return safe_text(f"the Python library {error.library} is not installed on the controller", limit=800)
    if isinstance(error, wsman.AccessDenied) and error.namespace:
        return safe_text(f"WMI namespace {error.namespace}: {str(error).strip().rstrip('. ')}", limit=800)
    return safe_text(str(error).strip().rstrip(". "), limit=800)
