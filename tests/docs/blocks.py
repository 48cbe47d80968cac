# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fenced code blocks of the pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Tools and settings of the site are no pages.
_NOT_PAGES = ("docs/site", "docs/tools")
_FENCE = re.compile(r"^( *)(`{3,}|~{3,})([^`]*)$")


@dataclass(frozen=True)
class Block:
    page: str  # path below the checkout
    line: int  # of the fence that opens it
    language: str  # as it stands there; empty if nothing does
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def file_name(self) -> str:
        """A name that tells where it comes from."""
        return f"{self.page.removesuffix('.md').replace('/', '-')}-{self.line}"


def pages() -> list[Path]:
    found = [
        *ROOT.glob("*.md"),
        *ROOT.glob("roles/*/README.md"),
        *(path for folder in ("docs", "extensions") for path in (ROOT / folder).rglob("*.md")),
    ]
    return sorted(path for path in found if not path.relative_to(ROOT).as_posix().startswith(_NOT_PAGES))


def blocks() -> list[Block]:
    return [block for path in pages() for block in blocks_of(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))]


def blocks_of(page: str, text: str) -> Iterator[Block]:
    """Raises ValueError if a block is not closed."""
    opened: tuple[int, str, str, str] | None = None  # line, indentation, fence, language
    inside: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        found = _FENCE.match(line)
        if opened is None:
            if found:
                opened, inside = (number, found[1], found[2], found[3].strip()), []
        elif found and found[2].startswith(opened[2]) and not found[3].strip():
            yield Block(page, opened[0], opened[3], "\n".join(inside) + "\n")
            opened = None
        else:
            inside.append(line.removeprefix(opened[1]))
    if opened is not None:
        raise ValueError(f"{page}:{opened[0]}: this block is not closed")
