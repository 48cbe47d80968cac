# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an administrator can set on a WinRM service, and where Windows' own behaviour differs between versions or is not known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

AUTHENTICATION_SCHEMES = frozenset({"basic", "negotiate", "kerberos", "credssp", "certificate"})


@dataclass(frozen=True)
class ServiceSettings:
    """Defaults are those of Windows Server 2012 R2 and later, where one is documented (Microsoft, winrm/config)."""

    max_envelope_kb: int = 500
    max_batch_items: int = 32000
    max_timeout_ms: int = 60000
    enumeration_timeout_ms: int = 240000
    max_operations_per_user: int = 1500
    allow_unencrypted: bool = False
    authentication: frozenset[str] = frozenset({"basic", "negotiate", "kerberos"})
    # Over HTTPS: a handshake bound to another channel is refused unless "none"; "strict" refuses an unbound one too.
    cbt_hardening: Literal["none", "relaxed", "strict"] = "relaxed"
    # An account that RootSDDL does not name, such as a local administrator whose token UAC filters: 401 is what clients report of
    # Windows (pywinrm issues 114 and 188); a fault with code 5 is what its shells and [MS-WSMV] suggest.
    root_sddl_refusal: Literal["401", "fault"] = "401"
    # How many objects an optimised EnumerateResponse holds when there are several: one (recorded on 2008 to 2012), or as many as fit.
    first_page: Literal["one", "all"] = "one"
    # System properties that a projection names (SELECT __PATH): with their values, as WMI fills them, or left out. Not recorded.
    system_properties: Literal["shown", "omitted"] = "shown"
    # An HRESULT for which WinRM has no fault of its own, a missing namespace among them: in Code, or under a general code and in the text
    # alone (Azure Stack's release notes 1712, arcgis-powershell-dsc 452). Which number stands in Code then is not published.
    unknown_errors: Literal["code", "text"] = "code"
    # Seconds that Hyper-V's providers work before their first row, and for each row: monitoring projects wait 20 to 90 s for hosts with
    # hundreds of machines. The time passes at once; what is longer than OperationTimeout is 2150858793, and a Pull may be repeated.
    provider_seconds: float = 0.0
    row_seconds: float = 0.0
    # The detail of a fault: f:WSManFault, or p:MSFT_WmiError. What makes Windows choose is not known.
    fault_form: Literal["wsman", "wmierror"] = "wsman"
    # A method whose provider fails with an HRESULT: a fault with that code, or the code as ReturnValue.
    method_failure: Literal["fault", "return_value"] = "fault"
    # A Pull that ends without events: an empty list (recorded), or the fault for the operation timeout ([DSP0226]).
    idle_pull: Literal["empty", "fault"] = "empty"
    # Reject what Windows rejects although an answer would be possible.
    strict: bool = True
    version: str = "10.0.20348"  # shown by an authenticated Identify

    def __post_init__(self) -> None:
        unknown = self.authentication - AUTHENTICATION_SCHEMES
        if unknown:
            raise ValueError(f"unknown authentication {sorted(unknown)}: choose from {sorted(AUTHENTICATION_SCHEMES)}")
        if self.max_envelope_kb < 32:
            raise ValueError(f"max_envelope_kb is {self.max_envelope_kb}, WinRM allows no less than 32")

    @property
    def max_envelope_bytes(self) -> int:
        return self.max_envelope_kb * 1024
