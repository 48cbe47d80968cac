# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of a WQL query to its syntax tree."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import LarkError

from ..cim.object_path import parse_path
from .syntax import And, Associators, Comparison, Condition, IsA, Like, Literal, Not, Operand, Or, PropertyName, Query, Select

MAX_LENGTH = 64 * 1024  # characters; WMI's own quota is lower still
_MAX_NESTING = 200
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_QUOTED = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""", re.DOTALL)
_NOT = re.compile(r"\bNOT\b", re.IGNORECASE)


class WqlSyntaxError(ValueError):
    """The text is no WQL data query."""


@v_args(inline=True)
class _TreeBuilder(Transformer[Token, Query]):
    def path(self, *names: Token) -> PropertyName:
        return PropertyName(tuple(map(str, names)))

    def columns(self, *items: PropertyName | Token) -> tuple[PropertyName, ...] | None:
        return None if isinstance(items[0], Token) else tuple(item for item in items if isinstance(item, PropertyName))

    def where(self, condition: Condition) -> Condition:
        return condition

    def select(self, columns: tuple[PropertyName, ...] | None, class_name: Token, where: Condition | None = None) -> Select:
        return Select(columns, str(class_name), where)

    def disjunction(self, *terms: Condition) -> Condition:
        return Or(terms)

    def conjunction(self, *terms: Condition) -> Condition:
        return And(terms)

    def negated(self, term: Condition) -> Condition:
        return Not(term)

    def comparison(self, left: Operand, operator: Token, right: Operand) -> Condition:
        return Comparison(left, "<>" if operator == "!=" else str(operator), right)

    def is_null(self, left: Operand) -> Condition:
        return Comparison(left, "=", Literal(None))

    def is_not_null(self, left: Operand) -> Condition:
        return Comparison(left, "<>", Literal(None))

    def like(self, left: Operand, pattern: Operand) -> Condition:
        return Like(left, pattern)

    def not_like(self, left: Operand, pattern: Operand) -> Condition:
        return Not(Like(left, pattern))

    def isa(self, left: Operand, class_name: Operand) -> Condition:
        return IsA(left, class_name)

    def string(self, text: Token) -> Literal:
        return Literal(_ESCAPE.sub(r"\1", text[1:-1]))

    def number(self, text: Token) -> Literal:
        digits = text.lstrip("+-")
        if digits[:2] in ("0x", "0X"):
            return Literal(int(digits, 16) * (-1 if text.startswith("-") else 1))
        if not digits.isdigit():
            return Literal(float(text))
        if len(digits) > 40:
            raise WqlSyntaxError("a number is longer than any CIM number")
        return Literal(int(text))

    def true(self) -> Literal:
        return Literal(True)

    def false(self) -> Literal:
        return Literal(False)

    def null(self) -> Literal:
        return Literal(None)

    def association_value(self, keyword: Token, value: Token) -> tuple[str, str | None]:
        return keyword.lower(), str(value)

    def association_flag(self, keyword: Token) -> tuple[str, str | None]:
        return keyword.lower(), None

    def associators(self, source: Token, *terms: tuple[str, str | None]) -> Associators:
        return _associators(source, dict(terms), references=False)

    def references(self, source: Token, *terms: tuple[str, str | None]) -> Associators:
        return _associators(source, dict(terms), references=True)


# requiredqualifier and requiredassocqualifier need qualifiers, which this schema does not carry: refused, not ignored.
_VALUES = frozenset({"assocclass", "resultclass", "role", "resultrole"})
_FLAGS = frozenset({"classdefsonly", "keysonly"})


def _associators(source: Token, terms: dict[str, str | None], *, references: bool) -> Associators:
    for keyword, value in terms.items():
        if keyword not in (_FLAGS if value is None else _VALUES) or (references and keyword in ("assocclass", "resultrole")):
            raise WqlSyntaxError(f"{keyword} does not belong here")
    return Associators(
        source=parse_path(source[1:-1]),
        references=references,
        association_class=terms.get("assocclass"),
        result_class=terms.get("resultclass"),
        role=terms.get("role"),
        result_role=terms.get("resultrole"),
        class_definitions_only="classdefsonly" in terms,
    )


_PARSER = Lark((Path(__file__).parent / "grammar.lark").read_text(encoding="utf-8"), parser="lalr", transformer=_TreeBuilder())


@lru_cache(maxsize=512)
def parse(text: str) -> Query:
    """WqlSyntaxError when the text is no data query, too long or nested too deeply."""
    if len(text) > MAX_LENGTH:
        raise WqlSyntaxError(f"the query has {len(text)} characters, {MAX_LENGTH} are allowed")
    # The evaluator walks the tree recursively.
    bare = _QUOTED.sub("", text)
    if bare.count("(") + len(_NOT.findall(bare)) > _MAX_NESTING:
        raise WqlSyntaxError("the query is nested too deeply")
    try:
        tree = _PARSER.parse(text)
    except (LarkError, ValueError) as error:
        raise WqlSyntaxError(str(error).splitlines()[0]) from error
    assert isinstance(tree, (Select, Associators))
    return tree
