# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""A plan for one guest as a value: what is wished, what would be done, and what success looks like."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from .facts import Channel, LicenceFacts
from .findings import Finding
from .identity import GuestIdentity
from .key_choice import ChosenKey
from .outcome import Outcome
from .text import safe_text

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
    return safe_text(licence.partial_key, _PARTIAL_LIMIT).upper() or None


def licence_state(licence: LicenceFacts | None) -> dict[str, object]:
    """What a step shows of the guest's Windows licence."""
    if licence is None:
        return {"channel": None, "last_five": None, "licensed": False}
    return {"channel": licence.channel.value, "last_five": last_five_of(licence), "licensed": licence.licensed}
