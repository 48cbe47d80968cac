# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that take their time."""

from __future__ import annotations

import asyncio
from typing import ClassVar, Literal

from pydantic import Field

from ..wsman.answer import Answer
from .effect import Effect, Moment, Strike


class Latency(Effect):
    """Waits ``seconds`` and up to ``jitter`` seconds more."""

    decides: ClassVar[bool] = False
    do: Literal["latency"]
    seconds: float = Field(ge=0, le=300)
    jitter: float = Field(default=0.0, ge=0, le=300)
    moment: Moment = "before"

    async def before(self, strike: Strike) -> Answer | None:
        if self.moment == "before":
            await self._wait(strike)
        return None

    async def after(self, strike: Strike, answer: Answer) -> Answer:
        if self.moment == "after":
            await self._wait(strike)
        return answer

    async def _wait(self, strike: Strike) -> None:
        seconds = self.seconds + self.jitter * strike.chance("jitter")
        strike.record(f"{seconds:.3f} s {self.moment} it was carried out")
        await asyncio.sleep(seconds)
