# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that take their time."""

from __future__ import annotations

import asyncio
from typing import ClassVar, Literal

from pydantic import Field

from ..wsman.answer import Answer
from .effect import Effect, Moment, RuleMatch


class Latency(Effect):
    """Waits ``seconds`` and up to ``jitter`` seconds more."""

    decides: ClassVar[bool] = False
    do: Literal["latency"]
    seconds: float = Field(ge=0, le=300)
    jitter: float = Field(default=0.0, ge=0, le=300)
    moment: Moment = "before"

    async def before(self, match: RuleMatch) -> Answer | None:
        if self.moment == "before":
            await self._wait(match)
        return None

    async def after(self, match: RuleMatch, answer: Answer) -> Answer:
        if self.moment == "after":
            await self._wait(match)
        return answer

    async def _wait(self, match: RuleMatch) -> None:
        seconds = self.seconds + self.jitter * match.chance("jitter")
        match.record(f"{seconds:.3f} s {self.moment} it was carried out")
        await asyncio.sleep(seconds)
