# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m truth``: draws histories for as long as it is told to, and prints what is false, and how much is unknown and why."""

from __future__ import annotations

import argparse
import sys
import time

from hypothesis import HealthCheck, Phase, given, seed, settings

from .histories import History, Tally, check, histories, live
from .judging import false_statements


def main() -> int:
    parser = argparse.ArgumentParser(prog="truth", description="The report against the truth of random worlds.")
    parser.add_argument("--histories", type=int, default=500)
    parser.add_argument("--machines", type=int, default=100)
    parser.add_argument("--moments", type=int, default=5)
    parser.add_argument("--steps", type=int, default=8, help="the most that happens between two moments")
    parser.add_argument("--minutes", type=float, default=0, help="no further history is begun after so many; 0: all are")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--count", action="store_true", help="count false statements instead of looking for the smallest history")
    options = parser.parse_args()
    tally, false, end = Tally(), 0, time.monotonic() + options.minutes * 60

    @seed(options.seed)
    @settings(
        max_examples=options.histories,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate] if options.count else [Phase.generate, Phase.shrink],
    )
    @given(histories(options.machines, options.moments, options.steps))
    def run(history: History) -> None:
        nonlocal false
        if options.minutes and time.monotonic() > end:
            return
        if not options.count:
            check(history, tally)
            return

        def judge(world: object, asked: object) -> None:
            nonlocal false
            tally.count(world, asked)  # type: ignore[arg-type]
            found = list(false_statements(world, asked))  # type: ignore[arg-type]
            false += len(found)
            for one in found[:3]:
                print(one)

        live(history, judge)
        tally.histories += 1

    print(f"seed {options.seed}")
    try:
        run()
    finally:
        print("\n".join(tally.lines()))
    print(f"false statements: {false}")
    return 1 if false else 0


if __name__ == "__main__":
    sys.exit(main())
