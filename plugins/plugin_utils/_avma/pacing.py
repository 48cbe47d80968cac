# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""How long a guest waits before it asks again after a refusal that passes.

Guests that a host refuses because there are too many at once (0xC004FD00) would meet again if all of them came back after the same few seconds. So they
spread over a time that grows with their number and with each refusal. How many a host takes at once is not published: a first
refusal costs little, so nothing waits before the first try. The numbers come from a simulation of 50 to 200 guests on one host.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

# Seconds. The first pause, the longest one before what chance adds, and the most that chance adds.
FIRST = 3.0
_LONGEST = 30.0
_WIDEST = 60.0
_SECONDS_A_GUEST = 0.25
_TOO_MANY_AT_ONCE = 0xC004FD00


def concurrent_guests(limits: Iterable[object], hosts: int) -> int:
    """How many guests may ask one host at the same time: as many as are served at once, shared out among the hosts that are known.

    Of ``limits`` on those that are served at once the least counts; what is not a positive number is none. Where more guests than that
    are on one host, each refusal makes them spread further.
    """
    at_once = min((limit for limit in limits if isinstance(limit, int) and limit > 0), default=1)
    return math.ceil(at_once / max(hosts, 1))


def pause_after(refusals: int, code: int, concurrent_guests: int, remaining: float, chance: float) -> float | None:
    """Seconds to wait after the refusal number ``refusals`` (from 0) with the HRESULT ``code``. None: it is not worth to try again.

    ``concurrent_guests``: guests that may be asking at the same time. ``remaining``: seconds until the task gives up. ``chance``: from 0 to 1.
    """
    if remaining < 2 * FIRST:
        return None
    growth = 2 ** min(refusals, 10)
    shortest = min(FIRST * growth, _LONGEST)
    spread = shortest
    if code == _TOO_MANY_AT_ONCE:
        spread = max(shortest, min((concurrent_guests - 1) * _SECONDS_A_GUEST * growth, _WIDEST))
    pause = shortest + chance * spread
    # Rather one more try towards the end than none.
    return pause if pause <= remaining else remaining * (3 + chance) / 4
