# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WQL's LIKE: % any text, _ one character, [a-z] and [^a-z] (also [a=z]) a character in or outside a set; without case."""

from __future__ import annotations

import re
from functools import lru_cache


def _character_set(body: str) -> str:
    negated = body.startswith("^") and len(body) > 1
    members = body[1:] if negated else body
    parts: list[str] = []
    index = 0
    while index < len(members):
        # Microsoft, "LIKE Operator": a range is written with = as well as with -.
        if index + 2 < len(members) and members[index + 1] in "-=" and members[index] <= members[index + 2]:
            parts.append(f"{re.escape(members[index])}-{re.escape(members[index + 2])}")
            index += 3
        else:
            parts.append(re.escape(members[index]))
            index += 1
    return f"[{'^' if negated else ''}{''.join(parts)}]"


@lru_cache(maxsize=512)
def like_pattern(pattern: str) -> re.Pattern[str]:
    parts: list[str] = []
    index = 0
    while index < len(pattern):
        character = pattern[index]
        close = pattern.find("]", index + 2) if character == "[" else -1
        if close > 0:
            parts.append(_character_set(pattern[index + 1 : close]))
            index = close
        elif character == "%":
            # One greedy run is enough, and keeps the expression from backtracking over neighbours.
            if not parts or parts[-1] != ".*":
                parts.append(".*")
        else:
            parts.append("." if character == "_" else re.escape(character))
        index += 1
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)


def like(text: str, pattern: str) -> bool:
    return like_pattern(pattern).fullmatch(text) is not None
