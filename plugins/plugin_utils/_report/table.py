# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""A table for a terminal. Every cell is somebody's text: control characters are taken out and the width is counted in columns."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from .._avma.text import safe_text

_GAP = "  "


def display_width(text: str) -> int:
    """Columns that a terminal needs: two for wide East Asian characters, none for marks that stand on another one."""
    return sum(_width(character) for character in text)


def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def shortened(text: str, width: int) -> str:
    """The text in at most ``width`` columns, with an ellipsis where it was cut."""
    if display_width(text) <= width:
        return text
    kept = ""
    for character in text:
        if display_width(kept + character) > width - 1:
            break
        kept += character
    return kept + "\u2026"


def render(headings: Sequence[str], rows: Sequence[Sequence[str]], limits: Sequence[int]) -> list[str]:
    """Lines of a table. ``limits`` is the widest that each column may get, 0 for a last column of any width."""
    cells = [[safe_text(cell, limit=300 if limit else 2000) for cell, limit in zip(row, limits, strict=True)] for row in rows]
    cut = [[shortened(cell, limit) if limit else cell for cell, limit in zip(row, limits, strict=True)] for row in cells]
    widths = [max(display_width(text) for text in column) for column in zip(headings, *cut, strict=True)]

    def line(texts: Sequence[str]) -> str:
        padded = [text + " " * (width - display_width(text)) for text, width in zip(texts, widths, strict=True)]
        return _GAP.join(padded).rstrip()

    return [line(headings), _GAP.join("-" * width for width in [*widths[:-1], min(widths[-1], 60)]), *(line(row) for row in cut)]
