# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Names that patterns choose, such as those of stale key-value pairs.

What Windows calls a value that carries activation data is documented nowhere, so nothing is chosen by a fixed name: users give patterns, and
see what they match before anything is removed.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable

# What hints at activation in a name. A hint only: the names are not documented.
DEFAULT_PATTERNS = ("~activat|avma|licen[sc]e|iaid",)
_REGEX_MARK = "~"


class InvalidPattern(ValueError):
    """The message names the pattern and what is wrong with it."""


class NamePatterns:
    """Shell-style patterns for the whole name, or after ``~`` a regular expression for any part of it. Case does not matter."""

    def __init__(self, patterns: Iterable[str]) -> None:
        """Raises InvalidPattern."""
        self._compiled = tuple(_compiled(pattern) for pattern in patterns)

    def __bool__(self) -> bool:
        return bool(self._compiled)

    def match(self, name: str) -> bool:
        return any(pattern.search(name) for pattern in self._compiled)

    def chosen(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those that match, in their order."""
        return tuple(name for name in names if self.match(name))


def _compiled(pattern: str) -> re.Pattern[str]:
    if not pattern.strip() or pattern.strip() == _REGEX_MARK:
        raise InvalidPattern(f"the pattern {pattern!r} is empty, which would match every name or none; write '*' for all")
    if not pattern.startswith(_REGEX_MARK):
        return re.compile(rf"\A(?:{fnmatch.translate(pattern)})", re.IGNORECASE)
    try:
        return re.compile(pattern[len(_REGEX_MARK) :], re.IGNORECASE)
    except re.error as error:
        raise InvalidPattern(f"the pattern {pattern!r} is not a regular expression: {error}") from error
