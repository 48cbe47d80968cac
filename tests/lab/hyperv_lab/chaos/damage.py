# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that arrive damaged although HTTP, TLS and message encryption find nothing wrong with them. The request is carried out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from pydantic import Field

from ..wsman.answer import Answer
from .effect import Effect, RuleMatch

_RELATES_TO = re.compile(r"(<a:RelatesTo>)[^<]*(</a:RelatesTo>)")
_ANOTHER_MESSAGE = "uuid:00000000-0000-0000-0000-000000000000"


class Truncate(Effect):
    """The envelope ends early."""

    do: Literal["truncate"]
    share: float = Field(default=0.5, ge=0, lt=1)  # of its characters that are sent

    async def after(self, match: RuleMatch, answer: Answer) -> Answer:
        if not answer.body:
            return answer
        match.record(f"carried out, {self.share:.0%} of the envelope is sent")
        return replace(answer, body=answer.body[: int(len(answer.body) * self.share)])


def _unclosed(body: str, position: int) -> str:
    return f"{body[:position]}<{body[position:]}"


def _control_character(body: str, position: int) -> str:
    return f"{body[:position]}\x01{body[position:]}"


def _entity(body: str, position: int) -> str:
    return f"{body[:position]}&nbsp;{body[position:]}"


def _wrong_end(body: str, position: int) -> str:
    return f"{body}</s:Envelope>"


_DAMAGES: dict[str, Callable[[str, int], str]] = {
    "an unclosed tag": _unclosed,
    "a control character": _control_character,
    "an undeclared entity": _entity,
    "an end tag too many": _wrong_end,
}


class Malformed(Effect):
    """The envelope is not well-formed XML."""

    do: Literal["malformed"]

    async def after(self, match: RuleMatch, answer: Answer) -> Answer:
        if not answer.body:
            return answer
        kind = [*_DAMAGES][int(match.chance("kind") * len(_DAMAGES))]
        match.record(f"carried out, {kind} in the envelope")
        # Never in front of the root element's name, which would leave no XML to speak of.
        start = answer.body.find(">") + 1
        position = start + int(match.chance("position") * (len(answer.body) - start))
        return replace(answer, body=_DAMAGES[kind](answer.body, position))


class WrongRelatesTo(Effect):
    """The envelope says that it answers another message."""

    do: Literal["wrong_relates_to"]

    async def after(self, match: RuleMatch, answer: Answer) -> Answer:
        body, changes = _RELATES_TO.subn(rf"\g<1>{_ANOTHER_MESSAGE}\g<2>", answer.body, count=1)
        if changes:
            match.record("carried out, RelatesTo names another message")
        return replace(answer, body=body)
