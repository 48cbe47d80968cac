# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of gates in CONTRIBUTING.md, from what ``make gates`` prints."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
_SECTION = re.compile(r"(<!-- gates: .*? -->\n).*?(<!-- end of gates -->)", re.DOTALL)


def table() -> str:
    """A row for each gate, in the order in which they run."""
    # A make around this one would hand its options on.
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    command = ["make", "--no-print-directory", "gates"]
    printed = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout
    lines = ["| gate | when | holds |", "|---|---|---|"]
    when = ""
    for line in printed.splitlines():
        if line.startswith(" "):
            name, _, text = line.strip().partition(" ")
            lines.append(f"| `make {name}` | {when} | {text.strip()} |")
        else:
            when = line.removesuffix(":")
    return "\n".join(lines) + "\n"


def page() -> str:
    """CONTRIBUTING.md with the table as it shall be."""
    rows = table()
    text, found = _SECTION.subn(lambda section: section[1] + rows + section[2], CONTRIBUTING.read_text(encoding="utf-8"))
    if found != 1:
        raise ValueError(f"{CONTRIBUTING.name}: the section of the gates is there {found} times")
    return text


def stale() -> list[str]:
    """The file's name if its table is not that of the Makefile."""
    return [] if CONTRIBUTING.read_text(encoding="utf-8") == page() else [CONTRIBUTING.name]
