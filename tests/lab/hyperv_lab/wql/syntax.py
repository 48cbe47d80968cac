# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A WQL query as a value: what the parser makes and the evaluator reads."""

from __future__ import annotations

from dataclasses import dataclass

from ..cim.object_path import ObjectPath


@dataclass(frozen=True)
class PropertyName:
    """A property or system property by its name; dots lead into embedded objects."""

    parts: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(self.parts)

    @property
    def is_system(self) -> bool:
        return len(self.parts) == 1 and self.parts[0].startswith("__")


@dataclass(frozen=True)
class Literal:
    value: str | int | float | bool | None


Operand = PropertyName | Literal


@dataclass(frozen=True)
class Comparison:
    """``operator`` is one of = <> < > <= >=, with ``= NULL`` and ``<> NULL`` for IS [NOT] NULL."""

    left: Operand
    operator: str
    right: Operand


@dataclass(frozen=True)
class Like:
    left: Operand
    pattern: Operand


@dataclass(frozen=True)
class IsA:
    left: Operand
    class_name: Operand


@dataclass(frozen=True)
class Not:
    term: Condition


@dataclass(frozen=True)
class And:
    terms: tuple[Condition, ...]


@dataclass(frozen=True)
class Or:
    terms: tuple[Condition, ...]


Condition = Comparison | Like | IsA | Not | And | Or


@dataclass(frozen=True)
class Select:
    columns: tuple[PropertyName, ...] | None  # None: *
    class_name: str
    where: Condition | None = None


@dataclass(frozen=True)
class Associators:
    """ASSOCIATORS OF, or REFERENCES OF when ``references`` is set. Names are as the query spells them."""

    source: ObjectPath
    references: bool = False
    association_class: str | None = None
    result_class: str | None = None
    role: str | None = None
    result_role: str | None = None
    class_definitions_only: bool = False


Query = Select | Associators
