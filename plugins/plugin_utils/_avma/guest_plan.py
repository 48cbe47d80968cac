# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""What is to be done to a guest so that AVMA activates it: a plan, made from facts only.

Rules of conduct: a licensed key of another channel is never replaced unless asked; nothing is changed on a guess; what a guest already has is not done again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from .cluster_verdict import renewal_elsewhere_findings
from .editions import Edition
from .eligibility import evaluation_finding, why_not_this_age, why_not_this_edition, why_not_this_host_release, why_not_this_kind
from .facts import Channel, GuestFacts, LicenceFacts, LicenceStatus
from .finding_types import FINDINGS, Severity
from .findings import Finding, finding
from .host_view import HostView
from .identity import GuestIdentity, identify_os
from .key_choice import ChosenKey, KeyChoice, KeySource, choose_key
from .kms_left import kms_left_findings
from .outcome import Outcome
from .platform import is_in_azure, why_not_this_platform
from .tables import Tables
from .text import safe_text

# Refusals of a stated key that hold whatever state the guest is in: the wish itself is wrong.
_WRONG_WISH = ("KEY_MALFORMED", "KEY_IS_KMS_CLIENT_KEY", "KEY_FOR_OTHER_RELEASE", "KEY_FOR_OTHER_EDITION")
# Five characters on every Windows; far less than a whole key.
_PARTIAL_LIMIT = 10


@dataclass(frozen=True)
class KeyWish:
    """What the user wants. ``key`` None: the published AVMA key."""

    key: str | None = field(default=None, repr=False)
    activate: bool = True
    replace_licensed: bool = False
    require_ready: bool = False  # nothing is changed unless the host is known to be ready
    require_all_nodes: bool = False  # ... unless each node of its cluster could renew the activation
    rollback: bool = False  # the previous key is put back where the AVMA key cannot be activated


class StepKind(str, Enum):
    INSTALL_KEY = "install_key"
    ACTIVATE = "activate"
    RESTORE_KEY = "restore_key"  # never planned beforehand


@dataclass(frozen=True)
class Step:
    """One change. ``before`` and ``after`` have "channel", "last_five" and "licensed" of the guest's Windows licence."""

    kind: StepKind
    before: dict[str, object] = field(hash=False)
    after: dict[str, object] = field(hash=False)
    reason: str = ""


@dataclass(frozen=True)
class GuestPlan:
    """``outcome`` is final if there are no steps, else what their success brings. For a refusal the first finding is its reason."""

    identity: GuestIdentity
    key: ChosenKey | None
    outcome: Outcome
    steps: tuple[Step, ...] = ()
    findings: tuple[Finding, ...] = ()
    host_name: str | None = None

    @property
    def installs(self) -> bool:
        return any(step.kind is StepKind.INSTALL_KEY for step in self.steps)

    @property
    def activates(self) -> bool:
        return any(step.kind is StepKind.ACTIVATE for step in self.steps)

    @property
    def hangs_on_host(self) -> bool:
        """Whether it was made without the guest's host and may be another one with it: Azure Edition is entitled on some hosts."""
        return self.outcome is Outcome.REFUSED and any(found.code == "GUEST_IS_AZURE_EDITION" for found in self.findings)


def is_activated_by_avma(licence: LicenceFacts | None, last_five: str | None) -> bool:
    """The test of success: licensed, channel AVMA, and the wanted key where its last group is known."""
    return licence is not None and licence.licensed and has_avma_key(licence, last_five)


def has_avma_key(licence: LicenceFacts | None, last_five: str | None) -> bool:
    """Whether a product has the wanted key and Windows takes it for an AVMA key. Only such a product may be asked to activate:
    for a MAK the same call would use up one of its activations."""
    if licence is None or licence.channel is not Channel.AVMA:
        return False
    return last_five is None or last_five_of(licence) == last_five.upper()


def last_five_of(licence: LicenceFacts) -> str | None:
    """``PartialProductKey`` in capitals, None if it is missing or blank. Cut short: it is the guest's word and may be anything."""
    return safe_text(licence.partial_product_key, _PARTIAL_LIMIT).upper() or None


def licence_state(licence: LicenceFacts | None) -> dict[str, object]:
    """What a step shows of the guest's Windows licence."""
    if licence is None:
        return {"channel": None, "last_five": None, "licensed": False}
    return {"channel": licence.channel.value, "last_five": last_five_of(licence), "licensed": licence.licensed}


def plan_guest_key(guest: GuestFacts, wish: KeyWish, host: HostView | None = None, *, tables: Tables) -> GuestPlan:
    """The plan for one guest. Never raises on facts; a wish that cannot be met is a plan with the outcome REFUSED."""
    return _Planner(guest, wish, host, tables).plan()


class _Planner:
    """The decisions in their order. Each returns a plan that settles the matter, or None to go on."""

    def __init__(self, guest: GuestFacts, wish: KeyWish, host: HostView | None, tables: Tables) -> None:
        self.guest = guest
        self.wish = wish
        self.host = host
        self.tables = tables
        self.identity = identify_os(guest.os, tables)
        self.name = guest.os.name or (guest.computer.name if guest.computer else None)
        self.choice: KeyChoice = choose_key(self.identity, wish.key, self.name, tables)
        # The facts put a licensed product first; should they not, it still is the one that must not be lost.
        self.licence = next((licence for licence in guest.licences if licence.licensed), guest.primary)
        self.notes: list[Finding] = []

    def plan(self) -> GuestPlan:
        return (
            self._wrong_wish()
            or self._already_activated()
            or self._not_served()
            or self._evaluation()
            or self._kept()
            or self._release_and_edition()
            or self._azure()
            or self._other_channel()
            or self._host()
            or self._steps()
        )

    def _wrong_wish(self) -> GuestPlan | None:
        refusal = self.choice.refusal
        return self._refuse(refusal) if refusal is not None and refusal.code in _WRONG_WISH else None

    def _already_activated(self) -> GuestPlan | None:
        activated = [licence for licence in self.guest.licences if is_activated_by_avma(licence, None)]
        if not activated:
            return None
        chosen = self.choice.key
        # Two products may be licensed: whichever comes first, the one with the wanted key settles it.
        wanted = [licence for licence in activated if chosen is not None and last_five_of(licence) == chosen.last_five]
        installed = last_five_of((wanted or activated)[0])
        differs = installed is not None and chosen is not None and chosen.last_five != installed
        if differs and self.wish.key is not None:
            return None
        if differs and chosen is not None:
            self.notes.append(finding("GUEST_AVMA_KEY_DIFFERS", self.name, last_five=installed, expected=chosen.last_five))
        if self.host is not None and self.host.ready is False:
            self.notes.append(finding("RENEWAL_AT_RISK", self.name, host=self.host.name, reasons=_reasons(self.host)))
        self.notes.extend(renewal_elsewhere_findings(self.identity, self.name, self.host, self.tables))
        self.notes.extend(kms_left_findings(self.guest))
        key = chosen if chosen is not None and not differs else ChosenKey(installed, KeySource.INSTALLED)
        return self._settle(Outcome.ALREADY_ACTIVATED, key)

    def _not_served(self) -> GuestPlan | None:
        if refusal := why_not_this_kind(self.identity, self.name) or why_not_this_platform(self.guest.computer, self.name):
            return self._refuse(refusal)
        return None

    def _evaluation(self) -> GuestPlan | None:
        if self.identity.evaluation or (self.licence is not None and self.licence.channel is Channel.EVALUATION):
            return self._refuse(evaluation_finding(self.identity, self.name, self.guest.os.product_type, tables=self.tables))
        return None

    def _kept(self) -> GuestPlan | None:
        licence = self.licence
        if licence is None or licence.channel is Channel.AVMA or self.wish.replace_licensed:
            return None
        words = {"channel": licence.channel.value, "last_five": last_five_of(licence), "status": licence.status.value}
        if licence.licensed:
            kept = finding("GUEST_KEPT_OTHER_CHANNEL", self.name, **words)
        elif licence.channel is Channel.KMS_HOST:
            kept = finding("GUEST_IS_KMS_HOST", self.name, **words)
        elif licence.status is LicenceStatus.UNKNOWN:
            kept = finding("GUEST_LICENCE_UNKNOWN", self.name, status_code=licence.status_code, **words)
        else:
            return None
        self.notes.append(kept)
        return self._settle(Outcome.KEPT, None)

    def _release_and_edition(self) -> GuestPlan | None:
        if refusal := why_not_this_age(self.identity, self.name) or why_not_this_edition(self.identity, self.name):
            return self._refuse(refusal)
        if self.identity.edition is Edition.DATACENTER_AZURE:
            if self.wish.key is None and not (self.host is not None and self.host.azure_entitled):
                return self._refuse(finding("GUEST_IS_AZURE_EDITION", self.name))
            why = "the key was stated" if self.wish.key is not None else "its host may be entitled"
            self.notes.append(finding("GUEST_AZURE_EDITION_TRIED", self.name, reason=why))
        # An AVMA key that is there needs no other one to be chosen.
        if self.choice.refusal is not None and not has_avma_key(self.licence, None):
            return self._refuse(self.choice.refusal)
        return None

    def _azure(self) -> GuestPlan | None:
        if not is_in_azure(self.guest.computer):
            return None
        in_azure = finding("GUEST_IN_AZURE", self.name)
        # The same chassis may be Azure Stack Hub's, so an AVMA key that is stated, or is there, is tried.
        if self.wish.key is None and self._installed_row(self.choice.key) is None:
            return self._refuse(in_azure)
        self.notes.append(in_azure)
        return None

    def _other_channel(self) -> GuestPlan | None:
        """The wanted key is there, and Windows takes it for another one: putting it in once more would change nothing of that, each time."""
        chosen = self.choice.key
        if chosen is None or self._installed_row(chosen) is not None:
            return None
        taken = next((licence for licence in self.guest.licences if last_five_of(licence) == chosen.last_five), None)
        if taken is None:
            return None
        return self._refuse(finding("KEY_IS_OTHER_CHANNEL", self.name, last_five=chosen.last_five, channel=taken.channel.value))

    def _host(self) -> GuestPlan | None:
        host = self.host
        if host is None or host.problem is not None:
            return self._host_not_judged(host)
        refusals = []
        if newer := why_not_this_host_release(self.identity, self.name, host.release, host.name, self.tables):
            refusals.append(newer)
        if host.ready is False:
            refusals.append(finding("HOST_NOT_READY", self.name, host=host.name, reasons=_reasons(host)))
        if refusals:
            return self._refuse(*refusals)
        elsewhere = renewal_elsewhere_findings(self.identity, self.name, host, self.tables)
        if elsewhere and self.wish.require_all_nodes:
            return self._refuse(*(finding("GUEST_NOT_FOR_ALL_NODES", self.name, **found.data) for found in elsewhere))
        self.notes.extend(elsewhere)
        if host.ready is None:
            self.notes.append(finding("HOST_READINESS_UNKNOWN", self.name, host=host.name, reasons=_reasons(host)))
            if self.wish.require_ready:
                return self._settle(Outcome.DEFERRED, None)
        return None

    def _host_not_judged(self, host: HostView | None) -> GuestPlan | None:
        """A host that could not be asked may well activate its guests. But a licence that may be lost by it is not given up for that."""
        name: str | None
        if host is not None and host.to_do is not None:
            self.notes.append(finding("HOST_NOT_IN_RUN", self.name, host=host.name or None, reason=host.problem, to_do=host.to_do))
            return self._settle(Outcome.DEFERRED, None)
        if host is not None and host.problem is not None:
            name, reason = host.name, host.problem
        else:
            placement = self.guest.placement
            # Where the guest runs is asked only once something would be changed.
            if placement is None or not self.wish.require_ready:
                return None
            name = placement.host_name
            reason = "it is none of those that were asked" if name else "the guest does not report which host it runs on"
        self.notes.append(finding("HOST_NOT_JUDGED", self.name, host=name, reason=reason))
        loses = self.licence is not None and self.licence.licensed and self.licence.channel is not Channel.AVMA
        return self._settle(Outcome.DEFERRED, None) if self.wish.require_ready or loses else None

    def _steps(self) -> GuestPlan:
        chosen = self.choice.key
        there = self._installed_row(chosen)
        # Without a choice there is an AVMA key in the guest, else the plan would have ended before.
        key = chosen if chosen is not None else ChosenKey(last_five_of(there) if there else None, KeySource.INSTALLED)
        steps: list[Step] = []
        now = licence_state(there or self.licence)
        if there is None:
            # Installing a key never licenses by itself; in which of the unlicensed states Windows then is, nobody says.
            after: dict[str, object] = {"channel": Channel.AVMA.value, "last_five": key.last_five, "licensed": False}
            steps.append(Step(StepKind.INSTALL_KEY, now, after, self._why_install()))
            self.notes.extend(self.choice.notes)
            self.notes.extend(self._replaced())
            now = after
        if self.wish.activate:
            why = "the AVMA key is not activated" + (f" ({there.status.value})" if there is not None else " by being installed")
            steps.append(Step(StepKind.ACTIVATE, now, {**now, "licensed": True}, why))
        return self._settle(Outcome.ACTIVATED if self.wish.activate else Outcome.KEYED, key, tuple(steps))

    def _installed_row(self, chosen: ChosenKey | None) -> LicenceFacts | None:
        """The product that has the wanted AVMA key already, or any AVMA key if none was chosen."""
        wanted = None if chosen is None else chosen.last_five
        return next((licence for licence in self.guest.licences if has_avma_key(licence, wanted)), None)

    def _why_install(self) -> str:
        licence = self.licence
        if licence is None:
            return "no Windows product has a key"
        ending = f"the {licence.channel.value} key ending in {last_five_of(licence) or 'unknown'}"
        if licence.channel is Channel.AVMA:
            return f"{ending} is not the wanted one"
        if licence.licensed:
            return f"{ending} is licensed, and replacing it was asked for"
        return f"{ending} is not licensed ({licence.status.value})"

    def _replaced(self) -> tuple[Finding, ...]:
        licence = self.licence
        # KMS client keys are generic: nothing is lost with them unless they are licensed.
        if licence is None or licence.channel is Channel.AVMA or (licence.channel is Channel.KMS_CLIENT and not licence.licensed):
            return ()
        return (
            finding("KEY_REPLACED", self.name, channel=licence.channel.value, last_five=last_five_of(licence), status=licence.status.value),
        )

    def _refuse(self, *refusals: Finding) -> GuestPlan:
        self.notes[:0] = refusals
        return self._settle(Outcome.REFUSED, None)

    def _settle(self, outcome: Outcome, key: ChosenKey | None, steps: tuple[Step, ...] = ()) -> GuestPlan:
        placement = self.guest.placement
        host_name = self.host.name if self.host is not None else (placement.host_name if placement is not None else None)
        return GuestPlan(self.identity, key, outcome, steps, tuple(self.notes), host_name)


def _reasons(host: HostView) -> tuple[str, ...]:
    """The host's own findings that explain its state: errors if it is not ready, warnings if that is open."""
    wanted = Severity.ERROR if host.ready is False else Severity.WARNING
    named = tuple(
        f"{FINDINGS[code].title} ({code})" if code in FINDINGS else code
        for code in host.findings
        if code not in FINDINGS or FINDINGS[code].severity is wanted
    )
    return named or ("see the findings of hyperv.avma.host_info",)
