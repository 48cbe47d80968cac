# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each promise of the page on security names a test that is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`((?:e2e|unit|lab)/[\w/]+\.py)(?:::(\w+))?`", PAGE)))


def rows_of_threats() -> list[list[str]]:
    part = PAGE.split("## Threats, what holds, and which test proves it")[1].split("### What is left to you")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line.startswith("|")]
    return [row for row in rows if row[-1] != "test" and not set(row[0]) <= {"-"}]


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_a_named_test_is_there(file: str, test: str) -> None:
    path = ROOT / "tests" / file
    assert path.is_file()
    functions = {node.name for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.FunctionDef)}
    assert not test or test in functions


def test_every_row_has_its_columns_and_a_test() -> None:
    rows = rows_of_threats()
    assert len(rows) > 20
    assert [row for row in rows if len(row) != 3 or "`" not in row[2]] == []
