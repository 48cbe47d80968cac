# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fits the pages of antsibull-docs into a site whose sidebar shows both all pages and the headings of this one."""

from __future__ import annotations

import re
from pathlib import Path

TITLE = "Modules, roles, plugins"
_CONTENTS = re.compile(r"^\.\. contents::\n(?: +:.*\n)+", re.MULTILINE)
_COLLECTION_TITLE = re.compile(r"^Hyperv\.Avma\n=+$", re.MULTILINE)
# what a page is, as its file name has it, and as it stands behind the name in the sidebar
_KINDS = {"module": "", "role": " (role)", "filter": " (filter)", "inventory": " (inventory)"}
_ENTRY = re.compile(rf"^(    )((\w+)_({'|'.join(_KINDS)}))$", re.MULTILINE)


def fit(folder: Path) -> None:
    """Leaves out the contents at the top of each page, and gives the sidebar names instead of whole titles."""
    for path in folder.glob("*.rst"):
        text = _CONTENTS.sub("", path.read_text(encoding="utf-8"))
        if path.name == "index.rst":
            text = _COLLECTION_TITLE.sub(f"{TITLE}\n{'=' * len(TITLE)}", text)
            text = _ENTRY.sub(lambda found: f"{found[1]}{found[3]}{_KINDS[found[4]]} <{found[2]}>", text)
        path.write_text(text, encoding="utf-8", newline="\n")
