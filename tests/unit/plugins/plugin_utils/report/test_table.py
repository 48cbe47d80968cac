# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table for the terminal: columns that line up in any script, and nothing in it that a terminal would obey."""

from __future__ import annotations

import unicodedata

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._report.table import display_width, render, shortened


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("", 0),
        ("web01", 5),
        ("日本語", 6),
        ("ﾃｽﾄ", 3),
        ("e\u0301", 1),
        ("ก\u0e31", 1),  # a vowel sign above, which is not a combining class
        ("Ａ", 2),
        ("한글", 4),
        ("❤\ufe0f", 1),
    ],
)
def test_columns_that_a_terminal_needs(text: str, width: int) -> None:
    assert display_width(text) == width


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [("web01", 5, "web01"), ("web012", 5, "web0\u2026"), ("日本語", 5, "日本\u2026"), ("日本語", 4, "日\u2026"), ("日本", 4, "日本")],
)
def test_cut_to_a_width(text: str, width: int, short: str) -> None:
    assert shortened(text, width) == short
    assert display_width(short) <= width


def test_columns_line_up() -> None:
    lines = render(("A", "B", "C"), [("日本", "x", "last"), ("ab", "yyy", "last one"), ("much too long", "", "")], (6, 6, 0))
    assert lines[0] == "A       B    C"
    assert lines[1].startswith("------  ---  ")
    assert lines[2] == "日本    x    last"
    assert lines[3] == "ab      yyy  last one"
    assert lines[4] == "much \u2026"


def test_no_rows_is_a_heading() -> None:
    assert render(("A", "B"), [], (6, 0)) == ["A  B", "-  -"]


@pytest.mark.parametrize(
    "hostile",
    [
        "\x1b[31mred\x1b[0m",
        "two\nlines",
        "tab\there",
        "\u202edlrow",
        "zero\u200bwidth",
        "bell\x07",
        "\x9b2J",
        "\x00",
        "\u2028",
        "\ud800",
        "\u2066iso\u2069",
    ],
)
def test_nothing_in_a_cell_reaches_the_terminal_as_an_order(hostile: str) -> None:
    lines = render(("A", "B"), [(hostile, hostile)], (30, 0))
    assert len(lines) == 3
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for line in lines for character in line)


def test_last_column_is_not_cut_where_a_remedy_is_long() -> None:
    remedy = "word " * 100 + "end."
    assert render(("A", "B"), [("x", remedy)], (30, 0))[2].endswith("end.")
