# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Text of others, made fit to be shown: names of machines, key-value pairs and messages may be written by a tenant."""

from __future__ import annotations

_ELLIPSIS = "..."
# Looked at before the cut, so that text of any length costs little.
_SCAN_FACTOR = 8


def safe_text(value: object, limit: int = 120) -> str:
    """``value`` as one line without control, bidirectional and invisible characters, at most ``limit`` characters long.

    Removed line breaks and tabs leave a blank. None becomes "". It is for display: not for HTML, SQL or CSV, whose own escaping is still needed.
    """
    text = "" if value is None else str(value)
    # Only the beginning of a very long text is looked at.
    return cut(strip_unsafe(text[: limit * _SCAN_FACTOR + 1]), limit)


def strip_unsafe(text: str) -> str:
    """``text`` without unsafe characters and with each run of blanks as one."""
    # isprintable is quick and almost always true: a survey shows many thousands of texts.
    kept = text if text.isprintable() else "".join(_replacement(character) for character in text)
    return " ".join(kept.split())


def printable(text: str) -> str:
    """``text`` without unsafe characters, with its lines and blanks as they are: for diffs, and messages of several lines."""
    return text if text.isprintable() else "".join(one if one == "\n" else _replacement(one) for one in text)


def cut(text: str, limit: int) -> str:
    """``text`` in at most ``limit`` characters, dots at its end if something is missing."""
    if len(text) <= limit:
        return text
    return text[: max(limit - len(_ELLIPSIS), 0)].rstrip() + _ELLIPSIS[: max(limit, 0)]


def _replacement(character: str) -> str:
    if character.isspace():
        return " "
    # Not printable: controls (escape sequences of terminals), invisible formatting (bidirectional overrides, zero width),
    # lone surrogates (which cannot be encoded), private use and unassigned.
    return character if character.isprintable() else ""
