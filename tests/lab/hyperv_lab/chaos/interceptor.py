# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chaos between the listeners and the WinRM services: draws which rules hit an exchange, and lets their effects happen."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from weakref import WeakKeyDictionary

from ..world.host import Host
from ..wsman.answer import Answer
from ..wsman.interceptor import Exchange
from .chance import chance
from .effect import RuleMatch, Site
from .journal import Injection, Journal
from .loading import CALM
from .rules import Kind, Profile, Rule
from .subject import Subject, Subjects


@dataclass
class _Machine:
    """What decisions about one machine depend on. Nothing in it comes from another machine or, but for windows, from time."""

    kind: Kind
    exchanges: int = 0
    subjects: Subjects = field(default_factory=Subjects)
    fitting: Counter[str] = field(default_factory=Counter)  # exchanges by rule
    hits: Counter[str] = field(default_factory=Counter)  # by rule


@dataclass
class _Hit:
    """The rules that hit one exchange, and the effects that have happened to it."""

    subject: Subject
    matches: list[tuple[Rule, RuleMatch]] = field(default_factory=list)
    injected: list[str] = field(default_factory=list)


class Chaos:
    """An interceptor. ``clock``: seconds from any point on, for the windows of rules and for the journal."""

    def __init__(self, site: Site, profile: Profile = CALM, seed: int = 0, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._site = site
        self._clock = clock
        self.use(profile, seed)

    def use(self, profile: Profile, seed: int = 0) -> None:
        """Begin with another profile: exchanges are counted from 1 again, and the journal is empty."""
        self.profile = profile
        self.seed = seed
        self.restart()

    def restart(self) -> None:
        """The same profile and seed from the beginning."""
        self.journal = Journal()
        self._began = self._clock()
        self._machines: dict[str, _Machine] = {}
        self._hits: WeakKeyDictionary[Exchange, _Hit] = WeakKeyDictionary()

    @property
    def seconds(self) -> float:
        return self._clock() - self._began

    def exchanges(self, machine: str) -> int:
        """That chaos has seen of a machine. None are counted while the profile has no rules."""
        known = self._machines.get(machine)
        return known.exchanges if known is not None else 0

    async def before(self, exchange: Exchange) -> Answer | None:
        if not self.profile.rules:
            return None
        hit = self._draw(exchange)
        self._hits[exchange] = hit
        answer: Answer | None = None
        for rule, match in hit.matches:
            answer = await rule.effect.before(match) or answer
        return answer

    async def after(self, exchange: Exchange, answer: Answer) -> Answer:
        hit = self._hits.pop(exchange, None)
        if hit is None:
            return answer
        machine = self._machines.get(exchange.machine)
        if machine is not None:
            machine.subjects.answered(hit.subject, answer)
        for rule, match in hit.matches:
            answer = await rule.effect.after(match, answer)
        return replace(answer, injected=(*answer.injected, *hit.injected)) if hit.injected else answer

    def _draw(self, exchange: Exchange) -> _Hit:
        machine = self._machines.setdefault(exchange.machine, _Machine(self._kind(exchange.machine)))
        machine.exchanges += 1
        number = machine.exchanges
        hit = _Hit(machine.subjects.read(exchange))
        decided = False
        for rule in self.profile.rules:
            if not rule.window.includes(self.seconds) or not rule.when.fits(exchange, hit.subject, machine.kind):
                continue
            machine.fitting[rule.name] += 1
            if not rule.count.includes(machine.fitting[rule.name], machine.hits[rule.name]):
                continue
            if (rule.effect.decides and decided) or chance(self.seed, exchange.machine, number, rule.name) >= rule.probability:
                continue
            machine.hits[rule.name] += 1
            decided = decided or rule.effect.decides
            hit.matches.append((rule, self._match(exchange, hit, rule, number)))
        return hit

    def _match(self, exchange: Exchange, hit: _Hit, rule: Rule, number: int) -> RuleMatch:
        seed, journal, began = self.seed, self.journal, self._began

        def draw(about: str) -> float:
            return chance(seed, exchange.machine, number, rule.name, about)

        def record(detail: str) -> None:
            hit.injected.append(rule.effect.do)
            at = self._clock() - began
            journal.add(Injection(at, exchange.machine, number, str(hit.subject), rule.name, rule.effect.do, detail))

        return RuleMatch(exchange, hit.subject, self._site, draw, record)

    def _kind(self, machine: str) -> Kind:
        return "host" if isinstance(self._site.fleet.windows(machine), Host) else "guest"
