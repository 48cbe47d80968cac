# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions made at random, against an evaluator that is written as plainly as can be."""

from __future__ import annotations

import fnmatch
import operator
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hyperv_lab.cim.types import Instance
from hyperv_lab.wql.evaluator import QueryScope, compile_condition
from hyperv_lab.wql.parser import parse
from hyperv_lab.wql.syntax import Select

from .office_machine import CLASSES, DESK

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
Row = dict[str, Any]
Plain = Callable[[Row], bool]
_words = st.text(alphabet="abAB'\\\"% _", max_size=4)
_numbers = st.integers(0, 6)


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _compare(name: str, sign: str, wanted: Any) -> Plain:
    def plain(row: Row) -> bool:
        value = row[name]
        if value is None:
            return sign in ("<>", "!=")
        if isinstance(wanted, str):
            return _OPERATORS[sign](value.lower(), wanted.lower())
        return _OPERATORS[sign](value, wanted)

    return plain


_number_terms = st.builds(
    lambda sign, n: (f"Height {sign} {n}", _compare("Height", sign, n)), st.sampled_from(sorted(_OPERATORS)), _numbers
)
_word_terms = st.builds(lambda sign, w: (f"Name{sign}{_quoted(w)}", _compare("Name", sign, w)), st.sampled_from(sorted(_OPERATORS)), _words)
_null_terms = st.sampled_from(
    [
        ("Caption IS NULL", lambda row: row["Caption"] is None),
        ("Caption <> NULL", lambda row: row["Caption"] is not None),
        ("Height is not null", lambda row: row["Height"] is not None),
    ]
)
_like_terms = st.text(alphabet="ab%_", max_size=4).map(
    lambda pattern: (
        f"Caption LIKE '{pattern}'",
        lambda row: row["Caption"] is not None and fnmatch.fnmatchcase(row["Caption"].lower(), pattern.replace("%", "*").replace("_", "?")),
    )
)
_terms: st.SearchStrategy[tuple[str, Plain]] = _number_terms | _word_terms | _null_terms | _like_terms


def _combined(inner: st.SearchStrategy[tuple[str, Plain]]) -> st.SearchStrategy[tuple[str, Plain]]:
    negated = inner.map(lambda term: (f"NOT ({term[0]})", lambda row: not term[1](row)))
    every = st.tuples(inner, inner).map(
        lambda pair: (f"({pair[0][0]}) AND ({pair[1][0]})", lambda row: pair[0][1](row) and pair[1][1](row))
    )
    some = st.tuples(inner, inner).map(lambda pair: (f"({pair[0][0]} or {pair[1][0]})", lambda row: pair[0][1](row) or pair[1][1](row)))
    return negated | every | some


_conditions = st.recursive(_terms, _combined, max_leaves=8)
_rows = st.fixed_dictionaries({"Name": _words, "Height": st.none() | _numbers, "Caption": st.none() | st.text(alphabet="abAB", max_size=4)})


@given(_conditions, st.lists(_rows, min_size=1, max_size=5))
@settings(max_examples=400)
def test_a_condition_means_what_it_says(condition: tuple[str, Plain], rows: list[Row]) -> None:
    text, plain = condition
    query = parse(f"SELECT * FROM Office_Desk WHERE {text}")
    assert isinstance(query, Select)
    assert query.where is not None
    test = compile_condition(query.where, DESK, QueryScope(CLASSES, "OFFICE01"))
    assert [test(Instance(DESK, row)) for row in rows] == [plain(row) for row in rows]
