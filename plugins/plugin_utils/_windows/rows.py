# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Reading what a query gave: exactly one row, and numbers that WMI keeps as text."""

from __future__ import annotations

from collections.abc import Iterator

from .._wsman.errors import MalformedAnswer
from .._wsman.instance import Instance


def only_row(rows: Iterator[Instance], class_name: str) -> Instance:
    """The single instance of a singleton class. MalformedAnswer if there is none; further ones are not asked for."""
    for row in rows:
        return row
    raise MalformedAnswer(f"{class_name}: the query gave no instance, though Windows always has one")


def number_of(text: str | None) -> int | None:
    """A decimal number that WMI keeps as a string ("20348"), or None if it is none."""
    stripped = (text or "").strip()
    # isdigit alone accepts other scripts' digits and superscripts
    return int(stripped) if stripped.isascii() and stripped.isdigit() else None
