# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What chaos has done, for a person and for tests to read."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

_KEPT = 20000


@dataclass(frozen=True)
class Injection:
    """One effect on one exchange. ``at``: seconds since chaos began. ``exchange``: its number on that machine, from 1."""

    at: float
    machine: str
    exchange: int
    subject: str
    rule: str
    effect: str
    detail: str

    def describe(self) -> str:
        return f"{self.at:9.3f} s {self.machine} exchange {self.exchange} ({self.subject}): {self.effect}: {self.detail} [{self.rule}]"

    def as_dict(self) -> dict[str, Any]:
        return {
            "at": round(self.at, 3),
            "machine": self.machine,
            "exchange": self.exchange,
            "subject": self.subject,
            "rule": self.rule,
            "effect": self.effect,
            "detail": self.detail,
        }


class Journal:
    """Keeps the last injections, and counts all of them by effect."""

    def __init__(self) -> None:
        self.injections: deque[Injection] = deque(maxlen=_KEPT)
        self.effects: Counter[str] = Counter()

    def add(self, injection: Injection) -> None:
        self.injections.append(injection)
        self.effects[injection.effect] += 1

    def of(self, machine: str) -> list[Injection]:
        return [injection for injection in self.injections if injection.machine.lower() == machine.lower()]
