# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``hyperv-lab`` and ``python -m hyperv_lab``: starts, stops and asks a lab."""

from __future__ import annotations

import sys

from .libraries import LibraryUnusable, check, needed, unusable


def main() -> int:
    try:
        check(needed())
        try:
            from .control import command_line
        except ImportError as error:
            raise unusable(error) from None
    except LibraryUnusable as problem:
        print(f"hyperv-lab: {problem}", file=sys.stderr)
        return 1
    return command_line.main()


if __name__ == "__main__":
    sys.exit(main())
