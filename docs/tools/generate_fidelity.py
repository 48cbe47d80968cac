# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/lab/fidelity.md from the tests that hold the lab to Windows' behaviour: those with the marker ``fidelity``.

    python docs/tools/generate_fidelity.py           writes the page
    python docs/tools/generate_fidelity.py --check   writes nothing, exit code 1 if the page is out of date

The tests are read, not run: what the marker says must stand there as text or as a constant of the same file.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
TARGET = ROOT / "docs" / "lab" / "fidelity.md"
_HEADER = """<!--
Copyright: hyperv.avma contributors
GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later

Made by docs/tools/generate_fidelity.py from the tests with the marker `fidelity`. Do not edit.
-->
"""
_INTRODUCTION = """# How faithful the lab is

The lab stands in for Windows, so each of its behaviours below has a source and a test that holds the lab to it.
None of it was checked on a Windows machine of this project. *Confidence* says how sure the statement about Windows is:

- **H**: seen in recorded traffic of Windows, or something that clients rely on which work against Windows
- **M**: the text of a specification, or a single source
- **L**: inferred. The lab often has a switch for such a behaviour, and the collection must bear both

A behaviour of Windows that you see and the lab does not have, or has otherwise, is a mistake of the lab: please report it."""
# How a statement is known, by its confidence and by what ran: the file's RAN says for each client whether it was the real program.
_KINDS = {
    "recorded": "recorded traffic of Windows, played against the lab or compared with its answers",
    "real": "a client of others, its real program run against the lab by the tests",
    "shapes": "a client of others, its request shapes only",
    "documented": "a document or a single source",
    "inferred": "inferred",
}
_SITES_CONFIRMED = 0  # statements that somebody's Windows has confirmed
_WORDS = ("behaviour", "source", "confidence")
_CONFIDENCE = ("H", "M", "L")


class Unreadable(ValueError):
    """A marker that cannot be read without running the test."""


@dataclass(frozen=True)
class Entry:
    behaviour: str
    source: str
    confidence: str
    path: Path  # below the checkout
    test: str
    ran: str = ""  # what the file's RAN says: "real" or "shapes" where it is about a client of others

    @property
    def kind(self) -> str:
        """Key of _KINDS."""
        if self.confidence == "L":
            return "inferred"
        if "recorded" in self.source.lower() or "recorded" in self.path.name:
            return "recorded"
        return self.ran or "documented"


def entries(tests: Path = TESTS) -> list[Entry]:
    """In the order of files and lines. Unreadable names file and line."""
    return [entry for path in sorted(tests.rglob("test_*.py")) for entry in _in_file(path)]


def _in_file(path: Path) -> Iterator[Entry]:
    module = ast.parse(path.read_text(encoding="utf-8"))
    constants = {
        target.id: node.value.value
        for node in module.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    ran = str(constants.get("RAN", ""))
    if ran not in ("", "real", "shapes"):
        raise Unreadable(f"{path.relative_to(ROOT)}: RAN is {ran!r}, neither real nor shapes")
    for node in ast.walk(module):
        if not isinstance(node, ast.FunctionDef):
            continue
        for mark in node.decorator_list:
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.fidelity":
                try:
                    yield Entry(**_arguments(mark, constants), path=path.relative_to(ROOT), test=node.name, ran=ran)
                except Unreadable as error:
                    raise Unreadable(f"{path.relative_to(ROOT)}:{mark.lineno}: {error}") from None


def _arguments(mark: ast.Call, constants: Mapping[str, object]) -> dict[str, str]:
    given = dict(zip(_WORDS, mark.args, strict=False)) | {word.arg: word.value for word in mark.keywords if word.arg is not None}
    if set(given) != set(_WORDS):
        raise Unreadable(f"fidelity takes {', '.join(_WORDS)}")
    found: dict[str, str] = {}
    for word, node in given.items():
        value = node.value if isinstance(node, ast.Constant) else constants.get(node.id) if isinstance(node, ast.Name) else None
        if not isinstance(value, str) or not value:
            raise Unreadable(f"{word} is neither text nor the name of a text in this file")
        found[word] = value
    if found["confidence"] not in _CONFIDENCE:
        raise Unreadable(f"confidence is {found['confidence']!r}, not one of {', '.join(_CONFIDENCE)}")
    return found


def page(tests: Path = TESTS) -> str:
    found = entries(tests)
    counted = {confidence: sum(entry.confidence == confidence for entry in found) for confidence in _CONFIDENCE}
    summary = ", ".join(f"{count} {confidence}" for confidence, count in counted.items())
    parts = [_INTRODUCTION, f"{len(found)} statements: {summary}.", _known(found)]
    for path in dict.fromkeys(entry.path for entry in found):
        parts.append(f"## {_title(ROOT / path)}")
        rows = [entry for entry in found if entry.path == path]
        if rows[0].ran:
            parts.append("The real program runs." if rows[0].ran == "real" else "Its request shapes only; the program itself does not run.")
        parts.append(
            "| Behaviour | Source | Confidence | Test |\n|---|---|---|---|\n"
            + "\n".join(f"| {_cell(row.behaviour)} | {_cell(row.source)} | {row.confidence} | {_link(row)} |" for row in rows)
        )
    return _HEADER + "\n" + "\n\n".join(parts) + "\n"


def _known(found: Sequence[Entry]) -> str:
    rows = [f"| {words} | {sum(entry.kind == kind for entry in found)} |" for kind, words in _KINDS.items()]
    rows.append(f"| confirmed by a site's own Windows | {_SITES_CONFIRMED} |")
    return "| How a statement is known | Statements |\n|---|---|\n" + "\n".join(rows)


def _title(path: Path) -> str:
    """The first sentence of the module's docstring, up to a colon or a bracket."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or path.stem
    return re.split(r"[.:;]|\s\(", text.splitlines()[0].replace("``", ""), maxsplit=1)[0].strip()


def _link(entry: Entry) -> str:
    return f"[{entry.test.removeprefix('test_').replace('_', ' ')}](../../{entry.path.as_posix()})"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("__", "\\_\\_")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write docs/lab/fidelity.md from the tests.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if the page is out of date")
    options = parser.parse_args(arguments)
    try:
        text = page()
    except Unreadable as error:
        print(error, file=sys.stderr)
        return 1
    if options.check:
        if not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
            print("out of date: docs/lab/fidelity.md. Run 'python docs/tools/generate_fidelity.py'.", file=sys.stderr)
            return 1
        return 0
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
