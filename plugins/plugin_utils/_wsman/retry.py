# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""When and how long to wait before asking again. Only reads are ever repeated."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class RetryPolicy:
    """Exponential back-off with jitter, bounded in count and time. Times in seconds.

    ``attempts`` counts the first one too: 1 means never to repeat. ``random`` gives numbers in [0, 1).
    """

    attempts: int = 5
    first_delay: float = 0.5
    longest_delay: float = 8.0
    total_time: float = 60.0
    random: Callable[[], float] = field(default=random.random, repr=False)

    def delay(self, failures: int) -> float:
        """The wait after so many failures: between half and all of first_delay doubled each time."""
        full = min(self.longest_delay, self.first_delay * 2.0 ** (failures - 1))
        # many controllers' forks that hit one quota at once must not come back at once
        return full * (0.5 + 0.5 * self.random())
