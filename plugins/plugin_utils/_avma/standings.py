# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""What must be known, and from whom, for each word on a machine's activation: one table, which code and guide share.

``RULES`` are tried in their order. The first whose condition holds gives the standing; the last one always holds, and it is "unknown".
Who signs a report signs these words, so a word that is only likely is not said: what a host has logged is the truth of that moment, and
stands with the time of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from .lease import LeaseRule


class Standing(str, Enum):
    """What is known of a machine's activation. Each machine has exactly one."""

    ACTIVATED = "activated"  # by AVMA
    LAPSED = "lapsed"  # it was activated by AVMA, still has the key, and its lease is over
    LICENSED_OTHERWISE = "licensed_otherwise"  # by MAK, KMS, retail or OEM, as the guest says
    NOT_ACTIVATED = "not_activated"
    CONTRADICTED = "contradicted"
    NOT_APPLICABLE = "not_applicable"  # Linux and others that AVMA does not serve
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class GuestWord:
    """What the guest itself has answered. ``activated``: by AVMA; None: it did not say. ``ends``: of its lease, by the minutes that it reported."""

    time: datetime
    activated: bool | None
    licensed: bool | None = None
    has_avma_key: bool = False
    was_activated: bool = False  # a success is on record, from itself or a host
    ends: datetime | None = None
    opposed: bool = False  # its host logged a success that should still hold


@dataclass(frozen=True)
class Known:
    """What is known of one machine. Times are by one clock.

    ``success`` and ``refusal``: the newest that a host has logged. ``covered``: since when the logs of all hosts are known to be whole; None: they
    are not. ``not_served``: Data Exchange names a system that AVMA does not serve.
    """

    now: datetime
    rule: LeaseRule
    guest: GuestWord | None = None
    success: datetime | None = None
    refusal: datetime | None = None
    covered: datetime | None = None
    claimed: bool = False
    not_served: bool = False
    seen: datetime | None = None  # when Data Exchange was read

    @property
    def host_is_newer(self) -> bool:
        """A host has logged a success since the guest was asked."""
        return self.guest is None or self.guest.activated is None or (self.success is not None and self.success > self.guest.time)

    @property
    def refused_after_lease(self) -> bool:
        """The machine ran and asked with an AVMA key when nothing that it had been given could hold any more."""
        if self.refusal is None or self.covered is None:
            return False
        begin = self.refusal - self.rule.validity
        return self.covered <= begin and (self.success is None or self.success <= begin)


@dataclass(frozen=True)
class StandingRule:
    """One row. ``holds`` is the condition, ``known``, ``source`` and ``until`` are its words; ``as_of``: the moment that the word is true of."""

    name: str
    standing: Standing
    known: str
    source: str
    until: str
    holds: Callable[[Known], bool]
    as_of: Callable[[Known], datetime | None]


def _guest_says(known: Known) -> GuestWord | None:
    """The guest's word, where no host knows anything newer."""
    guest = known.guest
    if guest is None or guest.activated is None:
        return None
    return None if not guest.activated and known.host_is_newer else guest


def _says_activated(known: Known) -> bool:
    guest = _guest_says(known)
    return guest is not None and guest.activated is True and (guest.ends is None or known.now < guest.ends)


def _contradicted(known: Known) -> bool:
    return known.guest is not None and known.guest.opposed and _guest_says(known) is not None


def _says_licensed(known: Known) -> bool:
    guest = _guest_says(known)
    return guest is not None and guest.activated is False and guest.licensed is True


def _says_lapsed(known: Known) -> bool:
    guest = _guest_says(known)
    return guest is not None and guest.activated is False and guest.has_avma_key and guest.was_activated


def _says_no(known: Known) -> bool:
    guest = _guest_says(known)
    return guest is not None and guest.activated is False


def _success_holds(known: Known) -> bool:
    return known.host_is_newer and known.success is not None and known.now < known.success + known.rule.validity


def _lapsed(known: Known) -> bool:
    return known.host_is_newer and known.success is not None and known.refused_after_lease


def _refused(known: Known) -> bool:
    return known.host_is_newer and known.success is None and known.refused_after_lease


def _not_served(known: Known) -> bool:
    silent = known.guest is None or known.guest.activated is None
    return known.not_served and silent and known.success is None and known.refusal is None


def _asked(known: Known) -> datetime | None:
    return known.guest.time if known.guest is not None else None


_THEN = "For that moment: it stands with the time"

RULES: tuple[StandingRule, ...] = (
    StandingRule(
        "guest_contradicts",
        Standing.CONTRADICTED,
        "The guest says that it is not licensed, and its host logged a success that should still hold",
        "guest and host",
        "The moment of the guest's answer",
        _contradicted,
        _asked,
    ),
    StandingRule(
        "guest_activated",
        Standing.ACTIVATED,
        "The guest says that it is licensed by AVMA",
        "guest",
        "The moment of its answer, and from then until the minutes that it reported are over",
        _says_activated,
        _asked,
    ),
    StandingRule(
        "guest_licensed",
        Standing.LICENSED_OTHERWISE,
        "The guest says that it is licensed, and not by AVMA",
        "guest",
        "The moment of its answer",
        _says_licensed,
        _asked,
    ),
    StandingRule(
        "guest_lapsed",
        Standing.LAPSED,
        "The guest says that it is not licensed and has an AVMA key, and an activation that is over by now is on record",
        "guest",
        "The moment of its answer",
        _says_lapsed,
        _asked,
    ),
    StandingRule(
        "guest_not_activated",
        Standing.NOT_ACTIVATED,
        "The guest says that it is not licensed",
        "guest",
        "The moment of its answer, unless a host has logged a success since",
        _says_no,
        _asked,
    ),
    StandingRule(
        "host_activated",
        Standing.ACTIVATED,
        "A host logged a success, and the lease that began then is not over. Refusals after it end nothing",
        "host's log",
        f"{_THEN} of the success. What the guest has become since, such as another key, no source reports",
        _success_holds,
        lambda known: known.success,
    ),
    StandingRule(
        "host_lapsed",
        Standing.LAPSED,
        "A host refused a request after the end of the last lease, and the logs of all hosts are whole from a lease's length before the refusal on. "
        "Who asks runs and has an AVMA key",
        "host's log",
        f"{_THEN} of the refusal",
        _lapsed,
        lambda known: known.refusal,
    ),
    StandingRule(
        "host_refused",
        Standing.NOT_ACTIVATED,
        "The same, with no success on record",
        "host's log",
        f"{_THEN} of the refusal",
        _refused,
        lambda known: known.refusal,
    ),
    StandingRule(
        "not_served",
        Standing.NOT_APPLICABLE,
        "Data Exchange names a system that AVMA does not serve, and no host has activated the machine",
        "Data Exchange, a hint",
        "As long as Data Exchange says so",
        _not_served,
        lambda known: known.seen,
    ),
    StandingRule(
        "no_renewal",
        Standing.UNKNOWN,
        "The last lease on record is over, and no source reports what came after. The machine may be off, may have moved, or may have another key",
        "-",
        "The last success and its time are shown: no renewal since then",
        lambda known: known.success is not None or (known.guest is not None and known.guest.activated is True),
        lambda known: None,
    ),
    StandingRule(
        "only_refused",
        Standing.UNKNOWN,
        "A host refused a request, and an earlier success may have been missed: a log was cut, cleared or not read, or is shorter than a lease",
        "-",
        "The refusal and its time are shown",
        lambda known: known.refusal is not None,
        lambda known: None,
    ),
    StandingRule(
        "only_claimed",
        Standing.UNKNOWN,
        "Only a key-value pair speaks of activation. The guest's administrator can write it",
        "-",
        "The claim is shown",
        lambda known: known.claimed,
        lambda known: None,
    ),
    StandingRule(
        "nothing", Standing.UNKNOWN, "No source reports its state", "-", "Neither good nor bad", lambda known: True, lambda known: None
    ),
)


def rule_for(known: Known) -> StandingRule:
    """The first row that holds."""
    return next(rule for rule in RULES if rule.holds(known))


# What happens to machines, and what it does to the rows above.
CIRCUMSTANCES: tuple[tuple[str, str], ...] = (
    ("Time passes", "A lease ends after the minutes that the guest reported, else after `avma_lease_validity`. Its end makes *unknown*, not *lapsed*"),
    ("The machine is off, saved or paused", "It asks nobody, so that no renewal comes says nothing. It stands as before until the lease is over"),
    ("Its host refuses a renewal", "The lease stays. `RENEWAL_REFUSED` says until when, why the host refuses, and what to do"),
    ("It moves to another host", "Events of all hosts count by the machine's ID. A host that was not asked, or whose log was not read, hides a success"),
    (
        "A log is cut, cleared or full",
        "What was read stays true of its moment. From the absence of a success nothing follows: a log counts as whole from the oldest event "
        "that was read in one go up to now, and the bookmark carries that on from run to run",
    ),
    ("A checkpoint is restored", "The guest may be as it was before the last success. Only its own answer says which, and `CONTRADICTED` shows the difference"),
    ("It is a clone", "A shared activation ID is a finding on both. Events count for the ID of the machine, which is its own"),
    (
        "It is renamed, or takes another's name",
        "The ID joins. A name joins only where one machine alone has it, is marked as weaker, and makes no absence certain",
    ),
    ("Two hosts show it", "It counts once, as the host shows it on which it runs, with the events of both"),
    (
        "Clocks differ",
        "Events are compared by the clock that wrote them: two minutes and more between a host and the controller are `CLOCK_DIFFERS`, and the "
        "times of that host are reckoned by the controller's clock. An event that is later than now counts for nothing",
    ),
)  # fmt: skip
