# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections that end, or forget who is at their other end."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from ..wsman.answer import Answer, Ending
from .effect import Effect, RuleMatch


class Unauthorized(Effect):
    """401 in mid session: the request is not carried out and the security context is forgotten, so the handshake begins again."""

    do: Literal["unauthorized"]

    async def before(self, match: RuleMatch) -> Answer | None:
        match.record("401, the security context is forgotten")
        return Answer(401, ending=Ending.FORGOTTEN)


class Drop(Effect):
    """The connection is closed instead of an answer, and the request is not carried out."""

    do: Literal["drop"]

    async def before(self, match: RuleMatch) -> Answer | None:
        match.record("closed before it was carried out")
        return Answer(0, ending=Ending.CUT)


class Close(Effect):
    """The connection is closed after the answer, so that only the next request finds out: a keep-alive that was dropped."""

    do: Literal["close"]

    async def after(self, match: RuleMatch, answer: Answer) -> Answer:
        match.record("closed after the answer")
        return replace(answer, ending=Ending.CLOSED)


class Reset(Effect):
    """The request is carried out, half of the answer arrives, then the connection is reset."""

    do: Literal["reset"]

    async def after(self, match: RuleMatch, answer: Answer) -> Answer:
        match.record("carried out, then reset in the middle of the answer")
        return replace(answer, ending=Ending.RESET)
