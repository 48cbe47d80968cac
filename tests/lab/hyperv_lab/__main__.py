# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m hyperv_lab``: starts, stops and asks a lab."""

from __future__ import annotations

import sys

from .control.command_line import main

if __name__ == "__main__":
    sys.exit(main())
