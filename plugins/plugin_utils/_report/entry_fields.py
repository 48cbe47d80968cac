# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""How the fields of the report's entries are described: once, for the JSON document, its schema, the spreadsheet and the comparison."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Described:
    """What is known of a field of an entry besides its type.

    ``compared``: a comparison shows its change. ``columns``: of the spreadsheet, None for one of the field's name; they stand last, or
    before the column ``before``. ``schema``: what the JSON schema cannot read from the type.
    """

    text: str = ""
    compared: bool = False
    columns: tuple[str, ...] | None = None
    before: str | None = None
    schema: Mapping[str, t.Any] | None = None


def described_fields(entry: type) -> dict[str, tuple[t.Any, Described]]:
    """The fields of an entry in their order, each with its type."""
    hints = t.get_type_hints(entry, include_extras=True)
    found = {}
    for name in (one.name for one in fields(entry)):
        type_, *known = t.get_args(hints[name]) if t.get_origin(hints[name]) is t.Annotated else (hints[name],)
        found[name] = (type_, known[0] if known else Described())
    return found


def compared_fields(entry: type) -> tuple[str, ...]:
    return tuple(name for name, (_type, known) in described_fields(entry).items() if known.compared)


def columns_of(entry: type) -> tuple[str, ...]:
    names: list[str] = []
    for name, (_type, known) in described_fields(entry).items():
        place = names.index(known.before) if known.before else len(names)
        names[place:place] = (name,) if known.columns is None else known.columns
    return tuple(names)
