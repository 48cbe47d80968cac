# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No function is longer than what one screen shows. The linter counts statements, of which one may take many lines."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 60
CODE = ("plugins", "extensions", "docs/tools", "docs/site", "tests/lab/hyperv_lab")


def functions(source: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_function_is_longer_than_a_screen() -> None:
    files = [path for folder in CODE for path in sorted((ROOT / folder).rglob("*.py"))]
    assert len(files) > 100
    long = [
        f"{path.relative_to(ROOT)}: {name} has {lines} lines"
        for path in files
        for name, lines in functions(path.read_text(encoding="utf-8"))
        if lines > LONGEST
    ]
    assert long == []


def test_lines_of_a_function_are_counted_with_its_signature() -> None:
    assert list(functions("def one(\n    a,\n):\n    return a\n\n\nasync def two():\n    pass\n")) == [("one", 4), ("two", 2)]
