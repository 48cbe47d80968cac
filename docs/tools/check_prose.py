# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the worst turns of phrase out of what people read: guides, module documentation, findings, errors, docstrings.

    python docs/tools/check_prose.py            exit code 1 and a line for each place
    python docs/tools/check_prose.py --counts   how often each turn stands where

The rows of ``TURNS`` say what is found and what to write instead; CONTRIBUTING.md has the style in examples. Code, quoted commands and
the wording of Windows are left alone: in Markdown what stands in fences, backticks and comments, in Python everything but strings.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What people read of this project. Tests speak to developers only, and quote what is wrong on purpose.
_GUIDES = ("*.md", ".github/**/*.md", "docs/**/*.md", "extensions/**/*.md", "tests/lab/*.md")
_DATA = (
    "roles/**/*.yml",
    "playbooks/**/*.yml",
    "extensions/**/*.yml",
    "changelogs/fragments/*.yml",
    "docs/tools/*.yml",
    "plugins/**/*.yml",
)
_CODE = ("plugins/**/*.py", "extensions/**/*.py")
_OTHER_LANGUAGES = ("docs/ja/",)


@dataclass(frozen=True)
class Turn:
    """A turn of phrase that a native technical writer would not use."""

    pattern: str
    instead: str

    def found(self, text: str) -> Iterator[re.Match[str]]:
        return re.finditer(self.pattern, text, re.IGNORECASE)


TURNS = (
    Turn(r"(?<!there )\b(?:is|are|was|were|be) no (?!longer\b|more\b|matter\b|better\b|different\b)", "'is not a'"),
    Turn(r"\btold\b", "'reported', 'determined', 'distinguished', or say who says it"),
    Turn(r"\btells?\b(?! the difference)", "'reports', 'says', 'shows'"),
    Turn(r"\bcould(?: not|n't)? be (?:learnt|learned|found out|told)\b", "'could not determine'"),
    Turn(r"\b(?:foresees|foreseen|foretell|foretold)\b", "'predict', 'prefetch'"),
    Turn(r"\bshall\b", "'must', 'should', or the present tense"),
    Turn(r"(?<!one )(?<!some )(?<!none )\bof which\b", "a sentence of its own"),
    Turn(r"\bhangs? (?:on|upon) (?:the|a|what|whether|how)\b", "'depends on'"),
    Turn(r"\bwhoever\b", "'anyone who', or address the reader"),
    Turn(r"\banew\b", "'again'"),
    Turn(r"\bbut for\b", "'except for'"),
    Turn(r"\bat the (?:most|least)\b", "'at most', 'at least'"),
    Turn(r"\bnobody (?:states|knows|says|has said|can say|could say)\b", "name the source that is missing"),
    Turn(r"\bfor want of\b", "'because ... is missing'"),
    Turn(r"\bunasked\b", "'unless you ask for it'"),
    Turn(r"\bput(?:s|ting)? right\b", "'fix'"),
    Turn(r"\bin some minutes\b", "'in a few minutes'"),
    Turn(r"\bbelongs? into\b", "'add ... to'"),
    Turn(r"\bknows? no\b", "'does not support', 'does not know'"),
    Turn(r"\b(?:is|are|was|were) to be (?:had|seen|found)\b", "'is available', 'see'"),
    Turn(r"\bout of reason\b", "'out of range'"),
    Turn(r"\bentitles? to\b", "'is entitled to'"),
    Turn(r"\bmay run nothing\b", "'is not allowed to run commands'"),
    Turn(r"\bwhat came of\b", "'the result of'"),
    Turn(r"\b(?:spares?|spared) (?:you|the|a|one)\b", "'avoids', 'saves'"),
    Turn(r"\bbeforehand\b", "'before', 'in advance'"),
    Turn(r"\bto and fro\b", "'back and forth'"),
    Turn(r"\bbethought|whence|thence|hitherto|wherewith|therewith\b", "a plain word"),
)


@dataclass(frozen=True)
class Text:
    """A piece of prose and the line of its file on which it begins."""

    line: int
    text: str


def _blank(match: re.Match[str]) -> str:
    """Nothing to read, and as many lines."""
    return "\n" * match[0].count("\n")


def of_markdown(content: str) -> Iterator[Text]:
    without_comments = re.sub(r"<!--.*?-->", _blank, content, flags=re.DOTALL)
    without_blocks = re.sub(r"^( *)(```+|~~~+).*?^\1\2[^\S\n]*$", _blank, without_comments, flags=re.DOTALL | re.MULTILINE)
    yield Text(1, re.sub(r"`[^`\n]*`|\]\([^)\n]*\)", "", without_blocks))


def of_yaml(content: str) -> Iterator[Text]:
    """Comments are read too: roles and playbooks are what people copy from."""
    yield Text(1, re.sub(r"`[^`\n]*`|V\([^)]*\)|C\([^)]*\)", "", content))


def of_python(content: str) -> Iterator[Text]:
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield Text(node.lineno, re.sub(r"`[^`\n]*`|V\([^)]*\)|C\([^)]*\)", "", node.value))


_READERS = {".md": of_markdown, ".yml": of_yaml, ".py": of_python}


@dataclass(frozen=True)
class Place:
    path: Path
    line: int
    words: str
    turn: Turn

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: '{self.words}': write {self.turn.instead}"


def places_in(path: Path, content: str) -> Iterator[Place]:
    """The turns of phrase in one file, each with the line on which it stands."""
    for piece in _READERS[path.suffix](content):
        # A sentence may be broken anywhere: a line break counts as a blank.
        flat = piece.text.replace("\n", " ")
        for turn in TURNS:
            for match in turn.found(flat):
                yield Place(path, piece.line + piece.text.count("\n", 0, match.start()), match[0].strip(), turn)


def files(root: Path = ROOT) -> Iterator[Path]:
    """What is read, relative to the checkout."""
    for pattern in (*_GUIDES, *_DATA, *_CODE):
        for path in sorted(root.glob(pattern)):
            relative = path.relative_to(root)
            if not relative.as_posix().startswith(_OTHER_LANGUAGES) and not any(part.startswith(".venv") for part in relative.parts):
                yield relative


def places(root: Path = ROOT) -> list[Place]:
    return [place for path in files(root) for place in places_in(path, (root / path).read_text(encoding="utf-8"))]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", action="store_true", help="only how often each turn of phrase stands where")
    counts = parser.parse_args(arguments).counts
    found = places()
    if counts:
        for (folder, words), number in Counter((place.path.parts[0], place.words.lower()) for place in found).most_common():
            print(f"{number:5}  {folder:12} {words}")
    else:
        for place in found:
            print(place)
    print(f"{len(found)} turns of phrase to rewrite." if found else "The prose is clean.", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
