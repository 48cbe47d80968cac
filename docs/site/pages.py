# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Markdown files of the repository as pages of the site, and the order that docs/index.md gives them.

Files of docs/ keep their place, without docs/ before it; README.md and CONTRIBUTING.md join them. A link to a file that is no page leads to
the repository. What is code stays as it is.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

REPOSITORY = "https://github.com/ansible-collections/hyperv.avma/blob/main"
_RENAMED = {"README.md": "readme.md", "CONTRIBUTING.md": "contributing.md"}
# What the sidebar calls pages whose heading is the name of the collection.
_CALLED = {"readme.md": "The collection", "ja/README.md": "日本語: README"}
# Read in the repository: projects to copy, with a README each.
_NOT_PAGES = ("docs/examples/", "docs/site/", "docs/tools/")
_SHOWN = {".png", ".svg", ".jpg", ".json"}
_LINK = re.compile(r"(\]\()([^)\s]+)(\))")
_FENCE = re.compile(r"^ *(```+|~~~+)")
# Packer's HCL is not the one that Pygments knows.
_NOT_COLOURED = re.compile(r"^( *```+)hcl$")
# First columns that name plugins, and what antsibull-docs calls their pages.
_COLUMNS = {"module": "module", "role": "role", "filter": "filter", "inventory plugin": "inventory"}


class Site:
    """The pages of the repository at ``root``; those of plugins are in the site's folder ``reference``."""

    def __init__(self, root: Path, reference: str) -> None:
        self._root = root
        self._reference = reference
        found = [*_RENAMED, *(path.relative_to(root).as_posix() for path in sorted((root / "docs").rglob("*.md")))]
        self._pages = {name: _place(name) for name in found if not name.startswith(_NOT_PAGES)}

    def pages(self) -> dict[str, str]:
        """Text by place in the site."""
        texts = {place: self._turned(name) for name, place in self._pages.items()}
        texts["index.md"] += "\n" + self._navigation()
        return texts

    def files(self) -> dict[str, Path]:
        """Pictures and data that pages link to, by place in the site."""
        found = {}
        for name in self._pages:
            for line, is_code in _lines(self._read(name)):
                for _before, target, _after in [] if is_code else _LINK.findall(line):
                    aim = self._aim(name, target.partition("#")[0])
                    if aim is not None and self._shown(aim):
                        found[_place(aim)] = self._root / aim
        return found

    def _shown(self, name: str) -> bool:
        return name.startswith("docs/") and not name.startswith(_NOT_PAGES) and PurePosixPath(name).suffix in _SHOWN

    def _read(self, name: str) -> str:
        return (self._root / name).read_text(encoding="utf-8")

    def _aim(self, page: str, target: str) -> str | None:
        """The file that a link of a page leads to; ``None`` if it leads elsewhere, or nowhere."""
        if not target or ":" in target:
            return None
        aim = os.path.normpath(PurePosixPath(page).parent / target)
        return aim if (self._root / aim).exists() else None

    # links

    def _turned(self, name: str) -> str:
        lines = []
        column: str | None = None  # what the first column of the table names in which we are
        for line, is_code in _lines(self._read(name)):
            if is_code:
                lines.append(_NOT_COLOURED.sub(r"\1text", line))
                continue
            turned = _LINK.sub(lambda found: found[1] + self._link(name, found[2]) + found[3], line)
            if not line.startswith("|"):
                column = None
            elif column is None:
                column = line.split("|")[1].strip().lower()
            elif column in _COLUMNS:
                turned = re.sub(r"^\| `(\w+)` \|", self._naming(name, _COLUMNS[column]), turned)
            lines.append(turned)
        return "\n".join(lines) + "\n"

    def _link(self, page: str, target: str) -> str:
        name, hash_, anchor = target.partition("#")
        aim = self._aim(page, name)
        if aim is None:
            return target
        if aim in self._pages or self._shown(aim):
            return _from(_place(page), _place(aim)) + hash_ + anchor
        return f"{REPOSITORY}/{aim}{hash_}{anchor}"

    def _naming(self, page: str, kind: str) -> Callable[[re.Match[str]], str]:
        """Makes a link of the name of a plugin."""
        here = _place(page)
        return lambda found: f"| [`{found[1]}`]({_from(here, f'{self._reference}/{found[1]}_{kind}.rst')}) |"

    # order

    def _navigation(self) -> str:
        """A hidden table of contents for each second heading of docs/index.md, of the pages that are linked below it, and for what is above."""
        parts = []
        listed: set[str] = set()
        for caption, targets in _sections(self._read("docs/index.md")):
            aims = (self._aim("docs/index.md", target.partition("#")[0]) for target in targets)
            places = [_place(aim) for aim in dict.fromkeys(aims) if aim in self._pages and aim not in listed]
            listed |= {aim for aim in self._pages if _place(aim) in places}
            if caption.lower() == "reference":
                places = [f"{self._reference}/index", *places, "reference/report-schema"]
            places = [f"{_CALLED[place]} <{place}>" if place in _CALLED else place for place in places]
            if places:
                named = [f":caption: {caption}"] if caption else []
                parts.append("\n".join(["```{toctree}", ":hidden:", *named, "", *places, "```"]))
        return "\n\n".join(parts) + "\n"


def _place(name: str) -> str:
    return _RENAMED.get(name, name.removeprefix("docs/"))


def _from(page: str, aim: str) -> str:
    return Path(os.path.relpath(aim, PurePosixPath(page).parent)).as_posix()


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it belongs to a block of code."""
    fence = ""
    for line in text.splitlines():
        found = _FENCE.match(line)
        if fence:
            yield line, True
            if found and found[1].startswith(fence) and line.strip() == found[1]:
                fence = ""
        else:
            fence = found[1] if found else ""
            yield line, bool(found)


def _sections(text: str) -> Iterator[tuple[str, list[str]]]:
    """Second headings with the targets of the links below each. What stands above the first has an empty one."""
    above, *parts = re.split(r"^## ", text, flags=re.MULTILINE)
    for part in ["\n" + above, *parts]:
        caption, _line_end, rest = part.partition("\n")
        yield caption.strip(), [target for _before, target, _after in _LINK.findall(rest)]
