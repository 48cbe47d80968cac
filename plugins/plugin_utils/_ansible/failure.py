# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""From an error of the protocol to what a user reads: object, cause, remedy.

An error says its object and cause; what to do about it is written here, and here alone, except for refused logons (``logon_remedy``), codes of
Windows (``_avma/errors``) and findings (``_avma/finding_types``). A text that a user saw is found in one of these files.
"""

from __future__ import annotations

import re
import sys
import typing as t
from collections.abc import Callable
from dataclasses import dataclass

from ansible.errors import AnsibleConnectionFailure, AnsibleError

from .._avma.findings import Finding
from .._avma.text import safe_text
from .._avma.windows_codes import error_of
from .._windows.data_exchange import NotSwitched
from .._windows.direct_refusal import DirectRefused
from .._windows.host_items import NotWritten
from .._windows.hyperv import MachinesNotShown, NoHyperv
from .._windows.licensing import LicensingRefused
from .._wsman import errors as wsman
from .._wsman.command import CommandLost
from .._wsman.libraries import library_of
from .._wsman.symbols import symbol_of
from .connection import UnsupportedConnection
from .logon_remedy import kerberos_remedy, logon_remedy

EFFECT_UNKNOWN = "effect_unknown"


@dataclass(frozen=True)
class Failure:
    """``unreachable``: nothing on the other side could be asked, which Ansible treats apart from a failure."""

    msg: str
    kind: str
    unreachable: bool = False
    code: int | None = None
    symbol: str | None = None
    finding: Finding | None = None  # that says the same, where there is one

    def as_dict(self) -> dict[str, t.Any]:
        return {
            "kind": self.kind,
            "code": None if self.code is None else f"0x{self.code:08X}",
            "symbol": self.symbol,
        }


_OPTIONS_REMEDY = "Correct the connection options in the inventory (ansible_user, ansible_password, ansible_winrm_* or ansible_psrp_*)."
_NO_KERBEROS = re.compile("python kerberos library is not installed", re.IGNORECASE)
_PORTS = "ansible_port and ansible_winrm_scheme or ansible_psrp_protocol"


def _certificate_remedy(error: wsman.CertificateNotTrusted) -> str:
    """By OpenSSL's number for the reason (x509_vfy.h)."""
    if error.verify_code in (62, 64):  # name, address
        return "Connect by a name that the certificate carries (ansible_host), or give the listener a certificate for this name."
    if error.verify_code == 10:
        return "The certificate has expired: give the HTTPS listener of the machine a new one."
    if error.verify_code == 9:
        return "The certificate is not valid yet: check the clock of the controller."
    if error.verify_code in (18, 19):
        return (
            "It is signed by itself: export it from the machine and give that file, or better its certificate authority's, "
            "as ansible_winrm_ca_trust_path (winrm) or ansible_psrp_ca_cert (psrp)."
        )
    return (
        "Give the certificate authority that signed it as a PEM file (ansible_winrm_ca_trust_path or ansible_psrp_ca_cert), "
        "and see that the listener sends the certificates between."
    )


_HTTP_TO_HTTPS = "HTTP was spoken to 5986, the port of WinRM over HTTPS: set ansible_winrm_scheme or ansible_psrp_protocol to https, or ansible_port to 5985."


def _http_to_https_port(endpoint: str) -> bool:
    return endpoint.startswith("http://") and ":5986/" in endpoint


def _not_http_remedy(error: wsman.NotHttp) -> str:
    return _HTTP_TO_HTTPS if _http_to_https_port(error.endpoint) else _NOT_WINRM


def _connection_remedy(error: wsman.ConnectionFailed) -> str:
    if error.sent and _http_to_https_port(error.endpoint):
        return _HTTP_TO_HTTPS
    return f"Check that the machine is running, that WinRM listens on this port (winrm enumerate winrm/config/listener), and {_PORTS}."


def _authentication_remedy(error: wsman.AuthenticationFailed) -> str:
    return logon_remedy(error.cause, error.login, tls=error.endpoint.startswith("https:"))


_NOT_WINRM = "What answered is not WinRM as Windows speaks it: check address, port and path, and any proxy between."
_BY_STATUS = {
    400: "The machine could not read the request, as it is after an encrypted connection has ended. Run again.",
    403: "Something before WinRM refuses the request, such as a proxy or a filter of addresses: see the log of what answers on this port.",
    404: f"Check the port and the path (/wsman), that a listener is bound to this address, and {_PORTS}.",
    413: "The request is larger than the machine takes: raise MaxEnvelopeSizekb (winrm/config).",
    503: "WinRM is starting, stopping or overloaded on this machine. Run again in a few minutes.",
}


def _status_remedy(error: wsman.UnexpectedHttpStatus) -> str:
    return _BY_STATUS.get(error.status, _NOT_WINRM)


def _library_remedy(error: wsman.MissingLibrary) -> str:
    library = library_of(error.library)
    wanted = f"'{library.pip}>={'.'.join(map(str, library.oldest))}'" if library.oldest else library.pip
    packages = [f"{name} ({where})" for name, where in ((library.debian, "Debian, Ubuntu"), (library.redhat, "Fedora, EPEL")) if name]
    also = f", or by the package {' or '.join(packages)}" if packages else ""
    other = " Or set ansible_winrm_transport to ntlm." if library.pip == "pykerberos" else ""
    return f"Install it there: {sys.executable or 'python3'} -m pip install {wanted}{also}.{other}"


def _access_remedy(error: wsman.AccessDenied) -> str:
    """WinRM's own refusal (its RootSDDL, or the WMI plug-in's) comes as Win32 error 5 without a provider; all others are WMI's."""
    if error.code == 5 and not error.provider:
        return (
            "WinRM let the account log on and refused it then: make it a member of Remote Management Users or Administrators of this machine "
            "(see RootSDDL in winrm get winrm/config/service); a local administrator other than the built-in one needs LocalAccountTokenFilterPolicy 1."
        )
    own = {
        "root/virtualization/v2": "make it a member of Hyper-V Administrators",
        "root/mscluster": "give it access to the cluster (Grant-ClusterAccess -ReadOnly)",
    }.get((error.namespace or "").lower(), "give it 'Remote Enable' and 'Execute Methods' on the WMI namespace (wmimgmt.msc)")
    return (
        f"The account may log on but not read or change this. Use an administrator, or {own} besides WinRM access by Remote Management Users "
        "(see the guide 'start here', rights); local administrators are filtered by UAC unless LocalAccountTokenFilterPolicy is 1."
    )


# Most specific first. Each row: error, kind, unreachable, remedy.
_REMEDIES: tuple[tuple[type[Exception], str, bool, str | Callable[[t.Any], str]], ...] = (
    (wsman.CertificateNotTrusted, "certificate_not_trusted", True, _certificate_remedy),
    (
        wsman.ProxyFailed,
        "proxy_failed",
        True,
        "Check the proxy (ansible_winrm_proxy or ansible_psrp_proxy, else HTTP_PROXY and HTTPS_PROXY of the controller), or go without one: "
        "NO_PROXY with the machine's name, or ansible_psrp_ignore_proxy.",
    ),
    (
        wsman.AddressRefused,
        "connection_not_made",
        False,
        "Give ansible_host as a name or an address, without scheme, port, path and blanks.",
    ),
    (
        wsman.NoPassword,
        "connection_not_made",
        False,
        "Set ansible_password for this machine. If it comes from an environment variable or a vault, see that this is there.",
    ),
    (
        wsman.NotForBasic,
        "connection_not_made",
        False,
        "Use kerberos or ntlm, which carry every character (ansible_winrm_transport or ansible_psrp_auth).",
    ),
    (wsman.OptionsRefused, "connection_not_made", False, _OPTIONS_REMEDY),
    (
        wsman.NoTls,
        "connection_failed",
        True,
        "HTTPS was spoken to a port of HTTP: set ansible_port to 5986, or ansible_winrm_scheme or ansible_psrp_protocol to http.",
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
    (wsman.ConnectionFailed, "connection_failed", True, _connection_remedy),
    (wsman.AuthenticationFailed, "authentication_failed", True, _authentication_remedy),
    (
        wsman.UnencryptedRefused,
        "unencrypted_refused",
        True,
        "Use HTTPS, or ntlm, kerberos or credssp with message encryption left on.",
    ),
    (
        wsman.Redirected,
        "redirected",
        False,
        "WinRM does not redirect, so what answers is something else, and nothing was sent to the other address. "
        "Check address, port and any proxy between, and who administers this machine.",
    ),
    (
        wsman.AnswerNotEncrypted,
        "answer_not_encrypted",
        False,
        "Look for a proxy or another machine between that answers for this one. HTTPS with validation shows who answers.",
    ),
    (
        wsman.AnswerCompressed,
        "answer_compressed",
        False,
        "Windows compresses only where IIS or a proxy stands before WinRM: switch that off there.",
    ),
    (
        wsman.AnswerTooSlow,
        "answer_too_slow",
        False,
        "Raise ansible_winrm_read_timeout_sec (winrm) or ansible_psrp_read_timeout (psrp) if the network is slow; else see what answers there.",
    ),
    (wsman.AnswerTooLarge, "answer_too_large", False, _NOT_WINRM),
    (wsman.NotHttp, "not_http", False, _not_http_remedy),
    (
        wsman.EndlessAnswer,
        "endless_answer",
        False,
        "No Windows has so much to say: see what answers there. "
        "Where it is an honest machine that is slow, raise ansible_winrm_read_timeout_sec (winrm) or ansible_psrp_read_timeout (psrp).",
    ),
    (wsman.AccessDenied, "access_denied", False, _access_remedy),
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
        "Windows did not finish in time, not even in small pages. Raise the operation timeout and the read timeout, which must be the longer one "
        "(ansible_winrm_operation_timeout_sec and ansible_winrm_read_timeout_sec, or ansible_psrp_operation_timeout and ansible_psrp_read_timeout), "
        "and run again.",
    ),
    (
        wsman.EffectUnknown,
        EFFECT_UNKNOWN,
        False,
        "The change may or may not have been made. Run again: the state is read first.",
    ),
    (CommandLost, EFFECT_UNKNOWN, False, "The command may or may not have been carried out. Run again: the state is read first."),
    (
        wsman.DeadlineExceeded,
        "deadline_exceeded",
        False,
        "Windows still works on it. Raise the option 'wait' if it is slow, and run again: the state is read first.",
    ),
    (wsman.ServiceBusy, "service_busy", False, "WMI is overloaded, starting or stopping on this machine. Run again in a few minutes."),
    (
        wsman.InvalidClassOrQuery,
        "class_missing",
        False,
        "This Windows does not know the class, or the account may not see it: check its version, and the WMI repository ('winmgmt /verifyrepository').",
    ),
    (NoHyperv, "namespace_missing", False, "Install the Hyper-V role, or take the machine out of the group of Hyper-V hosts."),
    (
        MachinesNotShown,
        "machines_not_shown",
        False,
        "Add the account to the group 'Hyper-V Administrators' on the host: Hyper-V shows its machines to members and administrators only.",
    ),
    (wsman.NotFound, "not_found", False, "It has gone in the meantime, such as a machine that moved to another host. Run again."),
    (wsman.MissingLibrary, "library_missing", False, _library_remedy),
    (NotSwitched, "not_switched", False, "See the event log of Hyper-V (Hyper-V-VMMS) on the host for the reason, then run again."),
    (NotWritten, "not_written", False, "See the event log of Hyper-V (Hyper-V-VMMS) on the host for the reason, then run again."),
    (LicensingRefused, "licensing_refused", False, "Look the code up with 'slui 0x2a' and the code on the machine."),
    (wsman.JobFailed, "job_failed", False, "See the event log of Hyper-V (Hyper-V-VMMS) on the host for the reason, then run again."),
    (wsman.UnsendableValue, "unsendable_value", False, "Change the value: neither XML nor CIM can carry it as it is."),
    (wsman.MethodFailed, "method_failed", False, "See the event log of the machine for the reason, then run again."),
    (
        wsman.MalformedAnswer,
        "malformed_answer",
        False,
        _NOT_WINRM,
    ),
    (wsman.UnexpectedHttpStatus, "unexpected_http_status", False, _status_remedy),
)


def failure_of(error: Exception, machine: str) -> Failure:
    """What went wrong with ``machine`` (as the inventory calls it), in one sentence of cause and one of remedy."""
    if isinstance(error, DirectRefused):
        found = error.finding
        return Failure(msg=f"{machine}: {found.cause}. {found.remedy}", kind=found.code.lower(), finding=found)
    kind, unreachable, remedy = "error", False, "Run again with -vvv for the protocol's details."
    for error_type, row_kind, row_unreachable, row_remedy in _REMEDIES:
        if isinstance(error, error_type):
            kind, unreachable = row_kind, row_unreachable
            remedy = row_remedy if isinstance(row_remedy, str) else row_remedy(error)
            break
    code, symbol, known_remedy = _code_of(error)
    reason = error.reason if isinstance(error, wsman.EffectUnknown) else None
    return Failure(
        msg=f"{machine}: {_cause(error)}. {known_remedy or remedy}",
        kind=kind,
        unreachable=unreachable,
        code=code,
        symbol=symbol,
        finding=reason.finding if isinstance(reason, DirectRefused) else None,
    )


def connection_not_made(error: Exception, machine: str) -> Failure:
    """What was refused before anything was sent: a library, an option of the connection, or that kinit got no ticket.

    Only the last has to do with another machine and may mend itself, so nothing else counts as unreachable.
    """
    if isinstance(error, wsman.WsManError):
        return failure_of(error, machine)
    if _NO_KERBEROS.search(str(error)):
        return failure_of(wsman.MissingLibrary("pykerberos"), machine)
    if not isinstance(error, (AnsibleError, UnsupportedConnection)):
        # Its text may quote an option.
        return failure_of(wsman.OptionsRefused("the connection", f"it cannot be made of its options ({type(error).__name__})"), machine)
    cause = safe_text(str(error).strip().rstrip(". "), limit=800)
    remedy = kerberos_remedy(cause)
    of_kerberos = remedy is not None or "kerberos" in cause.lower()
    unreachable = isinstance(error, AnsibleConnectionFailure) and of_kerberos
    if isinstance(error, AnsibleConnectionFailure) and not of_kerberos:
        remedy = _OPTIONS_REMEDY
    return Failure(
        msg=f"{machine}: {cause}." + (f" {remedy}" if remedy else ""),
        kind="authentication_failed" if of_kerberos else "connection_not_made",
        unreachable=unreachable,
    )


def _code_of(error: Exception) -> tuple[int | None, str | None, str | None]:
    """The most specific code, its symbol, and the remedy that belongs to it."""
    if isinstance(error, LicensingRefused):
        entry = error_of(error.code)
        return error.code, entry.symbol if entry else None, entry.remedy if entry else None
    if isinstance(error, wsman.Fault):
        # the same number as in its text
        number = error.hresult if not error.code or error.code > 0xFFFF else error.code
        return number, None if number is None else symbol_of(number), None
    return None, None, None


def _cause(error: Exception) -> str:
    """Texts of faults come from the machine, and some of them from its tenants."""
    if isinstance(error, wsman.AccessDenied) and error.namespace:
        return safe_text(f"WMI namespace {error.namespace}: {str(error).strip().rstrip('. ')}", limit=800)
    return safe_text(str(error).strip().rstrip(". "), limit=800)
