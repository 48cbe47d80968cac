# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The result of a plan, judged by what the guest itself says afterwards and by nothing else."""

from __future__ import annotations

from .facts import LicenceFacts
from .findings import Finding, finding
from .guest_plan import GuestPlan, has_avma_key, is_activated_by_avma, last_five_of
from .outcome import Outcome
from .windows_codes import describe_code, error_of, format_code

# Codes whose cause is the host: with the host's name they read as an instruction. (slerror.h)
_ABOUT_HOST = {
    0xC004FD00: (
        "{host} had too many requests at the same time",
        "Wait some minutes, then run again, with fewer guests at a time ('throttle').",
    ),
    0xC004FD02: ("{host} is not activated", "Activate {host}, then run again."),
    0xC004FD03: (
        "{host} cannot activate this edition: it is not Datacenter, or older than the guest, or the guest is Datacenter: Azure Edition",
        "Move the guest to a Datacenter host of its own release or a newer one, or activate it by KMS or MAK.",
    ),
}


def outcome_of(licence: LicenceFacts | None, plan: GuestPlan, last_error: int | None) -> tuple[Outcome, tuple[Finding, ...]]:
    """Outcome after the steps of a plan, and what is to be said of it beyond the plan's own findings.

    ``licence`` is the guest's product with the wanted key, or its primary one if none has it; ``last_error`` the HRESULT of the last refusal.
    A plan without steps keeps its outcome.
    """
    if not plan.steps:
        return plan.outcome, ()
    name = plan.identity.name
    wanted = plan.key.last_five if plan.key is not None else None
    if is_activated_by_avma(licence, wanted):
        return Outcome.ACTIVATED, ()
    if licence is None and last_error is None:
        return Outcome.FAILED, (finding("LICENCE_LOST", name),)
    if licence is None or not has_avma_key(licence, wanted):
        if last_error is not None and plan.installs and _will_pass(last_error):
            return Outcome.DEFERRED, (_refused("KEY_INSTALL_DEFERRED", plan, last_error),)
        return Outcome.FAILED, (_key_not_there(licence, plan, last_error),)
    if not plan.activates:
        return Outcome.KEYED, ()
    if last_error is None:
        reason = describe_code(licence.reason) if licence.reason else "Windows gives no reason"
        return Outcome.FAILED, (finding("ACTIVATION_TIMED_OUT", name, status=licence.status.value, reason=reason),)
    if _will_pass(last_error):
        return Outcome.DEFERRED, (_refused("ACTIVATION_DEFERRED", plan, last_error),)
    return Outcome.FAILED, (_refused("ACTIVATION_FAILED", plan, last_error),)


def _will_pass(code: int) -> bool:
    entry = error_of(code)
    return entry is not None and entry.transient


def _key_not_there(licence: LicenceFacts | None, plan: GuestPlan, last_error: int | None) -> Finding:
    name = plan.identity.name
    if last_error is not None:
        return _refused("KEY_INSTALL_FAILED" if plan.installs else "ACTIVATION_FAILED", plan, last_error)
    partial = last_five_of(licence) if licence is not None else None
    wanted = plan.key.last_five if plan.key is not None else None
    if licence is not None and wanted is not None and partial == wanted:
        return finding("KEY_IS_OTHER_CHANNEL", name, last_five=partial, channel=licence.channel.value)
    error = (
        f"Windows took the key ending in {wanted or 'unknown'} without an error, but the guest has the key ending in {partial or 'unknown'}"
    )
    return finding("KEY_INSTALL_FAILED", name, error=error, remedy="Check the guest with 'slmgr /dlv', then run again.")


def _refused(code: str, plan: GuestPlan, last_error: int) -> Finding:
    entry = error_of(last_error)
    hexadecimal = format_code(last_error)
    host = f"host {plan.host_name}" if plan.host_name else "the Hyper-V host"
    if entry is None:
        error, remedy, symbol = (
            f"{hexadecimal}: Windows refused",
            "Look the code up with 'slui 0x2a " + hexadecimal + "' in the guest.",
            None,
        )
    elif entry.code in _ABOUT_HOST:
        cause, instruction = _ABOUT_HOST[entry.code]
        error, remedy, symbol = f"{hexadecimal} {entry.symbol}: {cause.format(host=host)}", instruction.format(host=host), entry.symbol
    else:
        error, remedy, symbol = f"{hexadecimal} {entry.symbol}: {entry.meaning}; {entry.cause}", entry.remedy, entry.symbol
    return finding(code, plan.identity.name, error=error, remedy=remedy, code=hexadecimal, symbol=symbol, host=plan.host_name)
