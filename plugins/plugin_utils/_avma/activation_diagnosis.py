# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Why a host refused a guest, as far as the guest itself and what is known of the host can show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .facts import GuestFacts
from .findings import Finding, finding
from .host_view import HostView
from .identity import GuestIdentity
from .integration_verdict import integration_findings
from .platform import is_in_azure

_INVALID_PLATFORM, _PARENT_NOT_ACTIVATED, _ID_MISMATCH = 0xC004FD01, 0xC004FD02, 0xC004FD03
_REFUSALS = ("ACTIVATION_FAILED", "ACTIVATION_TIMED_OUT")


def chassis_may_explain(code: int | None, timed_out: bool) -> bool:
    """Azure answers with either code. (Microsoft, Windows VM activation errors 0xC004FD01 and 0xC004FD02)"""
    return timed_out or code in (_INVALID_PLATFORM, _PARENT_NOT_ACTIVATED)


def integration_may_explain(code: int | None, timed_out: bool) -> bool:
    """Where a host answered, the way to it works."""
    return timed_out or code == _INVALID_PLATFORM


def diagnose(guest: GuestFacts, identity: GuestIdentity, host: HostView | None, code: int | None) -> tuple[Finding, ...]:
    """What explains the refusal ``code`` (None: none came, only no activation), what counts most first."""
    found: list[Finding] = []
    if is_in_azure(guest.computer):
        found.append(finding("GUEST_IN_AZURE", identity.name))
    if host is not None and "HOST_IS_AZURE_LOCAL" in host.findings and code in (_PARENT_NOT_ACTIVATED, _ID_MISMATCH):
        found.append(finding("AZURE_LOCAL_NOT_ENTITLED", identity.name, host=host.name))
    if host is not None and "HOST_IN_AZURE" in host.findings and code == _PARENT_NOT_ACTIVATED:
        found.append(finding("HOST_IN_AZURE", host.name))
    found.extend(integration_findings(guest.integration, identity.release, identity.name))
    return tuple(found)


def explained(refusal: Iterable[Finding], diagnosis: tuple[Finding, ...], said: Iterable[Finding] = ()) -> tuple[Finding, ...]:
    """The findings on a refusal with what explains it before them, as far as it is not ``said`` yet.

    The first explanation has the remedy that helps. Whether Data Exchange matters is open, so there the general one follows.
    """
    if not diagnosis:
        return tuple(refusal)
    first = diagnosis[0]
    before = tuple(said)
    new = (found for found in diagnosis if found not in before)

    def remedied(found: Finding) -> Finding:
        if found.code not in _REFUSALS:
            return found
        doubtful = first.code.startswith("DATA_EXCHANGE_")
        return replace(found, remedy=f"{first.remedy} If that does not help: {found.remedy}" if doubtful else first.remedy)

    return (*new, *(remedied(found) for found in refusal))
