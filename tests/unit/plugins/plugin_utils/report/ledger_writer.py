# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes batches into a ledger until it is killed, and says each one that is in: ``ledger_writer.py LEDGER JOB FIRST SIZE``."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from deliveries import event, rows

from ansible_collections.hyperv.avma.plugins.plugin_utils._report.ledger.store import Ledger


def batch(job: str, number: int, size: int) -> list[dict[str, object]]:
    """Records of a batch lie side by side, so that a batch that is in by half would show."""
    return [event(number * size + index, computer=f"{job}.corp.example") for index in range(size)]


def main(path: str, job: str, first: str, size: str) -> None:
    ledger = Ledger(path)
    for number in count(int(first)):
        ledger.record(rows(*batch(job, number, int(size))))
        print(number, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
