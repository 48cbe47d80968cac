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
COMMAND_LINE = "231c9a1acdb7c48677c3701a96ee3c813c48e2b1f1cef558cb7ae0504a659483"
# SHA-256 of the script as the command gets it.
SCRIPT = "63c8e79b5eed07d35a87858afc07e70d41aad3f3c6aa26d6447af32e3ffdc745"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


if __name__ == "__main__":
    print(digest(Path(sys.argv[1]).read_bytes()))
