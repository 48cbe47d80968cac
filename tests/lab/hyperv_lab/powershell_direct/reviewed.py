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
COMMAND_LINE = "94027d5b02a201a24aa90174c9caae6b81ce65c6702f92288944f3ca577ff6a9"
# SHA-256 of the script as the command gets it.
SCRIPT = "3db8cc72417d79e047d7c95774e449e40fe2f9f342e11d3e33a3de28e32bc566"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


if __name__ == "__main__":
    print(digest(Path(sys.argv[1]).read_bytes()))
