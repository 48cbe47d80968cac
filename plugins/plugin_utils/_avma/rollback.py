# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Putting the previous key back after an AVMA key was installed and could then not be activated.

Windows shows no more of a key than its last five characters, so only a key that is known otherwise can be put back: a published KMS client key, or an
AVMA key of the tables. A MAK, a retail or an OEM key is gone. Nothing is put back while the activation may still come.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .eligibility import product_name
from .facts import Channel, GuestFacts, LicenceFacts
from .findings import Finding, finding
from .guest_plan import GuestPlan, Step, StepKind, has_avma_key, last_five_of, licence_state
from .identity import GuestIdentity
from .keys import kms_client_keys
from .tables import Tables
from .windows_codes import describe_code, error_of, format_code

_WAIT = "Run again: if the guest was activated meanwhile, nothing is left to do."
_BY_HAND = "Install that key by hand if it is to be used again."


@dataclass(frozen=True)
class Rollback:
    """``step`` None: nothing is put back, and the findings say why."""

    step: Step | None = None
    key: str | None = field(default=None, repr=False)
    findings: tuple[Finding, ...] = ()


def known_key(licence: LicenceFacts, identity: GuestIdentity, tables: Tables) -> str | None:
    """The whole key of a product, where its channel, its last five characters and what the guest is leave one only."""
    last_five = last_five_of(licence)
    if licence.channel is Channel.KMS_CLIENT:
        keys = {row.key for row in kms_client_keys(identity.release, identity.edition)}
    elif licence.channel is Channel.AVMA:
        row = tables.avma_key(identity.release, identity.edition)
        keys = {row.key} if row is not None else set()
    else:
        return None
    return next((key for key in keys if key[-5:] == last_five), None)


def plan_rollback(before: GuestFacts, plan: GuestPlan, now: LicenceFacts | None, last_error: int | None, tables: Tables) -> Rollback:
    """What is to be put back after a plan failed whose key is installed.

    ``now`` is the product with that key, or the primary one if none has it; ``last_error`` the HRESULT of the last refusal.
    """
    name = plan.identity.name
    previous = before.primary
    if previous is None:
        return _nothing(name, "there was none", "Nothing to do.")
    if open_question := _why_not_now(plan, now, last_error):
        return _nothing(name, open_question, _WAIT)
    key = known_key(previous, plan.identity, tables)
    if key is None:
        last_five = last_five_of(previous) or "unknown"
        if previous.channel in (Channel.KMS_CLIENT, Channel.AVMA):
            return _nothing(name, f"the key ending in {last_five} is none that is known for {product_name(plan.identity)}", _BY_HAND)
        return _nothing(name, f"of the {previous.channel.value} key ending in {last_five} nothing more is known than that", _BY_HAND)
    after: dict[str, object] = {"channel": previous.channel.value, "last_five": key[-5:], "licensed": False}
    return Rollback(Step(StepKind.RESTORE_KEY, licence_state(now), after, "the AVMA key could not be activated"), key)


def rollback_findings(rollback: Rollback, plan: GuestPlan, licences: tuple[LicenceFacts, ...], refusal: int | None) -> tuple[Finding, ...]:
    """The result, by what the guest says afterwards. ``refusal``: the HRESULT with which Windows refused the key, if it did."""
    name, step = plan.identity.name, rollback.step
    if step is None:
        return rollback.findings
    wanted = step.after["last_five"]
    there = next((licence for licence in licences if last_five_of(licence) == wanted), None)
    if there is not None:
        code = "KMS_KEY_RESTORED" if there.channel is Channel.KMS_CLIENT else "KEY_RESTORED"
        return (finding(code, name, channel=there.channel.value, last_five=str(wanted), status=there.status.value),)
    reason = (
        f"Windows refused it with {describe_code(refusal)}"
        if refusal is not None
        else "Windows took it without an error, but does not show it"
    )
    return _nothing(name, reason, _BY_HAND).findings


def rollback_unknown(plan: GuestPlan, reason: str) -> tuple[Finding, ...]:
    """The finding when the connection did not outlive it. ``reason`` without a full stop at its end."""
    return _nothing(plan.identity.name, f"the guest could not be asked any more ({reason})", _WAIT).findings


def _why_not_now(plan: GuestPlan, now: LicenceFacts | None, last_error: int | None) -> str | None:
    """Why it is too early to give the new key up."""
    wanted = plan.key.last_five if plan.key is not None else None
    if now is None or last_five_of(now) != wanted:
        return "the guest does not have the key that was installed"
    if last_error is None:
        return "the activation may still come" if has_avma_key(now, wanted) else None
    if error_of(last_error) is None:
        return f"nothing is known of the code {format_code(last_error)}, so it may pass"
    return None


def _nothing(name: str | None, reason: str, remedy: str) -> Rollback:
    return Rollback(findings=(finding("KEY_NOT_RESTORED", name, reason=reason, remedy=remedy),))
