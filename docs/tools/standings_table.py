# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes into docs/evidence-and-trust.md what each word on a machine's activation needs, from the table that the collection goes by."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.standings import CIRCUMSTANCES, RULES

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "evidence-and-trust.md"
_PLACE = re.compile(r"(<!-- begin standings[^>]*-->\n).*?(<!-- end standings -->\n)", re.DOTALL)


def page(table: Callable[[Sequence[str], Iterable[Sequence[str]]], str]) -> str:
    """The guide with the tables as they shall be."""
    rules = table(
        ("Standing", "What must be known", "From whom", "For how long"),
        ((f"`{rule.standing.value}`", rule.known, rule.source, rule.until) for rule in RULES),
    )
    happens = table(("What happens", "What it does"), CIRCUMSTANCES)
    text, found = _PLACE.subn(lambda place: f"{place[1]}\n{rules}\n\n{happens}\n\n{place[2]}", GUIDE.read_text(encoding="utf-8"))
    if found != 1:
        raise ValueError(f"{GUIDE.name}: the place of the standings is there {found} times")
    return text


def stale(table: Callable[[Sequence[str], Iterable[Sequence[str]]], str]) -> list[str]:
    """The guide's name if its tables are not those of the code."""
    return [] if GUIDE.read_text(encoding="utf-8") == page(table) else [f"docs/{GUIDE.name}"]
