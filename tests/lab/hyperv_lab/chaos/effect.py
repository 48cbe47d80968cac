# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every effect of chaos has in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from ..world.fleet import Fleet
from ..wsman.answer import Answer
from ..wsman.interceptor import Exchange
from .subject import Subject

Moment = Literal["before", "after"]  # the request is carried out


class Site(Protocol):
    """The lab, as far as effects change it."""

    @property
    def fleet(self) -> Fleet:
        """The world as it is now."""

    def restart(self, machine: str, seconds: float) -> None:
        """Takes a host or guest down now and has it back after so many seconds. Nothing if it is down already."""

    def is_restarting(self, machine: str) -> bool:
        """Whether it is down because of ``restart``."""


@dataclass(frozen=True)
class RuleMatch:
    """One rule that hits one exchange. ``chance`` gives a repeatable number in [0, 1) for each question that an effect has.

    ``record`` is to be called when the effect has happened, with what a person may want to know of it.
    """

    exchange: Exchange
    subject: Subject
    site: Site
    chance: Callable[[str], float]
    record: Callable[[str], None]


class Effect(BaseModel):
    """``decides``: what the client gets is another answer, or none. Of such effects only the first one hits an exchange."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    decides: ClassVar[bool] = True

    async def before(self, match: RuleMatch) -> Answer | None:
        """An answer keeps the request from being carried out."""
        return None

    async def after(self, match: RuleMatch, answer: Answer) -> Answer:
        return answer
