# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages in other languages keep step with the English ones: the same headings, blocks of code, tables, links and names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
TRANSLATED = sorted((DOCS / "ja").glob("*.md"))
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def english(page: Path) -> Path:
    return ROOT / "README.md" if page.name == "README.md" else DOCS / page.name


def prose(page: Path) -> str:
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def code(page: Path) -> list[str]:
    return re.findall(r"^```.*?^```$", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def headings(page: Path) -> list[tuple[int, str]]:
    """Level and anchor of each heading, in order."""
    found = re.findall(r"^(#+) (.+)$", prose(page), flags=re.MULTILINE)
    return [(len(signs), re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-")) for signs, text in found]


def rows(page: Path) -> list[int]:
    """The number of cells in each row of each table."""
    return [line.count("|") for line in prose(page).splitlines() if line.startswith("|")]


def links(page: Path) -> Iterator[str]:
    """What a page links to, in a form in which a page and its translation are the same: a heading by its place and not by its words."""
    for target in _LINK.findall(prose(page)):
        if "://" in target:
            yield target
            continue
        name, _hash, anchor = target.partition("#")
        aim = (page.parent / name).resolve() if name else page
        order = [known for _level, known in headings(aim)].index(anchor) if anchor else None
        yield f"{english(aim) if aim.parent == DOCS / 'ja' else aim}#{order}"


def names(page: Path) -> set[str]:
    """The words in backquotes: options, modules, variables, which are the same in any language."""
    return set(re.findall(r"`([^`\n]+)`", prose(page)))


@pytest.mark.parametrize("page", TRANSLATED, ids=lambda page: str(page.relative_to(DOCS)))
def test_translation_keeps_step(page: Path) -> None:
    original = english(page)

    assert [level for level, _anchor in headings(page)] == [level for level, _anchor in headings(original)]
    assert code(page) == code(original)
    assert rows(page) == rows(original)
    assert sorted(set(links(page)) - switches(original)) == sorted(set(links(original)) - switches(original))
    assert names(page) == names(original)


def switches(original: Path) -> set[str]:
    """Links from one language to the other, which only one of the two pages can have."""
    return {f"{original}#None"}


def test_what_newcomers_need_is_there_in_japanese() -> None:
    assert {"start-here.md"} <= {page.name for page in TRANSLATED}
