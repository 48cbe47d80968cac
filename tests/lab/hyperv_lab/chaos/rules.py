# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of chaos as data: which exchanges are hit, how often, and by what. YAML, JSON and tests use the same models."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ..wsman.interceptor import Exchange
from .connections import Close, Drop, Reset, Unauthorized
from .damage import Malformed, Truncate, WrongRelatesTo
from .delays import Latency
from .jobs import SpoilJob
from .machines import ClockSkew, Migrate, Reboot
from .refusals import Refuse, Timeout, Unavailable
from .subject import ACTIONS, Subject

Kind = Literal["host", "guest"]
AnyEffect = Annotated[
    Latency
    | Unauthorized
    | Drop
    | Close
    | Reset
    | Truncate
    | Malformed
    | WrongRelatesTo
    | Refuse
    | Timeout
    | Unavailable
    | SpoilJob
    | Reboot
    | Migrate
    | ClockSkew,
    Field(discriminator="do"),
]


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _action(value: Any) -> Any:
    known = {action.lower(): action for action in ACTIONS}
    if not isinstance(value, str) or value.lower() not in known:
        raise ValueError(f"{value!r} is no action; choose from {', '.join(ACTIONS)}")
    return known[value.lower()]


Action = Annotated[str, BeforeValidator(_action)]
Actions = Annotated[tuple[Action, ...], BeforeValidator(_one_or_more)]
Patterns = Annotated[tuple[str, ...], BeforeValidator(_one_or_more)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class When(_Model):
    """Which exchanges fit. Each condition that is not given fits all. Names may hold * and ?, and their case does not matter.

    ``connection_age``: seconds since the connection's first request, ``connection_exchanges``: requests that it has carried before
    this one; both at least.
    """

    action: Actions = ()
    class_name: Patterns = Field(default=(), alias="class")
    method: Patterns = ()
    machine: Patterns = ()
    kind: Kind | None = None
    connection_age: float = Field(default=0.0, ge=0)
    connection_exchanges: int = Field(default=0, ge=0)

    def fits(self, exchange: Exchange, subject: Subject, kind: Kind) -> bool:
        return (
            (not self.action or subject.action in self.action)
            and _matches(subject.class_name, self.class_name)
            and _matches(subject.method, self.method)
            and _matches(exchange.machine, self.machine)
            and self.kind in (None, kind)
            and exchange.connection_age >= self.connection_age
            and exchange.connection_exchanges >= self.connection_exchanges
        )


def _matches(name: str, patterns: Iterable[str]) -> bool:
    lowered = name.lower()
    patterns = tuple(patterns)
    return not patterns or any(fnmatchcase(lowered, pattern.lower()) for pattern in patterns)


class Count(_Model):
    """Which of a machine's exchanges that fit: after the first ``after`` ones, of the rest the first ``first``, of these each
    ``every``-th one. ``at_most``: so often the rule hits one machine."""

    after: int = Field(default=0, ge=0)
    first: int | None = Field(default=None, ge=1)
    every: int = Field(default=1, ge=1)
    at_most: int | None = Field(default=None, ge=1)

    def includes(self, number: int, hits: int) -> bool:
        """``number``: of the exchange among those that fit, from 1. ``hits``: of the rule on that machine until now."""
        place = number - self.after
        return (
            place >= 1
            and (self.first is None or place <= self.first)
            and place % self.every == 0
            and (self.at_most is None or hits < self.at_most)
        )


class Window(_Model):
    """Seconds since chaos began."""

    since: float = Field(default=0.0, ge=0)
    until: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _in_order(self) -> Window:
        if self.until is not None and self.until <= self.since:
            raise ValueError(f"the window ends at {self.until:g} s, before it begins at {self.since:g} s")
        return self

    def includes(self, seconds: float) -> bool:
        return self.since <= seconds and (self.until is None or seconds < self.until)


class Rule(_Model):
    name: str = Field(min_length=1, max_length=80)
    when: When = When()
    count: Count = Count()
    window: Window = Window()
    probability: float = Field(default=1.0, ge=0, le=1)
    effect: AnyEffect


class Profile(_Model):
    name: str = "unnamed"
    description: str = ""
    rules: tuple[Rule, ...]

    @model_validator(mode="after")
    def _names_differ(self) -> Profile:
        names = [rule.name for rule in self.rules]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            # What hits a machine is drawn from the rule's name.
            raise ValueError(f"two rules are named {', '.join(map(repr, twice))}: names must differ")
        return self
