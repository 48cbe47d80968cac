# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one command line and the one script that the lab knows, by their digests.

Whoever changes the script reads it anew, brings ``script.py`` here to what it does now, and then writes the new digests below:
``python -m hyperv_lab.powershell_direct.reviewed FILE`` prints that of a script. A unit test of the collection compares them.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

# SHA-256 of executable and arguments with one space between them, in ASCII.
COMMAND_LINE = "bb49f5e67c5e669014a345ea818b8a2a97e2bcc9cece7f72bf406b35d18db7f5"
# SHA-256 of the script as the command gets it.
SCRIPT = "1aa6b1e780a9884cb0a44d09e056c5f0fa083b2b77074df55af64324f4988b16"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


if __name__ == "__main__":
    print(digest(Path(sys.argv[1]).read_bytes()))
